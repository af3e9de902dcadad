//! Requests and responses, as a page shows them.

use serde_json::Value;

use super::faults::{self, Titles};
use super::timeline::Attempt;
use crate::dashboard::parts::pretty::{Pretty, Shown};
use crate::machine::CallRequest;
use crate::machine::masks::Masks;

/// A request.
pub struct RequestRow {
    /// Method in upper case; for an operation whose method only its document knows, the operation's id.
    pub method: String,
    /// The URL called, or as authored if there was no call.
    pub url: String,
    /// Headers as authored, and the idempotency key.
    pub headers: Vec<(String, String)>,
    pub body: Option<Pretty>,
}

/// A response.
pub struct ResponseRow {
    /// Status line, such as `429 Too Many Requests`.
    pub status: String,
    pub is_error: bool,
    /// Selected headers.
    pub headers: Vec<(String, String)>,
    pub body: Option<Pretty>,
}

/// Returns the request of an attempt.
#[must_use]
pub fn request(request: &CallRequest, attempt: &Attempt, masks: &Masks, shown: &Shown) -> RequestRow {
    let mut headers = request.headers.clone();
    headers.push(("Idempotency-Key".to_owned(), request.idempotency_key.clone()));
    headers.push(("traceparent".to_owned(), request.traceparent.clone()));
    RequestRow {
        method: match (&request.openapi, &request.process) {
            (Some(call), _) if request.method.is_empty() => call.operation.clone(),
            (_, Some(_)) => "run".to_owned(),
            _ => request.method.clone(),
        },
        url: attempt.response.as_ref().map_or_else(|| with_query(request), |r| r.url.clone()),
        headers,
        body: body(request).map(|body| shown.json(&masks.value(&body))),
    }
}

/// Returns the body that is sent; for an operation, the parameters from which its document makes the request.
fn body(request: &CallRequest) -> Option<Value> {
    match (&request.openapi, &request.process) {
        (Some(call), _) => Some(Value::Object(call.parameters.clone())),
        (None, Some(process)) => serde_json::to_value(process).ok(),
        (None, None) => request.body.clone(),
    }
}

/// Returns the response of an attempt. `as_output` is the body if it is not recorded with the response.
#[must_use]
pub fn response(attempt: &Attempt, as_output: Option<Value>, masks: &Masks, shown: &Shown) -> Option<ResponseRow> {
    let response = attempt.response.as_ref()?;
    Some(ResponseRow {
        status: status_line(response.status),
        is_error: response.status >= 400,
        headers: response.headers.clone(),
        body: response.body.as_ref().or(as_output.as_ref()).map(|body| shown.json(&masks.value(body))),
    })
}

/// Describes the target: `PUT NetSuite /record/v1/customer`, or `findPets of https://pets.example/openapi.json`.
#[must_use]
pub fn target(request: &CallRequest, titles: &Titles) -> String {
    if let Some(call) = &request.openapi {
        return format!("{} of {}", call.operation, call.document);
    }
    if let Some(process) = &request.process {
        return format!("run {}", process.kind.as_str());
    }
    let path = request.uri.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    format!("{} {} /{path}", request.method, faults::target_name(Some(request), titles))
}

fn with_query(request: &CallRequest) -> String {
    let mut url = request.address().to_owned();
    for (place, (name, value)) in request.query.iter().enumerate() {
        url.push(if place == 0 && !url.contains('?') { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        url.push_str(value);
    }
    url
}

fn status_line(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_step_names_what_it_asks_of_whom() {
        let named = |request: Value| target(&serde_json::from_value(request).unwrap(), &Titles::default());
        let keys = |mut request: Value| {
            request["idempotency_key"] = json!("k");
            request["traceparent"] = json!("t");
            request
        };
        let put = json!({"method": "PUT", "uri": "connection://netsuite/record/v1/customer"});
        assert_eq!(named(keys(put)), "PUT Netsuite /record/v1/customer", "without a title");
        let call = json!({"document": "file://openapi/pets.yaml", "operation": "getPetById"});
        assert_eq!(named(keys(json!({"openapi": call}))), "getPetById of file://openapi/pets.yaml");
    }
}
