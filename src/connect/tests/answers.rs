//! The target answers: what is sent, what is returned, and what must never show.

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::any;
use serde_json::json;

use super::*;

/// Answers with the request that it received, as JSON.
async fn echo(uri: Uri, headers: HeaderMap, body: Bytes) -> axum::Json<Value> {
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned().into()))
        .collect();
    axum::Json(json!({"uri": uri.to_string(), "headers": headers, "body": String::from_utf8_lossy(&body)}))
}

async fn echo_settings() -> ConnectSettings {
    settings(serve(Router::new().fallback(echo)).await)
}

/// Gives every call the same answer.
async fn answers(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static [u8],
) -> ConnectSettings {
    let answer = move || async move {
        let mut response = axum::response::Response::new(axum::body::Body::from(body));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        for (name, value) in headers {
            response.headers_mut().append(*name, value.parse().expect("a value"));
        }
        response
    };
    settings(serve(Router::new().fallback(any(answer))).await)
}

const JSON: &[(&str, &str)] = &[("content-type", "application/vnd.oracle.resource+json; type=error")];

#[tokio::test]
async fn a_call_carries_what_its_connection_adds() {
    let mut settings = echo_settings().await;
    erp(&mut settings).headers = vec![
        ("X-Client".to_owned(), SecretTemplate::Literal("stepwell".to_owned())),
        ("accept".to_owned(), SecretTemplate::Literal("text/x".to_owned())),
    ];
    let request = CallRequest {
        uri: "connection://erp/orders/eid:7?a=1".to_owned(),
        query: vec![("q".to_owned(), "x y&z".to_owned())],
        headers: vec![("X-Client".to_owned(), "Brückner".to_owned())],
        ..post()
    };
    let (output, response) = success(call(settings, &request).await);
    assert_eq!(output["uri"], "/erp/orders/eid:7?a=1&q=x+y%26z");
    assert_eq!(output["body"], r#"{"a":1}"#);
    let headers = &output["headers"];
    for (name, value) in [
        ("idempotency-key", "run-1/do/0/a"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("content-type", "application/json"),
        ("accept", "text/x"),
        ("x-client", "Brückner"),
        ("authorization", "Bearer ***"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    assert!(headers["user-agent"].as_str().is_some_and(|agent| agent.starts_with("stepwell/")));
    assert_eq!((response.status, response.body), (200, None));
}

#[tokio::test]
async fn the_documents_authentication_stands_in_for_the_connections() {
    let basic = of_definition(Authentication::Basic {
        username: SecretTemplate::Literal("ann".to_owned()),
        password: SecretTemplate::Literal("pw".to_owned()),
    });
    let connections = Connections::new(echo_settings().await).expect("valid");
    let (output, _) = success(connections.call(&post(), Some(&basic)).await);
    assert_eq!(output["headers"]["authorization"], "Basic ***");
}

#[tokio::test]
async fn a_missing_secret_names_its_variable_and_sends_nothing() {
    let settings = ConnectSettings { secrets: Secrets::fixed([]), ..echo_settings().await };
    let failure = failure(call(settings, &post()).await);
    assert_eq!(verdict(&failure), (FaultClass::Permanent, TargetEffect::None));
    assert!(
        failure.error.r#type.ends_with("/errors/authorization") && failure.error.status == 403,
        "{:?}",
        failure.error
    );
    assert!(detail(&failure).contains("STEPWELL_SECRET_TOKEN"), "{}", detail(&failure));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_a_reason() {
    let settings = echo_settings().await;
    let connections = Connections::new(settings).expect("valid");
    let cases = [
        (CallRequest { uri: "connection://nowhere/x".to_owned(), ..post() }, "there are: erp"),
        (CallRequest { uri: "connection://erp/../x".to_owned(), ..post() }, "leaves the connection's base URL"),
        (CallRequest { uri: "/orders".to_owned(), ..post() }, "not an absolute URI"),
        (CallRequest { method: "GE T".to_owned(), ..post() }, "not an HTTP method"),
        (CallRequest { headers: vec![("X-A".to_owned(), "a\r\nb: c".to_owned())], ..post() }, "value of header X-A"),
        (CallRequest { headers: vec![("X A".to_owned(), "a".to_owned())], ..post() }, "header name \"X A\""),
        (CallRequest { headers: vec![("Host".to_owned(), "a".to_owned())], ..post() }, "belongs to the HTTP client"),
        (
            CallRequest { headers: vec![("content-type".to_owned(), "text/csv".to_owned())], ..post() },
            "must be a string",
        ),
    ];
    for (request, reason) in cases {
        let failure = failure(connections.call(&request, None).await);
        assert_eq!(verdict(&failure), (FaultClass::Permanent, TargetEffect::None));
        assert!(failure.error.r#type.ends_with("/configuration"));
        assert!(detail(&failure).contains(reason), "{}", detail(&failure));
    }
}

#[tokio::test]
async fn an_environment_without_a_base_url_is_named() {
    let settings = ConnectSettings { environment: "production".to_owned(), ..echo_settings().await };
    let failure = failure(call(settings, &post()).await);
    assert!(detail(&failure).contains("environment production; it has one for: sandbox"), "{}", detail(&failure));
}

#[tokio::test]
async fn the_output_has_the_shape_that_was_asked_for() {
    let numbers = br#"{"id":9007199254740993,"rate":1757.4100}"#;
    let ask = |output| CallRequest { output, ..post() };
    let (content, _) = success(call(answers(200, JSON, numbers).await, &ask(HttpOutput::Content)).await);
    assert_eq!(content.to_string().as_bytes(), numbers);
    let (raw, _) = success(call(answers(200, JSON, b"\x00\xff").await, &ask(HttpOutput::Raw)).await);
    assert_eq!(raw, "AP8=");
    let created = answers(204, &[("location", "http://h.example/r/7"), ("set-cookie", "a=b")], b"").await;
    let (response, summary) = success(call(created, &ask(HttpOutput::Response)).await);
    assert_eq!((&response["statusCode"], &response["content"]), (&json!(204), &Value::Null));
    assert_eq!(response["headers"]["location"], "http://h.example/r/7");
    assert_eq!(response["headers"]["set-cookie"], Value::Null);
    assert_eq!(response["request"]["headers"]["authorization"], "***");
    assert_eq!(response["request"]["method"], "POST");
    assert!(summary.headers.contains(&("location".to_owned(), "http://h.example/r/7".to_owned())));
    for (body, content_type, expected) in [
        ("Grüße".as_bytes(), "text/plain", json!("Grüße")),
        (b"Gr\xfc\xdfe", "text/plain; charset=ISO-8859-1", json!("Grüße")),
        (b"\x89PNG\x00", "image/png", json!("iVBORwA=")),
        (b"\x89PNG\x00", "image/png; charset=utf-8", json!("iVBORwA=")),
        (b"Gr\xfc\xdfe", "text/plain", json!("Gr\u{fffd}\u{fffd}e")),
        (b"Gr\xfc\xdfe", "application/soap+xml; charset=latin1", json!("Grüße")),
        (b"{\"a\":\"\\u0000\\ud83d\"}", "application/json", json!({ "a": "\u{fffd}\u{fffd}" })),
        (b"", "application/json", Value::Null),
    ] {
        let headers: &'static [(&str, &str)] = Box::leak(Box::new([("content-type", content_type)]));
        assert_eq!(success(call(answers(200, headers, body).await, &post()).await).0, expected);
    }
}

#[tokio::test]
async fn announced_json_that_is_none_is_a_failure_and_leaves_a_doubt() {
    for body in [b"{\"a\":".as_slice(), b"<html>", b"{\"$serde_json::private::RawValue\":\"[\"}"] {
        let failure = failure(call(answers(200, JSON, body).await, &post()).await);
        assert_eq!(verdict(&failure), (FaultClass::Permanent, TargetEffect::Unknown));
        assert!(detail(&failure).contains("not valid JSON"), "{}", detail(&failure));
    }
}

#[tokio::test]
async fn a_failure_shows_the_targets_answer() {
    let body = br#"{"title":"Bad Request","o:errorDetails":[{"detail":"Please enter value(s) for: item","o:errorCode":"USER_ERROR"}]}"#;
    let request = CallRequest { query: vec![("access_token".to_owned(), "hidden-value".to_owned())], ..post() };
    let failure = failure(call(answers(400, JSON, body).await, &request).await);
    assert_eq!(failure.error.status, 400);
    assert_eq!(failure.error.title.as_deref(), Some("Bad Request"));
    assert!(failure.error.r#type.ends_with("/communication"));
    let detail = detail(&failure);
    assert!(detail.starts_with("POST http://127.0.0.1:"), "{detail}");
    assert!(detail.ends_with("/erp/orders answered 400: Please enter value(s) for: item (USER_ERROR)"), "{detail}");
    let response = failure.response.as_ref().expect("kept");
    assert!(response.url.ends_with("access_token=***"), "{}", response.url);
    assert_eq!(response.body.as_ref().expect("kept")["title"], "Bad Request");
}

#[tokio::test]
async fn statuses_without_a_rule_have_a_built_in_class() {
    for (status, class) in [
        (408, FaultClass::Transient),
        (425, FaultClass::Transient),
        (429, FaultClass::Transient),
        (500, FaultClass::Transient),
        (502, FaultClass::Transient),
        (503, FaultClass::Transient),
        (504, FaultClass::Transient),
        (501, FaultClass::Permanent),
        (400, FaultClass::Permanent),
        (404, FaultClass::Permanent),
        (409, FaultClass::Permanent),
        (300, FaultClass::Permanent),
        (401, FaultClass::Credentials),
    ] {
        let failure = failure(call(answers(status, JSON, b"{}").await, &post()).await);
        let effect = if status >= 500 { TargetEffect::Unknown } else { TargetEffect::None };
        assert_eq!((failure.error.status, verdict(&failure)), (status, (class, effect)));
    }
}

#[tokio::test]
async fn retry_after_reaches_the_machine() {
    for (value, expected) in [("7", 7), ("9999999", 24 * 3600), ("Thu, 01 Jan 1970 00:00:00 GMT", 0)] {
        let headers: &'static [(&str, &str)] = Box::leak(Box::new([("retry-after", value)]));
        let failure = failure(call(answers(503, headers, b"").await, &post()).await);
        assert_eq!(failure.retry_after, Some(Duration::from_secs(expected)), "{value}");
    }
}

#[tokio::test]
async fn a_huge_failure_is_kept_in_part() {
    let body: &'static [u8] = Box::leak(vec![b'x'; 100_000].into_boxed_slice());
    let failure = failure(call(answers(500, &[], body).await, &post()).await);
    let kept = failure.response.expect("kept").body.expect("kept").to_string();
    assert!(kept.len() < 17_000 && kept.contains("100000 bytes in total"), "{}", kept.len());
}

#[tokio::test]
async fn no_outcome_shows_a_secret_even_if_the_target_repeats_it() {
    let repeat = |status: u16| {
        move |headers: HeaderMap| async move {
            let sent = headers["authorization"].to_str().expect("text").to_owned();
            let key = headers["x-api-key"].to_str().expect("text").to_owned();
            let headers = [
                ("location", format!("http://h.example/?x={key}")),
                ("x-request-id", sent.clone()),
                ("x-other", sent.clone()),
            ];
            (
                StatusCode::from_u16(status).expect("a status"),
                headers,
                axum::Json(json!([{"message": sent, "errorCode": key}])),
            )
        }
    };
    let router = Router::new().route("/erp/well", any(repeat(200))).route("/erp/badly", any(repeat(401)));
    let mut settings = settings(serve(router).await);
    erp(&mut settings).headers = vec![("X-Api-Key".to_owned(), SecretTemplate::Secret("token".to_owned()))];
    let connections = Connections::new(settings).expect("valid");
    let basic = of_definition(Authentication::Basic {
        username: SecretTemplate::Literal("ann".to_owned()),
        password: SecretTemplate::Secret("token".to_owned()),
    });
    for path in ["well", "badly"] {
        for output in [HttpOutput::Content, HttpOutput::Raw, HttpOutput::Response] {
            for authentication in [None, Some(&basic)] {
                let request = CallRequest { output, uri: format!("connection://erp/{path}"), ..post() };
                let outcome = connections.call(&request, authentication).await;
                let shown = format!("{outcome:?}");
                let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("ann:{CANARY}"));
                let raw = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, CANARY);
                for canary in [CANARY, &encoded, &raw[..12]] {
                    assert!(!shown.contains(canary), "{shown}");
                }
            }
        }
    }
    assert!(!format!("{connections:?}").contains(CANARY));
}

#[tokio::test]
async fn an_empty_answer_is_null_in_every_shape_but_the_response() {
    for output in [HttpOutput::Content, HttpOutput::Raw] {
        let (empty, _) = success(call(answers(204, JSON, b"").await, &CallRequest { output, ..post() }).await);
        assert_eq!(empty, Value::Null);
    }
}

#[tokio::test]
async fn with_redirect_every_status_below_400_is_a_success() {
    for status in [200, 299, 300, 304] {
        let follow = CallRequest { redirect: Redirect::Follow, output: HttpOutput::Response, ..post() };
        let (output, _) = success(call(answers(status, &[], b"").await, &follow).await);
        assert_eq!(output["statusCode"], status);
        if status >= 300 {
            let refused = failure(call(answers(status, &[], b"").await, &post()).await);
            assert_eq!(refused.error.status, status);
        }
    }
}
