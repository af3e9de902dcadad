//! An act and its audit record are committed together.

use uuid::Uuid;

use super::*;
use crate::memory::batches::{Batch, FailedRow};
use crate::store::access::{create_session, find_user, fixture_user};
use crate::store::fixture;
use crate::store::sync::batches;

const IDLE: &str = "document: { dsl: '1.0.3', namespace: test, name: idle, version: '1.0.0' }
do: [{ x: { wait: { hours: 1 } } }]
";

const TICK: &str = "document: { dsl: '1.0.3', namespace: test, name: tick, version: '1.0.0' }
schedule: { every: { hours: 1 } }
do: [{ x: { set: { a: 1 } } }]
";

async fn admin(face: &Face, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {}", face.token(Scope::Admin));
    let kind = if method == "PUT" { "application/yaml" } else { "application/json" };
    face.send(method, path, &[("authorization", bearer.as_str()), ("content-type", kind)], body.to_owned()).await
}

/// A batch of a run, with a failed row.
async fn batch_of(pool: &PgPool, run: Uuid) -> Uuid {
    let now = chrono::Utc::now();
    let batch = Batch {
        id: Uuid::now_v7(),
        name: "products".to_owned(),
        mode: "full".to_owned(),
        run,
        total: Some(1),
        done: 1,
        failed: 1,
        busy_ms: 1,
        began_at: now,
        changed_at: now,
        ended_at: Some(now),
    };
    let row = FailedRow { key: "1".to_owned(), message: "too long".to_owned(), row: json!({ "id": 1 }), attempts: 1 };
    let mut connection = pool.acquire().await.unwrap();
    batches::insert(&mut connection, &batch).await.unwrap();
    batches::keep_rows(&mut connection, &batch, &[row]).await.unwrap();
    batch.id
}

/// Everything that the acts below change.
async fn state(pool: &PgPool) -> Vec<String> {
    let tables = [
        "select u::text from users u",
        "select t::text from tokens t",
        "select s::text from sessions s",
        "select namespace || name || version from definitions",
        "select id::text from runs",
        "select id::text from commands",
        "select name || paused_at from schedules",
    ];
    let mut state = Vec::new();
    for table in tables {
        let mut rows: Vec<Option<String>> = sqlx::query_scalar(table).fetch_all(pool).await.unwrap();
        rows.sort_unstable();
        state.push(format!("{table}: {rows:?}"));
    }
    state
}

#[sqlx::test]
async fn an_act_that_cannot_be_recorded_is_not_done(pool: PgPool) {
    let face = Face::new(&pool).await;
    for (path, text) in [("idle", IDLE), ("tick", TICK), ("idle", &IDLE.replace("1.0.0", "0.9.0"))] {
        assert_eq!(admin(&face, "PUT", &format!("/api/v1/workflows/test/{path}"), text).await.status, 201);
    }
    let started = admin(&face, "POST", "/api/v1/workflows/test/idle/runs", "{}").await;
    let run: Uuid = started.body["id"].as_str().unwrap().parse().unwrap();
    let ada = fixture_user(&pool, "ada", &[Scope::Read]).await;
    create_session(&pool, &ada, std::time::Duration::from_mins(5)).await.unwrap();
    let session = admin(&face, "GET", "/api/v1/sessions", "").await.body["items"][0]["id"].clone();
    let (token, _) = access::create_token(&pool, "old", &[Scope::Read], None).await.unwrap();
    let batch = batch_of(&pool, run).await;
    // The engine's next sweep adds the schedule to its table.
    while admin(&face, "GET", "/api/v1/schedules/test/tick", "").await.status != StatusCode::OK {
        tokio::task::yield_now().await;
    }
    let acts = [
        ("POST", "/api/v1/users".to_owned(), r#"{"name": "eve", "scopes": ["read"]}"#),
        ("PATCH", "/api/v1/users/ada".to_owned(), r#"{"scopes": ["operate"]}"#),
        ("DELETE", format!("/api/v1/sessions/{}", session.as_str().unwrap()), ""),
        ("POST", "/api/v1/users/ada/disable".to_owned(), ""),
        ("DELETE", "/api/v1/users/ada".to_owned(), ""),
        ("POST", "/api/v1/tokens".to_owned(), r#"{"name": "new", "scopes": ["read"]}"#),
        ("DELETE", format!("/api/v1/tokens/{token}"), ""),
        ("PUT", "/api/v1/workflows/test/idle".to_owned(), &IDLE.replace("1.0.0", "1.1.0")),
        ("DELETE", "/api/v1/workflows/test/idle/0.9.0".to_owned(), ""),
        ("POST", "/api/v1/schedules/test/tick/pause".to_owned(), ""),
        ("POST", "/api/v1/schedules/test/tick/fire".to_owned(), ""),
        ("POST", format!("/api/v1/batches/{batch}/retry"), ""),
        (
            "POST",
            "/api/v1/runs:bulk".to_owned(),
            r#"{"act": "suspend", "filter": {"workflow": "test/idle"}, "dry_run": false}"#,
        ),
    ];
    let before = state(&pool).await;
    fixture::refuse_acts(&pool).await;
    for (method, path, body) in &acts {
        let answer = admin(&face, method, path, body).await;
        assert!(!answer.status.is_success(), "{method} {path}: {answer:?}");
        assert_eq!(state(&pool).await, before, "{method} {path}");
    }
    fixture::allow_acts(&pool).await;
    let allowed_at = chrono::Utc::now();
    for (method, path, body) in &acts {
        let answer = admin(&face, method, path, body).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
    }
    assert!(find_user(&pool, "ada").await.unwrap().is_none());
    let recorded = "select act from acts where actor = 'token:admin' and at > $1
                    union all select 'schedule.' || act from schedule_acts";
    let recorded: Vec<String> = sqlx::query_scalar(recorded).bind(allowed_at).fetch_all(&pool).await.unwrap();
    assert_eq!(recorded.len(), acts.len(), "{recorded:?}");
    face.close().await;
}
