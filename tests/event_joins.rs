//! Events that start a run together.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Node, World, eventually, hub};
use crate::links::{send, workflow};

async fn world(on: &str) -> World {
    let (file, text) = join("1.0.0", on);
    World::new(&[("hub.yaml", hub()), (&file, text)], &[]).await
}

fn join(version: &str, on: &str) -> (String, String) {
    workflow(
        "together",
        version,
        &format!("schedule: {{ on: {on} }}\ndo:\n  - note: {{ set: {{ events: '${{ . }}' }} }}\n"),
    )
}

/// Returns the inputs of all runs, oldest first.
async fn inputs(node: &Node) -> Vec<Value> {
    let (_, runs) = node.get("/api/v1/runs?workflow=test/together&sort=created_at").await;
    let mut inputs = Vec::new();
    for run in runs["items"].as_array().unwrap() {
        let run = node.run_becomes(run["id"].as_str().unwrap(), "completed").await;
        assert_eq!(run["input"], run["output"]["events"], "{run}");
        inputs.push(run["input"].clone());
    }
    inputs
}

async fn outcome(node: &Node, answer: &Value) -> String {
    let (_, event) = node.get(&format!("/api/v1/events/{}", answer["event"].as_str().unwrap())).await;
    event["outcome"].as_str().unwrap().to_owned()
}

const BOTH: &str = "{ all: [
    { with: { type: order.won }, correlate: { order: { from: .order } } },
    { with: { type: order.approved }, correlate: { order: { from: .subject } } } ] }";

