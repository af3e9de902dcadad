//! The ledger: every received call and every applied effect, so that a test can prove what happened.
//!
//! Entries and bytes are limited; the oldest entries are dropped and counted. Secrets are never recorded.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use http::HeaderMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::call::{Call, System};
use super::records::{Action, Change, Fields};

const ENTRIES_MAX: usize = 200_000;
const BYTES_MAX: usize = 256 * 1024 * 1024;
const BODY_BYTES_MAX: usize = 64 * 1024;
const SECRET_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];
const SECRET_PARAMETERS: [&str; 6] =
    ["client_secret", "client_assertion", "assertion", "password", "refresh_token", "access_token"];

/// A call, as the ledger shows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    seq: u64,
    at: String,
    system: System,
    method: String,
    path: String,
    query: String,
    headers: Map<String, Value>,
    body: Body,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
    #[serde(skip)]
    bytes: usize,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has not ended yet.
    InFlight,
    /// With a complete answer.
    Answered,
    /// With a reset of the connection, without an answer.
    Reset,
    /// The caller disconnected, or never received an answer.
    Abandoned,
    /// The answer was cut off.
    Truncated,
}

/// A write that was applied.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    seq: u64,
    request: u64,
    at: String,
    system: System,
    action: Action,
    created: bool,
    #[serde(rename = "type")]
    record_type: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    after: Option<Arc<Fields>>,
    #[serde(skip)]
    bytes: usize,
}

/// Selects entries of the ledger.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    pub system: Option<String>,
    /// Prefix of the call's path.
    pub path: Option<String>,
    /// Only effects on this record type, and calls with it in their path.
    #[serde(rename = "type")]
    pub record_type: Option<String>,
    /// Only entries after this sequence number.
    pub after: Option<u64>,
    /// Whether to include all current records.
    #[serde(default)]
    pub records: bool,
}

#[derive(Default)]
pub struct Ledger {
    requests: VecDeque<Arc<Request>>,
    effects: VecDeque<Arc<Effect>>,
    last_request: u64,
    last_effect: u64,
    bytes: usize,
    dropped_requests: u64,
    dropped_effects: u64,
}

/// Entries copied from the ledger, so that serializing them does not block it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extract {
    requests: Vec<Arc<Request>>,
    effects: Vec<Arc<Effect>>,
    dropped_requests: u64,
    dropped_effects: u64,
}

impl Request {
    /// Creates the entry of a call that arrived. [`Ledger::arrived`] assigns its number.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        let key = call.header("x-netsuite-idempotency-key").or_else(|| call.header("idempotency-key"));
        Self {
            seq: 0,
            at: instant(call.now),
            system: call.system,
            method: call.method.to_string(),
            path: call.path.clone(),
            query: masked_pairs(&call.query_text),
            headers: masked_headers(&call.headers),
            body: Body::of(call),
            status: None,
            outcome: Outcome::InFlight,
            fault: None,
            idempotency_key: key.map(str::to_owned),
            bytes: 1_000 + call.path.len() + call.query_text.len() + call.body.len().min(BODY_BYTES_MAX),
        }
    }
}

impl Ledger {
    /// Records a call that arrived. Returns its number.
    pub fn arrived(&mut self, mut request: Request) -> u64 {
        self.last_request += 1;
        request.seq = self.last_request;
        self.bytes += request.bytes;
        self.requests.push_back(Arc::new(request));
        self.shrink();
        self.last_request
    }

    /// Records how a call ended.
    pub fn ended(&mut self, seq: u64, outcome: Outcome, status: Option<u16>) {
        self.revise(seq, |request| (request.outcome, request.status) = (outcome, status));
    }

    /// Records the fault that struck a call.
    pub fn struck(&mut self, seq: u64, fault: u64) {
        self.revise(seq, |request| request.fault = Some(fault));
    }

    /// Records the changes that a call made.
    pub fn applied(&mut self, request: u64, system: System, at: DateTime<Utc>, changes: Vec<Change>) {
        for change in changes {
            self.last_effect += 1;
            // The fields are shared with the record, so this estimate of the size errs upwards.
            let bytes = 500 + change.after.as_ref().map_or(0, |fields| size(fields));
            self.bytes += bytes;
            self.effects.push_back(Arc::new(Effect {
                seq: self.last_effect,
                request,
                at: instant(at),
                system,
                action: change.action,
                created: change.before.is_none(),
                record_type: change.record_type,
                id: change.id,
                external_id: change.external_id,
                after: change.after,
                bytes,
            }));
        }
        self.shrink();
    }

