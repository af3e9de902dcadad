//! The API as scripts use it: deploy, start, read, act.

use serde_json::{Value, json};

use crate::harness::{Behavior, Node, Target, World, calls, eventually, hub};

const JSON: (&str, &str) = ("content-type", "application/json");
const YAML: (&str, &str) = ("content-type", "application/yaml");

async fn world(target: &Target) -> World {
    World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(target, 2))], &[target.address().to_string()]).await
}

fn doubled(version: &str, factor: u32) -> String {
    format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: doubled, version: '{version}' }}\n\
         input: {{ schema: {{ format: json, document: {{ type: object, required: [n], properties: {{ n: {{ type: number }} }} }} }} }}\n\
         do:\n  - double: {{ set: {{ n: '${{ .n * {factor} }}' }} }}\n"
    )
}

/// Starts a run that stops at its first call.
async fn stuck(target: &Target, node: &Node, n: u64) -> String {
    target.behave("/step1", Behavior::Refuse(400));
    let run = node.start_calls(n).await;
    eventually("the run needs attention", || async { (node.run(&run).await["attention"] == "faulted").then_some(()) })
        .await;
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_is_deployed_started_and_read_through_the_api() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let put = |text: String| node.send("PUT", "/api/v1/workflows/test/doubled", &[YAML], text);
    let first = put(doubled("1.0.0", 2)).await;
    assert!(matches!(first.0, 200 | 201), "{first:?}");
    assert_eq!(put(doubled("1.0.0", 2)).await.0, 200, "the same content twice changes nothing");
    let (status, problem) = put(doubled("1.0.0", 3)).await;
    assert_eq!(status, 409, "a version never changes: {problem}");
    let (status, problem) = put("document: { dsl: '1.0.3' }\ndo: 7\n".to_owned()).await;
    assert_eq!(status, 422, "{problem}");
    assert!(problem["errors"].as_array().unwrap().len() > 1, "all mistakes at once: {problem}");

    let start =
        |body: Value| node.send("POST", "/api/v1/workflows/test/doubled/runs?wait=20", &[JSON], body.to_string());
    let (status, run) = start(json!({ "n": 21 })).await;
    assert_eq!((status, &run["status"], &run["output"]), (200, &json!("completed"), &json!({ "n": 42 })), "{run}");
    let (status, problem) = start(json!({ "n": "21" })).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/n")), "{problem}");

    // New runs use the new version; the earlier run keeps its own.
    assert!(put(doubled("1.1.0", 3)).await.0 < 300);
    assert_eq!(start(json!({ "n": 2 })).await.1["output"], json!({ "n": 6 }));
    let id = run["id"].as_str().unwrap();
    assert_eq!(node.run(id).await["workflow"]["version"], "1.0.0");
    let (_, listed) = node.get("/api/v1/workflows/test/doubled").await;
    let text = listed.to_string();
    assert!(text.contains("1.0.0") && text.contains("1.1.0"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_idempotency_key_starts_one_run() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let start = |n: u32| {
        let headers = [JSON, ("idempotency-key", "the-key")];
        let body = json!({ "n": n }).to_string();
        let node = &node;
        async move { node.send("POST", "/api/v1/workflows/test/calls/runs", &headers, body).await }
    };
    let answers = futures::future::join_all((0..20).map(|_| start(1))).await;
    let id = |answer: &(u16, Value)| answer.1["id"].as_str().map(str::to_owned);
    let first = id(&answers[0]).expect("a run");
    assert!(answers.iter().all(|a| a.0 < 300 && id(a).as_ref() == Some(&first)), "{answers:?}");
    assert_eq!(start(2).await.0, 409, "reusing a key for another input is the caller's mistake");
    let written = |key: &'static str, body: &str| {
        let (node, body) = (&node, body.to_owned());
        async move { node.send("POST", "/api/v1/workflows/test/calls/runs", &[JSON, ("idempotency-key", key)], body).await }
    };
    let one = written("other-key", r#"{"n": 7, "lines": [{"a": 1, "b": "x"}]}"#).await;
    let again = written("other-key", "{\"lines\":[{\"b\":\"x\",\n\"a\":1.0}],\"n\":7}").await;
    assert_eq!((again.0 < 300, id(&again)), (true, id(&one)), "an equal value is the same input: {again:?}");
    assert_eq!(written("other-key", r#"{"n": 7, "lines": [{"a": "1", "b": "x"}]}"#).await.0, 409);
    node.run_becomes(&id(&one).unwrap(), "completed").await;
    node.run_becomes(&first, "completed").await;
    assert_eq!(target.requests("/step1"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_run_is_retried_skipped_or_cancelled_and_the_journal_says_by_whom_and_why() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let runs = [stuck(&target, &node, 1).await, stuck(&target, &node, 2).await, stuck(&target, &node, 3).await];
    target.behave("/step1", Behavior::Answer("{}".into()));
    let acts = [
        ("retry", json!({ "reason": "the ERP is back" }), "completed"),
        ("skip", json!({ "reason": "done by hand", "output": { "id": 7 } }), "completed"),
        ("cancel", json!({ "reason": "ordered twice" }), "cancelled"),
    ];
    for (run, (act, body, end)) in runs.iter().zip(&acts) {
        let (status, answer) = node.post(&format!("/api/v1/runs/{run}/{act}"), body).await;
        assert!(status < 300, "{act}: {answer}");
        node.run_becomes(run, end).await;
        let journal = node.journal(run).await;
        let signed = |row: &Value| {
            row["actor"].as_str().is_some_and(|a| a.starts_with("token:"))
                && row["data"].to_string().contains(body["reason"].as_str().unwrap())
        };
        assert!(journal.iter().any(signed), "{act}: {journal:?}");
        let (status, problem) = node.post(&format!("/api/v1/runs/{run}/retry"), &json!({})).await;
        assert_eq!(status, 409, "a closed run accepts no acts: {problem}");
    }
    assert_eq!(target.requests("/step2"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_over_many_runs_tells_first_and_does_then() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let mut runs = Vec::new();
    for n in 1..=5 {
        runs.push(stuck(&target, &node, n).await);
    }
    target.behave("/step1", Behavior::Answer("{}".into()));
    let act = |dry: bool| {
        let body = json!({ "act": "retry", "filter": { "attention": "faulted" }, "reason": "the ERP is back", "dry_run": dry });
        let node = &node;
        async move { node.post("/api/v1/runs:bulk", &body).await }
    };
    let (status, told) = act(true).await;
    assert_eq!(status, 200, "{told}");
    assert!(runs.iter().all(|run| told.to_string().contains(run)), "{told}");
    assert_eq!(node.run(&runs[0]).await["attention"], "faulted", "a dry run does nothing");
    let (status, done) = act(false).await;
    assert!(status < 300, "{done}");
    for run in &runs {
        node.run_becomes(run, "completed").await;
    }
    let (_, acts) = node.get("/api/v1/audit/acts?subject=runs:retry").await;
    let one = &acts["items"][0];
    assert_eq!(
        (&one["act"], &one["reason"], &one["detail"]["matched"]),
        (&json!("runs.bulk"), &json!("the ERP is back"), &json!(5)),
        "{acts}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_journal_join_to_the_whole() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let run = node.start_calls(1).await;
    node.run_becomes(&run, "completed").await;
    let whole = node.journal(&run).await;
    let (mut pages, mut path) = (Vec::new(), format!("/api/v1/runs/{run}/journal?limit=2"));
    loop {
        let (status, page) = node.get(&path).await;
        assert_eq!(status, 200, "{page}");
        pages.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/runs/{run}/journal?limit=2&cursor={next}");
    }
    assert_eq!(pages, whole);
    let seqs: Vec<u64> = whole.iter().map(|r| r["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=whole.len() as u64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_token_of_the_right_scope() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let run = node.start_calls(1).await;
    let act = format!("/api/v1/runs/{run}/cancel");
    for wrong in ["Bearer nonsense", "Basic YTpi", ""] {
        let (status, _) = node.send("GET", "/api/v1/runs", &[("authorization", wrong)], String::new()).await;
        assert_eq!(status, 401, "{wrong:?}");
    }
    let (_, reader, _) = world.command(&["token", "create", "--scopes", "read"]);
    let reader = format!("Bearer {}", reader.trim());
    let with = |method, path: &str| {
        let (headers, path) = ([("authorization", reader.clone())], path.to_owned());
        let node = &node;
        async move {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).chain([JSON]).collect();
            node.send(method, &path, &headers, "{}".to_owned()).await.0
        }
    };
    assert_eq!(with("GET", "/api/v1/runs").await, 200);
    assert_eq!(with("POST", &act).await, 403);
    assert_eq!(with("POST", "/api/v1/workflows/test/calls/runs").await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_definition_calls_sensitive_is_shown_nowhere() {
    let secret =
        "document: { dsl: '1.0.3', namespace: test, name: secret, version: '1.0.0', metadata: { sensitive: [/iban] } }
do:
  - keep: { set: { iban: '${ .iban }', name: '${ .name }' } }
";
    let world = World::new(&[("secret.yaml", secret.to_owned())], &[]).await;
    let node = world.node().await;
    let body = json!({ "name": "Ada", "iban": "DE02120300000000202051" });
    let (_, run) = node.post("/api/v1/workflows/test/secret/runs?wait=20", &body).await;
    assert_eq!((&run["status"], &run["output"]["iban"]), (&json!("completed"), &json!("***")), "{run}");
    let journal = json!(node.journal(run["id"].as_str().unwrap()).await).to_string();
    assert!(journal.contains("Ada") && !journal.contains("DE0212"), "{journal}");
    assert!(!node.run(run["id"].as_str().unwrap()).await.to_string().contains("DE0212"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_export_is_held_against_the_context_also_where_nothing_is_exported() {
    let strict = "document: { dsl: '1.0.3', namespace: test, name: strict, version: '1.0.0' }
do:
  - one:
      set: { n: 1 }
      export: { schema: { format: json, document: { type: object, required: [customer] } } }
";
    let world = World::new(&[("strict.yaml", strict.to_owned())], &[]).await;
    let node = world.node().await;
    let (_, run) = node.post("/api/v1/workflows/test/strict/runs?wait=20", &json!({})).await;
    assert_eq!(run["status"], "faulted", "{run}");
    assert!(run["error"]["type"].as_str().unwrap().ends_with("/validation"), "{run}");
}
