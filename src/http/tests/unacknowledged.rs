//! Runs whose work did not happen stay on a list until somebody acknowledges them or starts them again.

use super::*;

/// Its second step fails, and the first one is undone.
const ORDER: &str = "document:
  dsl: '1.0.3'
  namespace: test
  name: order
  version: '1.0.0'
  metadata: { key: '${ .order }', onFault: compensate }
do:
  - reserve: { set: { reserved: true }, metadata: { compensate: { set: { reserved: false } } } }
  - price: { raise: { error: { type: 'https://example.com/no-price', status: 409 } } }
";

/// Waits for its order to be counted before it fails, and starts an order that it does not, or does, wait for.
const PARENT: &str = "document: { dsl: '1.0.3', namespace: test, name: parent, version: '1.0.0' }
do:
  - child: { run: { workflow: { namespace: test, name: order, version: latest, input: { order: child } }, await: AWAITS } }
";

async fn deploy(face: &Face, name: &str, text: &str) {
    let bearer = format!("Bearer {}", face.token(Scope::Admin));
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let answer = face.send("PUT", &format!("/api/v1/workflows/test/{name}"), &headers, text.to_owned()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}

async fn deployed(pool: &PgPool) -> Face {
    crate::store::ensure_partitions(pool).await.unwrap();
    let face = Face::new(pool).await;
    deploy(&face, "order", ORDER).await;
    face
}

/// Starts a run and waits until it has ended.
async fn start(face: &Face, name: &str, order: &str) -> Value {
    let path = format!("/api/v1/workflows/test/{name}/runs?wait=30");
    let started = face.call(Scope::Admin, "POST", &path, json!({ "order": order }).to_string()).await;
    assert!(started.body["id"].is_string(), "{started:?}");
    started.body
}

async fn post(face: &Face, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {}", face.token(Scope::Operate));
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    face.send("POST", path, &headers, body.to_string()).await
}

/// Keys of the runs on the list, latest first.
async fn listed(face: &Face) -> Vec<Value> {
    let list = face.call(Scope::Read, "GET", "/api/v1/runs?unacknowledged=true", "").await;
    list.body["items"].as_array().unwrap_or_else(|| panic!("{list:?}")).iter().map(|run| run["key"].clone()).collect()
}

#[sqlx::test]
async fn a_run_that_a_fault_undid_is_listed_until_somebody_acknowledges_it_or_starts_it_again(pool: PgPool) {
    let face = deployed(&pool).await;
    let mut runs = Vec::new();
    for order in ["SO-1", "SO-2", "SO-3"] {
        let run = start(&face, "order", order).await;
        assert_eq!((&run["status"], &run["key"]), (&json!("compensated"), &json!(order)), "{run}");
        runs.push(format!("/api/v1/runs/{}", run["id"].as_str().unwrap()));
    }
    assert_eq!(listed(&face).await, ["SO-3", "SO-2", "SO-1"]);
    let metrics = face.call(Scope::Read, "GET", "/metrics", "").await;
    assert!(metrics.body.as_str().unwrap().contains("stepwell_runs_unacknowledged 3"), "{metrics:?}");

    let unexplained = post(&face, &format!("{}/acknowledge", runs[0]), &json!({})).await;
    unexplained.is_problem(409, "conflict", &format!("{}/acknowledge", runs[0]));
    let why = json!({ "reason": "entered by hand" });
    let done = post(&face, &format!("{}/acknowledge", runs[0]), &why).await;
    assert_eq!((done.status, &done.body["status"]), (StatusCode::OK, &json!("compensated")), "it stays as it ended");
    assert_eq!(listed(&face).await, ["SO-3", "SO-2"]);
    let again = post(&face, &format!("{}/acknowledge", runs[0]), &why).await;
    assert_eq!(again.status, StatusCode::OK, "its answer was lost: {again:?}");
    let shown = face.call(Scope::Read, "GET", &runs[0], "").await.body;
    assert_eq!((&shown["unacknowledged"], &shown["acknowledged"]["by"]), (&json!(false), &json!("token:operate")));
    assert_eq!(shown["acknowledged"]["reason"], "entered by hand");
    let offered = shown["acts"].as_array().unwrap().iter().find(|act| act["act"] == "acknowledge").unwrap().clone();
    assert_eq!(offered["permitted"], false, "{offered}");
    let subject = runs[0].rsplit('/').next().unwrap();
    let acts = face.call(Scope::Admin, "GET", &format!("/api/v1/audit/acts?subject={subject}"), "").await.body;
    assert_eq!(acts["items"].as_array().unwrap().len(), 1, "once: {acts}");

    let restarted = post(&face, &format!("{}/restart", runs[1]), &json!({ "reason": "priced now" })).await;
    assert_eq!(restarted.status, StatusCode::CREATED, "{restarted:?}");
    let ended = async {
        // The new run fails as the first one did, and takes its place.
        while listed(&face).await.len() != 2 || listed(&face).await[0] != "SO-2" {}
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), ended).await.expect("the new run has ended");
    assert_eq!(listed(&face).await, ["SO-2", "SO-3"]);
    let shown = face.call(Scope::Read, "GET", &runs[1], "").await.body;
    assert_eq!(shown["unacknowledged"], false, "{shown}");
    face.close().await;
}

