//! `jobs/ingest`: Bulk API 2.0. A job is created, gets one upload of CSV, and runs once the caller marks the upload as
//! complete.
//!
//! The work is done immediately, but the job reports it only from the second status request on, so that callers have to
//! poll. As in the real API, a second upload is accepted and makes the job fail when it is closed.

pub(super) mod query;
pub(super) mod rows;

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::super::call::{Answer, Payload};
use super::super::records::{Action, Fields};
use super::refusal::{JSON, Mistake, Refusal};
use super::rest::sobjects::{Upserted, fields_of, key_field};
use super::schema::{Field, SObject};
use super::write::instant;
use super::{Ask, Crm, ids, seed};
use rows::{line, read, row_fields};

/// Most jobs of one kind that are kept.
pub(super) const JOBS_MAX: usize = 1_000;
/// Content type of uploads and results.
pub(super) const CSV: &str = "text/csv";

/// The ingest jobs, oldest first.
#[derive(Default)]
pub struct Jobs {
    opened: u64,
    jobs: VecDeque<Job>,
}

struct Job {
    id: String,
    object: &'static SObject,
    operation: Operation,
    key: Option<&'static Field>,
    state: State,
    created: DateTime<Utc>,
    uploads: Vec<String>,
    columns: Vec<String>,
    rows: Vec<Row>,
    error: Option<String>,
    readings: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Insert,
    Update,
    Upsert,
    Delete,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    UploadComplete,
    Aborted,
    Failed,
}

struct Row {
    cells: Vec<String>,
    result: Result<(String, bool), String>,
}

impl Crm {
    /// Handles `jobs/ingest` and everything below it.
    pub(super) fn ingest(&mut self, ask: &Ask<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
        match (&ask.method, rest) {
            (&Method::POST, []) => self.open_job(ask),
            (&Method::GET, []) => {
                let records: Vec<Value> = self.bulk.jobs.iter().map(|job| job.view(ask.version)).collect();
                let body = json!({"done": true, "records": records, "nextRecordsUrl": null});
                Ok(Answer::json(StatusCode::OK, JSON, body))
            }
            (&Method::GET, [id]) => {
                let job = self.bulk.find(id)?;
                job.readings += 1;
                Ok(Answer::json(StatusCode::OK, JSON, job.view(ask.version)))
            }
            (&Method::PUT, [id, "batches"]) => self.bulk.find(id)?.upload(ask.raw),
            (&Method::PATCH, [id]) => self.change_job(ask, id),
            (&Method::DELETE, [id]) => self.bulk.forget(id),
            (&Method::GET, [id, results]) => self.bulk.find(id)?.results(results),
            _ => Err(Refusal::method(&ask.method, "GET,POST,PUT,PATCH,DELETE")),
        }
    }

    fn open_job(&mut self, ask: &Ask<'_>) -> Result<Answer, Refusal> {
        let body = fields_of(ask.body()?)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let name = text("object").unwrap_or_default();
        let object = self.schema.find(name).ok_or_else(|| {
            Refusal::bad("INVALIDENTITY", format!("InvalidEntity : Entity '{name}' is not supported by the Bulk API."))
        })?;
        let operation = operation(text("operation").unwrap_or_default())?;
        let key = text("externalIdFieldName");
        let key = match (operation, key) {
            (Operation::Upsert, None) => {
                return Err(Refusal::bad("INVALIDJOB", "InvalidJob : External ID was blank for upsert operation"));
            }
            (Operation::Upsert, Some(name)) => Some(key_field(&self.schema, object, name).map_err(|_| {
                let why = format!("InvalidJob : Field name provided, {name} does not match an External ID for {name}");
                Refusal::bad("INVALIDJOB", why)
            })?),
            _ => None,
        };
        Ok(Answer::json(StatusCode::OK, JSON, self.bulk.open(object, operation, key, ask.now).view(ask.version)))
    }

