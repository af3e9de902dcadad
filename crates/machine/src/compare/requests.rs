//! When two requests are equivalent, and in which fields they differ.

use serde_json::{Map, Value, json};

use super::differences::{FieldChange, differences};
use crate::CallRequest;
use crate::masks::Masks;

/// Whether the method of a request changes nothing at its target. The effect of an operation in a fetched document is
/// unknown, so it does not count as a read.
#[must_use]
pub fn is_read(request: &CallRequest) -> bool {
    matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
}

/// Whether two requests have the same target.
#[must_use]
pub fn same_place(a: &CallRequest, b: &CallRequest) -> bool {
    let operation = |r: &CallRequest| r.openapi.as_ref().map(|c| (c.document.clone(), c.operation.clone()));
    a.method == b.method
        && a.uri == b.uri
        && operation(a) == operation(b)
        && a.process.as_ref().map(|p| p.kind) == b.process.as_ref().map(|p| p.kind)
}

/// Whether two requests are equivalent, even if different steps send them.
#[must_use]
pub fn same_question(a: &CallRequest, b: &CallRequest) -> bool {
    same_place(a, b) && a.query == b.query && a.body == b.body && a.openapi == b.openapi && a.process == b.process
}

/// Returns the fields in which a request differs from the recorded one.
#[must_use]
pub fn changes(recorded: &CallRequest, new: &CallRequest, masks: &[Masks]) -> Vec<FieldChange> {
    let text = |text: &str| (!text.is_empty()).then(|| Value::String(text.to_owned()));
    let parameters = |r: &CallRequest| r.openapi.as_ref().map(|call| Value::Object(call.parameters.clone()));
    let operation = |r: &CallRequest| {
        r.openapi.as_ref().map(|call| json!({ "document": call.document, "operation": call.operation }))
    };
    let process = |r: &CallRequest| r.process.as_ref().and_then(|process| serde_json::to_value(process).ok());
    let pairs: [(&'static str, Option<Value>, Option<Value>); 8] = [
        ("method", text(&recorded.method), text(&new.method)),
        ("uri", text(&recorded.uri), text(&new.uri)),
        ("query", object(&recorded.query), object(&new.query)),
        ("headers", object(&recorded.headers), object(&new.headers)),
        ("operation", operation(recorded), operation(new)),
        ("parameters", parameters(recorded), parameters(new)),
        ("process", process(recorded), process(new)),
        ("body", recorded.body.clone(), new.body.clone()),
    ];
    pairs.iter().flat_map(|(part, before, after)| differences(part, before.as_ref(), after.as_ref(), masks)).collect()
}

/// Collects names and values; a name that occurs more than once gets a list.
fn object(pairs: &[(String, String)]) -> Option<Value> {
    let mut members = Map::new();
    for (name, value) in pairs {
        let value = Value::String(value.clone());
        match members.get_mut(name) {
            None => drop(members.insert(name.clone(), value)),
            Some(Value::Array(list)) => list.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    (!members.is_empty()).then_some(Value::Object(members))
}

/// Returns method and address with the query, for people.
#[must_use]
pub fn shown(request: &CallRequest) -> (String, String) {
    let method = match (&request.process, request.method.as_str()) {
        (Some(_), _) => "PROGRAM",
        (None, "") => "CALL",
        (None, method) => method,
    };
    let mut address = request.address().to_owned();
    if let Some(call) = &request.openapi {
        address = format!("{address} {}", call.operation);
    }
    if !request.query.is_empty() {
        let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        address = format!("{address}?{}", query.join("&"));
    }
    (method.to_owned(), address)
}
