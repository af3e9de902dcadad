//! A secret is stored and shown nowhere, whatever form it arrives in: one is sent through a running node in many
//! encodings, then searched for in every table, answer, page and log line.

use std::net::SocketAddr;

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row};

use crate::harness::{Node, World, client, eventually};

/// With characters that JSON, URLs and HTML escape.
const SECRET: &str = "can/ary\"7+Xq=<tok>&";

/// Returns what callers and targets send: the value in encodings, alone and inside other text.
fn forms() -> Vec<(&'static str, String)> {
    let percent: String = SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect();
    vec![
        ("plain", SECRET.to_owned()),
        ("inside", format!("Bearer {SECRET} is not valid")),
        ("url", format!("https://x.example/?t={percent}&u=1")),
        ("form", url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect()),
        ("base64", BASE64_STANDARD.encode(SECRET)),
        ("basic", format!("Basic {}", BASE64_STANDARD.encode(format!("ann:{SECRET}")))),
        ("json", json!({ "token": SECRET }).to_string()),
        ("slashes", json!({ "token": SECRET }).to_string().replace('/', "\\/")),
        ("hex", hex::encode(SECRET)),
        ("html", html()),
    ]
}

fn html() -> String {
    SECRET.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('/', "&#x2F;")
}

/// `\u0063\u0061...`
fn escaped() -> String {
    SECRET.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect()
}

/// Returns a JSON object with the secret in all forms, also as keys, with escapes that only a text can have.
fn body(name: &str) -> String {
    let mut object: serde_json::Map<String, Value> =
        forms().into_iter().map(|(k, v)| (k.to_owned(), v.into())).collect();
    object.insert("type".to_owned(), name.into());
    object.insert(SECRET.to_owned(), 1.into());
    let text = Value::Object(object).to_string();
    format!(
        "{},\"escaped\":\"{}\",\"list\":[\"{}\"]}}",
        &text[..text.len() - 1],
        escaped(),
        SECRET.replace('"', "\\\"").replace('/', "\\/")
    )
}

/// Returns the forms that must not be found.
fn needles() -> Vec<String> {
    let json = json!(SECRET).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let inner = |text: &str| BASE64_STANDARD_NO_PAD.encode(text);
    let mut needles = vec![
        SECRET.to_owned(),
        json.clone(),
        json.replace('/', "\\/"),
        json.replace('\\', "\\\\"),
        escaped(),
        html(),
        SECRET.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;").replace('"', "&#34;"),
        SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect(),
        hex::encode(SECRET),
        "ary\\\"7+Xq".to_owned(),
        "ary\"7+Xq".to_owned(),
    ];
    // Base64 at each alignment, without the characters that depend on neighboring text.
    for skip in 0..3 {
        let rest = &SECRET[skip..];
        needles.push(inner(&rest[..rest.len() / 3 * 3]));
    }
    needles
}

/// Fails if any form of the secret is in a text.
fn assert_clean(place: &str, text: &str) {
    for needle in needles() {
        if let Some(at) = text.find(&needle) {
            let from = text[..at].char_indices().rev().nth(60).map_or(0, |(index, _)| index);
            panic!("{place} contains the secret as {needle:?}: ...{}", &text[from..at + needle.len()]);
        }
    }
}