    fn change_job(&mut self, ask: &Ask<'_>, id: &str) -> Result<Answer, Refusal> {
        let state = fields_of(ask.body()?)?.get("state").and_then(Value::as_str).unwrap_or_default().to_owned();
        let job = self.bulk.find(id)?;
        if job.state != State::Open {
            let why = format!("InvalidJobState : Invalid job state transition from {} to {state}", job.state_name());
            return Err(Refusal::bad("INVALIDJOBSTATE", why));
        }
        match state.as_str() {
            "Aborted" => job.state = State::Aborted,
            "UploadComplete" => {
                if job.uploads.len() > 1 {
                    let why = format!(
                        "Found multipe contents for job: <{id}>, please 'Close' / 'Abort' / 'Delete' the current Job then \
                         create a new Job and make sure you only do 'PUT' once on a given Job."
                    );
                    return Err(Refusal::bad("INVALIDJOB", why));
                }
                job.state = State::UploadComplete;
                self.work(ask, id)?;
            }
            other => {
                return Err(Refusal::bad(
                    "INVALIDJOBSTATE",
                    format!("InvalidJobState : {other} is not a state that can be set"),
                ));
            }
        }
        Ok(Answer::json(StatusCode::OK, JSON, self.bulk.find(id)?.view(ask.version)))
    }

    /// Processes the upload, each row independently.
    fn work(&mut self, ask: &Ask<'_>, id: &str) -> Result<(), Refusal> {
        let job = self.bulk.find(id)?;
        let (object, operation, key) = (job.object, job.operation, job.key);
        let upload = job.uploads.first().cloned().unwrap_or_default();
        let (columns, rows) = match read(&self.schema, &upload, object) {
            Ok(table) => table,
            Err(why) => {
                (job.state, job.error) = (State::Failed, Some(why));
                return Ok(());
            }
        };
        let mut done = Vec::new();
        for cells in rows {
            let savepoint = self.tables.savepoint();
            let result = row_fields(&self.schema, object, &columns, &cells)
                .and_then(|fields| self.work_on(ask, object, operation, key, fields))
                .map_err(|refusal| {
                    self.tables.undo_to(savepoint);
                    refusal.in_bulk()
                });
            done.push(Row { cells, result });
        }
        let job = self.bulk.find(id)?;
        (job.columns, job.rows) = (columns, done);
        Ok(())
    }

    fn work_on(
        &mut self,
        ask: &Ask<'_>,
        object: &'static SObject,
        operation: Operation,
        key: Option<&'static Field>,
        mut fields: Fields,
    ) -> Result<(String, bool), Refusal> {
        let mut taken = |name: &str| {
            let value = fields.remove(name).as_ref().and_then(super::super::records::key_text);
            value.ok_or_else(|| {
                Refusal::record(vec![Mistake::new("MISSING_ARGUMENT", format!("{name} not specified"), &[])])
            })
        };
        match (operation, key) {
            (Operation::Insert, _) => self.create(object, &fields, Action::Created, ask.now).map(|id| (id, true)),
            (Operation::Update, _) => {
                let id = ids::full(&taken("Id")?);
                self.update(object, &id, &fields, Action::Updated, ask.now).map(|()| (id, false))
            }
            (Operation::Delete, _) => {
                let id = ids::full(&taken("Id")?);
                self.delete(object, &id).map(|()| (id, false))
            }
            (Operation::Upsert, None) => Err(Refusal::not_found()),
            (Operation::Upsert, Some(key)) => {
                let value = taken(key.name)?;
                match self.upsert(ask, object, key, &value, &fields)? {
                    Upserted::Created(id) => Ok((id, true)),
                    Upserted::Changed(id) => Ok((id, false)),
                    Upserted::Ambiguous(_) => {
                        let why = format!("{}: more than one record found for external id field", key.name);
                        Err(Refusal::record(vec![Mistake::new("DUPLICATE_EXTERNAL_ID", why, &[])]))
                    }
                }
            }
        }
    }
}

impl Jobs {
    fn open(
        &mut self,
        object: &'static SObject,
        operation: Operation,
        key: Option<&'static Field>,
        created: DateTime<Utc>,
    ) -> &mut Job {
        self.opened += 1;
        if self.jobs.len() >= JOBS_MAX {
            self.jobs.pop_front();
        }
        let id = ids::created("750", self.opened);
        self.jobs.push_back(Job {
            id,
            object,
            operation,
            key,
            state: State::Open,
            created,
            uploads: Vec::new(),
            columns: Vec::new(),
            rows: Vec::new(),
            error: None,
            readings: 0,
        });
        let last = self.jobs.len() - 1;
        &mut self.jobs[last]
    }

