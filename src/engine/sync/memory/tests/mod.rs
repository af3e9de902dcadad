//! What the hub remembers, asked for by real runs on a real Postgres.

mod totals;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::connect::Connections;
use crate::dsl::{self, Functions};
use crate::engine::{Engine, EngineSettings, StartRequest};
use crate::evaluator::Evaluator;
use crate::machine::{Act, Actor, CancelMode};
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
    node_of(pool, WORKFLOW).await
}

async fn node_of(pool: &PgPool, workflow: &str) -> Engine {
    node_with(pool, workflow, EngineSettings::default()).await
}

async fn node_with(pool: &PgPool, workflow: &str, settings: EngineSettings) -> Engine {
    store::ensure_partitions(pool).await.unwrap();
    let evaluator = Evaluator::of_this_program(1).unwrap();
    let engine =
        Engine::start_node(settings, pool.clone(), pool.clone(), Connections::default(), evaluator).await.unwrap();
    let workflows = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let built = dsl::build("remembers.yaml", workflow, &Functions::load(&workflows).unwrap()).unwrap();
    engine.deploy(&built, &Actor("test".into())).await.unwrap();
    engine
}

fn start(input: Value) -> StartRequest {
    StartRequest {
        namespace: "test".into(),
        name: "remembers".into(),
        version: None,
        input,
        idempotency_key: None,
        actor: Actor("test".into()),
    }
}

