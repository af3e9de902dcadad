//! An event that a subscribed workflow rejects needs attention until someone replays or dismisses it.

use serde_json::{Value, json};

use crate::harness::{Node, World, eventually, hub};
use crate::links::{send, start, workflow};

/// A workflow for orders whose number has this type.
fn orders(version: &str, number: &str) -> (String, String) {
    let rest = format!(
        "schedule: {{ on: {{ one: {{ with: {{ type: order.won }} }} }} }}
input: {{ schema: {{ document: {{ type: array, items: {{ type: object, properties: {{ number: {{ type: {number} }} }} }} }} }} }}
do:
  - note: {{ set: {{ number: '${{ .[0].number }}' }} }}
"
    );
    workflow("orders", version, &rest)
}

async fn asking(node: &Node) -> Vec<Value> {
    let (status, page) = node.get("/api/v1/events?attention=any").await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

async fn metric(node: &Node, source: &str) -> String {
    let (_, metrics) = node.get("/metrics").await;
    let line = format!("stepwell_events_needing_attention{{source=\"{source}\"}} ");
    let found = metrics.as_str().unwrap().lines().find_map(|found| found.strip_prefix(&line).map(str::to_owned));
    found.unwrap_or_else(|| panic!("{metrics}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_event_asks_for_attention_until_its_replay_is_taken() {
    let (file, text) = orders("1.0.0", "integer");
    let world = World::new(&[("hub.yaml", hub()), (&file, text)], &[]).await;
    let node = world.node().await;
    let order = json!({ "type": "order.won", "number": "A-7" });
    let (status, refused) = node.hook("test", "o-7", &order).await;
    assert_eq!(status, 422, "{refused}");
    let listed = asking(&node).await;
    assert_eq!((listed.len(), &listed[0]["event_id"], &listed[0]["attention"]), (1, &json!("o-7"), &json!(true)));
    assert_eq!(metric(&node, "test").await, "1");
    let event = listed[0]["id"].as_str().unwrap();
    // Replayed too early, it is rejected again, and the new event needs attention instead.
    let (status, again) =
        node.post(&format!("/api/v1/events/{event}/replay"), &json!({ "reason": "perhaps now" })).await;
    assert_eq!(status, 422, "{again}");
    let listed = asking(&node).await;
    assert_eq!((listed.len(), &listed[0]["event_id"]), (1, &json!("o-7#replay-1")), "{listed:?}");
    let (_, first) = node.get(&format!("/api/v1/events/{event}")).await;
    assert_eq!((&first["acts"][0]["act"], &first["acts"][0]["event"]), (&json!("event.replay"), &listed[0]["id"]));
    // The workflow is fixed.
    let (file, text) = orders("1.1.0", "string");
    world.write(&file, &text);
    world.deploy();
    let event = listed[0]["id"].as_str().unwrap();
    let started = eventually("the node knows the new version", async || {
        let (status, answer) =
            node.post(&format!("/api/v1/events/{event}/replay"), &json!({ "reason": "1.1.0" })).await;
        (status == 202).then_some(answer)
    })
    .await;
    let run = node.run_becomes(started["runs"][0].as_str().unwrap(), "completed").await;
    assert_eq!(run["output"], json!({ "number": "A-7" }));
    let left: Vec<Value> = asking(&node).await.into_iter().filter(|item| item["id"] == event).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_event_no_longer_needs_attention_and_who_dismissed_it_is_recorded() {
    let (file, text) = orders("1.0.0", "integer");
    let world = World::new(&[("hub.yaml", hub()), (&file, text)], &[]).await;
    let node = world.node().await;
    for id in ["o-1", "o-2", "o-3"] {
        let (status, _) = node.hook("test", id, &json!({ "type": "order.won", "number": "none" })).await;
        assert_eq!(status, 422);
    }
    let (status, unmatched) = node.hook("test", "u-1", &json!({ "type": "nobody.wants" })).await;
    assert_eq!(status, 200, "{unmatched}");
    let listed = asking(&node).await;
    assert_eq!(listed.len(), 3, "an unmatched event needs no attention: {listed:?}");
    let event = listed[0]["id"].as_str().unwrap();
    let (status, problem) = node.post(&format!("/api/v1/events/{event}/dismiss"), &json!({})).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!("/reason")), "{problem}");
    let (status, dismissed) =
        node.post(&format!("/api/v1/events/{event}/dismiss"), &json!({ "reason": "a test" })).await;
    assert_eq!((status, &dismissed["attention"]), (200, &json!(false)), "{dismissed}");
    let (status, problem) = node.post(&format!("/api/v1/events/{event}/dismiss"), &json!({ "reason": "again" })).await;
    assert_eq!(status, 409, "{problem}");
    let (_, audit) = node.get(&format!("/api/v1/audit/acts?subject={event}")).await;
    let act = &audit["items"][0];
    assert_eq!((&act["act"], &act["reason"]), (&json!("event.dismiss"), &json!("a test")), "{audit}");
    // The same on the command line, for several at once.
    let ids: Vec<&str> = listed[1..].iter().map(|item| item["id"].as_str().unwrap()).collect();
    let (done, text, error) = world.command(&["events", "dismiss", ids[0], ids[1], "--reason", "tests"]);
    assert!(done && text.matches("is dismissed").count() == 2, "{text}{error}");
    let (listed, text, error) = world.command(&["events", "list", "--attention"]);
    assert!(listed && text.is_empty(), "{text}{error}");
    assert_eq!(metric(&node, "test").await, "0");
    let (_, counted) = node.get("/api/v1/events/unmatched").await;
    let one = &counted["items"][0];
    assert_eq!((&one["source"], &one["type"], &one["events"]), (&json!("test"), &json!("nobody.wants"), &json!(1)));
    let (_, text, _) = world.command(&["events", "unmatched"]);
    assert!(text.contains("nobody.wants"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_one_workflow_takes_and_another_refuses_asks_for_attention_too() {
    let (file, text) = orders("1.0.0", "integer");
    let taking = "schedule: { on: { one: { with: { type: order.won } } } }\ndo:\n  - note: { set: { taken: true } }\n";
    let (other, other_text) = workflow("other", "1.0.0", taking);
    let world = World::new(&[("hub.yaml", hub()), (&file, text), (&other, other_text)], &[]).await;
    let node = world.node().await;
    let (status, answer) = node.hook("test", "o-1", &json!({ "type": "order.won", "number": "A" })).await;
    assert_eq!((status, answer["runs"].as_array().unwrap().len()), (202, 1), "{answer}");
    let listed = asking(&node).await;
    assert_eq!((listed.len(), &listed[0]["outcome"]), (1, &json!("run")), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_event_reaches_no_run_that_waits_and_the_next_one_does() {
    let (file, text) = orders("1.0.0", "integer");
    let wait = "do:\n  - any: { listen: { to: { any: [] } }, output: { as: '.[0]' } }\n";
    let (waiting, waiting_text) = workflow("waiting", "1.0.0", wait);
    let world = World::new(&[("hub.yaml", hub()), (&file, text), (&waiting, waiting_text)], &[]).await;
    let node = world.node().await;
    let before = start(&node, "waiting", &json!({})).await;
    node.run_becomes(&before, "waiting").await;
    let (status, refused) = send(&node, "o-1", "order.won", &json!({ "number": "A" })).await;
    assert_eq!(status, 422, "{refused}");
    // A run that begins to wait now also checks earlier events.
    let after = start(&node, "waiting", &json!({})).await;
    node.run_becomes(&after, "waiting").await;
    let (status, taken) = send(&node, "o-2", "order.won", &json!({ "number": 2 })).await;
    assert_eq!(status, 202, "{taken}");
    for run in [before, after] {
        assert_eq!(node.run_becomes(&run, "completed").await["output"], json!({ "number": 2 }));
    }
}
