//! A sender that numbers its events: a missing event starts a reconciliation of both systems once, even across a crash;
//! a late event starts none.

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use stepwell::sandbox::Sandbox;

use crate::harness::{Journey, Node, eventually, files};

const FILES: [&str; 8] = [
    "hub.yaml",
    "contact-sync.yaml",
    "contact-reconcile.yaml",
    "functions/company.yaml",
    "functions/netsuite.yaml",
    "functions/salesforce.yaml",
    "functions/links.yaml",
    "functions/watermarks.yaml",
];

/// The shipped workflows, with a NetSuite that numbers its messages according to `settings`.
async fn world(settings: &str) -> Journey {
    let mut files = files(&[&FILES[..], &["mappings/contact.yaml"]].concat());
    let hub = files.iter_mut().find(|(name, _)| *name == "hub.yaml").unwrap();
    let subject = "      subject: '${ .externalId // .id }'\n";
    assert!(hub.1.contains(subject));
    hub.1 = hub.1.replace(subject, &format!("{subject}      sequence: '${{ .number }}'\n{settings}"));
    Journey::of(&files, Sandbox::new()).await
}

/// Sends a message of a NetSuite script about a record to which no workflow subscribes.
async fn send(node: &Node, number: u64) {
    let body = json!({ "recordType": "invoice", "type": "edit", "id": "7", "number": number });
    let (status, answer) = node.hook("netsuite", &format!("m{number}"), &body).await;
    assert_eq!(status, 200, "{answer}");
}

/// Returns NetSuite in `/api/v1/sources`.
async fn source(node: &Node) -> Value {
    let (status, sources) = node.get("/api/v1/sources").await;
    assert_eq!(status, 200, "{sources}");
    sources["items"].as_array().unwrap().iter().find(|source| source["name"] == "netsuite").unwrap().clone()
}

/// Returns `data` of the gap events.
async fn gaps(node: &Node) -> Vec<Value> {
    let (_, page) = node.get("/api/v1/events?type=dev.stepwell.gap&sort=created_at").await;
    let mut data = Vec::new();
    for event in page["items"].as_array().unwrap_or_else(|| panic!("{page}")) {
        let (_, mut event) = node.get(&format!("/api/v1/events/{}", event["id"].as_str().unwrap())).await;
        assert!(event["data"].as_object_mut().unwrap().remove("at").is_some(), "{event}");
        data.push(event["data"].take());
    }
    data
}

async fn sweeps(node: &Node) -> Vec<Value> {
    let (_, page) = node.get("/api/v1/runs?workflow=crm-erp/contact-reconcile").await;
    page["items"].as_array().unwrap().clone()
}

