//! What a caller of the API is shown, held against what the database says.

use serde_json::json;
use sqlx::PgPool;

use super::*;
use crate::connect::Connections;
use crate::dsl::{self, Functions};
use crate::engine::{Engine, EngineSettings};
use crate::evaluator::Evaluator;
use crate::machine::{Actor, Status};

/// A node whose pool for reads is closed: whatever it shows, it shows from memory.
async fn blind_node(pool: &PgPool, settings: EngineSettings) -> Engine {
    let reader = sqlx::postgres::PgPoolOptions::new().connect_lazy_with((*pool.connect_options()).clone());
    reader.close().await;
    node(pool, reader, settings).await
}

async fn node(pool: &PgPool, reader: PgPool, settings: EngineSettings) -> Engine {
    crate::store::ensure_partitions(pool).await.unwrap();
    let evaluator = Evaluator::new("no-evaluator-here".into(), Vec::new(), 1);
    let engine = Engine::start_node(settings, pool.clone(), reader, Connections::default(), evaluator).await.unwrap();
    for (name, tasks) in [
        ("short", "  - a: { set: { n: '${ .n + 1 }' } }\n"),
        ("paused", "  - a: { wait: { milliseconds: 50 } }\n  - b: { set: { n: '${ .n + 2 }' } }\n"),
        ("broken", "  - a: { wait: { milliseconds: 50 } }\n  - b: { set: '${ .n | error }' }\n"),
        ("long", "  - a: { wait: { hours: 1 } }\n"),
    ] {
        let text = format!("document: {{ dsl: '1.0.3', namespace: t, name: {name}, version: '1.0.0' }}\ndo:\n{tasks}");
        let built = dsl::build("t.yaml", &text, &Functions::default()).unwrap_or_else(|m| panic!("{m:?}"));
        engine.deploy(&built, &Actor("test".into())).await.unwrap();
    }
    engine
}

fn start(name: &str, key: Option<&str>) -> StartRequest {
    StartRequest {
        namespace: "t".into(),
        name: name.into(),
        version: None,
        input: json!({ "n": 1 }),
        idempotency_key: key.map(str::to_owned),
        actor: Actor("token:test".into()),
    }
}

const WAIT: Option<Duration> = Some(Duration::from_secs(30));

#[sqlx::test]
async fn a_start_through_the_api_is_shown_without_a_query(pool: PgPool) {
    let engine = blind_node(&pool, EngineSettings::default()).await;
    let begun = engine.start_and_show(start("short", None), None).await.unwrap();
    let view = begun.view.expect("the run is shown");
    assert_eq!((view.id, view.status, view.output), (begun.id, Status::Completed, Some(json!({ "n": 2 }))));
    engine.shut_down().await;
}

#[sqlx::test]
async fn a_caller_that_waits_is_shown_the_end_of_the_run_without_a_query(pool: PgPool) {
    let engine = blind_node(&pool, EngineSettings::default()).await;
    for (name, status) in [("short", Status::Completed), ("paused", Status::Completed), ("broken", Status::Faulted)] {
        let begun = engine.start_and_show(start(name, None), WAIT).await.unwrap();
        assert!(begun.settled, "{name}");
        assert_eq!(begun.view.map(|view| view.status), Some(status), "{name}");
    }
    let begun = engine.start_and_show(start("long", None), Some(Duration::from_millis(20))).await.unwrap();
    assert!(!begun.settled && begun.view.is_some_and(|view| view.status == Status::Waiting));
    assert_eq!(engine.inner.runs.followers.count.load(Ordering::Acquire), 0, "nobody follows any more");
    engine.shut_down().await;
}

#[sqlx::test]
async fn what_is_shown_from_memory_is_what_the_database_says(pool: PgPool) {
    let engine = node(&pool, pool.clone(), EngineSettings::default()).await;
    for (name, wait) in [("short", None), ("short", WAIT), ("paused", WAIT), ("broken", WAIT), ("long", None)] {
        let begun = engine.start_and_show(start(name, None), wait).await.unwrap();
        let read = engine.view(begun.id).await.unwrap();
        assert_eq!(json!(begun.view), json!(read), "{name}");
    }
    engine.shut_down().await;
}

#[sqlx::test]
async fn a_start_under_a_known_key_shows_the_run_of_the_first(pool: PgPool) {
    let engine = node(&pool, pool.clone(), EngineSettings::default()).await;
    let first = engine.start_and_show(start("paused", Some("k")), WAIT).await.unwrap();
    for wait in [None, WAIT] {
        let again = engine.start_and_show(start("paused", Some("k")), wait).await.unwrap();
        assert_eq!((again.id, json!(again.view)), (first.id, json!(first.view)));
    }
    engine.shut_down().await;
}

#[sqlx::test]
async fn a_run_that_another_node_ends_is_seen_by_who_waits(pool: PgPool) {
    let full = EngineSettings { runs_max: 0, ..EngineSettings::default() };
    let (full, other) =
        (node(&pool, pool.clone(), full).await, node(&pool, pool.clone(), EngineSettings::default()).await);
    let begun = full.start_and_show(start("paused", None), WAIT).await.unwrap();
    assert!(begun.settled);
    assert_eq!(begun.view.and_then(|view| view.output), Some(json!({ "n": 3 })));
    full.shut_down().await;
    other.shut_down().await;
}

#[sqlx::test]
async fn a_run_that_ends_in_its_first_decision_is_announced(pool: PgPool) {
    let engine = node(&pool, pool.clone(), EngineSettings::default()).await;
    let mut changes = engine.changes();
    let run = engine.start(start("short", None)).await.unwrap();
    let change = tokio::time::timeout(Duration::from_secs(20), changes.recv()).await.expect("a change").unwrap();
    assert!((change.id, change.status, change.is_settled()) == (run, Status::Completed, true), "{change:?}");
    engine.shut_down().await;
}
