//! Decides what an answer means: first the connection's rules, then the status, then the output that the task asked
//! for.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::json::{self as exact, Duplicates, Rules, Unkept};
use super::message::target_message;
use super::summary;
use crate::connect::request::prepared::Prepared;
use crate::connect::request::target;
use crate::connect::request::{Outgoing, essence, is_json};
use crate::connect::settings::{FaultRule, Verdict};
use crate::connect::wire::charset::{self, Decoded};
use crate::connect::wire::exchange::{Answer, Cut};
use crate::dsl::{HttpOutput, Redirect};
use crate::machine::{
    CallFailure, CallOutcome, CallRequest, ErrorKind, FaultClass, ResponseSummary, TargetEffect, WorkflowError,
};
use crate::text::{Replaced, without_nul};

/// Longest `Retry-After` honored; longer ones are shortened to this.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// Lenient rules for answers: the target has acted, however badly its answer is written. The last of repeated keys
/// counts, as in nearly all clients. Bodies that reach us are read more strictly.
pub(in crate::connect) const ANSWER_RULES: Rules = Rules {
    depth_max: ANSWER_DEPTH_MAX,
    duplicates: Duplicates::LastWins,
    nul: Unkept::Replace,
    surrogates: Unkept::Replace,
};

/// Below what the journal can hold, so that a workflow can still wrap an answer in its own data.
const ANSWER_DEPTH_MAX: usize = 110;

/// Turns an answer into the outcome of the call.
pub(in crate::connect) fn judge(
    connection: &Prepared,
    request: &CallRequest,
    sent: &Outgoing,
    mut answer: Answer,
) -> CallOutcome {
    let mut content = content(&answer);
    if may_repeat_secrets(sent, &answer.body) || content.replaced != Replaced::default() {
        sent.redactor.value_of(&mut content.value, answer.body.len());
        if let Some(shown) = &mut content.shown {
            sent.redactor.value_of(shown, answer.body.len());
        }
        answer.body = sent.redactor.bytes(std::mem::take(&mut answer.body));
    }
    let rule = matching_rule(&connection.faults, sent, &answer, &mut content.value);
    let fault = match rule.map(|rule| rule.verdict) {
        Some(Verdict::Fault(class)) => Some(class),
        Some(Verdict::Done) => None,
        None => (!is_success(answer.status, request.redirect)).then(|| class_of(answer.status)),
    };
    if let Some(class) = fault {
        let (after, error) = (
            rule.and_then(|rule| rule.after),
            rule.and_then(|rule| rule.error.clone()).filter(|_| request.named_errors),
        );
        return failed(connection, sent, &answer, &content, Reason { class, after, error, detail: None });
    }
    let raw = request.output == HttpOutput::Raw;
    match unusable(&answer, content.unreadable.take().filter(|_| !raw)) {
        Some(reason) => failed(connection, sent, &answer, &content, reason),
        None => {
            let note = content.replaced.note().filter(|_| !raw);
            let response = ResponseSummary { note, ..summary::of_success(sent, &answer) };
            CallOutcome::Succeeded { response, output: output(request.output, sent, &answer, content.value).into() }
        }
    }
}

/// Whether the body needs a thorough search for secrets. Short text is searched as it came, which usually spares the
/// walk through its values. In long text, each value is searched more closely than the whole would be.
fn may_repeat_secrets(sent: &Outgoing, body: &[u8]) -> bool {
    const SHORT_BYTES: usize = 16 << 10;
    body.len() > SHORT_BYTES || std::str::from_utf8(body).is_err() || sent.redactor.finds(body)
}

fn is_success(status: StatusCode, redirect: Redirect) -> bool {
    status.is_success() || (redirect == Redirect::Follow && status.is_redirection())
}

/// The class of a failure that no rule of the connection matches.
fn class_of(status: StatusCode) -> FaultClass {
    match status.as_u16() {
        408 | 425 | 429 | 500 | 502 | 503 | 504 => FaultClass::Transient,
        401 => FaultClass::Credentials,
        _ => FaultClass::Permanent,
    }
}

/// Whether a target that answered with this status may have acted. Safe methods request no change. A 4xx is a refusal,
/// and so are redirects that say "ask there instead". A 2xx that a rule calls a failure may have acted in part.
fn effect_of(method: &Method, status: StatusCode) -> TargetEffect {
    match status.as_u16() {
        _ if method.is_safe() => TargetEffect::None,
        300 | 304..=308 | 400..=499 => TargetEffect::None,
        _ => TargetEffect::Unknown,
    }
}

