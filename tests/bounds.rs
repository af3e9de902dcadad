//! Isolation: a sink that hangs or a filter that never ends delays nothing else.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Behavior, Target, World, calls, eventually, hub};
use crate::links::{send, start, workflow};

/// Maximum delay that is allowed.
const HELD_UP_MAX: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_hangs_holds_up_no_other_and_no_run() {
    let target = Target::start().await;
    let address = target.address();
    let sinks = format!(
        "{}sinks:\n  deaf: {{ endpoint: 'http://{address}/deaf', types: [ping] }}\n  books: {{ endpoint: 'http://{address}/books', types: [ping] }}\n",
        hub()
    );
    let emit = "do:\n  - tell: { emit: { event: { with: { source: 'https://shop.example', type: ping } } } }\n";
    let pinged = format!(
        "schedule: {{ on: {{ one: {{ with: {{ type: ping }} }} }} }}\ndo:\n  - call: {{ call: http, with: {{ method: post, endpoint: 'http://{address}/pinged' }} }}\n"
    );
    let (emit, pinged) = (workflow("emit", "1.0.0", emit), workflow("pinged", "1.0.0", &pinged));
    let files = [("hub.yaml", sinks), (&emit.0, emit.1), (&pinged.0, pinged.1)];
    let world = World::new(&files, &[address.to_string()]).await;
    let node = world.node().await;
    target.behave("/deaf", Behavior::Hold);
    // More events than may be in progress for one sink.
    let events = 60;
    for n in 0..events {
        start(&node, "emit", &json!({ "n": n })).await;
    }
    target.reached("/deaf", 50).await;
    let began = Instant::now();
    start(&node, "emit", &json!({ "n": events })).await;
    target.reached("/pinged", events + 1).await;
    target.reached("/books", events + 1).await;
    assert!(began.elapsed() < Duration::from_secs(5), "delayed by {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_that_never_end_delay_no_webhook_and_the_event_names_the_workflow_that_was_skipped() {
    let bad = |name: &str| {
        let on = "schedule: { on: { one: { with: { type: order, data: '${ def f: if . > 0 then . - 1 | f else . end; 1e12 | f }' } } } }\n";
        workflow(name, "1.0.0", &format!("{on}do:\n  - done: {{ set: {{ ok: true }} }}\n"))
    };
    let good = "schedule: { on: { one: { with: { type: order } } } }\ndo:\n  - done: { set: { ok: true } }\n";
    let (first, second, good) = (bad("first"), bad("second"), workflow("good", "1.0.0", good));
    let files = [("hub.yaml", hub()), (&first.0, first.1), (&second.0, second.1), (&good.0, good.1)];
    let world = World::new(&files, &[]).await;
    let node = world.node().await;
    let mut last = json!(null);
    for n in 0..6 {
        let began = Instant::now();
        let (status, answer) = send(&node, &format!("e-{n}"), "order", &json!({ "n": n })).await;
        assert_eq!((status, answer["runs"].as_array().map(Vec::len)), (202, Some(1)), "{answer}");
        assert!(began.elapsed() < HELD_UP_MAX, "event {n} took {:?}", began.elapsed());
        last = answer;
    }
    let (_, event) = node.get(&format!("/api/v1/events/{}", last["event"].as_str().unwrap())).await;
    let told = event["detail"].to_string();
    assert!(told.contains("test/first:1.0.0") && told.contains("test/second:1.0.0"), "{event}");
    // If nothing else subscribes to the event, its sender is told, and the event is stored.
    let (status, answer) = send(&node, "other", "unrelated", &json!({})).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_cannot_write_says_so_releases_its_runs_and_recovers() {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    target.behave("/step1", Behavior::Hold);
    let run = node.start_calls(1).await;
    target.reached("/step1", 1).await;
    // The database answers, but every commit hangs.
    let mut database = world.connect().await;
    sqlx::raw_sql("begin; lock table journal in access exclusive mode").execute(&mut database).await.unwrap();
    target.behave("/step1", Behavior::Answer("{}".into()));
    eventually("the node reports that it makes no progress", || async {
        let (status, told) = node.get("/readyz").await;
        (status == 503 && told["detail"].as_str().unwrap_or_default().contains("has made no progress")).then_some(())
    })
    .await;
    eventually("the node releases its runs", || async {
        let mut other = world.connect().await;
        let alive = "select count(*) from nodes where dead_at is null and expires_at > now()";
        let alive: i64 = sqlx::query_scalar(alive).fetch_one(&mut other).await.unwrap();
        (alive == 0).then_some(())
    })
    .await;
    sqlx::raw_sql("rollback").execute(&mut database).await.unwrap();
    node.run_becomes(&run, "completed").await;
    eventually("the node is ready again", || async { (node.get("/readyz").await.0 == 200).then_some(()) }).await;
    assert_eq!(target.keys("/step1").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_many_tasks_is_shown_in_pages_that_add_up() {
    let each = "do:\n  - each:\n      for: { each: item, in: '[range(1500)]' }\n      do:\n        - note: { set: { item: '${ $item }' } }\n";
    let (name, text) = workflow("each", "1.0.0", each);
    let world = World::new(&[("hub.yaml", hub()), (&name, text)], &[]).await;
    let node = world.node().await;
    let run = start(&node, "each", &json!({})).await;
    let first = node.run_becomes(&run, "completed").await;
    assert_eq!((first["tasks"].as_array().unwrap().len(), &first["tasks_total"]), (1_000, &json!(1_501)));
    let mut tasks = first["tasks"].as_array().unwrap().clone();
    let mut next = first["tasks_next"].clone();
    while let Some(cursor) = next.as_str() {
        let (status, page) = node.get(&format!("/api/v1/runs/{run}?limit=200&cursor={cursor}")).await;
        assert_eq!(status, 200, "{page}");
        tasks.extend(page["tasks"].as_array().unwrap().iter().cloned());
        next = page["tasks_next"].clone();
    }
    assert_eq!(tasks.len(), 1_501);
    let items = tasks[1..].iter().map(|task| task["output"]["item"].as_u64().unwrap());
    assert!(items.eq(0..1_500), "a task is missing or listed twice");
}
