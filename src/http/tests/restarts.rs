//! Restarts of ended runs.

use super::*;

/// The step fails, and the run stops there until someone acts.
const ORDER: &str = "document:
  dsl: '1.0.3'
  namespace: test
  name: order
  version: '1.0.0'
  metadata: { key: '${ .order }', serialize: key }
do:
  - price: { raise: { error: { type: 'https://example.com/no-price', status: 409 } } }
";

async fn deployed(pool: &PgPool, text: &str) -> Face {
    crate::store::ensure_partitions(pool).await.unwrap();
    let face = Face::new(pool).await;
    deploy(&face, text).await;
    face
}

async fn deploy(face: &Face, text: &str) {
    let bearer = format!("Bearer {}", face.token(Scope::Admin));
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let answer = face.send("PUT", "/api/v1/workflows/test/order", &headers, text.to_owned()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}

/// Starts a run and waits until it stops at its step or ends.
async fn start(face: &Face, order: &str) -> String {
    let path = "/api/v1/workflows/test/order/runs?wait=30";
    let started = face.call(Scope::Admin, "POST", path, json!({ "order": order }).to_string()).await;
    started.body["id"].as_str().unwrap_or_else(|| panic!("{started:?}")).to_owned()
}

async fn act(face: &Face, run: &str, act: &str, body: &Value) -> Answer {
    let headers = [("authorization", format!("Bearer {}", face.token(Scope::Operate)))];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let headers = [headers.as_slice(), &[("content-type", "application/json")]].concat();
    face.send("POST", &format!("/api/v1/runs/{run}/{act}"), &headers, body.to_string()).await
}

async fn cancelled(face: &Face, order: &str) -> String {
    let run = start(face, order).await;
    let answer = act(face, &run, "cancel", &json!({ "reason": "wrong" })).await;
    assert_eq!((answer.status, &answer.body["status"]), (StatusCode::OK, &json!("cancelled")), "{answer:?}");
    run
}

async fn shown(face: &Face, run: &str) -> Value {
    face.call(Scope::Read, "GET", &format!("/api/v1/runs/{run}"), "").await.body
}

/// The restarts in a run's journal: actor and data.
async fn restarts(face: &Face, run: &str) -> Vec<(Value, Value)> {
    let journal = face.call(Scope::Read, "GET", &format!("/api/v1/runs/{run}/journal"), "").await.body;
    let items = journal["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "run.restarted");
    items.map(|item| (item["actor"].clone(), item["data"].clone())).collect()
}

/// Waits until a node has recorded this many restarts.
async fn told(face: &Face, run: &str, times: usize) -> Vec<(Value, Value)> {
    let written = async {
        loop {
            let found = restarts(face, run).await;
            if found.len() >= times {
                return found;
            }
        }
    };
    let longest = std::time::Duration::from_secs(30);
    tokio::time::timeout(longest, written).await.expect("the journal says that the run was started again")
}

#[sqlx::test]
async fn an_ended_run_is_started_again_once_and_both_say_by_whom_and_why(pool: PgPool) {
    let face = deployed(&pool, ORDER).await;
    let run = cancelled(&face, "SO-1").await;
    let why = json!({ "reason": "signed after all" });
    let first = act(&face, &run, "restart", &why).await;
    assert_eq!((first.status, &first.body["is_new"]), (StatusCode::CREATED, &json!(true)), "{first:?}");
    let new = first.body["id"].as_str().unwrap().to_owned();
    assert_eq!(first.body["restarted_from"], json!(run));
    assert_eq!((&first.body["key"], &first.body["input"]), (&json!("SO-1"), &json!({ "order": "SO-1" })));

    let again = act(&face, &run, "restart", &why).await;
    assert_eq!((again.status, &again.body["id"]), (StatusCode::OK, &json!(new)), "its answer was lost: {again:?}");
    assert_eq!(again.body["is_new"], false);
    assert_eq!(shown(&face, &run).await["restarted_as"], json!(new));
    let link = |name: &str, other: &str| json!({ name: other, "reason": "signed after all" });
    assert_eq!(told(&face, &run, 1).await, [(json!("token:operate"), link("as", &new))]);
    assert_eq!(restarts(&face, &new).await, [(json!("token:operate"), link("from", &run))]);
    assert_eq!(shown(&face, &run).await["status"], "cancelled", "it stays as it ended");
    let audit = face.call(Scope::Admin, "GET", &format!("/api/v1/audit/acts?subject={run}"), "").await.body;
    assert_eq!(audit["items"][0]["act"], "run.restart", "{audit}");
    assert_eq!(audit["items"].as_array().unwrap().len(), 1, "{audit}");

    act(&face, &new, "cancel", &json!({})).await;
    let third = act(&face, &run, "restart", &why).await;
    assert_eq!(third.status, StatusCode::CREATED, "the first one has ended: {third:?}");
    assert_ne!(third.body["id"], json!(new));
    assert_eq!(shown(&face, &run).await["restarted_as"], third.body["id"], "the last one");
    assert_eq!(told(&face, &run, 2).await.len(), 2);
    for run in [&run, &new] {
        let report = crate::engine::audit::verify_run(&pool, run.parse().unwrap()).await.unwrap().unwrap();
        assert!(report.findings.is_empty(), "{:?}", report.findings);
    }
    face.close().await;
}

#[sqlx::test]
async fn restarts_at_the_same_time_start_one_run(pool: PgPool) {
    let face = deployed(&pool, ORDER).await;
    let run = cancelled(&face, "SO-1").await;
    let (reason, nothing) = (json!({ "reason": "x" }), json!({}));
    let (one, two) = tokio::join!(act(&face, &run, "restart", &reason), act(&face, &run, "restart", &nothing));
    assert_eq!(one.body["id"], two.body["id"], "{one:?} {two:?}");
    let runs: i64 = sqlx::query_scalar("select count(*) from runs").fetch_one(&pool).await.unwrap();
    assert_eq!(runs, 2);
    face.close().await;
}

#[sqlx::test]
async fn what_has_not_ended_or_would_be_done_twice_is_not_started_again_unasked(pool: PgPool) {
    let face = deployed(&pool, ORDER).await;
    let run = start(&face, "SO-1").await;
    let path = format!("/api/v1/runs/{run}/restart");
    let live = act(&face, &run, "restart", &json!({ "again": true })).await;
    live.is_problem(409, "conflict", &path);
    assert!(live.body["detail"].as_str().unwrap().contains("it has not ended"), "{live:?}");
    act(&face, &run, "skip", &json!({})).await;
    let done = shown(&face, &run).await;
    assert_eq!(done["status"], "completed");
    let restart = done["acts"].as_array().unwrap().iter().find(|act| act["act"] == "restart").unwrap().clone();
    assert_eq!((&restart["permitted"], &restart["except"][0]["field"]), (&json!(true), &json!("again")), "{restart}");
    let unasked = act(&face, &run, "restart", &json!({})).await;
    unasked.is_problem(409, "conflict", &path);
    let asked = act(&face, &run, "restart", &json!({ "again": true, "version": "9.9.9" })).await;
    asked.is_problem(409, "conflict", &path);
    deploy(&face, &ORDER.replace("1.0.0", "1.0.1")).await;
    let asked = act(&face, &run, "restart", &json!({ "again": true, "version": "1.0.0" })).await;
    assert_eq!((asked.status, &asked.body["workflow"]["version"]), (StatusCode::CREATED, &json!("1.0.0")), "{asked:?}");
    face.close().await;
}

#[sqlx::test]
async fn a_bulk_act_starts_ended_runs_again(pool: PgPool) {
    let face = deployed(&pool, ORDER).await;
    let ended = [cancelled(&face, "SO-1").await, cancelled(&face, "SO-2").await];
    let body = |dry_run: bool| {
        json!({ "act": "restart", "filter": { "status": "cancelled" }, "reason": "x", "dry_run": dry_run }).to_string()
    };
    let headers = format!("Bearer {}", face.token(Scope::Operate));
    let headers = [("authorization", headers.as_str()), ("content-type", "application/json")];
    let dry = face.send("POST", "/api/v1/runs:bulk", &headers, body(true)).await;
    assert!(dry.body["words"].to_string().contains("a new run of the latest version begins"), "{dry:?}");
    let bulk = face.send("POST", "/api/v1/runs:bulk", &headers, body(false)).await;
    assert_eq!((&bulk.body["matched"], &bulk.body["acted"]), (&json!(2), &json!(2)), "{bulk:?}");
    for run in ended {
        let new = shown(&face, &run).await["restarted_as"].as_str().unwrap().to_owned();
        assert_eq!(shown(&face, &new).await["restarted_from"], json!(run));
    }
    face.close().await;
}
