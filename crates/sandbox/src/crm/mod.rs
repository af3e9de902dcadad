//! The CRM: the REST API of Salesforce over records in memory.
//!
//! [`Crm::answer`] handles one call: token, limits, then the resource. It returns the changes for the ledger; a refused
//! call changes nothing.

mod bin;
mod bulk;
mod change;
mod ids;
mod objects;
mod obstacles;
mod pricebook;
mod refusal;
mod rest;
mod schema;
mod seed;
mod sign_in;
mod write;

use std::collections::{BTreeMap, HashSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderName, Method, StatusCode};
use serde_json::{Value, json};

pub use change::{ADDRESS_PARTS, address as address_of, changed};
pub use ids::demo as demo_id;
use objects::OBJECTS;
pub use obstacles::Obstacles;
pub use refusal::usual_answer;
use refusal::{JSON, Refusal};
pub use schema::Kind;
use schema::Schema;
pub use sign_in::oauth::{INTEGRATION_USER, ORGANIZATION};
pub use sign_in::refresh::{RefreshSettings, RefreshTokens};

use super::access::Access;
use super::call::{Answer, Call, parameter};
use super::profile::Profile;
use super::records::{Change, Deletions, Tables};
use bulk::query::QueryJobs;
use rest::{describe, sobjects, soql};
use sign_in::oauth;

/// Settings that tests can change.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Most calls in 24 hours.
    pub daily_requests: u64,
    /// Most rows of a query page.
    pub page_size: usize,
    /// How refresh tokens behave.
    pub refresh_tokens: RefreshSettings,
    /// Conditions that make valid writes fail.
    pub obstacles: Obstacles,
}

/// The CRM with its records.
pub struct Crm {
    pub settings: Settings,
    /// The objects and fields that the caller sees.
    schema: Schema,
    /// The issued refresh tokens.
    pub refresh_tokens: RefreshTokens,
    tables: Tables,
    tokens: VecDeque<String>,
    tokens_issued: u64,
    requests_used: u64,
    /// Start of the current 24 hours.
    counted_since: Option<DateTime<Utc>>,
    created: BTreeMap<&'static str, u64>,
    cursors: VecDeque<soql::Cursor>,
    cursors_opened: u64,
    demos: HashSet<u32>,
    bulk: bulk::Jobs,
    bulk_queries: QueryJobs,
    deletions: Deletions,
    bin: bin::Bin,
    /// Whether the current call allows duplicates to be saved.
    saves_duplicates: bool,
}

/// Returns the fields of each object, as an org with all features describes them.
#[cfg(test)]
pub fn described() -> Value {
    let schema = Schema::default();
    let fields = |object| describe::fields(&schema, object, &[]);
    Value::Object(schema.objects().map(|object| (object.name.to_owned(), fields(object))).collect())
}

/// The access token that is always valid.
pub const STATIC_TOKEN: &str = "sandbox-crm-token";
const DAILY_REQUESTS: u64 = 15_000_000;
const PAGE_SIZE: usize = 2_000;

/// A request to a resource below `/services/data/vNN.0/`, either direct or part of a composite request.
struct Ask<'a> {
    method: Method,
    path: Vec<&'a str>,
    query: &'a [(String, String)],
    body: Result<Value, Refusal>,
    /// The body as sent; empty in a subrequest.
    raw: &'a [u8],
    version: &'a str,
    batch_size: Option<usize>,
    now: DateTime<Utc>,
}

impl Crm {
    /// Creates the CRM of a profile with its seeded records.
    pub fn new(profile: &'static Profile) -> Self {
        let mut crm = Self {
            settings: Settings {
                daily_requests: DAILY_REQUESTS,
                page_size: PAGE_SIZE,
                refresh_tokens: RefreshSettings::default(),
                obstacles: Obstacles::default(),
            },
            schema: Schema::of(Access::without(profile.crm_lacks)),
            refresh_tokens: RefreshTokens::default(),
            tables: Tables::default(),
            tokens: VecDeque::new(),
            tokens_issued: 0,
            requests_used: 0,
            counted_since: None,
            created: BTreeMap::new(),
            cursors: VecDeque::new(),
            cursors_opened: 0,
            demos: HashSet::new(),
            bulk: bulk::Jobs::default(),
            bulk_queries: QueryJobs::default(),
            deletions: Deletions::default(),
            bin: bin::Bin::default(),
            saves_duplicates: false,
        };
        crm.plant();
        crm
    }

