//! The same webhook, however often and however much at once, is one event and one run.

use std::collections::HashSet;

use serde_json::json;

use crate::harness::{Target, World, calls, hub};

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_sent_100_times_at_once_starts_one_run() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    let (one, two) = tokio::join!(world.node(), world.node());
    let body = json!({ "type": "calls", "n": 1 });
    let sent = (0..100).map(|i| if i % 2 == 0 { &one } else { &two }.hook("test", "the-event", &body));
    let answers = futures::future::join_all(sent).await;
    let runs: HashSet<String> = answers.iter().map(|(_, a)| a["runs"][0].as_str().unwrap().to_owned()).collect();
    let events: HashSet<String> = answers.iter().map(|(_, a)| a["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!((runs.len(), events.len()), (1, 1), "{answers:?}");
    let accepted = answers.iter().filter(|(status, _)| *status == 202).count();
    let known = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!((accepted, known), (1, 99));
    one.run_becomes(runs.iter().next().unwrap(), "completed").await;
    assert_eq!(target.requests("/step1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_with_another_body_is_a_conflict() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    let node = world.node().await;
    assert_eq!(node.hook("test", "e", &json!({ "type": "calls", "n": 1 })).await.0, 202);
    assert_eq!(node.hook("test", "e", &json!({ "type": "calls", "n": 2 })).await.0, 409);
}
