//! Runs that stopped at a broken definition move to the corrected version, and every call is made once.

use serde_json::{Value, json};

use crate::harness::{Behavior, Node, Target, World, hub};

/// A workflow that creates a customer and then an order, with a computation in between.
fn order(target: &Target, version: &str, before: &str, lines: &str, customer: &str) -> String {
    let address = target.address();
    format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: order, version: '{version}', metadata: {{ key: '${{ .n }}', onFault: park }} }}
input: {{ from: '${{ .[0]? // . }}' }}
do:
{before}  - customer:
      call: http
      with: {{ method: post, endpoint: 'http://{address}/customer', body: {{ name: '{customer}' }} }}
      output: {{ as: '${{ {{ customer: .id }} }}' }}
      metadata: {{ compensate: {{ call: http, with: {{ method: post, endpoint: 'http://{address}/undo' }} }} }}
  - lines: {{ set: '{lines}' }}
  - order:
      call: http
      with: {{ method: post, endpoint: 'http://{address}/order', body: '${{ . }}' }}
      metadata: {{ compensate: none }}
"
    )
}

/// The version at which every run stops, and the corrected one.
fn broken(target: &Target) -> String {
    order(target, "1.0.0", "", "${ { total: (.customer | tonumber), customer } }", "${ .name }")
}

fn corrected(target: &Target) -> String {
    let before = "  - note: { set: '${ . + { noted: true } }' }\n";
    order(target, "1.0.1", before, "${ { total: 7, customer } }", "${ .name }")
}

async fn start(node: &Node, n: u64) -> String {
    let path = "/api/v1/workflows/test/order/runs?version=1.0.0";
    let (status, run) = node.post(path, &json!({ "n": n, "name": format!("name-{n}") })).await;
    assert!(status < 300, "{run}");
    run["id"].as_str().unwrap().to_owned()
}

async fn stopped(node: &Node, count: u64) -> Vec<String> {
    let mut runs = Vec::new();
    for n in 0..count {
        let run = start(node, n).await;
        node.run_becomes(&run, "faulted").await;
        runs.push(run);
    }
    runs
}

async fn world() -> (Target, World) {
    let target = Target::start().await;
    target.behave("/customer", Behavior::Answer(json!({ "id": "C-7" }).to_string()));
    let world =
        World::new(&[("hub.yaml", hub()), ("order.yaml", broken(&target))], &[target.address().to_string()]).await;
    (target, world)
}

