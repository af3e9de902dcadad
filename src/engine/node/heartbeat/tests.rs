//! A node whose threads are all busy.

use std::time::Duration;

use sqlx::PgPool;

use crate::connect::Connections;
use crate::engine::{Engine, EngineSettings};
use crate::evaluator::Evaluator;

#[sqlx::test]
async fn a_node_whose_threads_are_all_busy_keeps_its_lease(pool: PgPool) {
    crate::store::ensure_partitions(&pool).await.unwrap();
    let settings = EngineSettings { lease: Duration::from_millis(800), ..EngineSettings::default() };
    let evaluator = Evaluator::new("no-evaluator-here".into(), Vec::new(), 1);
    let engine =
        Engine::start_node(settings, pool.clone(), pool.clone(), Connections::default(), evaluator).await.unwrap();
    let incarnation = engine.inner.context.node().id;
    // The test and the engine share one thread, and now it does nothing else for three leases.
    std::thread::sleep(Duration::from_millis(2_400));
    let alive: bool = sqlx::query_scalar("select dead_at is null and expires_at > now() from nodes where id = $1")
        .bind(incarnation)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(alive && engine.inner.context.node().id == incarnation && engine.inner.context.node().is_alive());
    engine.shut_down().await;
}
