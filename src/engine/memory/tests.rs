//! What the hub remembers, asked for by real runs on a real Postgres.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::connect::Connections;
use crate::dsl::{self, Functions};
use crate::engine::{Engine, EngineSettings, StartRequest};
use crate::expr::Evaluator;
use crate::machine::Actor;
use crate::store;

const WORKFLOW: &str = "
document: { dsl: '1.0.3', namespace: test, name: remembers, version: '1.0.0' }
do:
  - asked: { set: '${ . }', export: { as: . } }
  - before: { call: watermarks.read, with: { name: items }, export: { as: '$context + {before: .value}' } }
  - moves: { call: watermarks.write, with: { name: items, value: '${ $context.to }', was: '${ $context.from }' } }
output: { as: '{before: $context.before, after: .value}' }
";

async fn node(pool: &PgPool) -> Engine {
    store::ensure_partitions(pool).await.unwrap();
    let evaluator = Evaluator::of_this_program(1).unwrap();
    let settings = EngineSettings::default();
    let engine =
        Engine::start_node(settings, pool.clone(), pool.clone(), Connections::default(), evaluator).await.unwrap();
    let workflows = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let built = dsl::build("remembers.yaml", WORKFLOW, &Functions::load(&workflows).unwrap()).unwrap();
    engine.deploy(&built, &Actor("test".into())).await.unwrap();
    engine
}

async fn ended(engine: &Engine, input: Value) -> Value {
    let request = StartRequest {
        namespace: "test".into(),
        name: "remembers".into(),
        version: None,
        input,
        idempotency_key: None,
        actor: Actor("test".into()),
    };
    let run = engine.start(request).await.unwrap();
    assert!(engine.settled(run, Duration::from_secs(30)).await);
    serde_json::to_value(engine.view(run).await.unwrap().unwrap()).unwrap()
}

#[sqlx::test]
async fn what_one_run_remembers_the_next_one_knows_to_the_last_digit(pool: PgPool) {
    let engine = node(&pool).await;
    let first = ended(&engine, json!({ "from": null, "to": "20" })).await;
    assert_eq!(first["output"], json!({ "before": null, "after": "20" }), "{first:#}");
    let exact: Value = serde_json::from_str(r#"{"from": "20", "to": {"id": 90071992547409931234}}"#).unwrap();
    let second = ended(&engine, exact).await;
    assert_eq!(second["output"]["before"], "20", "{second:#}");
    let third = ended(&engine, json!({ "from": null, "to": 1 })).await;
    assert_eq!(third["status"], "faulted", "somebody else moved it: {third:#}");
    assert_eq!(third["error"]["status"], 409, "{third:#}");
    assert!(third["error"]["detail"].as_str().unwrap().contains("90071992547409931234"), "{third:#}");
    engine.shut_down().await;
}