fn deploy(world: &World, text: &str) {
    world.write("order.yaml", text);
    world.deploy();
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_stopped_at_a_broken_definition_are_moved_and_every_call_is_made_once() {
    let (target, world) = world().await;
    let node = world.node().await;
    let runs = stopped(&node, 3).await;
    let keys = target.keys("/customer");
    deploy(&world, &corrected(&target));
    let path = format!("/api/v1/runs/{}/move", runs[0]);

    let (status, shown) = node.post(&path, &json!({ "to": "1.0.1", "dry_run": true })).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!((&shown["from"], &shown["to"], &shown["kept"]), (&json!("1.0.0"), &json!("1.0.1"), &json!(1)));
    let next = json!([{ "what": "call", "step": "/do/3/order", "method": "POST",
        "address": format!("http://{}/order", target.address()), "body": { "total": 7, "customer": "C-7" } }]);
    assert_eq!(shown["next"], next);
    assert_eq!(node.run(&runs[0]).await["workflow"]["version"], "1.0.0", "a dry run changes nothing");
    assert_eq!(target.requests("/order"), 0);

    let (status, moved) = node.post(&path, &json!({ "to": "1.0.1", "reason": "the id is no number" })).await;
    assert_eq!(status, 200, "{moved}");
    assert_eq!(moved["workflow"]["version"], "1.0.1");
    // The others with one command.
    let (ok, out, err) =
        world.command(&["runs", "move", &runs[1], &runs[2], "--to", "1.0.1", "--reason", "the id is no number"]);
    assert!(ok && out.contains("moved from version 1.0.0 to 1.0.1"), "{out}{err}");
    for run in &runs {
        let run = node.run_becomes(run, "completed").await;
        let steps: Vec<&str> =
            run["tasks"].as_array().unwrap().iter().map(|t| t["reference"].as_str().unwrap()).collect();
        assert_eq!(steps, ["/do/0/note", "/do/1/customer", "/do/2/lines", "/do/3/order"]);
    }
    assert_eq!((target.requests("/customer"), target.requests("/order")), (3, 3), "each call once");
    assert_eq!(target.keys("/customer"), keys);

    let found = |version: &str| format!("/api/v1/runs?workflow=test/order&version={version}");
    let count = async |version| node.get(&found(version)).await.1["items"].as_array().unwrap().len();
    assert_eq!((count("1.0.0").await, count("1.0.1").await), (0, 3));
    let journal = node.journal(&runs[0]).await;
    let record = journal.iter().find(|record| record["kind"] == "run.moved").unwrap();
    assert_eq!((&record["data"]["from"], &record["data"]["to"]), (&json!("1.0.0"), &json!("1.0.1")));
    assert_eq!(record["data"]["reason"], "the id is no number");
    assert!(journal.iter().any(|record| record["kind"] == "run.faulted"), "the earlier history stays in the journal");
    let (ok, out, err) = world.command(&["audit", "verify"]);
    assert!(ok, "{out}{err}");
    // A version without runs may be deleted; the journals of moved runs still identify it.
    let (ok, out, err) = world.command(&["audit", "verify", "--run", &runs[1]]);
    assert!(ok, "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_does_not_fit_is_left_as_it_is_with_the_step_and_the_field() {
    let (target, world) = world().await;
    let node = world.node().await;
    let run = stopped(&node, 1).await.remove(0);
    deploy(&world, &order(&target, "1.0.1", "", "${ { total: 7, customer } }", "${ .name | ascii_upcase }"));
    let before = node.run(&run).await;
    let path = format!("/api/v1/runs/{run}/move");
    for dry_run in [true, false] {
        let (status, problem) = node.post(&path, &json!({ "to": "1.0.1", "dry_run": dry_run })).await;
        assert_eq!(status, 409, "{problem}");
        assert_eq!(problem["type"], "urn:stepwell:problem:does-not-fit");
        assert_eq!(problem["step"], "/do/0/customer");
        let field = json!([{ "part": "body", "pointer": "/name", "recorded": "name-0", "new": "NAME-0" }]);
        assert_eq!(problem["fields"], field);
    }
    let (ok, out, _) = world.command(&["runs", "move", &run, "--to", "1.0.1", "--reason", "x"]);
    assert!(!ok && out.contains("does not fit version 1.0.1 at /do/0/customer"), "{out}");
    assert_eq!(node.run(&run).await, before, "nothing has changed");
    let (status, _) = node.post(&path, &json!({ "to": "9.9.9" })).await;
    assert_eq!(status, 404);
    assert_eq!(node.post(&path, &json!({})).await.0, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_moved_is_taken_over_and_undone_under_its_new_version() {
    let (target, world) = world().await;
    let mut node = world.node().await;
    let run = stopped(&node, 1).await.remove(0);
    deploy(&world, &corrected(&target));
    target.behave("/order", Behavior::Hold);
    let path = format!("/api/v1/runs/{run}");
    let moved: (u16, Value) = node.post(&format!("{path}/move"), &json!({ "to": "1.0.1" })).await;
    assert_eq!(moved.0, 200, "{}", moved.1);
    target.reached("/order", 1).await;
    node.kill();
    target.behave("/order", Behavior::Refuse(400));
    let node = world.node().await;
    let faulted = node.run_becomes(&run, "faulted").await;
    assert_eq!(faulted["stopped_at"], "/do/3/order", "{faulted}");
    assert_eq!(target.keys("/order").len(), 1, "the same call has the same key");
    let (status, undone) =
        node.post(&format!("{path}/compensate"), &json!({ "reason": "the order is not there" })).await;
    assert!(status < 300, "{undone}");
    node.run_becomes(&run, "compensated").await;
    assert_eq!((target.requests("/undo"), target.requests("/customer")), (1, 1));
    let (ok, out, err) = world.command(&["audit", "verify"]);
    assert!(ok, "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_stopped_are_moved_together_and_those_that_do_not_fit_are_named() {
    let (target, world) = world().await;
    let node = world.node().await;
    let runs = stopped(&node, 3).await;
    deploy(&world, &corrected(&target));
    // This run has since continued under the earlier version.
    let skip = json!({ "output": { "total": 1, "customer": "C-7" }, "reason": "by hand" });
    let (status, skipped) = node.post(&format!("/api/v1/runs/{}/skip", runs[1]), &skip).await;
    assert_eq!(status, 200, "{skipped}");
    node.run_becomes(&runs[1], "completed").await;
    let body = json!({
        "act": "move", "to": "1.0.1", "filter": { "workflow": "test/order" }, "reason": "the id is no number",
        "dry_run": false,
    });
    let (status, bulk) = node.post("/api/v1/runs:bulk", &body).await;
    assert_eq!(status, 200, "{bulk}");
    for run in [&runs[0], &runs[2]] {
        let run = node.run_becomes(run, "completed").await;
        assert_eq!(run["workflow"]["version"], "1.0.1");
    }
    let (_, bulk) = node.get(&format!("/api/v1/bulk/{}?limit=500", bulk["id"].as_str().unwrap())).await;
    let results: Vec<&str> = bulk["items"].as_array().unwrap().iter().map(|i| i["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["done", "refused", "done"], "{bulk}");
    assert_eq!((target.requests("/customer"), target.requests("/order")), (3, 3), "each call once");
}
