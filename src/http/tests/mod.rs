//! The HTTP face as a client sees it: a real engine on a real Postgres behind the router, no socket.

mod deploying;
mod proposals;
mod recording;
mod restarts;
mod retries;
mod tasks;
mod terminal;
mod totals;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::{HeaderMap, StatusCode};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::access::peer::{Peer, Visitor};
use super::{App, Settings, routes, status};
use crate::connect::{Connections, Secrets};
use crate::dsl::Functions;
use crate::engine::{Engine, EngineSettings};
use crate::evaluator::Evaluator;
use crate::hub::Hub;
use crate::machine::ActKind;
use crate::store::access::{self, Scope};

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(super) const ERP_SECRET: &str = "whsec_c2Vjb25kLXNvdXJjZS1zZWNyZXQh";
pub(super) const QUIET_SECRET: &str = "whsec_dGhpcmQtc291cmNlLXNlY3JldCEh";
pub(super) const GITHUB_SECRET: &str = "It's a Secret to Everybody";

/// Sources of several schemes. All but `quiet` may send CloudEvents too.
fn hub() -> Arc<Hub> {
    let text = "sources:
  crm: { scheme: standard-webhooks, secret: '${ $secrets.CRM }', events: true }
  erp: { scheme: standard-webhooks, secret: '${ $secrets.ERP }', events: true }
  quiet: { scheme: standard-webhooks, secret: '${ $secrets.QUIET }' }
  github: { scheme: github, secret: '${ $secrets.GITHUB }', events: true }
  partner: { scheme: bearer, secret: '${ $secrets.GITHUB }', bearer: { header: X-Partner }, events: true }
  shop: { scheme: hmac, secret: '${ $secrets.GITHUB }', hmac: { header: X-Signature, id: X-Id }, events: true }
";
    let secrets =
        Secrets::fixed([("CRM", SECRET), ("ERP", ERP_SECRET), ("QUIET", QUIET_SECRET), ("GITHUB", GITHUB_SECRET)]);
    let hub = Hub::load("hub.yaml", text, &secrets).expect("the file is sound");
    assert!(hub.refused.is_empty());
    Arc::new(hub)
}

/// The headers with which the source `crm` sends this body as this event.
fn signed(id: &str, body: &str) -> [(&'static str, String); 4] {
    signed_by(SECRET, id, body)
}

/// The same for a source with another secret.
pub(super) fn signed_by(secret: &str, id: &str, body: &str) -> [(&'static str, String); 4] {
    let now = chrono::Utc::now().timestamp();
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{now}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", now.to_string()),
        ("webhook-signature", signature),
        ("cookie", "hunter2=1".to_owned()),
    ]
}

/// `X-Hub-Signature-256` of a body.
pub(super) fn github_signature(body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(GITHUB_SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// A structured CloudEvent.
pub(super) fn cloud_event(id: &str, data: &Value) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": "/crm", "type": "won", "data": data })
}

/// Where every request of these tests comes from.
pub(super) const PEER: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)), 4711);

pub(super) struct Face {
    pub(super) router: axum::Router,
    tokens: Vec<(Scope, String)>,
    pub(super) app: App,
}

impl Face {
    pub(super) async fn new(pool: &PgPool) -> Self {
        Self::with(pool, Settings::default()).await
    }

    pub(super) async fn with(pool: &PgPool, settings: Settings) -> Self {
        let engine = Engine::start_node(
            EngineSettings::default(),
            pool.clone(),
            pool.clone(),
            Connections::default(),
            Evaluator::new("no-evaluator-here".into(), Vec::new(), 1),
        );
        let app = App::new(
            engine.await.unwrap(),
            watch::channel(hub()).1,
            watch::channel(Arc::new(Functions::default())).1,
            settings,
            PrometheusBuilder::new().build_recorder().handle(),
            CancellationToken::new(),
        );
        let inside = axum::Router::new().route("/panics", get(panics)).route("/events", get(|| async { "a page" }));
        let pages = super::Pages { inside, sign_in: axum::Router::new() };
        let mut tokens = Vec::new();
        for scope in Scope::ALL {
            tokens.push((scope, access::create_token(pool, scope.as_str(), &[scope], None).await.unwrap().1));
        }
        Self { router: super::router(app.clone(), pages), tokens, app }
    }

