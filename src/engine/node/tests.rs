//! What a node takes into its memory.

use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;

use crate::connect::Connections;
use crate::engine::{Engine, EngineSettings, StartRequest};
use crate::evaluator::Evaluator;
use crate::machine::{Actor, RunId};
use crate::store::runs::{claims, listing};

const RESTS: &str = "
document: { dsl: '1.0.3', namespace: test, name: rests, version: '1.0.0' }
do:
  - rest: { wait: { milliseconds: 1500 } }
";

async fn node(pool: &PgPool, runs_bytes_max: usize) -> Engine {
    crate::store::ensure_partitions(pool).await.unwrap();
    let settings = EngineSettings { lease: Duration::from_mins(10), runs_bytes_max, ..EngineSettings::default() };
    let evaluator = Evaluator::new("no-evaluator-here".into(), Vec::new(), 1);
    let engine =
        Engine::start_node(settings, pool.clone(), pool.clone(), Connections::default(), evaluator).await.unwrap();
    let built = crate::dsl::build("rests.yaml", RESTS, &crate::dsl::Functions::default()).unwrap();
    engine.deploy(&built, &Actor("test".into())).await.unwrap();
    engine
}

async fn start(engine: &Engine, size: usize) -> RunId {
    let request = StartRequest {
        namespace: "test".into(),
        name: "rests".into(),
        version: None,
        input: json!({ "text": "x".repeat(size) }),
        idempotency_key: None,
        actor: Actor("test".into()),
    };
    engine.start(request).await.unwrap()
}

#[sqlx::test]
async fn a_node_whose_runs_hold_much_leaves_new_ones_in_the_database_until_there_is_room(pool: PgPool) {
    let engine = node(&pool, 10_000).await;
    let large = start(&engine, 20_000).await;
    assert_eq!(engine.load(), 1);
    let small = start(&engine, 10).await;
    assert_eq!(engine.load(), 1, "the node has no room");
    assert_eq!(listing::run(&pool, small).await.unwrap().unwrap().status, "pending");
    for run in [large, small] {
        assert!(engine.settled(run, Duration::from_secs(30)).await);
        assert_eq!(listing::run(&pool, run).await.unwrap().unwrap().status, "completed");
    }
    assert_eq!(engine.inner.context.node().bytes(), 0, "what is given back is all that was taken");
    engine.shut_down().await;
}

/// Reading what a node owns takes a while, and runs leave meanwhile. Taking up what is gone would end in false alarms: "another node owns
/// the run now", or a run set aside for a person because its journal is longer than its row said.
#[sqlx::test]
async fn a_run_that_left_while_owned_runs_were_read_is_not_taken_up(pool: PgPool) {
    let engine = node(&pool, usize::MAX).await;
    let run = start(&engine, 10).await;
    let node = engine.inner.context.node();
    let mut seen = claims::owned_by(&pool, node.id, 10).await.unwrap();
    assert_eq!(seen.iter().map(|seen| seen.id).collect::<Vec<_>>(), [run]);
    assert!(engine.settled(run, Duration::from_secs(30)).await);
    while node.drives(run) {
        tokio::task::yield_now().await;
    }
    // As if it had been read long after it was accepted.
    seen[0].created_at -= chrono::Duration::minutes(1);
    node.adopt(&engine.inner.runs, &seen).await.unwrap();
    assert!(!node.drives(run), "it is over");
    let hold = claims::Hold { node: node.id, run, fence: seen[0].fence };
    claims::set_aside(&pool, hold, chrono::Utc::now()).await.unwrap();
    let row = listing::run(&pool, run).await.unwrap().unwrap();
    assert_eq!((row.status.as_str(), row.attention), ("completed", None));
    engine.shut_down().await;
}

/// The reply to a claim was lost, say.
#[sqlx::test]
async fn a_run_that_is_owned_and_not_in_memory_is_taken_up(pool: PgPool) {
    let engine = node(&pool, usize::MAX).await;
    let node = engine.inner.context.node();
    let (run, claimed_at) = (start(&engine, 10).await, chrono::Utc::now() - chrono::Duration::minutes(1));
    assert!(engine.settled(run, Duration::from_secs(30)).await);
    while node.drives(run) {
        tokio::task::yield_now().await;
    }
    // It has ended; as far as its row tells it is this node's, and due.
    sqlx::query("update runs set owner = $1, created_at = $2, finished_at = null where id = $3")
        .bind(node.id)
        .bind(claimed_at)
        .bind(run)
        .execute(&pool)
        .await
        .unwrap();
    node.adopt(&engine.inner.runs, &claims::owned_by(&pool, node.id, 10).await.unwrap()).await.unwrap();
    assert!(node.drives(run));
    while node.drives(run) {
        tokio::task::yield_now().await;
    }
    assert_eq!(claims::owned_by(&pool, node.id, 10).await.unwrap().len(), 0, "it was given back");
    engine.shut_down().await;
}
