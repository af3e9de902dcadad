//! Granting, changing and revoking access over the API: what ends is reported, and refused requests are recorded.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt;

use crate::http::tests::{Answer, Face, PEER};
use crate::machine::Actor;
use crate::store::access::{self, Scope};
use crate::store::acts::By;

/// The guaranteed time to revoke access.
const WITHIN: Duration = Duration::from_secs(5);

async fn admin(face: &Face, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    face.call(Scope::Admin, method, path, body).await
}

async fn acts(face: &Face, subject: &str) -> Vec<Value> {
    let list = admin(face, "GET", &format!("/api/v1/audit/acts?subject={subject}"), &Value::Null).await;
    list.body["items"].as_array().unwrap().clone()
}

#[sqlx::test]
async fn a_change_of_a_user_says_what_it_ended_and_is_kept_with_who_and_why(pool: PgPool) {
    let face = Face::new(&pool).await;
    let made = admin(&face, "POST", "/api/v1/users", &json!({"name": "ada", "scopes": ["operate"]})).await;
    assert_eq!((made.status, &made.body["name"]), (StatusCode::CREATED, &json!("ada")), "{made:?}");
    let token = json!({"name": "laptop", "user": "ada", "scopes": ["admin"], "days": 30});
    let token = admin(&face, "POST", "/api/v1/tokens", &token).await.body["token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let me = face.send("GET", "/api/v1/me", &[("authorization", &bearer)], "").await.body;
    assert_eq!(me, json!({"actor": "user:ada", "name": "ada", "scopes": ["read", "operate"]}));
    let ada = access::find_user(&pool, "ada").await.unwrap().unwrap();
    access::create_session(&pool, &ada, Duration::from_hours(1)).await.unwrap();
    let sessions = admin(&face, "GET", "/api/v1/sessions", &Value::Null).await.body;
    assert_eq!((&sessions["items"][0]["kind"], &sessions["items"][0]["name"]), (&json!("user"), &json!("ada")));
    let changed = json!({"scopes": ["read"], "reason": "moved to sales"});
    let changed = admin(&face, "PATCH", "/api/v1/users/ada", &changed).await.body;
    assert_eq!((&changed["user"]["scopes"], &changed["ended"]["sessions"]), (&json!(["read"]), &json!(0)));
    let disabled = admin(&face, "POST", "/api/v1/users/ada/disable", &json!({"reason": "left"})).await.body;
    assert_eq!(disabled["ended"], json!({"sessions": 1, "login_links": 0, "tokens": 1}), "{disabled}");
    let told: Vec<Value> =
        acts(&face, "user:ada").await.iter().map(|act| json!([act["act"], act["actor"], act["reason"]])).collect();
    assert_eq!(
        told,
        [
            json!(["user.disable", "token:admin", "left"]),
            json!(["user.change", "token:admin", "moved to sales"]),
            json!(["user.create", "token:admin", null]),
        ]
    );
    assert_eq!(admin(&face, "DELETE", "/api/v1/users/ada?reason=gone", &Value::Null).await.body["user"], Value::Null);
    admin(&face, "GET", "/api/v1/users/ada", &Value::Null).await.is_problem(404, "not-found", "/api/v1/users/ada");
    face.close().await;
}

#[sqlx::test]
async fn nobody_takes_a_name_that_is_or_looks_like_another_actor(pool: PgPool) {
    let face = Face::new(&pool).await;
    let create =
        async |name: &str| admin(&face, "POST", "/api/v1/users", &json!({"name": name, "scopes": ["read"]})).await;
    assert_eq!(create("ada").await.status, StatusCode::CREATED);
    for name in ["user:ada", "local:root", "\u{430}da", "ada\u{200b}", "ada\nuser:eve", "", " ada"] {
        create(name).await.is_problem(422, "invalid", "/api/v1/users");
        let token = json!({"name": name, "scopes": ["read"]});
        admin(&face, "POST", "/api/v1/tokens", &token).await.is_problem(422, "invalid", "/api/v1/tokens");
    }
    create("ADA").await.is_problem(409, "conflict", "/api/v1/users");
    face.close().await;
}

#[sqlx::test]
async fn the_last_administrator_stays_one(pool: PgPool) {
    let face = Face::new(&pool).await;
    admin(&face, "POST", "/api/v1/users", &json!({"name": "ada", "scopes": ["admin"]})).await;
    admin(&face, "PATCH", "/api/v1/users/ada", &json!({"scopes": ["read"]})).await.is_problem(
        409,
        "conflict",
        "/api/v1/users/ada",
    );
    for (method, path) in [("POST", "/api/v1/users/ada/disable"), ("DELETE", "/api/v1/users/ada")] {
        admin(&face, method, path, &Value::Null).await.is_problem(409, "conflict", path);
    }
    admin(&face, "POST", "/api/v1/users", &json!({"name": "eve", "scopes": ["admin"]})).await;
    assert_eq!(admin(&face, "POST", "/api/v1/users/ada/disable", &Value::Null).await.status, StatusCode::OK);
    face.close().await;
}

#[sqlx::test]
async fn a_stream_and_a_wait_end_within_five_seconds_of_the_revocation_of_their_token(pool: PgPool) {
    let face = Face::new(&pool).await;
    let bearer = format!("Bearer {}", face.token(Scope::Deploy));
    let pause = "document: { dsl: '1.0.3', namespace: a, name: b, version: '1.0.0' }\ndo:\n  - pause: { wait: PT1H }\n";
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let deployed = face.send("PUT", "/api/v1/workflows/a/b?reason=needed", &headers, pause).await;
    assert_eq!(deployed.status, StatusCode::CREATED, "{deployed:?}");
    assert_eq!(acts(&face, "a/b:1.0.0").await[0]["reason"], "needed");
    let (id, token) = access::create_token(&pool, "ci", &[Scope::Operate], None).await.unwrap();
    let bearer = format!("Bearer {token}");
    let stream = Request::get("/api/v1/stream").header("authorization", &bearer).body(Body::empty()).unwrap();
    let stream = face.router.clone().oneshot(stream).await.unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    let heard = axum::body::to_bytes(stream.into_body(), 1 << 20);
    let headers = [("authorization", bearer.as_str())];
    let waited = face.send("POST", "/api/v1/workflows/a/b/runs?wait=60", &headers, "");
    let revoked = async {
        let started = async || !face.call(Scope::Read, "GET", "/api/v1/runs", "").await.body["items"][0].is_null();
        while !started().await {
            tokio::task::yield_now().await;
        }
        let by = Actor("test".into());
        access::revoke_token(&pool, id, By::from(&by)).await.unwrap();
        tokio::time::Instant::now()
    };
    let (heard, waited, revoked_at) =
        tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(heard, waited, revoked) })
            .await
            .expect("the stream or the wait went on");
    assert!(revoked_at.elapsed() < WITHIN, "{:?}", revoked_at.elapsed());
    assert!(heard.is_ok());
    waited.is_problem(401, "unauthorized", "/api/v1/workflows/a/b/runs");
    face.close().await;
}

