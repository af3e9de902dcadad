//! `composite`: up to 25 subrequests in one request. Later ones may use `@{reference.field}` from earlier answers.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::sobjects::fields_of;
use crate::call::{Answer, Payload, pairs, segments};
use crate::crm::refusal::{JSON, Refusal};
use crate::crm::{Ask, Crm};

const PARTS_MAX: usize = 25;
/// Most queries and collections among the subrequests.
const QUERIES_MAX: usize = 5;

struct Part<'a> {
    reference: &'a str,
    status: StatusCode,
    headers: Map<String, Value>,
    body: Value,
}

impl Crm {
    /// Handles a composite request. The answer is 200 unless the request itself is malformed.
    pub(in crate::crm) fn composite(&mut self, ask: &Ask<'_>) -> Result<Answer, Refusal> {
        if ask.method != Method::POST {
            return Err(Refusal::method(&ask.method, "POST"));
        }
        let body = fields_of(ask.body()?)?;
        let parts = body.get("compositeRequest").and_then(Value::as_array);
        let parts = parts.ok_or_else(|| Refusal::bad("JSON_PARSER_ERROR", "compositeRequest is missing"))?;
        if parts.is_empty() || parts.len() > PARTS_MAX {
            let message = format!("Limit reached: a composite request has 1 to {PARTS_MAX} subrequests");
            return Err(Refusal::bad("LIMIT_EXCEEDED", message));
        }
        if parts.iter().filter(|part| is_query(part)).count() > QUERIES_MAX {
            let message =
                format!("Limit reached: at most {QUERIES_MAX} subrequests may be queries or sObject collections");
            return Err(Refusal::bad("LIMIT_EXCEEDED", message));
        }
        let all_or_none = body.get("allOrNone").and_then(Value::as_bool).unwrap_or(false);
        let savepoint = self.tables.savepoint();
        let mut done: Vec<Part<'_>> = Vec::new();
        for part in parts {
            done.push(self.part(ask, part, &done)?);
        }
        if all_or_none && done.iter().any(Part::failed) {
            self.tables.undo_to(savepoint);
            done.iter_mut().filter(|part| !part.failed()).for_each(Part::roll_back);
        }
        let parts: Vec<Value> = done.into_iter().map(Part::view).collect();
        Ok(Answer::json(StatusCode::OK, JSON, json!({"compositeResponse": parts})))
    }

    fn part<'a>(&mut self, ask: &Ask<'_>, part: &'a Value, done: &[Part<'_>]) -> Result<Part<'a>, Refusal> {
        let text = |name: &str| part.get(name).and_then(Value::as_str);
        let (Some(method), Some(url), Some(reference)) = (text("method"), text("url"), text("referenceId")) else {
            let message = "each subrequest needs method, url and referenceId";
            return Err(Refusal::bad("JSON_PARSER_ERROR", message));
        };
        let url = filled(url, done);
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        let (path, query) = (segments(path), pairs(query));
        let inner: Vec<&str> = path.iter().map(String::as_str).collect();
        let answer = match inner.as_slice() {
            ["services", "data", _, "composite"] | [] => Refusal::not_found().answer(),
            ["services", "data", _, rest @ ..] => {
                let missing = || Refusal::bad("JSON_PARSER_ERROR", "The HTTP entity body is required");
                self.resource(&Ask {
                    method: Method::from_bytes(method.as_bytes()).unwrap_or(Method::TRACE),
                    path: rest.to_vec(),
                    query: &query,
                    body: part.get("body").map(|body| filled_value(body, done)).ok_or_else(missing),
                    raw: &[],
                    version: ask.version,
                    batch_size: ask.batch_size,
                    now: ask.now,
                })
            }
            _ => Refusal::not_found().answer(),
        };
        Ok(Part::of(reference, answer))
    }
}

impl<'a> Part<'a> {
    fn of(reference: &'a str, answer: Answer) -> Self {
        let header = |name: &http::HeaderName, value: &http::HeaderValue| {
            let name = if name == http::header::LOCATION { "Location".to_owned() } else { name.to_string() };
            (name, Value::String(String::from_utf8_lossy(value.as_bytes()).into_owned()))
        };
        let headers = answer.headers.iter().map(|(name, value)| header(name, value)).collect();
        let body = match answer.payload {
            Payload::Json(_, body) => body,
            Payload::Text(_, text) => text.into(),
            Payload::Empty => Value::Null,
        };
        Self { reference, status: answer.status, headers, body }
    }

    fn failed(&self) -> bool {
        !self.status.is_success()
    }

    fn roll_back(&mut self) {
        let message = "The transaction was rolled back since another operation in the same transaction failed.";
        self.body = json!([{"errorCode": "PROCESSING_HALTED", "message": message}]);
        self.headers = Map::new();
        self.status = StatusCode::BAD_REQUEST;
    }

    fn view(self) -> Value {
        json!({
            "body": self.body,
            "httpHeaders": self.headers,
            "httpStatusCode": self.status.as_u16(),
            "referenceId": self.reference,
        })
    }
}

/// Whether a subrequest is a query or an sObject collection.
fn is_query(part: &Value) -> bool {
    let url = part.get("url").and_then(Value::as_str).unwrap_or_default();
    let path = segments(url.split('?').next().unwrap_or_default());
    let resource: Vec<&str> = path.iter().skip(3).map(String::as_str).collect();
    matches!(resource.as_slice(), ["query" | "queryAll", ..] | ["composite", "sobjects", ..])
}

/// Replaces each `@{reference.path}` with the value from that answer. Unknown references are unchanged.
fn filled(text: &str, done: &[Part<'_>]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        out.push_str(before);
        let Some((reference, tail)) = after.split_once('}') else {
            out.push_str("@{");
            rest = after;
            continue;
        };
        match looked_up(reference, done) {
            Some(Value::String(value)) => out.push_str(&value),
            Some(value) => out.push_str(&value.to_string()),
            None => out.push_str(&format!("@{{{reference}}}")),
        }
        rest = tail;
    }
    out + rest
}

fn looked_up(reference: &str, done: &[Part<'_>]) -> Option<Value> {
    let (name, path) = reference.split_once('.')?;
    let part = done.iter().find(|part| part.reference == name)?;
    let pointer = format!("/{}", path.replace('[', ".").replace(']', "").replace('.', "/"));
    part.body.pointer(&pointer).cloned()
}

fn filled_value(value: &Value, done: &[Part<'_>]) -> Value {
    match value {
        Value::String(text) => filled(text, done).into(),
        Value::Array(items) => items.iter().map(|item| filled_value(item, done)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), filled_value(value, done))).collect())
        }
        other => other.clone(),
    }
}