    fn find(&mut self, id: &str) -> Result<&mut Job, Refusal> {
        let id = ids::full(id);
        self.jobs.iter_mut().find(|job| job.id == id).ok_or_else(Refusal::not_found)
    }

    fn forget(&mut self, id: &str) -> Result<Answer, Refusal> {
        let job = self.find(id)?;
        if matches!(job.state, State::Open) {
            return Err(Refusal::bad(
                "INVALIDJOBSTATE",
                "InvalidJobState : Job must be closed or aborted before it is deleted",
            ));
        }
        let id = ids::full(id);
        self.jobs.retain(|job| job.id != id);
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }
}

impl Job {
    fn upload(&mut self, content: &[u8]) -> Result<Answer, Refusal> {
        if self.state != State::Open {
            let why = format!("InvalidJobState : job is {}, not Open", self.state_name());
            return Err(Refusal::bad("INVALIDJOBSTATE", why));
        }
        let text = std::str::from_utf8(content)
            .map_err(|_| Refusal::bad("INVALIDBATCH", "InvalidBatch : the content is not UTF-8"))?;
        self.uploads.push(text.to_owned());
        Ok(Answer::empty(StatusCode::CREATED))
    }

    const fn is_done(&self) -> bool {
        self.readings > 1
    }

    fn state_name(&self) -> &'static str {
        match self.state {
            State::Open => "Open",
            State::Aborted => "Aborted",
            State::Failed => "Failed",
            State::UploadComplete if self.is_done() => "JobComplete",
            State::UploadComplete if self.readings == 1 => "InProgress",
            State::UploadComplete => "UploadComplete",
        }
    }

    fn view(&self, version: &str) -> Value {
        let number: f64 = version.trim_start_matches('v').parse().unwrap_or_default();
        let mut view = json!({
            "id": self.id,
            "operation": self.operation.name(),
            "object": self.object.name,
            "createdById": seed::INTEGRATION_USER,
            "createdDate": instant(self.created),
            "systemModstamp": instant(self.created),
            "state": self.state_name(),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": number,
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        });
        if let Some(key) = self.key {
            view["externalIdFieldName"] = key.name.into();
        }
        if self.state == State::Open {
            view["contentUrl"] = format!("services/data/{version}/jobs/ingest/{}/batches", self.id).into();
            return view;
        }
        let seen = if self.is_done() { self.rows.as_slice() } else { &[] };
        view["jobType"] = "V2Ingest".into();
        view["numberRecordsProcessed"] = seen.len().into();
        view["numberRecordsFailed"] = seen.iter().filter(|row| row.result.is_err()).count().into();
        for name in ["retries", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"] {
            view[name] = 0.into();
        }
        if let Some(error) = &self.error {
            view["errorMessage"] = error.as_str().into();
        }
        view
    }

    fn results(&self, which: &str) -> Result<Answer, Refusal> {
        let known = ["successfulResults", "failedResults", "unprocessedrecords"];
        if !known.iter().any(|name| which.eq_ignore_ascii_case(name)) {
            return Err(Refusal::not_found());
        }
        let second = if which.eq_ignore_ascii_case("failedResults") { "sf__Error" } else { "sf__Created" };
        let heads = ["sf__Id", second].into_iter().chain(self.columns.iter().map(String::as_str));
        let mut lines = vec![line(heads)];
        for row in self.rows.iter().filter(|_| self.is_done()) {
            let (id, told) = match (&row.result, second) {
                (Ok((id, created)), "sf__Created") => (id.as_str(), created.to_string()),
                (Err(why), "sf__Error") => ("", why.clone()),
                _ => continue,
            };
            if which.eq_ignore_ascii_case("unprocessedrecords") {
                continue;
            }
            lines.push(line([id, told.as_str()].into_iter().chain(row.cells.iter().map(String::as_str))));
        }
        let body = lines.concat();
        Ok(Answer { status: StatusCode::OK, headers: Vec::new(), payload: Payload::Text(CSV.to_owned(), body) })
    }
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
        }
    }
}

fn operation(name: &str) -> Result<Operation, Refusal> {
    let all = [Operation::Insert, Operation::Update, Operation::Upsert, Operation::Delete];
    all.into_iter().find(|operation| operation.name() == name).ok_or_else(|| {
        Refusal::bad("INVALIDOPERATION", format!("InvalidOperation : operation '{name}' is not supported"))
    })
}
