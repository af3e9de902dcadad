//! After a crash at any point, runs resume: nothing is lost, and nothing that is known to have happened is repeated.

use crate::harness::{Behavior, Target, World, calls, eventually, hub, statuses};

const STEPS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_resumes_after_kill_9_in_the_middle_of_each_step() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, STEPS))], &[target.address().to_string()])
            .await;
    for killed_in in 1..=STEPS {
        let path = format!("/step{killed_in}");
        let before: Vec<usize> = (1..=STEPS).map(|s| target.requests(&format!("/step{s}"))).collect();
        target.behave(&path, Behavior::Hold);
        let mut node = world.node().await;
        let run = node.start_calls(killed_in as u64).await;
        target.reached(&path, before[killed_in - 1] + 1).await;
        node.kill();
        target.behave(&path, Behavior::Answer("{}".into()));
        let node = world.node().await;
        let run = node.run_becomes(&run, "completed").await;
        assert_eq!(statuses(&run).len(), STEPS, "{run}");
        for step in 1..=STEPS {
            let made = target.requests(&format!("/step{step}")) - before[step - 1];
            // Only the call that was in progress may have been made twice.
            assert_eq!(made, if step == killed_in { 2 } else { 1 }, "step {step}, killed in {killed_in}");
            assert_eq!(target.keys(&format!("/step{step}")).len(), killed_in, "one key per step and run");
        }
    }
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_webhook_survives_the_death_of_the_node_right_after_the_202() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    let mut runs = Vec::new();
    for n in 0..10 {
        let mut node = world.node().await;
        runs.push(node.start_calls(n).await);
        node.kill();
    }
    let node = world.node().await;
    for run in runs {
        node.run_becomes(&run, "completed").await;
    }
    assert_eq!(target.keys("/step1").len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_faults_each_call_is_made_exactly_once() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, STEPS))], &[target.address().to_string()])
            .await;
    let node = world.node().await;
    let mut runs = Vec::new();
    for n in 0..50 {
        runs.push(node.start_calls(n).await);
    }
    for run in runs {
        node.run_becomes(&run, "completed").await;
    }
    for step in 1..=STEPS {
        let path = format!("/step{step}");
        assert_eq!((target.requests(&path), target.keys(&path).len()), (50, 50));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_call_kills_three_nodes_is_parked_as_poison_and_sends_nothing_more() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    target.behave("/step1", Behavior::Hold);
    let mut node = world.node().await;
    let run = node.start_calls(1).await;
    let mut deaths = 0;
    // The number of deaths after which an earlier version still had not parked a run.
    while deaths < 7 {
        target.reached("/step1", deaths + 1).await;
        node.kill();
        deaths += 1;
        node = world.node().await;
        let taken_up = eventually("the run is called again, or parked", || async {
            let parked = node.run(&run).await["attention"] == "poison";
            (parked || target.requests("/step1") > deaths).then_some(parked)
        })
        .await;
        if taken_up {
            break;
        }
    }
    let parked = node.run_becomes(&run, "faulted").await;
    assert_eq!((deaths, parked["attention"].as_str()), (3, Some("poison")), "{parked}");
    assert_eq!((target.requests("/step1"), target.keys("/step1").len()), (3, 1));
    // The node that parked it keeps working.
    target.behave("/step1", Behavior::Answer("{}".into()));
    let other = node.start_calls(2).await;
    node.run_becomes(&other, "completed").await;
    // A person may retry it; earlier deaths no longer count.
    let (status, answer) =
        node.post(&format!("/api/v1/runs/{run}/retry"), &serde_json::json!({ "reason": "fixed" })).await;
    assert!(status < 300, "{answer}");
    node.run_becomes(&run, "completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_loses_its_lease_but_lives_does_not_count_as_a_death() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    target.behave("/step1", Behavior::Hold);
    let node = world.node().await;
    let run = node.start_calls(1).await;
    for pauses in 1..=5 {
        target.reached("/step1", pauses).await;
        node.stop();
        eventually("the lease is over", || async {
            let mut database = world.connect().await;
            let alive = "select count(*) from nodes where dead_at is null and expires_at > now()";
            let alive: i64 = sqlx::query_scalar(alive).fetch_one(&mut database).await.unwrap();
            (alive == 0).then_some(())
        })
        .await;
        node.resume();
    }
    target.reached("/step1", 6).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    let run = node.run_becomes(&run, "completed").await;
    assert_eq!(run["attention"], serde_json::Value::Null);
}
