//! Two nodes share a database: each continues the runs that the other leaves.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Behavior, Target, World, calls, eventually, hub};

const LEASE: Duration = Duration::from_millis(1_500);
const SWEEP: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_one_node_moves_its_runs_to_the_other_within_lease_and_two_sweeps() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    target.behave("/step1", Behavior::Hold);
    let mut first = world.node().await;
    let second = world.node().await;
    let mut runs = Vec::new();
    for n in 0..20 {
        runs.push(first.start_calls(n).await);
    }
    target.reached("/step1", 20).await;
    let killed_at = Instant::now();
    first.kill();
    target.reached("/step1", 40).await;
    let took = killed_at.elapsed();
    target.behave("/step1", Behavior::Answer("{}".into()));
    for run in runs {
        second.run_becomes(&run, "completed").await;
    }
    // The guaranteed bound, plus what a machine with two busy cores may need.
    assert!(took < LEASE + 2 * SWEEP + Duration::from_secs(3), "the runs moved after {took:?}");
    assert_eq!(target.keys("/step1").len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_hands_over_at_once_and_exits_well() {
    let target = Target::start().await;
    let mut world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    // If the runs waited for the lease, the test would time out.
    world.set("STEPWELL_LEASE_SECONDS", "600");
    target.behave("/step1", Behavior::Hold);
    let mut first = world.node().await;
    let run = first.start_calls(1).await;
    target.reached("/step1", 1).await;
    let second = world.node().await;
    assert!(first.terminate(), "the node exited with an error");
    target.reached("/step1", 2).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    second.run_becomes(&run, "completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_reaches_a_run_that_another_node_drives() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))], &[target.address().to_string()]).await;
    target.behave("/step1", Behavior::Hold);
    let (first, second) = (world.node().await, world.node().await);
    let run = first.start_calls(1).await;
    target.reached("/step1", 1).await;
    let path = format!("/api/v1/runs/{run}/cancel");
    let (status, answer) = second.post(&path, &json!({ "reason": "changed our minds" })).await;
    assert_eq!(status, 200, "{answer}");
    target.behave("/step1", Behavior::Answer("{}".into()));
    let ended = second.run_becomes(&run, "cancelled").await;
    assert_eq!(target.requests("/step2"), 0, "{ended}");
    let journal = second.journal(&run).await;
    let act = journal.iter().find(|r| r["kind"] == "operator.acted").unwrap();
    assert_eq!(act["data"]["reason"], "changed our minds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_wait_leaves_memory_and_comes_back() {
    let wait = "document: { dsl: '1.0.3', namespace: test, name: wait, version: '1.0.0' }\ndo:\n  - pause: { wait: { seconds: 4 } }\n  - done: { set: { ok: true } }\n";
    let world = World::new(&[("wait.yaml", wait.to_owned())], &[]).await;
    let mut node = world.node().await;
    let (status, run) = node.post("/api/v1/workflows/test/wait/runs", &json!({})).await;
    assert_eq!(status, 202, "{run}");
    let id = run["id"].as_str().unwrap().to_owned();
    let waiting = node.run_becomes(&id, "waiting").await;
    assert!(waiting["wake_at"].is_string());
    node.kill();
    let node = world.node().await;
    let ended = node.run_becomes(&id, "completed").await;
    assert_eq!(ended["output"], json!({ "ok": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_node_leaves_new_runs_to_the_other() {
    let target = Target::start().await;
    let mut world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    target.behave("/step1", Behavior::Hold);
    world.set("STEPWELL_NODE_RUNS_MAX", "1");
    let small = world.node().await;
    let mut runs = vec![small.start_calls(1).await];
    target.reached("/step1", 1).await;
    // Accepted, because the database has room; not driven, because the node has none.
    for n in 2..=5 {
        runs.push(small.start_calls(n).await);
    }
    assert_eq!(small.run(&runs[4]).await["status"], "pending");
    assert_eq!(target.requests("/step1"), 1);
    world.set("STEPWELL_NODE_RUNS_MAX", "100");
    let large = world.node().await;
    target.reached("/step1", 5).await;
    let owned = "select count(*) from runs where owner is not null group by owner order by 1";
    let owned: Vec<i64> = sqlx::query_scalar(owned).fetch_all(&mut world.connect().await).await.unwrap();
    assert_eq!(owned, [1, 4]);
    target.behave("/step1", Behavior::Answer("{}".into()));
    for run in &runs {
        large.run_becomes(run, "completed").await;
    }
    assert_eq!(target.requests("/step1"), 5, "each call was made once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_that_was_asked_for_while_no_node_ran_comes_before_what_is_due() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    target.behave("/step1", Behavior::Refuse(503));
    let mut node = world.node().await;
    let run = node.start_calls(1).await;
    eventually("the run waits for its next attempt", || async {
        (node.run(&run).await["status"] == "waiting").then_some(())
    })
    .await;
    node.kill();
    let (_, _, told) = world.command(&["runs", "cancel", &run, "--reason", "the customer is gone"]);
    assert!(told.contains("recorded"), "{told}");
    let asked = target.requests("/step1");
    target.behave("/step1", Behavior::Answer("{}".into()));
    let node = world.node().await;
    node.run_becomes(&run, "cancelled").await;
    assert_eq!(target.requests("/step1"), asked, "nothing was sent after the cancel");
}