    /// Handles a call. Returns the answer and the applied changes.
    pub fn answer(&mut self, call: &Call) -> (Answer, Vec<Change>) {
        let path: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        let answer = match path.as_slice() {
            ["services", "oauth2", "token"] => self.token(call),
            ["services", "oauth2", "userinfo"] => match call.bearer().is_some_and(|token| self.knows(token)) {
                true => oauth::identity(call),
                false => usual_answer(StatusCode::UNAUTHORIZED),
            },
            ["id", ..] => oauth::identity(call),
            ["services", "data"] => describe::versions(),
            ["services", "data", version, rest @ ..] if is_version(version) => self.governed(call, version, rest),
            ["app", rest @ ..] => self.pressed(call, rest),
            _ => Refusal::not_found().answer(),
        };
        let changes = self.tables.take_changes();
        self.bin.note(&changes);
        self.deletions.note(&changes, call.now);
        (answer, changes)
    }

    fn governed(&mut self, call: &Call, version: &str, rest: &[&str]) -> Answer {
        if !call.bearer().is_some_and(|token| self.knows(token)) {
            return usual_answer(StatusCode::UNAUTHORIZED);
        }
        if self.counted_since.is_none_or(|since| call.now - since >= TimeDelta::days(1)) {
            (self.counted_since, self.requests_used) = (Some(call.now), 0);
        }
        if self.requests_used >= self.settings.daily_requests {
            let message = "TotalRequests Limit exceeded.";
            return Refusal::plain(StatusCode::FORBIDDEN, "REQUEST_LIMIT_EXCEEDED", message).answer();
        }
        self.requests_used += 1;
        self.plant_demos_of(call);
        self.saves_duplicates = obstacles::saves_duplicates(call);
        let overridden = call.parameter("_HttpMethod").and_then(|name| Method::from_bytes(name.as_bytes()).ok());
        let method = overridden.filter(|_| call.method == Method::POST).unwrap_or_else(|| call.method.clone());
        let ask = Ask {
            method,
            path: rest.to_vec(),
            query: &call.query,
            body: json_body(&call.body),
            raw: &call.body,
            version,
            batch_size: call.header("sforce-query-options").and_then(soql::batch_size),
            now: call.now,
        };
        let usage = format!("api-usage={}/{}", self.requests_used, self.settings.daily_requests);
        self.resource(&ask).with_header(HeaderName::from_static("sforce-limit-info"), &usage)
    }

    /// Handles what a person does in the user interface. It does not count towards the limits.
    fn pressed(&mut self, call: &Call, path: &[&str]) -> Answer {
        if !call.bearer().is_some_and(|token| self.knows(token)) {
            return usual_answer(StatusCode::UNAUTHORIZED);
        }
        let savepoint = self.tables.savepoint();
        self.press(call, path).unwrap_or_else(|refusal| {
            self.tables.undo_to(savepoint);
            refusal.answer()
        })
    }

    /// Whether an access token is valid.
    pub fn knows(&self, token: &str) -> bool {
        token == STATIC_TOKEN || self.tokens.iter().any(|issued| issued == token)
    }

    /// Handles a resource. If the request is refused, all of its changes are undone.
    fn resource(&mut self, ask: &Ask<'_>) -> Answer {
        let savepoint = self.tables.savepoint();
        let answer = match ask.path.as_slice() {
            [] => Ok(describe::resources(ask.version)),
            ["limits"] => Ok(self.limits()),
            ["query" | "queryAll"] => self.query(ask),
            ["query" | "queryAll", locator] => self.more(ask, locator),
            ["sobjects"] => Ok(describe::objects(&self.schema, ask.version)),
            ["sobjects", object, rest @ ..] => match self.schema.find(object) {
                Some(object) => self.sobject(ask, object, rest),
                None => Err(Refusal::not_found()),
            },
            ["jobs", "ingest", rest @ ..] => self.ingest(ask, rest),
            ["jobs", "query", rest @ ..] => self.bulk_query(ask, rest),
            ["composite"] => self.composite(ask),
            ["composite", "sobjects", rest @ ..] => self.collection(ask, rest),
            _ => Err(Refusal::not_found()),
        };
        answer.unwrap_or_else(|refusal| {
            self.tables.undo_to(savepoint);
            refusal.answer()
        })
    }