    pub(super) fn token(&self, scope: Scope) -> &str {
        &self.tokens.iter().find(|(s, _)| *s == scope).unwrap().1
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(Visitor { peer: Peer::of(PEER.ip()), connection: None });
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap()).await
    }

    pub(super) async fn call(&self, scope: Scope, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let bearer = format!("Bearer {}", self.token(scope));
        self.send(method, path, &[("authorization", &bearer)], body).await
    }

    async fn hook(&self, id: &str, body: &str) -> Answer {
        let headers = signed(id, body);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.send("POST", "/hooks/crm", &headers, body.to_owned()).await
    }

    /// Sends CloudEvents in structured or batched mode, with these headers beside.
    pub(super) async fn events(&self, headers: &[(&str, &str)], body: &Value) -> Answer {
        let kind = if body.is_array() { "application/cloudevents-batch+json" } else { "application/cloudevents+json" };
        let headers: Vec<_> = headers.iter().copied().chain([("content-type", kind)]).collect();
        self.send("POST", "/events", &headers, body.to_string()).await
    }

    /// Gives the database back: the engine's connections would keep it for a while.
    pub(super) async fn close(&self) {
        self.app.engine.shut_down().await;
    }

    async fn stored_events(&self) -> usize {
        self.call(Scope::Read, "GET", "/api/v1/events", Body::empty()).await.body["items"].as_array().unwrap().len()
    }
}

async fn panics() {
    panic!("hunter2")
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(in crate::http) status: StatusCode,
    pub(in crate::http) headers: HeaderMap,
    pub(in crate::http) body: Value,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 10 << 20).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Self { status: head.status, headers: head.headers, body }
    }

    /// Checks that it is a problem with this status and type, about this path.
    pub(super) fn is_problem(&self, status: u16, slug: &str, path: &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!((self.status.as_u16(), &self.body["status"]), (status, &json!(status)), "{self:?}");
        assert_eq!(self.body["type"], format!("urn:stepwell:problem:{slug}"), "{self:?}");
        assert_eq!(self.body["instance"], path, "{self:?}");
    }
}

#[test]
fn the_description_names_every_route_and_no_other() {
    let described: Value = serde_json::from_str(status::OPENAPI).unwrap();
    let described: BTreeSet<(String, String)> = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys().filter(|k| *k != "parameters");
            methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let served: BTreeSet<(String, String)> =
        routes().map(|(method, path, _)| (method.to_owned(), path.to_owned())).collect();
    assert_eq!(described, served);
}

#[test]
fn the_description_names_every_act_and_what_it_takes() {
    let described: Value = serde_json::from_str(status::OPENAPI).unwrap();
    let names = |pointer: &str| described.pointer(pointer).unwrap().clone();
    let all: Vec<&str> = ActKind::ALL.iter().map(|act| act.name()).collect();
    assert_eq!(names("/components/schemas/ActName/enum"), json!(all));
    let in_paths: Vec<&str> = all.iter().copied().filter(|name| *name != "move").collect();
    assert_eq!(names("/components/parameters/act/schema/enum"), json!(in_paths), "a move has a route of its own");
    for act in ActKind::ALL {
        let body = if *act == ActKind::Move { "Move" } else { "Act" };
        for field in act.about().fields {
            for body in [body, "Bulk"].into_iter().filter(|body| *body != "Bulk" || field.is_for_many()) {
                let pointer = format!("/components/schemas/{body}/properties/{}", field.name());
                assert!(described.pointer(&pointer).is_some(), "{pointer}");
            }
        }
    }
}

#[test]
fn every_reference_in_the_description_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|v| references(v, found));
            }
            Value::Array(items) => items.iter().for_each(|v| references(v, found)),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(status::OPENAPI).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[sqlx::test]
