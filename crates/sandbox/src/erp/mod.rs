//! The ERP: the REST web services of NetSuite over records in memory, including its pitfalls.
//!
//! [`Erp::answer`] handles one call: login, then the resource, or a job if the caller requests asynchronous execution.
//! It returns the changes for the ledger; a refused call changes nothing.

mod account;
mod catalog;
mod change;
mod columns;
mod items;
mod jobs;
mod orders;
mod read;
mod refusal;
mod rules;
mod seed;
mod suiteql;
mod types;
mod write;

use std::collections::{BTreeMap, VecDeque};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use account::Account;
use refusal::Refusal;
pub use refusal::{concurrency_exceeded, usual_answer};
pub use types::ITEMS as ITEM_TYPES;
use types::RecordType;

use super::access::Access;
use super::call::{Answer, Call, pairs, parameter};
use super::profile::Profile;
use super::records::{Change, Deletions, Fields, Tables};

/// The access token that is always valid.
pub const STATIC_TOKEN: &str = "sandbox-erp-token";
const TOKENS_MAX: usize = 10_000;
const SINGULAR: &str = "application/vnd.oracle.resource+json; type=singular";
const COLLECTION: &str = "application/vnd.oracle.resource+json; type=collection";

/// The ERP with its records.
pub struct Erp {
    account: Account,
    tables: Tables,
    series: BTreeMap<&'static str, u64>,
    jobs: jobs::Jobs,
    tokens: VecDeque<String>,
    tokens_issued: u64,
    deletions: Deletions,
}

impl Erp {
    /// Creates the ERP of a profile with its seeded records.
    pub fn new(profile: &'static Profile) -> Self {
        let mut erp = Self {
            account: Account::of(profile),
            tables: Tables::default(),
            series: BTreeMap::new(),
            jobs: jobs::Jobs::default(),
            tokens: VecDeque::new(),
            tokens_issued: 0,
            deletions: Deletions::default(),
        };
        erp.plant();
        erp
    }

    /// Handles a call. Returns the answer and the applied changes.
    pub fn answer(&mut self, call: &Call) -> (Answer, Vec<Change>) {
        let path: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        let answer = match path.as_slice() {
            ["services", "rest", "auth", "oauth2", "v1", "token"] => self.token(call),
            ["services", "rest", ..] if !self.admits(call) => usual_answer(StatusCode::UNAUTHORIZED),
            ["services", "rest", "record", "v1", rest @ ..] if jobs::wanted(call) => self.submit(call, rest),
            ["services", "rest", rest @ ..] => self.resource(call, rest),
            ["app", ..] if !self.admits(call) => usual_answer(StatusCode::UNAUTHORIZED),
            ["app", ..] => self.resource(call, &path),
            _ => Refusal::no_resource(&call.path).answer(),
        };
        let changes = self.tables.take_changes();
        self.deletions.note(&changes, call.now);
        (answer, changes)
    }

    /// Invalidates all issued access tokens. The static token remains valid.
    pub fn end_sessions(&mut self) {
        self.tokens.clear();
    }

    fn admits(&self, call: &Call) -> bool {
        match call.bearer() {
            Some(token) => token == STATIC_TOKEN || self.tokens.iter().any(|issued| issued == token),
            None => call.header("authorization").is_some_and(|value| value.starts_with("OAuth ")),
        }
    }

    /// Handles a resource. If the request is refused, all of its changes are undone.
    fn resource(&mut self, call: &Call, path: &[&str]) -> Answer {
        let savepoint = self.tables.savepoint();
        let answer = match path {
            ["record", "v1", "metadata-catalog", rest @ ..] => self.catalog(call, rest),
            ["record", "v1", rest @ ..] => self.record(call, rest),
            ["query", "v1", "suiteql"] => self.suiteql(call),
            ["async", "v1", "job", rest @ ..] => self.job(call, rest),
            ["app", rest @ ..] => self.press(call, rest),
            ["system", "v1", "governanceLimits"] => Ok(self.governance_limits()),
            _ => Err(Refusal::no_resource(&call.path)),
        };
        answer.unwrap_or_else(|refusal| {
            self.tables.undo_to(savepoint);
            refusal.answer()
        })
    }

