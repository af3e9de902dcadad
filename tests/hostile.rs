//! No URL, header or form can cause a server error.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::harness::{Node, World, client_from, hub};

const SHORT: &str = "document: { dsl: '1.0.3', namespace: test, name: short, version: '1.0.0' }
schedule: { on: { one: { with: { source: test, type: short } } } }
do:
  - one: { set: { n: 1 } }
";

/// Invalid in every name and text: always answered with 400.
const IMPOSSIBLE: [&str; 6] = ["%00", "a%00b", "%FF", "%C0%80", "%ED%A0%80", "%F8%88%80%80%80"];

/// Valid, but likely to break careless code.
const ODD: [&str; 20] = [
    "%",
    "%zz",
    "%5C",
    "%25",
    "'",
    "%27%20or%201%3D1--",
    "-1",
    "0",
    "9223372036854775808",
    "99999999999999999999999",
    "1e400",
    "%2B99999-12-31T23:59:59Z",
    "-9999-01-01T00:00:00Z",
    "-262143-01-01T00:00:00Z",
    "9999-12-31T23:59:59%2B23:59",
    "0000-01-01T00:00:00Z",
    "%F0%9D%95%8F%E2%80%AE",
    "..%2F..%2Fetc%2Fpasswd",
    "%0D%0Aset-cookie:%20a=b",
    "01900000-0000-7000-8000-00000000000g",
];

fn values() -> Vec<String> {
    let values = IMPOSSIBLE.iter().chain(&ODD).map(|&value| value.to_owned());
    values.chain(["x".repeat(5_000)]).collect()
}

/// First letters of the cursors of all lists.
const LISTS: &str = "bdejmrswx";

/// Returns invalid cursors for all lists.
fn cursors() -> Vec<String> {
    let keys = ["\0", "a/\0", "a\0/a", "99999999999999999999"];
    LISTS.chars().flat_map(|list| keys.map(|key| URL_SAFE_NO_PAD.encode(format!("{list}{key}")))).collect()
}

struct Call {
    method: Method,
    path: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: String,
    impossible: bool,
}

impl Call {
    fn new(method: &Method, path: String, value: &str) -> Self {
        let impossible = IMPOSSIBLE.contains(&value);
        Self { method: method.clone(), path, headers: Vec::new(), body: String::new(), impossible }
    }

    fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    async fn check(self, client: &Client, node: &Node) -> Option<String> {
        let mut request = client.request(self.method.clone(), node.url(&self.path)).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(HeaderName::from_static(name), HeaderValue::from_bytes(value).ok()?);
        }
        let status = request.send().await.map(|answer| answer.status().as_u16());
        let sound = match &status {
            Ok(status) if self.impossible => *status == 400,
            Ok(status) => *status < 500,
            Err(_) => false,
        };
        (!sound).then(|| format!("{} {} {:?} {}: {status:?}", self.method, self.path, self.headers, self.body))
    }
}

