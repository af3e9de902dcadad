//! One bad value never stops the others: text that cannot be stored, answers in any encoding, rows that cannot be
//! decoded, failing stages of a node's loops.

use std::net::SocketAddr;

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};

use crate::harness::{Behavior, Node, Target, World, calls, client, eventually, hub};

/// Starts a target with bodies as other systems send them, by path. `/log` returns the requested paths.
async fn odd_target() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let router = Router::new().fallback(move |uri: Uri| {
        let path = uri.path().to_owned();
        let answer = match path.as_str() {
            "/log" => axum::Json(seen.lock().unwrap().clone()).into_response(),
            path => odd_answer(path),
        };
        seen.lock().unwrap().push(path);
        std::future::ready(answer)
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn odd_answer(path: &str) -> Response {
    const JSON: &str = "application/json";
    // In windows-1252, as in the rest of this file.
    const TEXT: &[u8] = b"Ung\xfcltiger Wert f\xfcr Br\xfcckner \x80";
    let answer = |status: u16, kind: &str, body: &[u8]| {
        (StatusCode::from_u16(status).unwrap(), [("content-type", kind.to_owned())], body.to_vec()).into_response()
    };
    if let Some(rest) = path.strip_prefix("/cs/") {
        let parts: Vec<&str> = rest.split('/').collect();
        let kind = match parts[0] {
            "xml" => "application/xml".to_owned(),
            other => format!("text/{other}"),
        };
        let kind = if parts[1] == "none" { kind } else { format!("{kind}; charset={}", parts[1]) };
        return answer(parts[2].parse().unwrap(), &kind, TEXT);
    }
    match path {
        "/nul" => answer(200, JSON, br#"{"name":"a\u0000b"}"#),
        "/surrogate" => answer(200, JSON, br#"{"id":"7","name":"Deal \ud83d"}"#),
        "/latin1json" => answer(200, "application/json; charset=ISO-8859-1", b"{\"name\":\"Br\xfcckner\"}"),
        "/badutf8" => answer(200, JSON, b"{\"name\":\"Br\xfcckner\"}"),
        "/dup" => answer(200, JSON, br#"{"id":2,"name":"x","id":1}"#),
        "/bom" => answer(200, JSON, b"\xef\xbb\xbf{\"id\":1}"),
        "/utf16" => answer(200, JSON, b"\xff\xfe{\0\"\0i\0d\0\"\0:\x001\0}\0"),
        "/deep" => answer(200, JSON, format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100)).as_bytes()),
        "/png" => answer(200, "image/png", b"\x89PNG\x00\xff"),
        "/badnul" => answer(400, JSON, br#"[{"errorCode":"X","message":"bad \u0000 value \ud83d end"}]"#),
        "/badraw" => answer(400, "text/plain", b"bad \x00 raw \xff end"),
        "/badbinary" => answer(400, "application/octet-stream", b"bad \x00 raw \xff end"),
        _ => answer(200, JSON, b"{}"),
    }
}

/// A workflow that calls the target at `.path` and returns the answer.
fn asking(target: SocketAddr) -> String {
    format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: ask, version: '1.0.0' }}\ndo:\n  - ask:\n      call: http\n      \
         with: {{ method: post, endpoint: '${{ \"http://{target}\" + .path }}', body: {{ a: 1 }} }}\n"
    )
}

/// A workflow without a trigger.
fn workflow(name: &str, tasks: &str) -> String {
    format!("document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0' }}\ndo:\n{tasks}")
}

async fn start(node: &Node, name: &str, input: &Value) -> String {
    let (status, run) = node.post(&format!("/api/v1/workflows/test/{name}/runs"), input).await;
    assert_eq!(status, 202, "{run}");
    run["id"].as_str().unwrap().to_owned()
}

/// Returns the notes in a run's journal.
async fn notes(node: &Node, run: &str) -> Vec<String> {
    let note = |row: Value| {
        let data = &row["data"];
        [&data["note"], &data["response"]["note"]].into_iter().find_map(Value::as_str).map(str::to_owned)
    };
    node.journal(run).await.into_iter().filter_map(note).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_is_a_success_however_its_body_is_spelt() {
    let target = odd_target().await;
    let world = World::new(&[("hub.yaml", hub()), ("ask.yaml", asking(target))], &[target.to_string()]).await;
    let node = world.node().await;
    let text = "Ungültiger Wert für Brückner €";
    let undeclared = "Ung\u{fffd}ltiger Wert f\u{fffd}r Br\u{fffd}ckner \u{fffd}";
    let cases = [
        ("/nul", json!({ "name": "a\u{fffd}b" }), Some("1 U+0000 replaced by U+FFFD")),
        ("/surrogate", json!({ "id": "7", "name": "Deal \u{fffd}" }), Some("1 unpaired surrogates replaced by U+FFFD")),
        ("/latin1json", json!({ "name": "Brückner" }), Some("decoded from windows-1252")),
        ("/badutf8", json!({ "name": "Br\u{fffd}ckner" }), Some("1 malformed byte sequences replaced by U+FFFD")),
        ("/dup", json!({ "id": 1, "name": "x" }), None),
        ("/bom", json!({ "id": 1 }), None),
        ("/utf16", json!({ "id": 1 }), Some("decoded from UTF-16LE")),
        ("/png", json!("iVBORwD/"), None),
        ("/cs/plain/windows-1252/200", json!(text), Some("decoded from windows-1252")),
        ("/cs/csv/ISO-8859-1/200", json!(text), Some("decoded from windows-1252")),
        ("/cs/xml/latin1/200", json!(text), Some("decoded from windows-1252")),
        ("/cs/plain/none/200", json!(undeclared), Some("4 malformed byte sequences replaced by U+FFFD")),
    ];
    for (path, output, note) in cases {
        let run = start(&node, "ask", &json!({ "path": path })).await;
        let run = node.run_becomes(&run, "completed").await;
        assert_eq!(run["output"], output, "{path}");
        assert_eq!(notes(&node, run["id"].as_str().unwrap()).await, Vec::from_iter(note), "{path}");
    }
    let deep = start(&node, "ask", &json!({ "path": "/deep" })).await;
    node.run_becomes(&deep, "completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_reported_in_its_own_words_whatever_its_encoding() {
    let target = odd_target().await;
    let world = World::new(&[("hub.yaml", hub()), ("ask.yaml", asking(target))], &[target.to_string()]).await;
    let node = world.node().await;
    for (path, words) in [
        ("/cs/plain/windows-1252/400", "400: Ungültiger Wert für Brückner €"),
        ("/cs/html/ISO-8859-1/400", "400: Ungültiger Wert für Brückner €"),
        ("/cs/xml/none/400", "400: Ung\u{fffd}ltiger Wert f\u{fffd}r Br\u{fffd}ckner \u{fffd}"),
        ("/badnul", "400: bad \u{fffd} value \u{fffd} end (X)"),
        ("/badraw", "400: bad \u{fffd} raw \u{fffd} end"),
        ("/badbinary", "400: bad \u{fffd} raw \u{fffd} end"),
    ] {
        let run = start(&node, "ask", &json!({ "path": path })).await;
        let run = node.run_becomes(&run, "faulted").await;
        let detail = run["error"]["detail"].as_str().unwrap();
        assert!(detail.ends_with(words), "{path}: {detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saga_is_not_undone_because_of_half_an_emoji() {
    let target = odd_target().await;
    let saga = format!(
        "  - create:\n      call: http\n      with: {{ method: post, endpoint: 'http://{target}/surrogate', body: {{ a: 1 }} }}\n      \
         metadata: {{ compensate: {{ call: http, with: {{ method: delete, endpoint: 'http://{target}/undo' }} }} }}\n  - confirm:\n      \
         call: http\n      with: {{ method: post, endpoint: 'http://{target}/confirm', body: {{ a: 1 }} }}\n      metadata: {{ pivot: true }}\n"
    );
    let files = [("hub.yaml", hub()), ("saga.yaml", workflow("saga", &saga))];
    let world = World::new(&files, &[target.to_string()]).await;
    let node = world.node().await;
    let run = start(&node, "saga", &json!({})).await;
    node.run_becomes(&run, "completed").await;
    let log: Value = client().get(format!("http://{target}/log")).send().await.unwrap().json().await.unwrap();
    assert_eq!(log, json!(["/surrogate", "/confirm"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_expression_makes_is_kept_with_a_note_wherever_it_goes() {
    let emitting = "  - tell: { emit: { event: { with: { source: 'https://a.example', type: told, subject: '${ \"s\\u0000\" }', data: { t: '${ \"x\\u0000y\" }' } } } } }\n";
    let told = format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: told, version: '1.0.0', metadata: {{ key: '${{ \"k\\u0000\" + .t }}' }} }}\n\
         schedule: {{ on: {{ one: {{ with: {{ type: told }} }} }} }}\ninput: {{ from: '${{ .[0] }}' }}\n{}",
        "do:\n  - keep: { set: { seen: '${ . }' } }\n"
    );
    let files = [
        ("hub.yaml", hub()),
        (
            "set.yaml",
            workflow("set", "  - a: { set: { t: '${ [97,0,98] | implode }', k: '${ {\"a\\u0000\": 1} }' } }\n"),
        ),
        (
            "raise.yaml",
            workflow(
                "raise",
                "  - a: { raise: { error: { type: https://example.com/e, status: 400, title: t, detail: '${ \"x\\u0000y\" }' } } }\n",
            ),
        ),
        ("error.yaml", workflow("error", "  - a: { set: { t: '${ error(\"x\\u0000y\") }' } }\n")),
        (
            "parent.yaml",
            workflow("parent", "  - child: { run: { workflow: { namespace: test, name: set, version: latest } } }\n"),
        ),
        ("emit.yaml", workflow("emit", emitting)),
        ("told.yaml", told),
    ];
    let world = World::new(&files, &[]).await;
    let node = world.node().await;
    for name in ["set", "parent"] {
        let run = start(&node, name, &json!({})).await;
        let run = node.run_becomes(&run, "completed").await;
        assert_eq!(run["output"], json!({ "t": "a\u{fffd}b", "k": { "a\u{fffd}": 1 } }), "{name}");
    }
    let set = start(&node, "set", &json!({})).await;
    node.run_becomes(&set, "completed").await;
    assert_eq!(notes(&node, &set).await, ["2 U+0000 replaced by U+FFFD"]);
    for name in ["raise", "error"] {
        let run = start(&node, name, &json!({})).await;
        let run = node.run_becomes(&run, "faulted").await;
        assert!(run["error"]["detail"].as_str().unwrap().contains("x\u{fffd}y"), "{}", run["error"]);
    }
    let emit = start(&node, "emit", &json!({})).await;
    node.run_becomes(&emit, "completed").await;
    let told = eventually("the event started its run", || async {
        let (_, page) = node.get("/api/v1/runs?workflow=test/told").await;
        page["items"].as_array().and_then(|runs| Some(runs.first()?["id"].as_str()?.to_owned()))
    })
    .await;
    let told = node.run_becomes(&told, "completed").await;
    assert_eq!((&told["output"]["seen"], &told["key"]), (&json!({ "t": "x\u{fffd}y" }), &json!("k\u{fffd}x\u{fffd}y")));
    let (ok, out, err) = world.command(&["audit", "verify"]);
    assert!(ok, "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_can_correct_a_value_sees_where_it_is_wrong() {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    target.behave("/step1", Behavior::Refuse(400));
    let run = node.start_calls(1).await;
    node.run_becomes(&run, "faulted").await;
    let json_headers = [("content-type", "application/json")];
    let refused = async |path: &str, body: &str, pointer: &str| {
        let (status, problem) = node.send("POST", path, &json_headers, body.to_owned()).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{path}: {problem}");
        problem["detail"].as_str().unwrap().to_owned()
    };
    let retry = format!("/api/v1/runs/{run}/retry");
    let why = refused(&retry, r#"{"input":{"a":["\u0000"]}}"#, "/input/a/0").await;
    assert!(why.contains("U+0000"), "{why}");
    let why = refused(&retry, r#"{"input":"\ud83d"}"#, "").await;
    assert!(why.contains("surrogate"), "{why}");
    refused("/api/v1/workflows/test/calls/runs", r#"{"n":"\u0000"}"#, "/n").await;
    refused("/api/v1/runs:bulk", r#"{"act":"retry","input":"\u0000"}"#, "/input").await;
    // The sender of a webhook cannot correct it, so half an emoji is accepted, and nothing is answered with 5xx.
    let hook = |id: &'static str, body: &'static [u8]| node.hook_bytes("test", id, body.to_vec());
    let (status, answer) = hook("nul", br#"{"type":"calls","n":"a\u0000"}"#).await;
    assert_eq!(status, 400, "{answer}");
    let (status, answer) = hook("emoji", br#"{"type":"calls","n":"Deal \ud83d"}"#).await;
    assert_eq!(status, 202, "{answer}");
    let (_, event) = node.get(&format!("/api/v1/events/{}", answer["event"].as_str().unwrap())).await;
    assert_eq!(event["data"]["n"], "Deal \u{fffd}", "{event}");
    assert_eq!(event["detail"]["note"], "1 unpaired surrogates replaced by U+FFFD");
    assert_eq!(node.run(answer["runs"][0].as_str().unwrap()).await["key"], "Deal \u{fffd}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), r#"{"n":"\u0000"}"#).unwrap();
    let (ok, out, err) = world.command(&["run", "test/calls", "--input", file.path().to_str().unwrap()]);
    assert!(!ok && err.contains("U+0000"), "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_cannot_be_read_does_not_stop_others() {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    let closed = node.start_calls(1).await;
    node.run_becomes(&closed, "completed").await;
    target.behave("/step1", Behavior::Refuse(400));
    let parked = node.start_calls(2).await;
    node.run_becomes(&parked, "faulted").await;
    let other = node.start_calls(3).await;
    node.run_becomes(&other, "faulted").await;
    let mut database = world.connect().await;
    // Acts that earlier versions accepted, and one that no version ever wrote.
    for (run, act) in [
        (&closed, r#"{"act":"retry","input":"a\u0000b"}"#),
        (&parked, r#"{"act":"retry","input":"a\u0000b","more":"\ud800"}"#),
        (&parked, r#"{"act":"fly"}"#),
    ] {
        command(&mut database, run, act).await;
    }
    eventually("all of them are answered", || async {
        let mut database = world.connect().await;
        let open = "select count(*) from commands where answered_at is null";
        let open: i64 = sqlx::query_scalar(open).fetch_one(&mut database).await.unwrap();
        (open == 0).then_some(())
    })
    .await;
    let refusals = sqlx::query("select refusal from commands where refusal is not null order by refusal");
    let refusals: Vec<String> = refusals.fetch_all(&mut database).await.unwrap().iter().map(|r| r.get(0)).collect();
    assert!(refusals.iter().any(|why| why.contains("accepts nothing more")), "{refusals:?}");
    assert!(refusals.iter().filter(|why| why.contains("cannot be read")).count() >= 1, "{refusals:?}");
    // Other commands are carried out as usual.
    target.behave("/step1", Behavior::Answer("{}".into()));
    let (status, answer) = node.post(&format!("/api/v1/runs/{other}/retry"), &json!({})).await;
    assert_eq!(status, 200, "{answer}");
    node.run_becomes(&other, "completed").await;
    assert_eq!(client().get(node.url("/readyz")).send().await.unwrap().status(), 200);
}

async fn command(database: &mut PgConnection, run: &str, act: &str) {
    let insert = "insert into commands (id, shard, run_id, act, actor)
                  select gen_random_uuid(), shard, id, $2::text::json, 'token:test' from runs where id = $1::uuid";
    let run: uuid::Uuid = run.parse().unwrap();
    assert_eq!(sqlx::query(insert).bind(run).bind(act).execute(database).await.unwrap().rows_affected(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_run_cannot_read_needs_a_person() {
    let waiting = workflow("waiting", "  - wait: { listen: { to: { one: { with: { type: go } } } } }\n");
    let world = World::new(&[("hub.yaml", hub()), ("waiting.yaml", waiting)], &[]).await;
    let node = world.node().await;
    let run = start(&node, "waiting", &json!({})).await;
    node.run_becomes(&run, "waiting").await;
    let mut database = world.connect().await;
    command(&mut database, &run, r#"{"event":{"execution":0,"filters":"\u0000"}}"#).await;
    eventually("the run needs attention", || async { (node.run(&run).await["attention"] == "poison").then_some(()) })
        .await;
    let journal = node.journal(&run).await;
    let last = journal.last().unwrap();
    assert_eq!(last["kind"], "run.poisoned", "{last}");
    assert!(last["data"]["detail"].as_str().unwrap().contains("cannot be read"), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_read_are_set_aside_and_the_others_continue() {
    let target = Target::start().await;
    let waiting = workflow("waiting", "  - wait: { wait: { milliseconds: 3000 } }\n");
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 1)), ("waiting.yaml", waiting)];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    let (_, answer) = node.hook("test", "unread", &json!({ "type": "nobody" })).await;
    let run = start(&node, "waiting", &json!({})).await;
    let other = start(&node, "waiting", &json!({})).await;
    let mut database = world.connect().await;
    let spoil = "update events set routed = false, attributes = '[]' where event_id = 'unread'";
    sqlx::query(spoil).execute(&mut database).await.unwrap();
    let (bad, good) = ("'{\"execution\": \"\\u0000\"}'", "kept.data");
    let write = |what: &str| {
        format!(
            "update journal set data = {what} from kept where journal.run_id = kept.run_id and journal.seq = kept.seq"
        )
    };
    let keep = format!("create table kept as select * from journal where run_id = '{run}' and seq = 2");
    for statement in [keep, write(bad)] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut database).await.unwrap();
    }
    let outcome = eventually("the event is set aside", || async {
        let (_, event) = node.get(&format!("/api/v1/events/{}", answer["event"].as_str().unwrap())).await;
        (event["outcome"] == "rejected").then_some(event)
    })
    .await;
    assert!(outcome["detail"]["errors"][0]["message"].as_str().unwrap().contains("set aside"), "{outcome}");
    eventually("the run needs attention", || async {
        let (_, page) = node.get("/api/v1/runs?attention=poison").await;
        page["items"].as_array().unwrap().iter().any(|item| item["id"] == run.as_str()).then_some(())
    })
    .await;
    node.run_becomes(&other, "completed").await;
    let calls = node.start_calls(1).await;
    node.run_becomes(&calls, "completed").await;
    // A node that can read it claims it as it was.
    let due = format!("update runs set wake_at = now() where id = '{run}'");
    for statement in [write(good), due] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut database).await.unwrap();
    }
    let run = node.run_becomes(&run, "completed").await;
    assert_eq!(run["attention"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_keeps_failing_is_noticed_and_stops_no_other() {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    let mut database = world.connect().await;
    sqlx::query("alter table schedules rename to schedules_away").execute(&mut database).await.unwrap();
    let ready = || async { client().get(node.url("/readyz")).send().await.unwrap() };
    let problem = eventually("the node reports that it is unhealthy", || async {
        let answer = ready().await;
        if answer.status() == 503 { Some(answer.text().await.unwrap()) } else { None }
    })
    .await;
    let is_named = problem.contains("schedules") || problem.contains("firings");
    assert!(is_named && problem.contains("keeps failing"), "{problem}");
    // Everything else continues, including the stages after the failing one.
    let run = node.start_calls(1).await;
    node.run_becomes(&run, "completed").await;
    target.behave("/step1", Behavior::Refuse(400));
    let run = node.start_calls(2).await;
    node.run_becomes(&run, "faulted").await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    assert_eq!(node.post(&format!("/api/v1/runs/{run}/retry"), &json!({})).await.0, 200);
    node.run_becomes(&run, "completed").await;
    let (_, metrics) = node.get("/metrics").await;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains(r#"stepwell_stage_failing{stage="firings"} 1"#), "{metrics}");
    sqlx::query("alter table schedules_away rename to schedules").execute(&mut database).await.unwrap();
    eventually("the node is healthy again", || async { (ready().await.status() == 200).then_some(()) }).await;
    database.close().await.unwrap();
}
