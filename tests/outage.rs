//! What senders and runs see while Postgres is unavailable or slow: a clear answer, and nothing lost.

use std::collections::HashSet;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;
use sqlx::Connection;

use crate::harness::{Behavior, Target, World, calls, eventually, hub};

async fn world(target: &Target) -> World {
    World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(target, 2))], &[target.address().to_string()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_senders_are_asked_to_retry_and_runs_continue_afterwards() {
    let target = Target::start().await;
    let world = world(&target).await;
    let mut node = world.node().await;
    target.behave("/step1", Behavior::Hold);
    let held = node.start_calls(1).await;
    target.reached("/step1", 1).await;

    world.cut_off_database().await;
    eventually("the node reports that it is not ready", || async {
        (node.get("/readyz").await.0 == 503).then_some(())
    })
    .await;
    let body = json!({ "type": "calls", "n": 2 });
    let (status, problem) = node.hook("test", "event-2", &body).await;
    assert_eq!(status, 503, "{problem}");
    assert_eq!(problem["status"], 503, "{problem}");
    assert_eq!(
        node.get("/healthz").await.0,
        200,
        "a restart would not help, so the process reports that it is healthy"
    );
    // The answer to the call in progress arrives while nothing can be recorded.
    target.behave("/step1", Behavior::Answer("{}".into()));

    world.restore_database().await;
    // 200 if the node could write the first attempt after it had stopped waiting for it: one event in any case.
    let accepted = eventually("the same webhook is accepted", || async {
        let (status, answer) = node.hook("test", "event-2", &body).await;
        matches!(status, 202 | 200).then_some(answer)
    })
    .await;
    node.run_becomes(accepted["runs"][0].as_str().unwrap(), "completed").await;
    node.run_becomes(&held, "completed").await;
    assert_eq!(target.keys("/step2").len(), 2, "one run for each event");
    assert!(node.is_running());
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_cannot_keep_up_refuses_before_it_falls_over() {
    const SENT: u64 = 300;
    let target = Target::start().await;
    let mut world = world(&target).await;
    world.set("STEPWELL_NODE_QUEUE_MAX", "50");
    let node = world.node().await;
    // Commits wait for this lock, so requests queue up.
    let mut connection = world.connect().await;
    let mut lock = connection.begin().await.unwrap();
    sqlx::raw_sql("lock table runs in exclusive mode").execute(&mut *lock).await.unwrap();
    let node = &node;
    let mut sent: FuturesUnordered<_> = (0..SENT)
        .map(|n| async move {
            let body = json!({ "type": "calls", "n": n });
            (n, node.hook("test", &format!("event-{n}"), &body).await)
        })
        .collect();
    // Nothing is committed yet, so whoever gets an answer now was refused.
    let (_, (first, problem)) = sent.next().await.unwrap();
    assert_eq!(first, 503, "{problem}");
    lock.rollback().await.unwrap();
    let mut refused = vec![];
    while let Some((n, (status, answer))) = sent.next().await {
        assert!(matches!(status, 202 | 503), "{status} {answer}");
        if status == 503 {
            refused.push(n);
        }
    }
    assert!((refused.len() as u64) < SENT - 1, "everything was refused");
    // Senders retry what was refused, with the same id: whatever happened to the first attempt, it is one event.
    let again = futures::stream::iter(0..SENT).for_each_concurrent(20, |n| async move {
        let body = &json!({ "type": "calls", "n": n });
        let answer = eventually("the webhook is accepted", || async {
            let (status, answer) = node.hook("test", &format!("event-{n}"), body).await;
            assert!(matches!(status, 202 | 200 | 503), "{status} {answer}");
            (status != 503).then_some(answer)
        })
        .await;
        node.run_becomes(answer["runs"][0].as_str().unwrap(), "completed").await;
    });
    again.await;
    let runs: HashSet<String> = target.keys("/step2");
    assert_eq!(runs.len() as u64, SENT, "one run for each event");
}
