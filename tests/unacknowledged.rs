//! Runs whose work did not happen stay on a list until somebody acknowledges them or starts them again.

use serde_json::{Value, json};

use crate::harness::{Node, Target, World, eventually, hub};
use crate::links::workflow;

/// A workflow whose first step is undone when the second one fails, or waits.
fn order(target: &Target, name: &str, second: &str) -> (String, String) {
    let address = target.address();
    let text = format!(
        "do:
  - reserve:
      call: http
      with: {{ method: post, endpoint: 'http://{address}/reserve' }}
      metadata: {{ compensate: {{ call: http, with: {{ method: post, endpoint: 'http://{address}/release' }} }} }}
  - price: {second}
"
    );
    let (file, text) = workflow(name, "1.0.0", &text);
    let metadata = "version: '1.0.0', metadata: { key: '${ .order }', onFault: compensate }";
    (file, text.replace("version: '1.0.0'", metadata))
}

const FAILS: &str = "{ raise: { error: { type: 'https://example.com/no-price', status: 409 } } }";

/// Starts an order, and goes on once it has ended, or at once.
fn parent(name: &str, awaits: bool) -> (String, String) {
    let child = "workflow: { namespace: test, name: order, version: latest, input: { order: child } }";
    workflow(name, "1.0.0", &format!("do:\n  - child: {{ run: {{ {child}, await: {awaits} }} }}\n"))
}

async fn world(target: &Target) -> World {
    let (order_file, order_text) = order(target, "order", FAILS);
    let (asked_file, asked_text) = order(target, "asked", "{ wait: PT1H }");
    let ((waits, waits_text), (goes, goes_text)) = (parent("waits", true), parent("goes-on", false));
    let files = [
        ("hub.yaml", hub()),
        (&*order_file, order_text),
        (&*asked_file, asked_text),
        (&*waits, waits_text),
        (&*goes, goes_text),
    ];
    World::new(&files, &[target.address().to_string()]).await
}

async fn begin(node: &Node, name: &str, key: &str) -> String {
    let (status, run) = node.post(&format!("/api/v1/workflows/test/{name}/runs"), &json!({ "order": key })).await;
    assert!(status < 300, "{run}");
    run["id"].as_str().unwrap().to_owned()
}

/// Runs that a fault has undone, with these keys.
async fn undone(node: &Node, keys: &[&str]) -> Vec<String> {
    let mut runs = Vec::new();
    for key in keys {
        let run = begin(node, "order", key).await;
        node.run_becomes(&run, "compensated").await;
        runs.push(run);
    }
    runs
}

async fn act(node: &Node, run: &str, act: &str, body: &Value) -> (u16, Value) {
    node.post(&format!("/api/v1/runs/{run}/{act}"), body).await
}

