//! Faults in plain words: what the target answered, what it means, what happens next.

use std::collections::BTreeMap;

use super::timeline::Failure;
use crate::connect::Standing;
use crate::machine::{CallRequest, FaultClass, ResponseSummary, TargetEffect, WorkflowError, own_words};
use crate::words::{capitalized, duration, error_text, shortened};

/// Titles of connections in `hub.yaml`, by the connection's name.
#[derive(Debug, Clone, Default)]
pub struct Titles(BTreeMap<String, String>);

impl Titles {
    /// Collects the titles of these connections.
    #[must_use]
    pub fn of(standings: Vec<Standing>) -> Self {
        Self(standings.into_iter().filter_map(|standing| Some((standing.name, standing.title?))).collect())
    }
}

/// What happens after a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Another attempt began after this many milliseconds.
    TriedAgain(i64),
    /// Another attempt is due at this time of day.
    TriesAgainAt(String),
    /// There is no other attempt; the workflow handles this case.
    Handled,
    /// There is no other attempt.
    GaveUp,
}

/// Returns the name of a request's target, for people.
#[must_use]
pub fn target_name(request: Option<&CallRequest>, titles: &Titles) -> String {
    let Some(uri) = request.map(CallRequest::address) else { return "The target".to_owned() };
    if let Some(file) = uri.strip_prefix("file://") {
        return file.rsplit('/').next().unwrap_or(file).to_owned();
    }
    let authority = uri.split_once("://").map_or(uri, |(_, rest)| rest).split(['/', '?']).next().unwrap_or(uri);
    if !uri.starts_with("connection://") {
        return authority.to_owned();
    }
    titles.0.get(authority).cloned().unwrap_or_else(|| capitalized(authority))
}

/// Describes a failed attempt in one sentence.
#[must_use]
pub fn sentence(target: &str, failure: &Failure, response: Option<&ResponseSummary>, next: &Next) -> String {
    let said = match response {
        Some(response) => answered(target, response, &failure.error),
        None => unanswered(target, &failure.error),
    };
    let doubt = match failure.effect {
        TargetEffect::Unknown => "; it is unknown whether it took effect",
        TargetEffect::Acted => "; it took effect",
        TargetEffect::None => "",
    };
    format!("{said}{doubt}; {}.", follows(failure.class, next))
}

fn answered(target: &str, response: &ResponseSummary, error: &WorkflowError) -> String {
    let status = response.status;
    let meaning = if status < 400 { "which does not count as a success here" } else { meaning(status) };
    match error.detail.as_deref().map(own_words).filter(|told| !told.is_empty()) {
        Some(told) => format!("{target} answered {status}: {meaning} (“{}”)", shortened(told).trim_end_matches('.')),
        None => format!("{target} answered {status}: {meaning}"),
    }
}

fn unanswered(target: &str, error: &WorkflowError) -> String {
    let kind = error.r#type.rsplit('/').next().unwrap_or_default();
    let why = error.detail.as_deref().and_then(|d| d.rsplit_once(": ")).map(|(_, why)| shortened(why));
    let why = why.map_or_else(String::new, |why| format!(" ({})", why.trim_end_matches('.')));
    match (kind, error.title.as_deref()) {
        ("timeout", _) | (_, Some("Timed out")) => format!("{target} did not answer in time"),
        ("communication", Some("Cannot connect")) => format!("{target} could not be reached{why}"),
        ("communication", Some("No answer")) => format!("{target} was called, but did not answer{why}"),
        _ => error_text(error).trim_end_matches('.').to_owned(),
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "it rejected what was sent",
        401 => "it rejected the credentials",
        402 => "it requires a payment",
        403 => "the credentials lack the permission",
        404 => "record not found",
        405 => "method not allowed",
        406 | 415 => "it does not support this format",
        408 => "it timed out waiting for the request",
        409 => "it conflicts with existing data",
        410 => "the record no longer exists",
        412 => "the record was changed in the meantime",
        413 => "the request was too large",
        422 => "it rejected the content of the request",
        423 => "the record is locked",
        425 => "it is not ready for this request",
        429 => "too many requests at once",
        500 => "internal error",
        501 => "not implemented",
        502 | 504 => "its gateway got no answer",
        503 => "it is overloaded or down",
        _ if status < 500 => "it rejected the request",
        _ => "it failed",
    }
}