/// Whether the target may still be working: these statuses come from a proxy that gave up waiting. A target that
/// answers for itself has finished.
fn is_under_way(status: StatusCode) -> bool {
    // Cloudflare uses 520 to 524.
    matches!(status.as_u16(), 502 | 504 | 520..=524)
}

/// A decoded body, and notes on how it was decoded.
#[derive(Debug, Default)]
struct Content {
    value: Value,
    /// The body as shown to people, if `value` is base64.
    shown: Option<Value>,
    /// Why a body announced as JSON could not be read as JSON.
    unreadable: Option<String>,
    replaced: Replaced,
}

impl Content {
    fn for_people(&self) -> &Value {
        self.shown.as_ref().unwrap_or(&self.value)
    }
}

/// Decodes a body as JSON if the answer says so, else as text, else as base64. Bad encoding never makes an answer
/// unreadable: characters that cannot be stored are replaced.
fn content(answer: &Answer) -> Content {
    if answer.body.is_empty() {
        return Content::default();
    }
    let content_type = header(&answer.headers, &CONTENT_TYPE).unwrap_or_default();
    let kind = essence(content_type);
    let Decoded { text, replaced } = charset::decode(&answer.body, content_type);
    let mut unreadable = None;
    if is_json(&kind) && answer.cut.is_none() {
        match exact::read_text(&text, ANSWER_RULES) {
            Ok((value, in_json)) => {
                let replaced = Replaced { nul: in_json.nul, surrogates: in_json.surrogates, ..replaced };
                return Content { value, replaced, ..Content::default() };
            }
            Err(bad) => unreadable = Some(bad.to_string()),
        }
    }
    let is_clean = replaced.malformed == 0 && !text.contains('\0');
    let (text, nul) = without_nul(text.into_owned());
    let text = Value::String(text);
    if is_clean || is_text(&kind) {
        return Content { value: text, unreadable, replaced: Replaced { nul, ..replaced }, shown: None };
    }
    let value = Value::String(BASE64_STANDARD.encode(&answer.body));
    Content { value, unreadable, shown: Some(text), replaced: Replaced::default() }
}

/// Whether bodies of this type are text, whatever their bytes.
fn is_text(essence: &str) -> bool {
    const TEXTS: [&str; 8] = [
        "application/xml",
        "application/yaml",
        "application/x-yaml",
        "application/csv",
        "application/javascript",
        "application/sql",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
    ];
    essence.starts_with("text/") || essence.ends_with("+xml") || is_json(essence) || TEXTS.contains(&essence)
}

fn matching_rule<'r>(
    rules: &'r [FaultRule],
    sent: &Outgoing,
    answer: &Answer,
    content: &mut Value,
) -> Option<&'r FaultRule> {
    let status = answer.status.as_u16();
    let mut candidates = rules.iter().filter(|r| r.statuses.is_empty() || r.statuses.contains(&status)).peekable();
    candidates.peek()?;
    let mut view = json!({ "status": status, "headers": headers_value(sent, &answer.headers) });
    view["body"] = content.take();
    let view = Arc::new(view);
    let found = candidates.find(|rule| rule.when.as_ref().is_none_or(|when| is_true(when, &view)));
    // The view holds the only reference, so this moves the body back without copying it.
    *content = Arc::unwrap_or_clone(view)["body"].take();
    found
}

fn is_true(when: &crate::expr::Expression, view: &Arc<Value>) -> bool {
    // A body of another shape makes the expression fail; then the rule does not apply.
    when.evaluate(view, &[]).is_ok_and(|value| value == Value::Bool(true))
}

/// Why an answer with a successful status still counts as a failure.
fn unusable(answer: &Answer, unreadable: Option<String>) -> Option<Reason> {
    let (class, detail) = match &answer.cut {
        Some(Cut::TooLong) => (
            FaultClass::Permanent,
            format!("its body is longer than {} bytes (connect.body_bytes_max)", answer.body.len()),
        ),
        Some(Cut::Broken(why)) => (FaultClass::Transient, format!("its body was cut off: {why}")),
        None => (FaultClass::Permanent, format!("its body is declared as JSON but is not valid JSON: {}", unreadable?)),
    };
    Some(Reason { class, after: None, error: None, detail: Some(detail) })
}

/// Why an answer counts as a failure.
struct Reason {
    class: FaultClass,
    after: Option<Duration>,
    /// The error's type, if a rule names one.
    error: Option<String>,
    /// Used if the target gave no message of its own.
    detail: Option<String>,
}