fn gap(after: u64, before: u64) -> Value {
    json!({ "source": "netsuite", "channel": "", "after": after, "before": before, "missing": before - after - 1 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_missing_starts_one_sweep_at_once() {
    let world = world("      gap: { after: PT0S }\n").await;
    let node = world.world.node().await;
    for number in [1, 2, 4, 5, 4] {
        send(&node, number).await;
    }
    let swept = eventually("a sweep is done", || async {
        let runs = sweeps(&node).await;
        runs.first().filter(|run| run["status"] == "completed").cloned()
    })
    .await;
    let mut swept = node.run(swept["id"].as_str().unwrap()).await;
    assert!(swept["input"][0].as_object_mut().unwrap().remove("at").is_some(), "{swept}");
    assert_eq!(swept["input"], json!([gap(2, 4)]));
    assert!(swept["output"]["crm"].as_u64() >= Some(1), "both sides were checked: {swept}");
    let known = source(&node).await;
    assert_eq!((&known["counts"], &known["channels"][0]["last"]), (&json!(true), &json!(5)), "{known}");
    let open = &known["channels"][0]["gaps"][0];
    assert_eq!((&open["after"], &open["missing"], &open["due_at"]), (&json!(2), &json!(1), &Value::Null), "{known}");
    let (listed, text, error) = world.world.command(&["sources"]);
    assert!(
        listed && text.contains("last 5") && text.contains("1 missing between 2 and 4, reconciliation requested"),
        "{text}{error}"
    );
    assert!(text.contains("salesforce  does not number its events"), "{text}");
    let (_, metrics) = node.get("/metrics").await;
    assert!(metrics.as_str().unwrap().contains("stepwell_source_gaps{source=\"netsuite\"} 1"), "{metrics}");

    // It arrives after all: nothing is missing any more, and nothing else starts. The later report shows that enough
    // time has passed.
    send(&node, 3).await;
    send(&node, 9).await;
    eventually("the next gap is reported", || async { (gaps(&node).await.len() >= 2).then_some(()) }).await;
    assert_eq!(gaps(&node).await, [gap(2, 4), gap(5, 9)]);
    let known = source(&node).await;
    assert_eq!(known["channels"][0]["gaps"].as_array().unwrap().len(), 1, "{known}");
    eventually("one sweep for each", || async { (sweeps(&node).await.len() == 2).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_event_reports_nothing_and_a_missing_one_is_reported_also_after_a_crash() {
    let world = world("      gap: { after: PT5S }\n").await;
    let mut node = world.world.node().await;
    for number in [1, 2, 4, 3, 7] {
        send(&node, number).await;
    }
    let open = eventually("the gap is seen", || async {
        let known = source(&node).await;
        let channel = &known["channels"][0];
        (channel["last"] == 7).then(|| channel["gaps"].clone())
    })
    .await;
    assert_eq!((open.as_array().unwrap().len(), &open[0]["after"], &open[0]["told_at"]), (1, &json!(4), &Value::Null));
    assert!(open[0]["due_at"].is_string(), "{open}");
    node.kill();
    let node = world.world.node().await;
    eventually("a sweep is done", || async {
        let runs = sweeps(&node).await;
        runs.first().filter(|run| run["status"] == "completed").map(drop)
    })
    .await;
    // 3 was due before: had it been reported, it would be in the list.
    assert_eq!((gaps(&node).await, sweeps(&node).await.len()), (vec![gap(4, 7)], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_in_any_order_at_two_nodes_one_of_which_dies_leave_exactly_the_missing_one() {
    let world = world("      gap: { after: PT10S }\n").await;
    let (mut first, second) = tokio::join!(world.world.node(), world.world.node());
    send(&first, 1).await;
    let mut numbers: Vec<u64> = (2..=120).filter(|number| *number != 60).collect();
    numbers.shuffle(&mut StdRng::seed_from_u64(11));
    let (before, after) = numbers.split_at(70);
    for letters in before.chunks(14) {
        let deliveries = letters.iter().map(|number| send(if number % 2 == 0 { &first } else { &second }, *number));
        futures::future::join_all(deliveries).await;
    }
    // The other node counts what this one had not counted yet.
    first.kill();
    futures::future::join_all(after.iter().map(|number| send(&second, *number))).await;
    eventually("the gap is reported", || async { (!gaps(&second).await.is_empty()).then_some(()) }).await;
    let known = source(&second).await;
    let channel = &known["channels"][0];
    assert_eq!((&channel["last"], channel["gaps"].as_array().unwrap().len()), (&json!(120), 1), "{known}");
    assert_eq!((gaps(&second).await, sweeps(&second).await.len()), (vec![gap(59, 61)], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_none_is_refused_and_an_event_without_one_counts_nothing() {
    let world = world("").await;
    let node = world.world.node().await;
    for number in [json!(-1), json!(1.5), json!("1x"), json!([1]), json!("99999999999999999999")] {
        let body = json!({ "recordType": "invoice", "type": "edit", "id": "7", "number": number });
        let (status, answer) = node.hook("netsuite", "bad", &body).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains("not a whole number"), "{answer}");
    }
    let body = json!({ "recordType": "invoice", "type": "edit", "id": "7" });
    assert_eq!(node.hook("netsuite", "none", &body).await.0, 200);
    send(&node, 12).await;
    eventually("one gap is counted", || async {
        let known = source(&node).await;
        (known["channels"][0]["last"] == 12).then_some(())
    })
    .await;
}