#[sqlx::test]
async fn what_a_person_ended_or_another_run_answers_for_needs_no_second_look(pool: PgPool) {
    let face = deployed(&pool).await;
    let undone = ORDER
        .replace("name: order", "name: asked")
        .replace("raise: { error: { type: 'https://example.com/no-price', status: 409 } }", "wait: PT1H");
    deploy(&face, "asked", &undone).await;
    for (act, ends) in [("compensate", "compensated"), ("cancel", "cancelled")] {
        let path = "/api/v1/workflows/test/asked/runs";
        let run = face.call(Scope::Admin, "POST", path, json!({ "order": act }).to_string()).await.body;
        let run = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
        let waits = async { while face.call(Scope::Read, "GET", &run, "").await.body["status"] != "waiting" {} };
        tokio::time::timeout(std::time::Duration::from_secs(30), waits).await.expect("the run waits");
        assert_eq!(
            post(&face, &format!("{run}/{act}"), &json!({ "reason": "withdrawn" })).await.status,
            StatusCode::OK
        );
        let ended = async { while face.call(Scope::Read, "GET", &run, "").await.body["status"] != ends {} };
        tokio::time::timeout(std::time::Duration::from_secs(30), ended).await.expect("the run has ended");
        let refused = post(&face, &format!("{run}/acknowledge"), &json!({ "reason": "x" })).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
    }
    deploy(&face, "parent", &PARENT.replace("AWAITS", "true")).await;
    let parent = start(&face, "parent", "SO-1").await;
    assert_eq!((&parent["status"], &parent["attention"]), (&json!("faulted"), &json!("faulted")), "{parent}");
    assert_eq!(listed(&face).await, Vec::<Value>::new());

    deploy(&face, "parent", &PARENT.replace("AWAITS", "false").replace("1.0.0", "1.0.1")).await;
    assert_eq!(start(&face, "parent", "SO-2").await["status"], "completed");
    let ended = async { while listed(&face).await.is_empty() {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), ended).await.expect("nobody waits for that one");
    face.close().await;
}

#[sqlx::test]
async fn bulk_acts_acknowledge_and_restart_the_whole_list(pool: PgPool) {
    let face = deployed(&pool).await;
    for order in ["SO-1", "SO-2", "SO-3"] {
        start(&face, "order", order).await;
    }
    let mut asked =
        json!({ "act": "acknowledge", "filter": { "unacknowledged": "true", "key": "SO-1" }, "reason": "known" });
    let dry = post(&face, "/api/v1/runs:bulk", &asked).await;
    assert_eq!(dry.body["matched"], 1, "{dry:?}");
    asked["dry_run"] = json!(false);
    let done = post(&face, "/api/v1/runs:bulk", &asked).await;
    assert_eq!((&done.body["matched"], &done.body["acted"]), (&json!(1), &json!(1)), "{done:?}");
    assert_eq!(listed(&face).await, ["SO-3", "SO-2"]);
    let restart =
        json!({ "act": "restart", "filter": { "unacknowledged": "true" }, "reason": "priced", "dry_run": false });
    let done = post(&face, "/api/v1/runs:bulk", &restart).await;
    assert_eq!((&done.body["matched"], &done.body["acted"]), (&json!(2), &json!(2)), "{done:?}");
    face.close().await;
}
