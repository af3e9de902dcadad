//! Builds the part of an answer that the journal keeps: masked, selected and bounded.

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use serde_json::Value;
use url::Url;

use crate::connect::request::Outgoing;
use crate::connect::request::target;
use crate::connect::wire::charset;
use crate::connect::wire::exchange::Answer;
use crate::machine::ResponseSummary;
use crate::text::without_nul;

/// Longest body kept of a failed call.
const BODY_BYTES_MAX: usize = 16 << 10;

/// Longest header value kept.
const HEADER_CHARS_MAX: usize = 1_000;

/// Headers that help to understand an answer or to report a problem to the target's operator.
const KEPT: [&str; 11] = [
    "content-type",
    "location",
    "retry-after",
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "x-amzn-requestid",
    "x-ms-request-id",
    "x-n-operationid",
    "x-netsuite-jobid",
    "sforce-limit-info",
];

/// Summary of a success. Leaves out the body, because the engine keeps the output.
pub(super) fn of_success(sent: &Outgoing, answer: &Answer) -> ResponseSummary {
    ResponseSummary {
        url: sent.redactor.text(target::shown(&answer.url)),
        status: answer.status.as_u16(),
        headers: kept(sent, answer),
        body: None,
        note: None,
        duration_ms: u64::try_from(answer.duration.as_millis()).unwrap_or(u64::MAX),
    }
}

/// Summary of a failure, with the body.
pub(super) fn of_failure(sent: &Outgoing, answer: &Answer, content: &Value) -> ResponseSummary {
    ResponseSummary { body: body(answer, content), ..of_success(sent, answer) }
}

fn body(answer: &Answer, content: &Value) -> Option<Value> {
    if content.is_null() {
        return None;
    }
    if answer.body.len() <= BODY_BYTES_MAX {
        return Some(content.clone());
    }
    let content_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kept, _) = without_nul(charset::decode(&answer.body[..BODY_BYTES_MAX], content_type).text.into_owned());
    Some(Value::String(format!("{kept}... ({} bytes in total)", answer.body.len())))
}

fn kept(sent: &Outgoing, answer: &Answer) -> Vec<(String, String)> {
    let found = KEPT.iter().filter_map(|&name| Some((HeaderName::from_static(name), answer.headers.get(name)?)));
    found.map(|(name, value)| (name.as_str().to_owned(), shown(sent, &name, value))).collect()
}

/// A header's value, masked for people.
pub(super) fn shown(sent: &Outgoing, name: &HeaderName, value: &HeaderValue) -> String {
    if value.is_sensitive() || matches!(name.as_str(), "authorization" | "proxy-authorization" | "cookie") {
        return "***".to_owned();
    }
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    let text = match Url::parse(&text) {
        Ok(url) if *name == LOCATION => target::shown(&url),
        _ => text,
    };
    // Truncate only after masking: half a secret would not be recognized.
    sent.redactor.text(text).chars().take(HEADER_CHARS_MAX).collect()
}
