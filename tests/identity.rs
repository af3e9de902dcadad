//! A record has one key, however its sender writes it: Salesforce ids in both forms, numbers with and without a
//! fraction. And a run has one clock, which stops while a person has suspended the run.

use serde_json::{Value, json};
use stepwell::sandbox;

use crate::harness::{Journey, World, hub};
use crate::links::{send, workflow};

/// A won deal with all its ids cut to 15 characters.
fn short(deal: &Value) -> Value {
    let mut short = deal.clone();
    let cut = |id: &mut Value| *id = id.as_str().map(|id| id.get(..15).unwrap_or(id)).into();
    cut(&mut short["data"]["Id"]);
    cut(&mut short["data"]["AccountId"]);
    cut(&mut short["data"]["Account"]["Id"]);
    short
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_told_with_ids_of_15_and_of_18_characters_is_one_customer_and_one_order() {
    let journey = Journey::new().await;
    let node = journey.world.node().await;
    let long = sandbox::closed_won_event(0);
    let id = long["data"]["Id"].as_str().unwrap();
    let short = short(&long);
    assert_eq!(short["data"]["Id"].as_str().unwrap().len(), 15);
    let mut runs = Vec::new();
    for (event, body) in [("long", &long), ("short", &short)] {
        let (status, answer) = node.hook("salesforce", event, body).await;
        assert_eq!(status, 202, "{answer}");
        let run = answer["runs"][0].as_str().unwrap().to_owned();
        // One after the other, because concurrent runs of one deal may all write the one customer.
        node.run_becomes(&run, "completed").await;
        runs.push(run);
    }
    // However it is started: also through the API.
    let (status, started) = node.post("/api/v1/workflows/crm-erp/closed-won/runs", &short).await;
    assert!((200..300).contains(&status), "{started}");
    runs.push(started["id"].as_str().unwrap().to_owned());
    for run in &runs {
        let run = node.run_becomes(run, "completed").await;
        assert_eq!(run["key"], id, "{run}");
    }
    let orders = journey.orders().await;
    assert_eq!((orders.len(), &orders[0]["externalId"]), (1, &json!(id)), "{orders:?}");
    let written = journey.effects("erp").await;
    assert_eq!(written.iter().filter(|(_, of)| of == "customer").count(), 1, "{written:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_was_cut_off_is_refused_at_every_door_with_its_field() {
    let journey = Journey::new().await;
    let node = journey.world.node().await;
    let mut event = sandbox::closed_won_event(0);
    let cut = event["data"]["Id"].as_str().unwrap()[..17].to_owned();
    event["data"]["Id"] = cut.into();
    let (status, answer) = node.hook("salesforce", "cut", &event).await;
    assert_eq!(status, 400, "{answer}");
    assert!(answer.to_string().contains("/data/Id") && answer.to_string().contains("15 or 18"), "{answer}");
    let (status, answer) = node.post("/api/v1/workflows/crm-erp/closed-won/runs", &event).await;
    assert_eq!(status, 422, "{answer}");
    assert!(answer.to_string().contains("/data/Id"), "{answer}");
    assert!(journey.effects("erp").await.is_empty());
}

async fn world(files: &[(String, String)]) -> World {
    let mut all = vec![("hub.yaml", hub())];
    all.extend(files.iter().map(|(name, text)| (name.as_str(), text.clone())));
    World::new(&all, &[]).await
}

const PAY: &str = "input: { from: '${ . }' }
do:
  - pay:
      listen: { to: { one: { with: { type: paid }, correlate: { order: { from: .order, expect: '${ .order }' } } } } }
";

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_a_number_is_woken_by_an_equal_one_and_not_by_a_text() {
    let world = world(&[workflow("pay", "1.0.0", PAY)]).await;
    let node = world.node().await;
    for (number, (waits, comes)) in
        [("1004", "1004.0"), ("1005.0", "1005"), ("1.006e3", "1006.00"), (r#"{"a":1,"b":2}"#, r#"{"b":2.0,"a":1}"#)]
            .into_iter()
            .enumerate()
    {
        let input = parsed(&format!(r#"{{"order":{waits}}}"#));
        let (status, run) = node.post("/api/v1/workflows/test/pay/runs", &input).await;
        assert!((200..300).contains(&status), "{run}");
        let run = run["id"].as_str().unwrap();
        node.run_becomes(run, "waiting").await;
        let (_, answer) = send(&node, &format!("text-{number}"), "paid", &json!({ "order": comes })).await;
        assert_eq!(answer["resumed"], json!([]), "a text is not a number: {answer}");
        let event = parsed(&format!(r#"{{"order":{comes}}}"#));
        let (status, answer) = send(&node, &format!("number-{number}"), "paid", &event).await;
        assert_eq!((status, &answer["resumed"]), (202, &json!([run])), "{waits} and {comes}: {answer}");
        node.run_becomes(run, "completed").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_with_equal_numbers_start_their_run_together() {
    let text = "schedule: { on: { all: [
    { with: { type: won }, correlate: { order: { from: .order } } },
    { with: { type: approved }, correlate: { order: { from: .order } } } ] } }
do:
  - note: { set: { events: '${ length }' } }
";
    let world = world(&[workflow("both", "1.0.0", text)]).await;
    let node = world.node().await;
    send(&node, "w", "won", &parsed(r#"{"order":1004}"#)).await;
    let (status, answer) = send(&node, "a", "approved", &parsed(r#"{"order":1004.0}"#)).await;
    assert_eq!((status, answer["runs"].as_array().map(Vec::len)), (202, Some(1)), "{answer}");
    node.run_becomes(answer["runs"][0].as_str().unwrap(), "completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_numbers_are_one_business_key_and_one_line_of_runs_in_turn() {
    let (file, text) = workflow("turn", "1.0.0", "do:\n  - pay: { listen: { to: { one: { with: { type: go } } } } }\n");
    let text = text.replace("version: '1.0.0' }", "version: '1.0.0', metadata: { key: '${ .n }', serialize: key } }");
    let world = world(&[(file, text)]).await;
    let node = world.node().await;
    let start = async |input: &str| {
        let (_, run) = node.post("/api/v1/workflows/test/turn/runs", &parsed(input)).await;
        run["id"].as_str().unwrap().to_owned()
    };
    let first = start(r#"{"n":1004}"#).await;
    assert_eq!(node.run_becomes(&first, "waiting").await["key"], "1004");
    let second = start(r#"{"n":1004.0}"#).await;
    let run = node.run_becomes(&second, "pending").await;
    assert_eq!((&run["key"], &run["queue"]["first"]), (&json!("1004"), &json!(first)), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_suspended_for_longer_than_its_timeout_continues_and_shows_both_clocks() {
    let text = "timeout: { after: PT3S }\ndo:\n  - go: { listen: { to: { one: { with: { type: go } } } } }\n";
    let world = world(&[workflow("patient", "1.0.0", text)]).await;
    let node = world.node().await;
    let start = async || {
        let (_, run) = node.post("/api/v1/workflows/test/patient/runs", &json!({})).await;
        run["id"].as_str().unwrap().to_owned()
    };
    let suspended = start().await;
    node.run_becomes(&suspended, "waiting").await;
    let reason = json!({ "reason": "month end" });
    let (status, answer) = node.post(&format!("/api/v1/runs/{suspended}/suspend"), &reason).await;
    assert_eq!(status, 200, "{answer}");
    node.run_becomes(&suspended, "suspended").await;
    // Another run that began later has used up its three seconds by now.
    let other = start().await;
    assert_eq!(node.run_becomes(&other, "faulted").await["error"]["status"], 408);
    let (status, answer) = node.post(&format!("/api/v1/runs/{suspended}/resume"), &reason).await;
    assert_eq!(status, 200, "{answer}");
    send(&node, "go", "go", &json!({})).await;
    let run = node.run_becomes(&suspended, "completed").await;
    assert!(run["paused_ms"].as_i64().unwrap() >= 2_500 && run["paused_since"].is_null(), "{run}");
    let (_, journal) = node.get(&format!("/api/v1/runs/{suspended}/journal")).await;
    let resumed = journal["items"].as_array().unwrap().iter().find(|fact| fact["data"]["act"] == "resume");
    assert_eq!(resumed.map(|fact| &fact["data"]["paused_ms"]), Some(&run["paused_ms"]), "{journal}");
}
