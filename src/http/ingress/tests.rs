//! Who may send which events to `POST /events`. Each test covers an attack that worked once, or would work with one
//! check less.

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::http::tests::{Answer, ERP_SECRET, Face, GITHUB_SECRET, SECRET, cloud_event, github_signature, signed_by};
use crate::store::access::Scope;

/// Returns how the events of a test were stored: source, id, and claimed source.
async fn stored(face: &Face) -> Vec<(String, String, Value)> {
    let list = face.call(Scope::Read, "GET", "/api/v1/events?sort=created_at", "").await.body;
    let mut found = Vec::new();
    for row in list["items"].as_array().unwrap() {
        let path = format!("/api/v1/events/{}", row["id"].as_str().unwrap());
        let event = face.call(Scope::Read, "GET", &path, "").await.body;
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let attributes = &event["attributes"];
        assert_eq!(
            (attributes["source"].as_str(), attributes["id"].as_str()),
            (event["source"].as_str(), event["event_id"].as_str())
        );
        found.push((text("source"), text("event_id"), attributes["claimedsource"].clone()));
    }
    found
}

/// Sends a body signed with a source's secret under this id.
async fn send(face: &Face, secret: &str, id: &str, body: &Value) -> Answer {
    let headers = signed_by(secret, id, &body.to_string());
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    face.events(&headers, body).await
}

fn event_of(source: &str, id: &str) -> Value {
    let mut event = cloud_event(id, &json!({}));
    event["source"] = source.into();
    event
}

#[sqlx::test]
async fn the_proof_of_a_source_makes_events_of_that_source_alone(pool: PgPool) {
    let face = Face::new(&pool).await;
    for (n, claimed) in ["erp", "crm", "https://elsewhere.example", "github"].into_iter().enumerate() {
        let answer = send(&face, SECRET, &format!("d-{n}"), &event_of(claimed, "any")).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    send(&face, ERP_SECRET, "d-0", &event_of("crm", "any")).await;
    let of = |source: &str, id: &str, claimed: &str| (source.to_owned(), id.to_owned(), json!(claimed));
    assert_eq!(
        stored(&face).await,
        [
            of("crm", "d-0", "erp"),
            of("crm", "d-1", "crm"),
            of("crm", "d-2", "https://elsewhere.example"),
            of("crm", "d-3", "github"),
            of("erp", "d-0", "crm"),
        ]
    );
    face.close().await;
}

#[sqlx::test]
async fn each_event_of_a_batch_is_of_the_source_that_proved_itself(pool: PgPool) {
    let face = Face::new(&pool).await;
    let batch = json!([event_of("erp", "1"), event_of("github", "2"), event_of("crm", "2")]);
    let answer = send(&face, SECRET, "delivery", &batch).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    // The ids in a batch are signed with its body; the delivery's single id would make them one event.
    let stored: Vec<(String, String)> = stored(&face).await.into_iter().map(|(source, id, _)| (source, id)).collect();
    assert_eq!(stored, [("crm".to_owned(), "1".to_owned()), ("crm".to_owned(), "2".to_owned())]);
    face.close().await;
}

#[sqlx::test]
async fn one_signed_body_is_one_event_whatever_id_is_sent_with_it(pool: PgPool) {
    let face = Face::new(&pool).await;
    let (event, body) = (event_of("x", "in-the-body"), event_of("x", "in-the-body").to_string());
    // The id is signed: a signature is valid for one id only.
    let mut headers = signed_by(SECRET, "1", &body);
    for id in ["1", "2", "3"] {
        id.clone_into(&mut headers[0].1);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let expected = if id == "1" { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(face.events(&headers, &event).await.status, expected);
    }
    // The id in the header is not signed, so the one in the body is used.
    let signature = github_signature(&body);
    for id in ["1", "2", "3"] {
        let headers = [("x-hub-signature-256", signature.as_str()), ("x-github-delivery", id)];
        assert_eq!(face.events(&headers, &event).await.status, StatusCode::OK);
        let headers = [("x-signature", signature.trim_start_matches("sha256=")), ("x-id", id)];
        assert_eq!(face.events(&headers, &event).await.status, StatusCode::OK);
    }
    let stored: Vec<(String, String)> = stored(&face).await.into_iter().map(|(source, id, _)| (source, id)).collect();
    let of = |source: &str, id: &str| (source.to_owned(), id.to_owned());
    assert_eq!(stored, [of("crm", "1"), of("github", "in-the-body"), of("shop", "in-the-body")]);
    face.close().await;
}

#[sqlx::test]
async fn binary_mode_needs_a_token(pool: PgPool) {
    let face = Face::new(&pool).await;
    let binary = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "1"),
        ("ce-source", "crm"),
        ("ce-type", "won"),
    ];
    let send =
        async |proof: Vec<(&str, &str)>| face.send("POST", "/events", &[&binary[..], &proof].concat(), "{}").await;
    let headers = signed_by(SECRET, "1", "{}");
    let signed: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let signature = github_signature("{}");
    for proof in [signed, vec![("x-hub-signature-256", signature.as_str())], vec![("x-partner", GITHUB_SECRET)]] {
        let answer = send(proof).await;
        answer.is_problem(401, "unauthorized", "/events");
        assert!(answer.body["detail"].as_str().unwrap().contains("binary mode"), "{answer:?}");
    }
    assert_eq!(stored(&face).await, []);
    let operator = format!("Bearer {}", face.token(Scope::Operate));
    assert_eq!(send(vec![("authorization", &operator)]).await.status, StatusCode::OK);
    face.close().await;
}