    /// Returns the numbers of the last call and of the last effect.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.last_request, self.last_effect)
    }

    /// Returns the entries that match a filter.
    #[must_use]
    pub fn extract(&self, filter: &Filter) -> Extract {
        Extract {
            requests: self.requests.iter().filter(|request| filter.lets_request(request)).cloned().collect(),
            effects: self.effects.iter().filter(|effect| self.lets_effect(filter, effect)).cloned().collect(),
            dropped_requests: self.dropped_requests,
            dropped_effects: self.dropped_effects,
        }
    }

    fn lets_effect(&self, filter: &Filter, effect: &Effect) -> bool {
        let in_path =
            |path: &String| self.request(effect.request).is_some_and(|request| request.path.starts_with(path));
        filter.lets_system(effect.system)
            && filter.after.is_none_or(|after| effect.request > after)
            && filter.record_type.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(effect.record_type))
            && filter.path.as_ref().is_none_or(in_path)
    }

    fn request(&self, seq: u64) -> Option<&Arc<Request>> {
        let first = self.requests.front()?.seq;
        self.requests.get(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    fn revise(&mut self, seq: u64, change: impl FnOnce(&mut Request)) {
        let Some(first) = self.requests.front().map(|request| request.seq) else { return };
        let place = seq.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(request) = place.and_then(|place| self.requests.get_mut(place)) {
            change(Arc::make_mut(request));
        }
    }

    fn shrink(&mut self) {
        while self.requests.len() > ENTRIES_MAX || (self.bytes > BYTES_MAX && self.requests.len() > 1) {
            self.dropped_requests += 1;
            self.bytes -= self.requests.pop_front().map_or(0, |request| request.bytes);
        }
        while self.effects.len() > ENTRIES_MAX || (self.bytes > BYTES_MAX && self.effects.len() > 1) {
            self.dropped_effects += 1;
            self.bytes -= self.effects.pop_front().map_or(0, |effect| effect.bytes);
        }
    }
}

impl Filter {
    fn lets_system(&self, system: System) -> bool {
        self.system.as_ref().is_none_or(|wanted| wanted == system.name())
    }

    fn lets_request(&self, request: &Request) -> bool {
        let has_type = |wanted: &String| request.path.split('/').any(|part| part.eq_ignore_ascii_case(wanted));
        self.lets_system(request.system)
            && self.after.is_none_or(|after| request.seq > after)
            && self.path.as_ref().is_none_or(|path| request.path.starts_with(path))
            && self.record_type.as_ref().is_none_or(has_type)
    }
}

fn size(fields: &Fields) -> usize {
    let lines = fields.values().filter_map(Value::as_array).map(Vec::len).sum::<usize>();
    fields.len() * 100 + lines * 1_000
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The first 64 KiB of a body as received. It is parsed only when it is shown.
#[derive(Debug, Clone)]
struct Body {
    start: Bytes,
    bytes: usize,
}

impl Body {
    fn of(call: &Call) -> Self {
        let form = call.header("content-type").is_some_and(|it| it.starts_with("application/x-www-form-urlencoded"));
        let bytes = call.body.len();
        let start = match () {
            () if form => masked_pairs(&String::from_utf8_lossy(&call.body)).into(),
            // Copied, because a slice would keep the whole body in memory.
            () if bytes > BODY_BYTES_MAX => Bytes::copy_from_slice(&call.body[..BODY_BYTES_MAX]),
            () => call.body.clone(),
        };
        Self { start, bytes }
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = String::from_utf8_lossy(&self.start);
        let shown = match self.bytes {
            0 => Value::Null,
            1..=BODY_BYTES_MAX => serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned())),
            bytes => json!({"truncated": true, "bytes": bytes, "start": text}),
        };
        shown.serialize(serializer)
    }
}

fn masked_headers(headers: &HeaderMap) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let text = values.collect::<Vec<_>>().join(", ");
        let secret = SECRET_HEADERS.contains(&name.as_str());
        shown.insert(name.to_string(), Value::String(if secret { masked(&text) } else { text }));
    }
    shown
}

/// Masks a credential except for its scheme, which tests may need.
fn masked(credential: &str) -> String {
    match credential.split_once(' ') {
        Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => format!("{scheme} ***"),
        _ => "***".to_owned(),
    }
}

fn masked_pairs(text: &str) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if SECRET_PARAMETERS.contains(&name) => format!("{name}=***"),
        _ => pair.to_owned(),
    };
    let text = text.get(..BODY_BYTES_MAX).unwrap_or(text);
    text.split('&').map(pair).collect::<Vec<_>>().join("&")
}