/// Keys of the runs on the list, latest first.
async fn listed(node: &Node) -> Vec<Value> {
    let (_, list) = node.get("/api/v1/runs?unacknowledged=true").await;
    list["items"].as_array().unwrap_or_else(|| panic!("{list}")).iter().map(|run| run["key"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_a_fault_undid_is_listed_until_somebody_acknowledges_it_or_starts_it_again() {
    let target = Target::start().await;
    let world = world(&target).await;
    let (mut first, node) = (world.node().await, world.node().await);
    let runs = undone(&first, &["SO-1", "SO-2", "SO-3"]).await;
    first.kill();
    assert_eq!(listed(&node).await, ["SO-3", "SO-2", "SO-1"]);
    assert_eq!(node.run(&runs[0]).await["unacknowledged"], true);
    eventually("the gauge counts them", || async {
        let (_, metrics) = node.get("/metrics").await;
        metrics.as_str().unwrap().contains("stepwell_runs_unacknowledged 3").then_some(())
    })
    .await;

    let (status, refused) = act(&node, &runs[0], "acknowledge", &json!({})).await;
    assert_eq!((status, refused["detail"].as_str().unwrap().contains("reason")), (409, true), "{refused}");
    let why = json!({ "reason": "entered by hand" });
    let (status, after) = act(&node, &runs[0], "acknowledge", &why).await;
    assert_eq!((status, &after["status"]), (200, &json!("compensated")), "it stays as it ended: {after}");
    assert_eq!(listed(&node).await, ["SO-3", "SO-2"]);
    assert_eq!(act(&node, &runs[0], "acknowledge", &why).await.0, 200, "its answer was lost");
    let shown = node.run(&runs[0]).await;
    assert!(shown["unacknowledged"].is_null() && shown["acknowledged"]["by"].as_str().unwrap().starts_with("token:"));
    assert_eq!(shown["acknowledged"]["reason"], "entered by hand");
    let offered = shown["acts"].as_array().unwrap().iter().find(|act| act["act"] == "acknowledge").unwrap();
    assert_eq!((&offered["permitted"], &offered["why_not"]), (&json!(false), &json!("it was acknowledged")));
    let (_, acts) = node.get(&format!("/api/v1/audit/acts?subject={}", runs[0])).await;
    assert_eq!(acts["items"].as_array().unwrap().len(), 1, "once: {acts}");

    let (status, again) = act(&node, &runs[1], "restart", &json!({ "reason": "priced now" })).await;
    assert_eq!(status, 201, "{again}");
    node.run_becomes(again["id"].as_str().unwrap(), "compensated").await;
    assert_eq!(listed(&node).await, ["SO-2", "SO-3"], "the new run takes the place of the one that it does again");
    assert!(node.run(&runs[1]).await["unacknowledged"].is_null());
    let (ok, out, err) = world.command(&["runs", "list", "--unacknowledged", "--json"]);
    assert!(ok && out.contains("SO-3") && !out.contains("SO-1"), "{out}{err}");
    let (ok, out, err) = world.command(&["runs", "acknowledge", &runs[2], "--reason", "known"]);
    assert!(ok && out.contains("compensated"), "{out}{err}");
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_ended_or_another_run_answers_for_needs_no_second_look() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    for (verb, ends) in [("compensate", "compensated"), ("cancel", "cancelled")] {
        let run = begin(&node, "asked", verb).await;
        node.run_becomes(&run, "waiting").await;
        assert_eq!(act(&node, &run, verb, &json!({ "reason": "withdrawn" })).await.0, 200);
        node.run_becomes(&run, ends).await;
        let (status, refused) = act(&node, &run, "acknowledge", &json!({ "reason": "x" })).await;
        assert_eq!(status, 409, "{refused}");
    }
    // The one that waits for it stops, and says so itself.
    let waits = begin(&node, "waits", "x").await;
    eventually("it needs a person", || async { (node.run(&waits).await["attention"] == "faulted").then_some(()) })
        .await;
    assert_eq!(listed(&node).await, Vec::<Value>::new());
    node.run_becomes(&begin(&node, "goes-on", "x").await, "completed").await;
    eventually("nobody waits for that one", || async { (listed(&node).await == ["child"]).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_acts_acknowledge_and_restart_the_whole_list() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    undone(&node, &["SO-1", "SO-2", "SO-3"]).await;
    let filter = json!({ "unacknowledged": "true", "key": "SO-1" });
    let mut asked = json!({ "act": "acknowledge", "filter": filter, "reason": "known" });
    let (_, dry) = node.post("/api/v1/runs:bulk", &asked).await;
    assert_eq!((&dry["matched"], listed(&node).await.len()), (&json!(1), 3), "{dry}");
    asked["dry_run"] = json!(false);
    let (_, done) = node.post("/api/v1/runs:bulk", &asked).await;
    assert_eq!((&done["matched"], &done["acted"]), (&json!(1), &json!(1)), "{done}");
    assert_eq!(listed(&node).await, ["SO-3", "SO-2"]);
    let restart =
        json!({ "act": "restart", "filter": { "unacknowledged": "true" }, "reason": "priced", "dry_run": false });
    let (_, done) = node.post("/api/v1/runs:bulk", &restart).await;
    assert_eq!((&done["matched"], &done["acted"]), (&json!(2), &json!(2)), "{done}");
}