#[sqlx::test]
async fn a_source_opts_in_to_cloud_events(pool: PgPool) {
    let face = Face::new(&pool).await;
    let quiet = crate::http::tests::QUIET_SECRET;
    send(&face, quiet, "1", &event_of("crm", "1")).await.is_problem(401, "unauthorized", "/events");
    let headers = signed_by(quiet, "1", "{}");
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(face.send("POST", "/hooks/quiet", &headers, "{}").await.status, StatusCode::OK);
    face.close().await;
}

#[sqlx::test]
async fn only_stepwell_can_send_its_own_events(pool: PgPool) {
    let face = Face::new(&pool).await;
    let admin = format!("Bearer {}", face.token(Scope::Admin));
    let admin = [("authorization", admin.as_str())];
    let reserved = [
        "/stepwell/links",
        "/stepwell/sources",
        "/stepwell",
        "/Stepwell/links",
        "//stepwell/links",
        "stepwell/links",
        "https://stepwell.invalid/crm-erp/closed-won",
        // These identify starts with an idempotency key: another caller's key, or the firing of a schedule.
        "api:crm-erp/closed-won",
        "schedule:crm-erp/nightly",
        "event:crm-erp/closed-won",
    ];
    for source in reserved {
        let event = event_of(source, "1");
        face.events(&admin, &event).await.is_problem(403, "reserved", "/events");
        face.events(&admin, &json!([event_of("mine", "0"), event])).await.is_problem(403, "reserved", "/events");
        send(&face, SECRET, "1", &event).await.is_problem(403, "reserved", "/events");
        let binary = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", source), ("ce-type", "won"), admin[0]];
        face.send("POST", "/events", &binary, "").await.is_problem(403, "reserved", "/events");
    }
    let mut start = event_of("mine", "1");
    start["type"] = "stepwell.start".into();
    face.events(&admin, &start).await.is_problem(403, "reserved", "/events");
    assert_eq!(stored(&face).await, []);
    face.close().await;
}

#[sqlx::test]
async fn no_sender_says_who_replayed_an_event(pool: PgPool) {
    let face = Face::new(&pool).await;
    let headers = signed_by(SECRET, "1", "{}");
    let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers.extend([("stepwell-replayed-by", "user:ada"), ("stepwell-replay-reason", "because")]);
    let answer = face.send("POST", "/hooks/crm", &headers, "{}").await;
    let path = format!("/api/v1/events/{}", answer.body["event"].as_str().unwrap());
    let event = face.call(Scope::Read, "GET", &path, "").await.body;
    assert!(!event.to_string().contains("user:ada"), "{event}");
    let first = face.call(Scope::Operate, "POST", &format!("{path}/replay"), r#"{"reason": "ERP is back"}"#).await;
    let first = format!("/api/v1/events/{}", first.body["event"].as_str().unwrap());
    let told = face.call(Scope::Read, "GET", &first, "").await.body["headers"].clone();
    assert_eq!(
        (&told["stepwell-replayed-by"], &told["stepwell-replay-reason"]),
        (&json!("token:operate"), &json!("ERP is back"))
    );
    let second = face.call(Scope::Admin, "POST", &format!("{first}/replay"), "").await;
    let second = format!("/api/v1/events/{}", second.body["event"].as_str().unwrap());
    let told = face.call(Scope::Read, "GET", &second, "").await.body["headers"].clone();
    assert_eq!((&told["stepwell-replayed-by"], &told["stepwell-replay-reason"]), (&json!("token:admin"), &Value::Null));
    face.close().await;
}
