//! A node that was stopped beyond its lease changes nothing when it continues.

use crate::harness::{Behavior, Target, World, calls, hub, statuses};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_and_continued_node_writes_nothing_more_for_runs_that_another_took_over() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))], &[target.address().to_string()]).await;
    target.behave("/step1", Behavior::Hold);
    let mut sleeper = world.node().await;
    let run = sleeper.start_calls(1).await;
    target.reached("/step1", 1).await;
    sleeper.stop();
    let other = world.node().await;
    // The other node repeats the call with the same key once the stopped node's lease has expired.
    target.reached("/step1", 2).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    let ended = other.run_becomes(&run, "completed").await;
    let journal = other.journal(&run).await;
    sleeper.resume();
    // The stopped node's answer arrives now and must leave no trace.
    let fresh = other.start_calls(2).await;
    other.run_becomes(&fresh, "completed").await;
    crate::harness::eventually("the stopped node has a new incarnation", || async {
        sleeper.get("/readyz").await.0.eq(&200).then_some(())
    })
    .await;
    assert_eq!(other.run(&run).await, ended);
    assert_eq!(other.journal(&run).await, journal);
    assert_eq!(statuses(&ended).iter().filter(|(_, s)| s == "completed").count(), 2);
    assert_eq!(target.keys("/step1").len(), 2, "one key per run");
    assert!(sleeper.is_running());
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}