    fn record(&mut self, call: &Call, path: &[&str]) -> Result<Answer, Refusal> {
        let Some((name, rest)) = path.split_first() else { return Err(Refusal::no_resource(&call.path)) };
        let record_type = self.account.record_type(name)?;
        match (&call.method, rest) {
            (&Method::GET, []) => self.collection(call, record_type),
            (&Method::GET, [key]) => self.read(call, record_type, key),
            (&Method::GET, [key, sublist]) => self.read_sublist(call, record_type, key, sublist, None),
            (&Method::GET, [key, sublist, line]) => self.read_sublist(call, record_type, key, sublist, Some(line)),
            (_, _) if record_type.kind == types::Kind::Fixed => Err(Refusal::method(&call.method)),
            (&Method::POST, []) => self.create(call, record_type),
            (&Method::PATCH, [key]) => self.update(call, record_type, key),
            (&Method::PUT, [key]) => self.upsert(call, record_type, key),
            (&Method::DELETE, [key]) => self.delete(call, record_type, key),
            (&Method::POST, [key, "!transform", target]) => self.transform(call, record_type, key, target),
            _ => Err(Refusal::method(&call.method)),
        }
    }

    /// Returns the most calls that the account processes concurrently.
    pub fn concurrency(&self) -> usize {
        self.account.concurrency
    }

    /// Sets the most calls that the account processes concurrently.
    pub fn work_on_at_once(&mut self, calls: usize) {
        self.account.concurrency = calls;
    }

    /// Returns the restrictions of the caller's role.
    pub fn role(&self) -> &Access {
        self.account.role()
    }

    /// Replaces the restrictions of the caller's role.
    pub fn assume(&mut self, role: Access) {
        self.account.assume(role);
    }

    fn governance_limits(&self) -> Answer {
        let limit = self.account.concurrency;
        let body = json!({"accountConcurrencyLimit": limit, "accountUnallocatedConcurrencyLimit": limit});
        Answer::json(StatusCode::OK, SINGULAR, body)
    }

    /// Returns the id for a key in a path: an id, or `eid:` and an external id.
    fn find(&self, record_type: &RecordType, key: &str) -> Option<String> {
        match key.strip_prefix("eid:") {
            Some(external) => self.tables.find(record_type.name, "externalId", external).into_iter().next(),
            None => self.tables.get(record_type.name, key).map(|_| key.to_owned()),
        }
    }

    fn token(&mut self, call: &Call) -> Answer {
        if call.method != Method::POST {
            return Refusal::method(&call.method).answer();
        }
        let form = pairs(&String::from_utf8_lossy(&call.body));
        let given = |name: &str| parameter(&form, name).is_some_and(|value| !value.is_empty());
        let refused = |error: &str| Answer::json(StatusCode::BAD_REQUEST, "application/json", json!({"error": error}));
        if parameter(&form, "grant_type") != Some("client_credentials") {
            return refused("unsupported_grant_type");
        }
        if !given("client_assertion") || !given("client_assertion_type") {
            return refused("invalid_request");
        }
        self.tokens_issued += 1;
        let token = format!("sandbox-erp-issued-{}", self.tokens_issued);
        self.tokens.push_back(token.clone());
        if self.tokens.len() > TOKENS_MAX {
            self.tokens.pop_front();
        }
        let body = json!({"access_token": token, "expires_in": "3600", "token_type": "Bearer"});
        Answer::json(StatusCode::OK, "application/json", body)
    }

    pub fn types(&self) -> Vec<&'static str> {
        self.account.record_types().map(|record_type| record_type.name).collect()
    }

    pub fn count(&self, name: &str) -> usize {
        self.tables.count(name)
    }

    /// Returns the oldest records of a type with all fields.
    pub fn list(&self, name: &str, limit: usize) -> Vec<Value> {
        let Some(record_type) = RecordType::find(name) else { return Vec::new() };
        let rows = self.tables.rows(record_type.name).take(limit);
        rows.map(|(_, fields)| self.view("/erp", record_type, fields, read::Depth::Expanded)).collect()
    }

    /// Returns a record with all fields. `key` is an id, or `eid:` and an external id.
    pub fn shown(&self, name: &str, key: &str) -> Option<Value> {
        let record_type = RecordType::find(name)?;
        let fields = self.tables.get(record_type.name, &self.find(record_type, key)?)?;
        Some(self.view("/erp", record_type, &fields, read::Depth::Expanded))
    }

    /// Returns the newest records of a type with all fields.
    pub fn newest(&self, name: &str, limit: usize) -> Vec<Value> {
        let Some(record_type) = RecordType::find(name) else { return Vec::new() };
        let rows = self.tables.rows(record_type.name).rev().take(limit);
        rows.map(|(_, fields)| self.view("/erp", record_type, fields, read::Depth::Expanded)).collect()
    }
}

/// Returns the URL of a resource below `services/rest`.
fn address(base: &str, path: &str) -> String {
    format!("{base}/services/rest/{path}")
}

fn self_link(href: &str) -> Value {
    json!([{"rel": "self", "href": href}])
}

/// Returns the body of a write, which must be an object.
fn body_of(call: &Call) -> Result<Fields, Refusal> {
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Refusal::content("a JSON object is expected")),
        Err(error) => Err(Refusal::content(&error.to_string())),
    }
}