#[tokio::test(flavor = "multi_thread")]
async fn events_that_belong_together_start_one_run_and_survive_the_death_of_the_node() {
    let world = world(BOTH).await;
    let mut node = world.node().await;
    let (status, first) = send(&node, "won-1", "order.won", &json!({ "order": "1" })).await;
    assert_eq!((status, &first["runs"]), (202, &json!([])), "{first}");
    assert_eq!(outcome(&node, &first).await, "gathered");
    send(&node, "won-2", "order.won", &json!({ "order": "2" })).await;
    let (status, again) = send(&node, "won-1", "order.won", &json!({ "order": "1" })).await;
    assert_eq!((status, &again["event"]), (200, &first["event"]), "a duplicate counts once");
    let (status, stray) = send(&node, "won-x", "order.won", &json!({ "amount": 1 })).await;
    assert_eq!((status, outcome(&node, &stray).await.as_str()), (200, "unmatched"), "the event has no order");
    node.kill();
    let node = world.node().await;
    let approved = async |id: &str, order: &str| {
        let body = json!({ "specversion": "1.0", "id": id, "source": "https://test.example", "type": "order.approved",
            "subject": order, "data": { "by": "Ada" } });
        let headers = [("content-type", "application/cloudevents+json")];
        node.send("POST", "/events", &headers, body.to_string()).await
    };
    let (status, last) = approved("approved-2", "2").await;
    assert_eq!((status, last["runs"].as_array().unwrap().len()), (202, 1), "{last}");
    assert_eq!(inputs(&node).await, [json!([{ "order": "2" }, { "by": "Ada" }])]);
    let (status, again) = approved("approved-2", "2").await;
    assert_eq!((status, &again["runs"]), (200, &last["runs"]), "a duplicate is answered with the first ids");
    // In the other order; and a second event of the same kind begins the join of the next run.
    approved("approved-1", "1").await;
    approved("approved-3a", "3").await;
    approved("approved-3b", "3").await;
    send(&node, "won-3a", "order.won", &json!({ "order": "3" })).await;
    send(&node, "won-3b", "order.won", &json!({ "order": "3" })).await;
    let found = inputs(&node).await;
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(found[2], json!([{ "by": "Ada" }, { "order": "3" }]));
    assert_eq!(outcome(&node, &first).await, "run");
    let run = &last["runs"][0];
    let (_, shown) = node.get(&format!("/api/v1/runs/{}", run.as_str().unwrap())).await;
    assert_eq!(shown["event"], last["event"], "the run refers to the event that completed it");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_gathered_until_another_one_or_a_condition_says_enough() {
    let on = "{ any: [ { with: { type: line }, correlate: { order: { from: .order } } } ],
        until: { one: { with: { type: order.closed }, correlate: { order: { from: .order } } } } }";
    let world = world(on).await;
    let node = world.node().await;
    let (status, early) = send(&node, "early", "order.closed", &json!({ "order": 1 })).await;
    assert_eq!((status, outcome(&node, &early).await.as_str()), (200, "unmatched"), "no event has been joined yet");
    for (n, order) in [1, 2, 1].into_iter().enumerate() {
        send(&node, &format!("line-{n}"), "line", &json!({ "order": order, "line": n })).await;
    }
    let (status, closed) = send(&node, "closed", "order.closed", &json!({ "order": 1 })).await;
    assert_eq!((status, closed["runs"].as_array().unwrap().len()), (202, 1), "{closed}");
    assert_eq!(inputs(&node).await, [json!([{ "order": 1, "line": 0 }, { "order": 1, "line": 2 }])]);

    // A changed `on` starts over; an unchanged one in a new version continues.
    let on = "{ any: [ { with: { type: line } } ], until: 'length == 3' }";
    let deploy = async |version: &str| {
        let (_, text) = join(version, on);
        let headers = [("content-type", "application/yaml")];
        let (status, answer) = node.send("PUT", "/api/v1/workflows/test/together", &headers, text).await;
        assert_eq!(status, 201, "{answer}");
    };
    deploy("2.0.0").await;
    send(&node, "line-a", "line", &json!("a")).await;
    deploy("2.1.0").await;
    send(&node, "line-b", "line", &json!("b")).await;
    let (_, last) = send(&node, "line-c", "line", &json!("c")).await;
    let run = node.run_becomes(last["runs"][0].as_str().unwrap(), "completed").await;
    assert_eq!((&run["input"], &run["workflow"]["version"]), (&json!(["a", "b", "c"]), &json!("2.1.0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_gather_at_once_start_each_run_once() {
    let world = world(BOTH).await;
    let nodes = [world.node().await, world.node().await];
    let sends = (0..100).map(|n| {
        let (node, order) = (&nodes[n % 2], (n / 2).to_string());
        let kind = if (n + n / 2) % 2 == 0 { "order.won" } else { "order.approved" };
        async move {
            let body = json!({ "specversion": "1.0", "id": format!("{kind}-{order}"), "source": "https://test.example",
                "type": kind, "subject": order, "data": { "order": order } });
            let headers = [("content-type", "application/cloudevents+json")];
            node.send("POST", "/events", &headers, body.to_string()).await
        }
    });
    let answers = futures::future::join_all(sends).await;
    assert!(answers.iter().all(|(status, _)| *status == 202), "{answers:?}");
    let runs = answers.iter().flat_map(|(_, answer)| answer["runs"].as_array().unwrap());
    let runs: BTreeSet<&str> = runs.map(|run| run.as_str().unwrap()).collect();
    assert_eq!(runs.len(), 50, "the sender of the completing event gets the run's id");
    let found = eventually("50 runs", || async {
        let (_, runs) = nodes[0].get("/api/v1/runs?workflow=test/together&limit=500&status=completed").await;
        let runs = runs["items"].as_array()?.clone();
        (runs.len() >= 50).then_some(runs)
    })
    .await;
    assert_eq!(found.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn gathered_events_that_the_schema_refuses_say_so() {
    let text = "schedule: { on: { all: [ { with: { type: a } }, { with: { type: b } } ] } }
input: { schema: { document: { type: array, items: { type: integer } } } }
do:
  - note: { set: { events: '${ . }' } }
";
    let (file, text) = workflow("together", "1.0.0", text);
    let world = World::new(&[("hub.yaml", hub()), (&file, text)], &[]).await;
    let node = world.node().await;
    send(&node, "1", "a", &json!("text")).await;
    let (_, answer) = send(&node, "2", "b", &json!(2)).await;
    let (_, event) = node.get(&format!("/api/v1/events/{}", answer["event"].as_str().unwrap())).await;
    assert_eq!((&event["outcome"], &event["runs"]), (&json!("rejected"), &json!([])), "{event}");
    assert_eq!(event["detail"]["errors"][0]["pointer"], "/0", "{event}");
}