async fn check_all(calls: Vec<Call>, node: &Node, at_least: usize) {
    assert!(calls.len() >= at_least, "only {} calls", calls.len());
    let client = client_from([127, 0, 0, 1]);
    let checked = futures::stream::iter(calls).map(|call| call.check(&client, node)).buffer_unordered(16);
    let wrong: Vec<String> = checked.filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

/// Returns the parameter names in a path pattern.
fn names(pattern: &str) -> Vec<&str> {
    pattern.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// Fills in a path pattern, one parameter with this value and the others with valid ones.
fn path(pattern: &str, run: &str, replaced: &str, value: &str) -> String {
    names(pattern).into_iter().fold(pattern.to_owned(), |path, name| {
        let usual = match name {
            "id" | "run" => run,
            "namespace" => "test",
            "name" => "short",
            "source" => "test",
            "version" => "1.0.0",
            "file" => "stepwell.css",
            _ => "cancel",
        };
        path.replace(&format!("{{{name}}}"), if name == replaced { value } else { usual })
    })
}

/// Returns all query parameters of an operation.
fn query_names(document: &Value, operation: &Value, item: &Value) -> Vec<String> {
    let listed = [&operation["parameters"], &item["parameters"]].into_iter().filter_map(Value::as_array).flatten();
    let resolved = listed.map(|parameter| match parameter["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("the reference leads somewhere"),
        None => parameter,
    });
    resolved.filter(|p| p["in"] == "query").map(|p| p["name"].as_str().unwrap().to_owned()).collect()
}

fn api_calls(document: &Value, run: &str, bearer: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let call = |method: &Method, path: String, value: &str| {
        let call =
            Call::new(method, path, value).with("authorization", bearer).with("content-type", "application/json");
        Call { body: if *method == Method::GET { String::new() } else { "{}".to_owned() }, ..call }
    };
    for (pattern, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters") {
            let method: Method = method.to_uppercase().parse().unwrap();
            let cursors = cursors().into_iter();
            let cursors =
                cursors.map(|cursor| call(&method, format!("{}?cursor={cursor}", path(pattern, run, "", "")), ""));
            calls.extend(cursors);
            for value in values() {
                for name in names(pattern) {
                    calls.push(call(&method, path(pattern, run, name, &value), &value));
                }
                let queries = query_names(document, operation, item).into_iter().chain(["unknown".to_owned()]);
                for name in queries {
                    calls.push(call(&method, format!("{}?{name}={value}", path(pattern, run, "", "")), &value));
                }
                calls.push(call(&method, format!("{}?{value}=1", path(pattern, run, "", "")), &value));
            }
        }
    }
    calls
}

fn header_calls(bearer: &str) -> Vec<Call> {
    let values: Vec<Vec<u8>> = values()
        .into_iter()
        .map(String::into_bytes)
        .chain([b"\xff\xfe".to_vec(), b"\t".to_vec(), Vec::new()])
        .collect();
    let mut calls = Vec::new();
    let event = [
        ("ce-specversion", "1.0"),
        ("ce-id", "1"),
        ("ce-source", "/s"),
        ("ce-type", "t"),
        ("ce-time", "2026-01-01T00:00:00Z"),
    ];
    let start = "/api/v1/workflows/test/short/runs";
    for value in values {
        for name in [
            "idempotency-key",
            "x-forwarded-for",
            "accept",
            "cookie",
            "content-type",
            "webhook-id",
            "webhook-timestamp",
            "ce-subject",
            "ce-odd",
        ] {
            for at in [start, "/events", "/hooks/test", "/login"] {
                let call = Call::new(&Method::POST, at.to_owned(), "").with("authorization", bearer);
                calls.push(Call { body: "{}".into(), ..call }.with(name, value.clone()));
            }
        }
        for (replaced, _) in event {
            let call = Call::new(&Method::POST, "/events".into(), "").with("authorization", bearer);
            let call = event.into_iter().fold(call, |call, (name, usual)| {
                call.with(name, if name == replaced { value.clone() } else { usual.as_bytes().to_vec() })
            });
            calls.push(call.with("content-type", "application/json"));
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_and_no_header_of_the_api_makes_an_error_of_the_server() {
    let world = World::new(&[("hub.yaml", hub()), ("short.yaml", SHORT.to_owned())], &[]).await;
    let node = world.node().await;
    let (_, run) = node.post("/api/v1/workflows/test/short/runs", &json!({})).await;
    let (_, document) = node.get("/openapi.json").await;
    let bearer = format!("Bearer {}", node.token());
    check_all(api_calls(&document, run["id"].as_str().unwrap(), &bearer), &node, 5_000).await;
    check_all(header_calls(&bearer), &node, 1_000).await;
}

/// Returns the query parameters of a page.
fn fields(pattern: &str) -> &'static [&'static str] {
    match pattern {
        "/" | "/runs" => &["status", "attention", "workflow", "q", "after", "before"],
        "/runs/{id}" => &["after", "done", "pending"],
        "/runs/{id}/versions" => &["to"],
        "/events" => &["outcome", "after"],
        "/conflicts" => &["before", "done"],
        "/batches" => &["started"],
        "/drift" => &["before"],
        "/mappings/{name}" => &["of"],
        "/schedules" => &["after"],
        "/schedules/{namespace}/{name}" => &["done", "run"],
        "/workflows/{namespace}/{name}" => &["version"],
        "/login" => &["token", "next"],
        _ => &["unknown"],
    }
}

/// Fields of all forms.
const FORM_FIELDS: [&str; 8] = ["reason", "input", "output", "replace", "compensate", "side", "token", "next"];

#[tokio::test(flavor = "multi_thread")]
async fn no_address_and_no_form_of_a_page_makes_an_error_of_the_server() {
    let world = World::new(&[("hub.yaml", hub()), ("short.yaml", SHORT.to_owned())], &[]).await;
    let node = world.node().await;
    let (_, run) = node.post("/api/v1/workflows/test/short/runs", &json!({})).await;
    let run = run["id"].as_str().unwrap();
    let client = client_from([127, 0, 0, 1]);
    let sign_in = client.post(node.url("/login")).header("sec-fetch-site", "same-origin");
    let sign_in = sign_in.header("content-type", "application/x-www-form-urlencoded");
    let entered = sign_in.body(format!("token={}", node.token())).send().await.unwrap();
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = client.get(node.url("/")).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("the page has a form");
    let (csrf, _) = rest.split_once('"').unwrap();

    let mut calls = Vec::new();
    let call = |method: &Method, path: String, value: &str| {
        Call::new(method, path, value).with("cookie", cookie.as_str()).with("sec-fetch-site", "same-origin")
    };
    for pattern in stepwell::dashboard::paths() {
        let usual = path(pattern, run, "", "");
        for value in values() {
            for name in names(pattern) {
                for method in [Method::GET, Method::POST] {
                    calls.push(call(&method, path(pattern, run, name, &value), &value));
                }
            }
            for field in fields(pattern) {
                calls.push(call(&Method::GET, format!("{usual}?{field}={value}"), &value));
            }
            // Signing out would end the session that the remaining requests need.
            for field in FORM_FIELDS.iter().filter(|_| pattern != "/logout") {
                let form = call(&Method::POST, usual.clone(), "");
                let form = form.with("content-type", "application/x-www-form-urlencoded");
                calls.push(Call { body: format!("csrf={csrf}&reason=because&{field}={value}"), ..form });
            }
        }
    }
    check_all(calls, &node, 4_000).await;
    let still = client.get(node.url("/")).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(still.status(), 200, "the session was valid for all requests");
}