fn follows(class: FaultClass, next: &Next) -> String {
    match (next, class) {
        (Next::TriedAgain(millis), _) => format!("retried after {}", duration(*millis)),
        (Next::TriesAgainAt(clock), _) => format!("will be retried at {clock} UTC"),
        (Next::Handled, _) => "the workflow handled it".to_owned(),
        (Next::GaveUp, FaultClass::Permanent) => "not retried, because a retry would not help".to_owned(),
        (Next::GaveUp, FaultClass::Person) => "a person must decide".to_owned(),
        (Next::GaveUp, FaultClass::Credentials) => "the credentials must be checked".to_owned(),
        (Next::GaveUp, FaultClass::Duplicate) => "the record already exists".to_owned(),
        (Next::GaveUp, FaultClass::Transient | FaultClass::Throttled) => "not retried".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::machine::ErrorKind;

    fn failure(class: FaultClass, effect: TargetEffect, title: &str, detail: &str) -> Failure {
        let error = WorkflowError::standard(ErrorKind::Communication, title, detail);
        Failure { error, class, effect, retry_at: None }
    }

    fn response(status: u16) -> ResponseSummary {
        serde_json::from_value(json!({"url": "https://x", "status": status, "duration_ms": 3})).unwrap()
    }

    #[test]
    fn a_throttled_call_says_who_why_and_when_again() {
        let detail = "PUT https://x/y answered 429: Concurrent request limit exceeded. (CONCURRENCY_LIMIT_EXCEEDED)";
        let failed = failure(FaultClass::Throttled, TargetEffect::None, "Too Many Requests", detail);
        assert_eq!(
            sentence("NetSuite", &failed, Some(&response(429)), &Next::TriedAgain(2_000)),
            "NetSuite answered 429: too many requests at once (“Concurrent request limit exceeded. \
             (CONCURRENCY_LIMIT_EXCEEDED)”); retried after 2 s."
        );
    }

    #[test]
    fn a_lost_answer_says_that_the_outcome_is_not_known() {
        let detail = "PUT https://x/y was sent, but there was no answer: connection reset by peer";
        let failed = failure(FaultClass::Transient, TargetEffect::Unknown, "No answer", detail);
        assert_eq!(
            sentence("NetSuite", &failed, None, &Next::TriesAgainAt("16:42:07".into())),
            "NetSuite was called, but did not answer (connection reset by peer); it is unknown whether it took effect; \
             will be retried at 16:42:07 UTC."
        );
    }

    #[test]
    fn a_refusal_without_words_is_explained_by_its_status() {
        let failed = failure(FaultClass::Permanent, TargetEffect::None, "Bad Request", "PUT https://x answered 400");
        assert_eq!(
            sentence("Salesforce", &failed, Some(&response(400)), &Next::GaveUp),
            "Salesforce answered 400: it rejected what was sent; not retried, because a retry would not help."
        );
    }

    #[test]
    fn a_quote_does_not_turn_the_sentence_around_it() {
        let detail = "PUT https://x answered 400: \u{202e}reversed";
        let failed = failure(FaultClass::Permanent, TargetEffect::None, "Bad Request", detail);
        let said = sentence("NetSuite", &failed, Some(&response(400)), &Next::GaveUp);
        assert!(said.contains(r"(“\u202ereversed”)"), "{said}");
    }

    #[test]
    fn targets_are_called_by_connection_or_host() {
        let titles = Titles(BTreeMap::from([("netsuite".to_owned(), "NetSuite".to_owned())]));
        let to = |uri: &str| {
            let request = json!({"method": "GET", "uri": uri, "idempotency_key": "k", "traceparent": "t"});
            target_name(Some(&serde_json::from_value(request).unwrap()), &titles)
        };
        assert_eq!(to("connection://netsuite/record/v1/customer"), "NetSuite");
        assert_eq!(to("connection://shop/orders"), "Shop");
        assert_eq!(to("https://api.example.com:8443/x?y"), "api.example.com:8443");
        assert_eq!(target_name(None, &titles), "The target");
        let of = |document: &str| {
            let call = json!({"document": document, "operation": "getPetById"});
            let request = json!({"openapi": call, "idempotency_key": "k", "traceparent": "t"});
            target_name(Some(&serde_json::from_value(request).unwrap()), &titles)
        };
        assert_eq!(of("https://pets.example.com/openapi.json"), "pets.example.com");
        assert_eq!(of("connection://netsuite/openapi.json"), "NetSuite");
        assert_eq!(of("file://openapi/pets.yaml"), "pets.yaml");
    }
}