async fn a_webhook_is_stored_once_and_answered_alike(pool: PgPool) {
    let face = Face::new(&pool).await;
    let first = face.hook("1", r#"{"n": 1}"#).await;
    assert_eq!((first.status, &first.body["runs"]), (StatusCode::OK, &json!([])), "{first:?}");
    let again = face.hook("1", r#"{"n": 1}"#).await;
    assert_eq!((again.status, &again.body["event"]), (StatusCode::OK, &first.body["event"]));
    let other = face.hook("1", r#"{"n": 2}"#).await;
    assert_eq!((other.status, &other.body["event"]), (StatusCode::OK, &first.body["event"]), "proved, so a duplicate");
    assert_eq!(face.stored_events().await, 1);
    let path = format!("/api/v1/events/{}", first.body["event"].as_str().unwrap());
    let event = face.call(Scope::Read, "GET", &path, Body::empty()).await.body;
    assert_eq!((&event["outcome"], &event["body"]), (&json!("unmatched"), &json!({"n": 1})));
    assert_eq!(event["redeliveries"][0]["differences"], json!([{ "pointer": "/n", "first": 1, "then": 2 }]));
    assert_eq!(event["headers"]["webhook-id"], "1");
    assert!(!event.to_string().contains("hunter2") && event["headers"]["webhook-signature"].is_null(), "{event}");
    face.close().await;
}

#[sqlx::test]
async fn what_is_refused_at_the_door_is_not_stored(pool: PgPool) {
    let face = Face::with(&pool, Settings { ingress_body_bytes_max: 64, ..Settings::default() }).await;
    let send = async |path, body: &str| face.send("POST", path, &[("webhook-id", "1")], body.to_owned()).await;
    send("/hooks/nobody", "{}").await.is_problem(404, "not-found", "/hooks/nobody");
    // The size is checked before the signature, the signature before the body.
    send("/hooks/crm", &"x".repeat(65)).await.is_problem(413, "too-large", "/hooks/crm");
    send("/hooks/crm", "not json").await.is_problem(401, "unauthorized", "/hooks/crm");
    face.hook("1", "not json").await.is_problem(400, "bad-request", "/hooks/crm");
    face.hook("1", r#"{"a": 1, "a": 2}"#).await.is_problem(400, "bad-request", "/hooks/crm");
    face.send("GET", "/hooks/crm", &[], "").await.is_problem(405, "method-not-allowed", "/hooks/crm");
    assert_eq!(face.stored_events().await, 0);
    face.close().await;
}

#[sqlx::test]
async fn events_need_a_token_or_a_signature(pool: PgPool) {
    let face = Face::new(&pool).await;
    let event = cloud_event("1", &json!({}));
    face.events(&[], &event).await.is_problem(401, "unauthorized", "/events");
    let reader = format!("Bearer {}", face.token(Scope::Read));
    face.events(&[("authorization", &reader)], &event).await.is_problem(403, "missing-scope", "/events");
    let operator = format!("Bearer {}", face.token(Scope::Operate));
    assert_eq!(face.events(&[("authorization", &operator)], &event).await.status, StatusCode::OK);
    let headers = signed("delivery", &event.to_string());
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = face.events(&headers, &event).await;
    assert_eq!((answer.status, &answer.body["resumed"]), (StatusCode::OK, &json!([])), "{answer:?}");
    face.close().await;
}

#[sqlx::test]
async fn each_event_of_a_batch_has_its_own_answer(pool: PgPool) {
    let face = Face::new(&pool).await;
    let operator = format!("Bearer {}", face.token(Scope::Operate));
    let batch = json!([cloud_event("1", &json!(1)), cloud_event("1", &json!(2)), cloud_event("2", &json!(1))]);
    let answer = face.events(&[("authorization", &operator)], &batch).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let statuses: Vec<&Value> = answer.body["events"].as_array().unwrap().iter().map(|e| &e["status"]).collect();
    assert_eq!(statuses, [&json!(200), &json!(409), &json!(200)]);
    let too_many = Value::Array(vec![cloud_event("3", &json!(1)); 501]);
    face.events(&[("authorization", &operator)], &too_many).await.is_problem(422, "invalid", "/events");
    face.close().await;
}

#[sqlx::test]
async fn a_replay_is_a_new_event_that_says_what_it_replays(pool: PgPool) {
    let face = Face::new(&pool).await;
    let first = face.hook("1", "{}").await.body["event"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/events/{first}/replay");
    face.call(Scope::Read, "POST", &path, "").await.is_problem(403, "missing-scope", &path);
    let replayed = face.call(Scope::Operate, "POST", &path, "").await;
    assert_eq!(replayed.status, StatusCode::OK, "{replayed:?}");
    let shown = format!("/api/v1/events/{}", replayed.body["event"].as_str().unwrap());
    let event = face.call(Scope::Read, "GET", &shown, "").await.body;
    assert_eq!((&event["event_id"], &event["attributes"]["id"]), (&json!("1#replay-1"), &json!("1#replay-1")));
    assert_eq!(event["headers"]["stepwell-replay-of"], json!(first));
    assert_eq!(event["headers"]["stepwell-replayed-by"], "token:operate");
    let third = face.call(Scope::Operate, "POST", &format!("{shown}/replay"), "").await;
    let third = format!("/api/v1/events/{}", third.body["event"].as_str().unwrap());
    assert_eq!(face.call(Scope::Read, "GET", &third, "").await.body["event_id"], "1#replay-2");
    face.close().await;
}

#[sqlx::test]
async fn a_page_may_stand_where_senders_post(pool: PgPool) {
    let face = Face::new(&pool).await;
    assert_eq!(face.send("GET", "/events", &[], "").await.body, "a page");
    face.send("POST", "/events", &[], "").await.is_problem(401, "unauthorized", "/events");
    face.close().await;
}

#[sqlx::test]
async fn errors_are_problems_wherever_they_come_from(pool: PgPool) {
    let face = Face::new(&pool).await;
    face.send("GET", "/nowhere", &[], "").await.is_problem(404, "not-found", "/nowhere");
    face.send("DELETE", "/api/v1/runs", &[], "").await.is_problem(405, "method-not-allowed", "/api/v1/runs");
    let panic = face.send("GET", "/panics", &[], "").await;
    panic.is_problem(500, "internal", "/panics");
    assert!(!panic.body.to_string().contains("hunter2"), "{panic:?}");
    for (method, path, body, status, slug) in [
        ("GET", "/api/v1/runs?status=done", "", 400, "bad-request"),
        ("GET", "/api/v1/runs?cursor=x", "", 400, "bad-request"),
        ("GET", "/api/v1/runs/7", "", 404, "not-found"),
        ("GET", "/api/v1/runs/01900000-0000-7000-8000-000000000000", "", 404, "not-found"),
        ("GET", "/api/v1/runs/01900000-0000-7000-8000-000000000000/journal", "", 404, "not-found"),
        ("POST", "/api/v1/runs/01900000-0000-7000-8000-000000000000/cancel", "", 404, "not-found"),
        ("POST", "/api/v1/runs/01900000-0000-7000-8000-000000000000/explode", "", 404, "not-found"),
        ("POST", "/api/v1/runs/01900000-0000-7000-8000-000000000000/cancel", "{", 400, "bad-request"),
        ("POST", "/api/v1/runs/01900000-0000-7000-8000-000000000000/cancel", r#"{"why": 1}"#, 422, "invalid"),
        ("POST", "/api/v1/runs:bulk", r#"{"act": "cancel", "filter": {}}"#, 422, "invalid"),
        ("GET", "/api/v1/workflows/a/b", "", 404, "not-found"),
        ("POST", "/api/v1/workflows/a/b/runs", "{}", 404, "not-found"),
        ("PUT", "/api/v1/workflows/a/b", "{}", 415, "unsupported-media-type"),
        ("GET", "/api/v1/events/7", "", 404, "not-found"),
    ] {
        let answer = face.call(Scope::Admin, method, path, body).await;
        answer.is_problem(status, slug, path.split('?').next().unwrap());
    }
    face.close().await;
}

#[sqlx::test]
async fn a_bad_definition_is_refused_with_all_its_mistakes(pool: PgPool) {
    let face = Face::new(&pool).await;
    let bearer = format!("Bearer {}", face.token(Scope::Deploy));
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let answer = face.send("PUT", "/api/v1/workflows/a/b", &headers, "do: nothing").await;
    answer.is_problem(422, "invalid", "/api/v1/workflows/a/b");
    face.close().await;
}

#[sqlx::test]
async fn a_bulk_act_lists_its_runs_before_it_acts(pool: PgPool) {
    let face = Face::new(&pool).await;
    let body = r#"{"act": "cancel", "filter": {"status": "waiting"}, "reason": "wrong price list"}"#;
    let answer = face.call(Scope::Operate, "POST", "/api/v1/runs:bulk", body).await;
    let nothing = json!({
        "dry_run": true, "matched": 0, "acted": 0, "proposed": [], "failed": [], "more": false, "runs": [], "groups": [],
        "calls": [], "irreversible": [], "two_people": 0, "samples": [], "words": ["No run matches."],
    });
    assert_eq!(answer.body, nothing);
    face.close().await;
}

#[sqlx::test]
async fn health_stays_responsive_when_ingress_is_full(pool: PgPool) {
    let face = Face::with(&pool, Settings { ingress_concurrency_max: 1, ..Settings::default() }).await;
    let only_place = face.app.ingress_places.try_acquire().unwrap();
    let shed = face.hook("1", "{}").await;
    shed.is_problem(503, "unavailable", "/hooks/crm");
    assert_eq!(shed.headers["retry-after"], "2");
    assert_eq!(face.send("GET", "/healthz", &[], "").await.status, StatusCode::OK);
    assert_eq!(face.send("GET", "/readyz", &[], "").await.status, StatusCode::OK);
    assert_eq!(face.call(Scope::Read, "GET", "/api/v1/runs", "").await.body, json!({"items": [], "next": null}));
    drop(only_place);
    assert_eq!(face.hook("1", "{}").await.status, StatusCode::OK);
    face.close().await;
}

#[sqlx::test]
async fn slow_senders_take_no_place_from_others(pool: PgPool) {
    let face = Face::with(&pool, Settings { ingress_concurrency_max: 1, ..Settings::default() }).await;
    let stuck = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let stuck = face.send("POST", "/hooks/crm", &[], stuck);
    tokio::pin!(stuck);
    assert!(futures::poll!(stuck.as_mut()).is_pending());
    assert_eq!(face.hook("1", "{}").await.status, StatusCode::OK);
    face.close().await;
}

#[sqlx::test]
async fn a_node_that_goes_down_says_so_and_takes_nothing(pool: PgPool) {
    let face = Face::new(&pool).await;
    face.app.engine.shut_down().await;
    face.send("GET", "/readyz", &[], "").await.is_problem(503, "unavailable", "/readyz");
    let refused = face.hook("1", "{}").await;
    refused.is_problem(503, "unavailable", "/hooks/crm");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(face.send("GET", "/healthz", &[], "").await.status, StatusCode::OK);
}

#[sqlx::test]
async fn answers_carry_the_hardening_headers(pool: PgPool) {
    let face = Face::new(&pool).await;
    for path in ["/healthz", "/openapi.json", "/nowhere", "/panics"] {
        let headers = face.send("GET", path, &[], "").await.headers;
        assert_eq!(
            (&headers["x-content-type-options"], &headers["x-frame-options"]),
            (&"nosniff".parse().unwrap(), &"DENY".parse().unwrap())
        );
        assert!(!headers.contains_key("access-control-allow-origin"));
    }
    face.close().await;
}
