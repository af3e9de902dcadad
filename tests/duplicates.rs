//! The same webhook, however often and however concurrently it is sent, is one event and one run.

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
async fn a_proved_redelivery_with_other_bytes_is_a_duplicate_whose_difference_is_kept() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    let node = world.node().await;
    let body = |pending: u8| json!({ "type": "calls", "n": 1, "pending_webhooks": pending });
    let (status, first) = node.hook("test", "e", &body(2)).await;
    assert_eq!(status, 202, "{first}");
    for bytes in
        [body(1).to_string(), body(1).to_string(), serde_json::to_string_pretty(&body(2)).unwrap(), body(2).to_string()]
    {
        let (status, again) = node.hook_bytes("test", "e", bytes.into_bytes()).await;
        assert_eq!((status, &again["event"], &again["runs"]), (200, &first["event"], &first["runs"]), "{again}");
    }
    let event = first["event"].as_str().unwrap();
    let (_, shown) = node.get(&format!("/api/v1/events/{event}")).await;
    assert_eq!(shown["body"], body(2), "the first event is unchanged");
    let found = shown["redeliveries"].as_array().unwrap();
    let counts: Vec<_> = found.iter().map(|one| one["deliveries"].as_i64().unwrap()).collect();
    assert_eq!(counts, [2, 1], "{shown}");
    assert_eq!(found[0]["differences"], json!([{ "pointer": "/pending_webhooks", "first": 2, "then": 1 }]));
    assert_eq!((&found[1]["differences"], &found[1]["body"]), (&json!([]), &body(2)));
    let (_, out, _) = world.command(&["events", "show", event]);
    assert!(
        out.contains("/pending_webhooks: first 2, then 1")
            && out.contains("only the bytes differ; the content is the same"),
        "{out}"
    );
    assert_eq!(node.get("/api/v1/runs").await.1["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn first_deliveries_with_different_bytes_at_once_are_one_event() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    let (one, two) = tokio::join!(world.node(), world.node());
    let sent = (0..40).map(|i| {
        let node = if i % 2 == 0 { &one } else { &two };
        async move { node.hook("test", "e", &json!({ "type": "calls", "n": 1, "attempt": i })).await }
    });
    let answers = futures::future::join_all(sent).await;
    let accepted = answers.iter().filter(|(status, _)| *status == 202).count();
    assert_eq!((accepted, answers.iter().filter(|(status, _)| *status == 200).count()), (1, 39), "{answers:?}");
    let runs: HashSet<String> = answers.iter().map(|(_, a)| a["runs"][0].as_str().unwrap().to_owned()).collect();
    assert_eq!(runs.len(), 1, "{answers:?}");
    let (_, shown) = one.get(&format!("/api/v1/events/{}", answers[0].1["event"].as_str().unwrap())).await;
    let kept = shown["redeliveries"].as_array().unwrap().len();
    assert!((1..=39).contains(&kept), "{shown}");
    // Beyond the maximum, no more are stored.
    for attempt in 100..125 {
        let body = json!({ "type": "calls", "n": 1, "attempt": attempt });
        assert_eq!(one.hook("test", "e", &body).await.0, 200);
    }
    let (_, shown) = one.get(&format!("/api/v1/events/{}", answers[0].1["event"].as_str().unwrap())).await;
    assert_eq!(shown["redeliveries"].as_array().unwrap().len(), kept.max(20), "{shown}");
}

/// With a bearer token, the sender chooses the ids, so reusing one for other content is its mistake.
#[tokio::test(flavor = "multi_thread")]
async fn under_a_token_the_same_id_with_another_body_is_a_conflict() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    let node = world.node().await;
    let event = |n: u8| json!({ "specversion": "1.0", "id": "e", "source": "/s", "type": "t", "data": n }).to_string();
    let headers = [("content-type", "application/cloudevents+json")];
    let (status, first) = node.send("POST", "/events", &headers, event(1)).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(node.send("POST", "/events", &headers, event(1)).await, (200, first));
    assert_eq!(node.send("POST", "/events", &headers, event(2)).await.0, 409);
    let start = |n: u8| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
        let body = json!({ "n": n }).to_string();
        let node = &node;
        async move { node.send("POST", "/api/v1/workflows/test/calls/runs", &headers, body).await.0 }
    };
    assert_eq!((start(1).await, start(1).await, start(2).await), (202, 202, 409));
}