#[sqlx::test]
async fn refused_access_is_recorded_without_what_was_sent(pool: PgPool) {
    let face = Face::new(&pool).await;
    let guess = "swt_hunter2-guess";
    for _ in 0..5 {
        let bearer = format!("Bearer {guess}");
        face.send("GET", "/api/v1/runs?q=hunter2", &[("authorization", &bearer)], "").await.is_problem(
            401,
            "unauthorized",
            "/api/v1/runs",
        );
    }
    face.send("POST", "/hooks/crm", &[("webhook-id", "hunter2")], "hunter2").await.is_problem(
        401,
        "unauthorized",
        "/hooks/crm",
    );
    face.send("GET", "/api/v1/runs", &[("cookie", "stepwell_session=hunter2")], "").await;
    face.call(Scope::Read, "GET", "/api/v1/users", "").await.is_problem(403, "missing-scope", "/api/v1/users");
    face.send("POST", "/hooks/nobody", &[], "hunter2").await.is_problem(404, "not-found", "/hooks/nobody");
    // A request without a credential is not an attempt.
    face.send("GET", "/api/v1/runs", &[], "").await.is_problem(401, "unauthorized", "/api/v1/runs");
    let refusals = async || admin(&face, "GET", "/api/v1/audit/refusals", &Value::Null).await.body;
    let told = async {
        loop {
            let told = refusals().await;
            if told["items"].as_array().unwrap().len() >= 5 {
                return told;
            }
            tokio::task::yield_now().await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), told).await.expect("not all were told of");
    let line = |row: &Value| json!([row["kind"], row["subject"], row["count"]]);
    let mut lines: Vec<Value> = told["items"].as_array().unwrap().iter().map(line).collect();
    lines.sort_by_key(Value::to_string);
    assert_eq!(
        lines,
        [
            json!(["scope", "token:read GET /api/v1/users", 1]),
            json!(["session", "GET /api/v1/runs", 1]),
            json!(["signature", "POST /hooks/crm", 1]),
            json!(["source", "POST /hooks/nobody", 1]),
            json!(["token", "GET /api/v1/runs", 1]),
        ]
    );
    assert_eq!(told["items"][0]["peer"], PEER.ip().to_string());
    assert!(!told.to_string().contains("hunter2"), "{told}");
    face.close().await;
}
