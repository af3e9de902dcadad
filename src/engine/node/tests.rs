//! What a node takes into its memory.

use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;

use crate::connect::Connections;
use crate::engine::{Engine, EngineSettings, StartRequest};
use crate::evaluator::Evaluator;
use crate::machine::Actor;
use crate::store::listing;

const RESTS: &str = "
document: { dsl: '1.0.3', namespace: test, name: rests, version: '1.0.0' }
do:
  - rest: { wait: { milliseconds: 1500 } }
";

#[sqlx::test]
async fn a_node_whose_runs_hold_much_leaves_new_ones_in_the_database_until_there_is_room(pool: PgPool) {
    crate::store::ensure_partitions(&pool).await.unwrap();
    let settings =
        EngineSettings { lease: Duration::from_mins(10), runs_bytes_max: 10_000, ..EngineSettings::default() };
    let evaluator = Evaluator::new("no-evaluator-here".into(), Vec::new(), 1);
    let engine =
        Engine::start_node(settings, pool.clone(), pool.clone(), Connections::default(), evaluator).await.unwrap();
    let built = crate::dsl::build("rests.yaml", RESTS, &crate::dsl::Functions::default()).unwrap();
    engine.deploy(&built, &Actor("test".into())).await.unwrap();
    let start = async |size: usize| {
        let request = StartRequest {
            namespace: "test".into(),
            name: "rests".into(),
            version: None,
            input: json!({ "text": "x".repeat(size) }),
            idempotency_key: None,
            actor: Actor("test".into()),
        };
        engine.start(request).await.unwrap()
    };
    let large = start(20_000).await;
    assert_eq!(engine.load(), 1);
    let small = start(10).await;
    assert_eq!(engine.load(), 1, "the node has no room");
    assert_eq!(listing::run(&pool, small).await.unwrap().unwrap().status, "pending");
    for run in [large, small] {
        assert!(engine.settled(run, Duration::from_secs(30)).await);
        assert_eq!(listing::run(&pool, run).await.unwrap().unwrap().status, "completed");
    }
    assert_eq!(engine.inner.node().bytes(), 0, "what is given back is all that was taken");
    engine.shut_down().await;
}