    /// Returns the fields of an object as in its change events; `None` if there is no such object.
    pub fn fields_of(&self, object: &str) -> Option<Vec<(&'static str, Kind)>> {
        let object = OBJECTS.iter().find(|known| known.name == object)?;
        Some(Schema::default().fields(object).map(|field| (field.name, field.kind)).collect())
    }

    /// Whether the caller's role may subscribe to a topic, which requires access to the object.
    pub fn sees_topic(&self, topic: &str) -> bool {
        let object = topic.strip_prefix("/data/").and_then(|name| name.strip_suffix("ChangeEvent"));
        let name = object.unwrap_or_else(|| topic.trim_start_matches("/event/"));
        self.role().sees(name)
    }

    /// Returns the restrictions of the caller's role.
    pub fn role(&self) -> &Access {
        self.schema.role()
    }

    /// Replaces the restrictions of the caller's role.
    pub fn assume(&mut self, role: Access) {
        self.schema.assume(role);
    }

    /// Returns the values of restricted picklists, by `Object.Field`.
    pub fn picklists(&self) -> &BTreeMap<String, Vec<String>> {
        &self.schema.picklists
    }

    /// Replaces the restricted picklists.
    pub fn restrict(&mut self, picklists: BTreeMap<String, Vec<String>>) {
        self.schema.restrict(picklists);
    }

    fn limits(&self) -> Answer {
        let remaining = self.settings.daily_requests.saturating_sub(self.requests_used);
        let body = json!({
            "ConcurrentAsyncGetReportInstances": {"Max": 200, "Remaining": 200},
            "DailyApiRequests": {"Max": self.settings.daily_requests, "Remaining": remaining},
            "DailyBulkApiBatches": {"Max": 15000, "Remaining": 15000},
            "DataStorageMB": {"Max": 10240, "Remaining": 10200},
        });
        Answer::json(StatusCode::OK, JSON, body)
    }

    pub fn types(&self) -> Vec<&'static str> {
        self.schema.objects().map(|object| object.name).collect()
    }

    pub fn count(&self, name: &str) -> usize {
        self.tables.count(name)
    }

    /// Returns the oldest records of a type with all fields.
    pub fn list(&self, name: &str, limit: usize) -> Vec<Value> {
        let Some(object) = self.schema.find(name) else { return Vec::new() };
        self.tables
            .rows(name)
            .take(limit)
            .map(|(_, fields)| sobjects::view(&self.schema, object, fields, seed::VERSION))
            .collect()
    }

    /// Returns the record of a type whose key field has this value, with all fields; `None` if there is none or
    /// several.
    pub fn shown(&self, name: &str, field: &str, value: &str) -> Option<Value> {
        let object = self.schema.find(name)?;
        let id = match field {
            "Id" => value.to_owned(),
            field => <[String; 1]>::try_from(self.tables.find(object.name, field, value)).ok()?[0].clone(),
        };
        self.tables.get(object.name, &id).map(|fields| sobjects::view(&self.schema, object, &fields, seed::VERSION))
    }

    /// Returns the newest records of a type with all fields.
    pub fn newest(&self, name: &str, limit: usize) -> Vec<Value> {
        let Some(object) = self.schema.find(name) else { return Vec::new() };
        let rows = self.tables.rows(name).rev().take(limit);
        rows.map(|(_, fields)| sobjects::view(&self.schema, object, fields, seed::VERSION)).collect()
    }
}

impl Ask<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        parameter(self.query, name)
    }

    fn body(&self) -> Result<&Value, Refusal> {
        self.body.as_ref().map_err(Clone::clone)
    }

    fn version_number(&self) -> u32 {
        let digits = self.version.trim_start_matches('v');
        digits.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0)
    }
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').and_then(|number| number.strip_suffix(".0")).is_some_and(|n| n.parse::<u16>().is_ok())
}

fn json_body(bytes: &[u8]) -> Result<Value, Refusal> {
    if bytes.is_empty() {
        let message = "The HTTP entity body is required, but this request has no entity body.";
        return Err(Refusal::bad("JSON_PARSER_ERROR", message));
    }
    serde_json::from_slice(bytes).map_err(|error| Refusal::bad("JSON_PARSER_ERROR", error.to_string()))
}