fn failed(connection: &Prepared, sent: &Outgoing, answer: &Answer, content: &Content, reason: Reason) -> CallOutcome {
    let status = answer.status;
    let asked = format!("{} {} answered {}", sent.method, target::short(&answer.url), status.as_u16());
    let why = reason.detail.or_else(|| target_message(content.for_people()));
    let detail = why.map_or_else(|| asked.clone(), |why| format!("{asked}: {why}"));
    let title = status.canonical_reason().unwrap_or("Unexpected status");
    let mut error = WorkflowError::standard(ErrorKind::Communication, title, sent.redactor.text(detail));
    if let Some(named) = reason.error {
        error.r#type = named;
    }
    CallOutcome::Failed(CallFailure {
        error: error.with_status(status.as_u16()),
        class: reason.class,
        effect: match answer.doubt {
            doubt @ (TargetEffect::Unknown | TargetEffect::Acted) => doubt,
            TargetEffect::None => effect_of(&sent.method, status),
        },
        response: Some(ResponseSummary {
            note: content.replaced.note(),
            ..summary::of_failure(sent, answer, content.for_people())
        }),
        settles_after: if is_under_way(status) { connection.settle } else { Duration::ZERO },
        retry: connection.retry.clone(),
        retry_after: retry_after(&answer.headers).or(reason.after),
    })
}

/// Parses `Retry-After`, in seconds or as a date. A date is compared with the answer's own `Date` header if there is
/// one.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = header(headers, &RETRY_AFTER)?.trim();
    let after = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let then = httpdate::parse_http_date(value).ok()?;
            let now = header(headers, &DATE).and_then(|date| httpdate::parse_http_date(date).ok());
            then.duration_since(now.unwrap_or_else(SystemTime::now)).unwrap_or_default()
        }
    };
    Some(after.min(RETRY_AFTER_MAX))
}

fn header<'h>(headers: &'h HeaderMap, name: &http::HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn output(shape: HttpOutput, sent: &Outgoing, answer: &Answer, content: Value) -> Value {
    match shape {
        HttpOutput::Content => content,
        HttpOutput::Raw if answer.body.is_empty() => Value::Null,
        HttpOutput::Raw => Value::String(BASE64_STANDARD.encode(&answer.body)),
        HttpOutput::Response => json!({
            "request": {
                "method": sent.method.as_str(),
                "uri": sent.redactor.text(target::shown(&sent.url)),
                "headers": headers_value(sent, &sent.headers),
            },
            "statusCode": answer.status.as_u16(),
            "headers": headers_value(sent, &answer.headers),
            "content": content,
        }),
    }
}

/// Headers as an object with lower-case names. Secrets are masked, cookies omitted.
fn headers_value(sent: &Outgoing, headers: &HeaderMap) -> Value {
    let mut object = Map::new();
    for name in headers.keys().filter(|name| !matches!(name.as_str(), "set-cookie" | "set-cookie2")) {
        let values: Vec<String> = headers.get_all(name).iter().map(|value| summary::shown(sent, name, value)).collect();
        object.insert(name.as_str().to_owned(), Value::String(values.join(", ")));
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_capped() {
        let seconds = |text| retry_after(&headers(&[("retry-after", text)]));
        assert_eq!(seconds("120"), Some(Duration::from_mins(2)));
        assert_eq!(seconds("99999999"), Some(RETRY_AFTER_MAX));
        assert_eq!(seconds("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("-1"), None);
        let dated =
            headers(&[("date", "Fri, 20 Nov 2026 16:00:00 GMT"), ("retry-after", "Fri, 20 Nov 2026 16:01:30 GMT")]);
        assert_eq!(retry_after(&dated), Some(Duration::from_secs(90)));
    }

    #[test]
    fn a_refusal_leaves_no_doubt_and_a_server_error_does() {
        let effect = |method, status| effect_of(&method, StatusCode::from_u16(status).expect("a status"));
        for status in [300, 307, 400, 401, 404, 409, 429] {
            assert_eq!(effect(Method::POST, status), TargetEffect::None, "{status}");
        }
        for status in [200, 303, 500, 502, 503, 504, 599] {
            assert_eq!(effect(Method::PUT, status), TargetEffect::Unknown, "{status}");
            assert_eq!(effect(Method::GET, status), TargetEffect::None, "{status}");
        }
    }
}