/// Starts a system that repeats the secret in its answers: `/ok`, `/bad`, `/text`, and `/later`, which fails once.
async fn careless() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(|uri: Uri| async move {
        let header = ("x-debug", format!("token {}", BASE64_STANDARD.encode(SECRET)));
        match uri.path() {
            "/text" => {
                (StatusCode::OK, [("content-type", "text/plain".to_owned()), header], format!("you sent {SECRET}"))
            }
            "/bad" => {
                let error = format!(r#"[{{"errorCode":"X","message":"bad token {}"}}]"#, SECRET.replace('"', "\\\""));
                (StatusCode::BAD_REQUEST, [("content-type", "application/json".to_owned()), header], error)
            }
            _ => (StatusCode::OK, [("content-type", "application/json".to_owned()), header], body("answer")),
        }
        .into_response()
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

fn files(target: SocketAddr) -> Vec<(&'static str, String)> {
    let hub = format!(
        "sources:\n  test:\n    scheme: standard-webhooks\n    secret: '${{ $secrets.hook }}'\n    event: {{ type: '${{ .type }}', subject: '${{ .plain }}', key: '${{ .inside }}' }}\n\
         connections:\n  careless:\n    baseUrl: {{ sandbox: 'http://{target}' }}\n    authentication: {{ bearer: {{ token: '${{ $secrets.canary }}' }} }}\n    retry: {{ attempts: 1 }}\n"
    );
    let workflow = |name: &str, head: &str, tasks: &str| {
        format!("document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0'{head}\ndo:\n{tasks}")
    };
    let on_event = ", metadata: { key: '${ .inside }' } }\nschedule: { on: { one: { with: { source: test, type: told } } } }\ninput: { from: '${ .[0]? // . }' }";
    let ask = |path: &str| {
        format!("call: http, with: {{ method: get, endpoint: 'connection://careless{path}', output: response }}")
    };
    // The recursion makes the evaluator child evaluate it.
    let recursion = "def down: if .n > 0 then (.n -= 1 | down) else error(.given | tostring) end";
    vec![
        ("hub.yaml", hub),
        (
            "told.yaml",
            workflow(
                "told",
                on_event,
                &format!(
                    "  - keep: {{ set: '${{ . }}', export: {{ as: . }} }}\n  - ok: {{ {} }}\n  - text: {{ {} }}\n",
                    ask("/ok"),
                    ask("/text")
                ),
            ),
        ),
        ("bad.yaml", workflow("bad", " }", &format!("  - bad: {{ {} }}\n", ask("/bad")))),
        (
            "here.yaml",
            workflow(
                "here",
                " }",
                &format!(
                    "  - ask: {{ {}, export: {{ as: . }} }}\n  - fails: {{ set: '${{ error($context | tostring) }}' }}\n",
                    ask("/ok")
                ),
            ),
        ),
        (
            "child.yaml",
            workflow(
                "child",
                " }",
                &format!(
                    "  - ask: {{ {} }}\n  - fails: {{ set: '${{ {{n: 3, given: .}} | {recursion}; down }}' }}\n",
                    ask("/ok")
                ),
            ),
        ),
    ]
}

async fn start(node: &Node, name: &str, key: &str, ends: &str) -> String {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    let (status, run) =
        node.send("POST", &format!("/api/v1/workflows/test/{name}/runs"), &headers, body("start")).await;
    assert_eq!(status, 202, "{run}");
    let id = run["id"].as_str().unwrap().to_owned();
    node.run_becomes(&id, ends).await;
    id
}

/// Sends the secret through every input.
async fn send_everywhere(world: &World, node: &Node) -> Vec<String> {
    let mut answers = Vec::new();
    let (status, answer) = node.hook_bytes("test", "hook-1", body("told").into_bytes()).await;
    assert_eq!(status, 202, "{answer}");
    let hooked = answer["runs"][0].as_str().unwrap().to_owned();
    node.run_becomes(&hooked, "completed").await;
    answers.push(answer.to_string());
    let (status, answer) = node.hook_bytes("test", &format!("again-{SECRET}"), body("told").into_bytes()).await;
    assert_eq!(status, 202, "{answer}");

    let event = format!(
        r#"{{"specversion":"1.0","id":"event-1","source":"test","type":"told","subject":"{}","note":"{}","data":{}}}"#,
        escaped(),
        BASE64_STANDARD.encode(SECRET),
        body("told")
    );
    let structured = [("content-type", "application/cloudevents+json")];
    let (status, answer) = node.send("POST", "/events", &structured, event.clone()).await;
    assert_eq!(status, 202, "{answer}");
    let stranger =
        event.replacen("\"type\":\"told\"", &format!("\"type\":{}", json!(SECRET)), 1).replace("event-1", "event-2");
    let (status, answer) = node.send("POST", "/events", &structured, stranger).await;
    assert_eq!(status, 200, "no workflow subscribes to it: {answer}");

    let mut runs = vec![hooked];
    runs.push(start(node, "told", SECRET, "completed").await);
    for name in ["here", "child"] {
        runs.push(start(node, name, name, "faulted").await);
    }
    let bad = start(node, "bad", "bad", "faulted").await;
    let reason = format!("the token {SECRET} was wrong");
    let act = |given: &str| format!(r#"{{"reason":{},"{given}":{}}}"#, json!(reason), body("act"));
    let json = [("content-type", "application/json")];
    let (status, answer) = node.send("POST", &format!("/api/v1/runs/{bad}/retry"), &json, act("input")).await;
    assert!(status < 300, "{answer}");
    node.run_becomes(&bad, "faulted").await;
    let file = format!("{}/input.json", world.workflows());
    std::fs::write(&file, body("command")).unwrap();
    let (ok, out, err) = world.command(&["runs", "retry", &bad, "--input", &file, "--reason", &reason]);
    assert!(ok, "{out}{err}");
    answers.extend([out, err]);
    eventually("the second retry ended", || async {
        let retries = node.journal(&bad).await.iter().filter(|row| row["kind"] == "operator.acted").count();
        (retries == 2 && node.run(&bad).await["status"] == "faulted").then_some(())
    })
    .await;
    let (status, answer) = node.send("POST", &format!("/api/v1/runs/{bad}/skip"), &json, act("output")).await;
    assert!(status < 300, "{answer}");
    node.run_becomes(&bad, "completed").await;
    runs.push(bad);
    let (ok, out, err) = world.command(&["run", "test/told", "--input", &file, "--wait"]);
    assert!(ok, "{out}{err}");
    answers.extend([out, err]);

    // Refused, with a reason.
    for (method, path, body) in [
        (
            "POST",
            "/api/v1/workflows/test/told/runs".to_owned(),
            format!("{{\"a\": 1, \"{}\": 2, \"{0}\": 3}}", SECRET.replace('"', "\\\"")),
        ),
        ("GET", format!("/api/v1/runs/{}", needles()[7]), String::new()),
        ("GET", format!("/api/v1/runs?since={}", needles()[7]), String::new()),
    ] {
        let (status, answer) = node.send(method, &path, &json, body).await;
        assert!(status >= 400, "{path}: {answer}");
        answers.push(answer.to_string());
    }
    for (place, answer) in answers.iter().enumerate() {
        assert_clean(&format!("answer {place}"), answer);
    }
    runs
}

/// Checks every value of every table, as text.
async fn assert_tables_clean(world: &World) {
    let connection = &mut world.connect().await;
    let columns = "select c.table_name::text, c.column_name::text, c.data_type::text from information_schema.columns c
                   join information_schema.tables t using (table_schema, table_name)
                   where c.table_schema = 'public' and t.table_type = 'BASE TABLE'";
    let (mut looked_at, mut masked) = (0, 0);
    for column in sqlx::query(columns).fetch_all(&mut *connection).await.unwrap() {
        let [table, name, kind] = [0, 1, 2].map(|place| column.get::<String, _>(place));
        let bytes =
            if kind == "bytea" { format!("\"{name}\"") } else { format!("convert_to(\"{name}\"::text, 'UTF8')") };
        let values = format!("select {bytes} from \"{table}\" where \"{name}\" is not null");
        for row in sqlx::query(AssertSqlSafe(values)).fetch_all(&mut *connection).await.unwrap() {
            let value = String::from_utf8_lossy(&row.get::<Vec<u8>, _>(0)).into_owned();
            assert_clean(&format!("{table}.{name}"), &value);
            looked_at += 1;
            masked += value.matches("***").count();
        }
    }
    assert!(looked_at > 200 && masked > 100, "{looked_at} values, {masked} masks: was the secret in them at all?");
}

async fn assert_answers_clean(world: &World, node: &Node, runs: &[String]) {
    let (_, events) = node.get("/api/v1/events?limit=100").await;
    let events: Vec<&str> =
        events["items"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert!(events.len() >= 4, "{events:?}");
    let runs_api = runs.iter().flat_map(|run| [format!("/api/v1/runs/{run}"), format!("/api/v1/runs/{run}/journal")]);
    let events_api = events.iter().map(|event| format!("/api/v1/events/{event}"));
    let others = ["/api/v1/runs", "/api/v1/events", "/api/v1/connections", "/metrics"];
    for path in runs_api.chain(events_api).chain(others.map(str::to_owned)) {
        let (status, answer) = node.get(&path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        assert_clean(&path, answer.as_str().unwrap_or(&answer.to_string()));
    }
    let (_, journal) = node.get(&format!("/api/v1/runs/{}/journal?limit=500", runs[0])).await;
    assert!(journal.to_string().contains("***"), "{journal}");

    drop(client());
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let (_, token, _) = world.command(&["token", "create", "--scopes", "operate"]);
    let entered = browser
        .post(node.url("/login"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(format!("token={}", token.trim()))
        .send()
        .await
        .unwrap();
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let pages = ["/", "/events", "/connections", "/workflows", "/?attention=any"].map(str::to_owned);
    let runs = runs.iter().map(|run| format!("/runs/{run}"));
    for path in runs.chain(events.iter().map(|event| format!("/events/{event}"))).chain(pages) {
        let page = browser.get(node.url(&path)).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(page.status(), 200, "{path}");
        assert_clean(&path, &page.text().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_appears_nowhere_whichever_way_it_comes_in() {
    let target = careless().await;
    let mut world = World::new(&files(target), &[target.to_string()]).await;
    world.set("STEPWELL_SECRET_CANARY", SECRET);
    let log = tempfile::tempdir().unwrap();
    for format in ["text", "json"] {
        let path = log.path().join(format);
        let level = "info,stepwell=trace";
        let mut node = world.node_logging(format, level, std::fs::File::create(&path).unwrap()).await;
        if format == "text" {
            let runs = send_everywhere(&world, &node).await;
            assert_answers_clean(&world, &node, &runs).await;
        } else {
            start(&node, "bad", "bad-again", "faulted").await;
            let (status, _) = node.hook_bytes("test", "hook-2", body("told").into_bytes()).await;
            assert_eq!(status, 202);
        }
        assert!(node.terminate());
        let lines = std::fs::read_to_string(&path).unwrap();
        assert!(lines.lines().count() > 3, "{lines}");
        assert_clean(&format!("the log as {format}"), &lines);
    }
    assert_tables_clean(&world).await;
}
