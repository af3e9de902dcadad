//! Formats the inputs, requests and answers in journal records. Pure: text from a record.

use std::fmt::Write;

use serde_json::Value;

use crate::words::duration;

/// Formats a record; empty if it has none of these.
pub(super) fn of(record: &Value) -> String {
    let data = &record["data"];
    let mut lines = String::new();
    match record["kind"].as_str().unwrap_or_default() {
        "run.started" => value(&mut lines, "input", &data["input"]),
        "task.started" | "attempt.started" => {
            value(&mut lines, "input", &data["arguments"]);
            request(&mut lines, &data["request"]);
        }
        "task.completed" => {
            response(&mut lines, &data["response"]);
            value(&mut lines, "output", &data["output"]);
        }
        "attempt.failed" => {
            response(&mut lines, &data["response"]);
            value(&mut lines, "error", &data["error"]);
        }
        "task.skipped" | "run.completed" => value(&mut lines, "output", &data["output"]),
        "task.faulted" | "run.faulted" => value(&mut lines, "error", &data["error"]),
        "operator.acted" => value(&mut lines, "act", data),
        _ => {}
    }
    if lines.is_empty() {
        return lines;
    }
    let text = |name: &str| record[name].as_str().unwrap_or_default();
    let attempt = record["attempt"].as_u64().map(|attempt| format!("  attempt {attempt}")).unwrap_or_default();
    format!("\n{}  {}  {}{attempt}  {}\n{lines}", text("at"), text("kind"), text("task"), text("actor"))
}

/// Formats a named value, on the same line if it is short.
fn value(lines: &mut String, name: &str, value: &Value) {
    if value.is_null() {
        return;
    }
    let short = value.to_string();
    let shown = if short.chars().count() <= SHORT_CHARS_MAX { short } else { indented(value) };
    // Writing to a `String` cannot fail.
    let _ = writeln!(lines, "  {name} {shown}");
}

/// Longest value on the same line as its name.
const SHORT_CHARS_MAX: usize = 100;

fn indented(value: &Value) -> String {
    format!("{value:#}").replace('\n', "\n  ")
}

fn request(lines: &mut String, request: &Value) {
    if request.is_null() {
        return;
    }
    let text = |name: &str| request[name].as_str().filter(|text| !text.is_empty());
    match (text("method"), text("uri")) {
        (Some(method), Some(uri)) => {
            let _ = writeln!(lines, "  request {} {uri}{}", method.to_uppercase(), query(request));
            headers(lines, request);
            value(lines, "body", &request["body"]);
        }
        // A program, or an operation of an OpenAPI document.
        _ => value(lines, "request", request),
    }
}

/// Formats the query as sent: `?limit=10&q=a`.
fn query(request: &Value) -> String {
    let pairs = request["query"].as_array().into_iter().flatten();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for pair in pairs {
        query.append_pair(pair[0].as_str().unwrap_or_default(), pair[1].as_str().unwrap_or_default());
    }
    let query = query.finish();
    if query.is_empty() { query } else { format!("?{query}") }
}

fn headers(lines: &mut String, message: &Value) {
    for pair in message["headers"].as_array().into_iter().flatten() {
        let _ =
            writeln!(lines, "    {}: {}", pair[0].as_str().unwrap_or_default(), pair[1].as_str().unwrap_or_default());
    }
}

fn response(lines: &mut String, response: &Value) {
    if response.is_null() {
        return;
    }
    let took = response["duration_ms"].as_i64().map(|millis| format!(" in {}", duration(millis))).unwrap_or_default();
    let _ = writeln!(lines, "  answered {}{took}", response["status"]);
    headers(lines, response);
    value(lines, "body", &response["body"]);
    value(lines, "note", &response["note"]);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_shown_as_it_was_sent_and_answered() {
        let at = "2026-11-20T16:42:07Z";
        let started = json!({
            "at": at, "kind": "attempt.started", "task": "/do/0/order", "attempt": 2, "actor": "engine",
            "data": { "request": { "method": "post", "uri": "https://erp.example/orders", "query": [["q", "a b"]],
                "headers": [["x-a", "1"]], "body": { "n": 1 }, "idempotency_key": "k" } },
        });
        assert_eq!(
            of(&started),
            "\n2026-11-20T16:42:07Z  attempt.started  /do/0/order  attempt 2  engine\n  \
             request POST https://erp.example/orders?q=a+b\n    x-a: 1\n  body {\"n\":1}\n"
        );
        let failed = json!({
            "at": at, "kind": "attempt.failed", "task": "/do/0/order", "attempt": 2, "actor": "engine",
            "data": { "response": { "status": 503, "duration_ms": 84 }, "error": { "status": 503 } },
        });
        assert!(of(&failed).ends_with("  answered 503 in 84 ms\n  error {\"status\":503}\n"), "{}", of(&failed));
        assert_eq!(of(&json!({ "kind": "run.taken_over", "data": {} })), "");
    }
}