async fn ended(engine: &Engine, input: Value) -> Value {
    let run = engine.start(start(input)).await.unwrap();
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

const PASSES: &str = "
document: { dsl: '1.0.3', namespace: test, name: remembers, version: '1.0.0' }
do:
  - begin: { call: batches.begin, with: { name: items, mode: full, run: '${ $workflow.id }' } }
  - pause: { wait: { hours: 9 } }
";

async fn asked(engine: &Engine, name: &str, body: &Value) -> Result<Value, crate::memory::Refusal> {
    super::answer(&engine.inner.context, &format!("/batches/{name}"), body.to_string().as_bytes()).await
}

#[sqlx::test]
async fn two_passes_of_a_name_are_never_under_way_at_once(pool: PgPool) {
    let engine = node_of(&pool, PASSES).await;
    let run = engine.start(start(json!({}))).await.unwrap();
    let begin = |run: &dyn std::fmt::Display| json!({ "name": "items", "mode": "full", "run": run.to_string() });
    let first = loop {
        // The same answer whether the run was first or this call: a run that asks again gets its batch.
        if let Ok(batch) = asked(&engine, "begin", &begin(&run)).await {
            break batch;
        }
    };
    let other = uuid::Uuid::now_v7();
    let refusal = asked(&engine, "begin", &begin(&other)).await.unwrap_err();
    assert_eq!(refusal.status, 423, "{refusal}");
    assert!(refusal.detail.contains(&run.to_string()), "{refusal}");
    let abandon = Act::Cancel { compensate: CancelMode::Abandon };
    engine.act(run, abandon, Actor("test".into()), Some("enough".into())).await.unwrap();
    let second = loop {
        // The act is recorded at once and carried out a moment later.
        match asked(&engine, "begin", &begin(&other)).await {
            Ok(batch) => break batch,
            Err(refusal) => assert_eq!(refusal.status, 423, "{refusal}"),
        }
    };
    assert_ne!(first["id"], second["id"]);
    let states: Vec<&str> = engine.batches(None, None, 10).await.unwrap().iter().map(|batch| batch.state).collect();
    assert_eq!(states, ["stopped", "stopped"], "the other run never was");
    engine.shut_down().await;
}

#[sqlx::test]
async fn failed_rows_are_kept_counted_and_forgotten_and_a_report_counts_once(pool: PgPool) {
    let engine = node(&pool).await;
    let begin = json!({ "name": "items", "mode": "full", "run": uuid::Uuid::now_v7() });
    let batch = asked(&engine, "begin", &begin).await.unwrap();
    let report = |cursor: &str, failed: &[&str]| {
        let failed: Vec<Value> =
            failed.iter().map(|key| json!({ "key": key, "message": "no", "row": { "id": key } })).collect();
        json!({ "batch": batch["id"], "cursor": cursor, "keys": ["B", "a", "é"], "failed": failed, "total": 9 })
    };
    let told = asked(&engine, "report", &report("1", &["B", "a", "é"])).await.unwrap();
    assert_eq!(asked(&engine, "report", &report("1", &["B", "a", "é"])).await.unwrap(), told, "once");
    assert_eq!((&told["done"], &told["failed"], &told["total"]), (&json!(3), &json!(3), &json!(9)));
    asked(&engine, "report", &report("2", &["a"])).await.unwrap();
    asked(&engine, "report", &report("3", &["a", "é"])).await.unwrap();
    let page = asked(&engine, "rows", &json!({ "name": "items", "limit": 1 })).await.unwrap();
    assert_eq!((&page["left"], &page["next"], &page["rows"][0]["attempts"]), (&json!(2), &json!("a"), &json!(3)));
    let page = asked(&engine, "rows", &json!({ "name": "items", "after": "a" })).await.unwrap();
    assert_eq!((&page["rows"][0]["key"], &page["next"]), (&json!("é"), &Value::Null), "{page}");
    let ended = asked(&engine, "end", &json!({ "batch": batch["id"] })).await.unwrap();
    assert_eq!((&ended["total"], &ended["done"]), (&json!(9), &json!(9)));
    assert_eq!(asked(&engine, "end", &json!({ "batch": batch["id"] })).await.unwrap(), ended);
    assert_eq!(asked(&engine, "report", &report("4", &[])).await.unwrap_err().status, 409);
    assert_eq!(asked(&engine, "begin", &begin).await.unwrap()["id"], batch["id"], "late by an hour");
    let none = json!({ "batch": uuid::Uuid::nil() });
    assert_eq!(asked(&engine, "end", &none).await.unwrap_err().status, 404);
    engine.shut_down().await;
}

#[sqlx::test]
async fn the_last_hundred_passes_of_a_name_are_kept(pool: PgPool) {
    let engine = node(&pool).await;
    for n in 0..103_u128 {
        let run = uuid::Uuid::from_u128(n << 64 | n);
        let batch = asked(&engine, "begin", &json!({ "name": "items", "mode": "full", "run": run })).await.unwrap();
        let report = json!({ "batch": batch["id"], "cursor": "1", "keys": [] });
        asked(&engine, "report", &report).await.unwrap();
    }
    let kept = engine.batches(Some("items"), None, 1_000).await.unwrap();
    assert_eq!((kept.len(), kept[99].run), (100, uuid::Uuid::from_u128(3 << 64 | 3)));
    engine.shut_down().await;
}

const HUB: &str = "
identifiers:
  links: { contact: { crm: salesforce-18, erp: case-insensitive } }
  batches: { items: case-insensitive }
";

const PAUSES: &str = "
document: { dsl: '1.0.3', namespace: test, name: remembers, version: '1.0.0' }
do:
  - pause: { wait: { hours: 9 } }
";

/// A node that knows what [`HUB`] declares.
async fn declaring_node(pool: &PgPool) -> Engine {
    let hub = crate::hub::Hub::load("hub.yaml", HUB, &crate::connect::Secrets::fixed([])).unwrap();
    node_with(pool, PAUSES, EngineSettings { identifiers: hub.identifiers, ..EngineSettings::default() }).await
}

async fn link(engine: &Engine, name: &str, body: &Value) -> Result<Value, crate::memory::Refusal> {
    super::answer(&engine.inner.context, &format!("/links/{name}"), body.to_string().as_bytes()).await
}

/// Whether a pair that was saved under the first ids is known under the others: an event about it then tells nothing new.
async fn is_known(engine: &Engine, entity: &str, saved: [&str; 2], asked: [&str; 2]) -> bool {
    let run = engine.start(start(json!({}))).await.unwrap();
    let judge = |ids: [&str; 2], run: &dyn std::fmt::Display| {
        let run = run.to_string();
        json!({ "entity": entity, "run": run, "side": "crm", "id": ids[0], "otherId": ids[1], "fields": { "LastName": "Berg" },
                "at": "2026-11-20T16:00:00Z" })
    };
    let first = link(engine, "judge", &judge(saved, &run)).await.unwrap();
    assert_eq!(first["verdict"], "new", "{first}");
    let side = |id: &str| json!({ "id": id, "fields": { "LastName": "Berg" } });
    let save = json!({ "entity": entity, "run": run, "crm": side(saved[0]), "erp": side(saved[1]) });
    link(engine, "save", &save).await.unwrap();
    let asked = link(engine, "judge", &judge(asked, &uuid::Uuid::now_v7())).await.unwrap();
    matches!(asked["verdict"].as_str(), Some("echo" | "irrelevant" | "late"))
}

#[sqlx::test]
async fn an_id_made_by_an_expression_is_linked_in_its_declared_form(pool: PgPool) {
    let engine = declaring_node(&pool).await;
    assert!(is_known(&engine, "contact", ["003Ws000200000V", "EID:ABC"], ["003Ws000200000VIAQ", "eid:abc"]).await);
    let rows: Vec<(String, String)> =
        sqlx::query_as("select crm_id, erp_id from links").fetch_all(&pool).await.unwrap();
    assert_eq!(rows, [("003Ws000200000VIAQ".to_owned(), "eid:abc".to_owned())]);
    let judge = json!({ "entity": "contact", "run": uuid::Uuid::now_v7(), "side": "crm", "id": "003Ws000200000VI" });
    let refusal = link(&engine, "judge", &judge).await.unwrap_err();
    assert!(refusal.status == 400 && refusal.detail.contains("15 or 18"), "{refusal}");

    let begin = json!({ "name": "items", "mode": "full", "run": uuid::Uuid::now_v7() });
    let batch = asked(&engine, "begin", &begin).await.unwrap();
    let report = |cursor: &str, key: &str, failed: &[Value]| json!({ "batch": batch["id"], "cursor": cursor, "keys": [key], "failed": failed });
    let failed = json!({ "key": "ITEM-1", "message": "no", "row": 1 });
    asked(&engine, "report", &report("1", "ITEM-1", &[failed])).await.unwrap();
    assert_eq!(asked(&engine, "rows", &json!({ "name": "items" })).await.unwrap()["rows"][0]["key"], "item-1");
    asked(&engine, "report", &report("2", "Item-1", &[])).await.unwrap();
    assert_eq!(asked(&engine, "rows", &json!({ "name": "items" })).await.unwrap()["left"], 0, "it went well");
    engine.shut_down().await;
}

#[sqlx::test]
async fn ids_that_differ_by_case_are_two_records_unless_declared_otherwise(pool: PgPool) {
    let engine = declaring_node(&pool).await;
    assert!(!is_known(&engine, "other", ["A", "ABC"], ["a", "abc"]).await, "nothing is declared for this entity");
    // Ids of 15 characters that differ by case only are different records, whatever becomes of their case later.
    assert!(!is_known(&engine, "contact", ["003Ws000200000V", "1"], ["003ws000200000v", "2"]).await);
    engine.shut_down().await;
}
