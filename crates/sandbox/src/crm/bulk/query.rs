//! `jobs/query`: Bulk API 2.0 queries. A job finds its records immediately, but reports it only from the second status
//! request on. The results are pages of CSV; a header gives the locator of the next page.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::{HeaderName, Method, StatusCode};
use serde_json::{Value, json};

use super::rows;
use super::{CSV, JOBS_MAX};
use crate::call::{Answer, Payload};
use crate::crm::refusal::{JSON, Refusal};
use crate::crm::rest::sobjects::fields_of;
use crate::crm::rest::soql::Scope;
use crate::crm::schema::SObject;
use crate::crm::write::instant;
use crate::crm::{Ask, Crm, ids, seed};
use crate::query::{Column, Select};

/// Default number of rows in a page of results.
const PAGE_ROWS: usize = 50_000;

const DELIMITERS: [(&str, char); 6] =
    [("COMMA", ','), ("SEMICOLON", ';'), ("TAB", '\t'), ("PIPE", '|'), ("CARET", '^'), ("BACKQUOTE", '`')];
const LINE_ENDS: [(&str, &str); 2] = [("LF", "\n"), ("CRLF", "\r\n")];

/// The query jobs, oldest first.
#[derive(Default)]
pub struct QueryJobs {
    opened: u64,
    jobs: VecDeque<QueryJob>,
}

struct QueryJob {
    id: String,
    operation: String,
    object: &'static SObject,
    select: Select,
    rows: Arc<[String]>,
    delimiter: (&'static str, char),
    line_end: (&'static str, &'static str),
    created: DateTime<Utc>,
    aborted: bool,
    readings: u32,
}

impl Crm {
    /// Handles `jobs/query` and everything below it.
    pub(in crate::crm) fn bulk_query(&mut self, ask: &Ask<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
        match (&ask.method, rest) {
            (&Method::POST, []) => self.open_query_job(ask),
            (&Method::GET, []) => {
                let records: Vec<Value> = self.bulk_queries.jobs.iter().map(|job| job.view(ask.version)).collect();
                let body = json!({"done": true, "records": records, "nextRecordsUrl": null});
                Ok(Answer::json(StatusCode::OK, JSON, body))
            }
            (&Method::GET, [id]) => {
                let job = self.bulk_queries.find(id)?;
                job.readings += 1;
                Ok(Answer::json(StatusCode::OK, JSON, job.view(ask.version)))
            }
            (&Method::PATCH, [id]) => {
                let state = fields_of(ask.body()?)?.get("state").and_then(Value::as_str);
                let job = self.bulk_queries.find(id)?;
                if state != Some("Aborted") || job.is_done() {
                    return Err(invalid_state("only a job that is under way can be Aborted"));
                }
                job.aborted = true;
                Ok(Answer::json(StatusCode::OK, JSON, job.view(ask.version)))
            }
            (&Method::DELETE, [id]) => {
                let id = self.bulk_queries.find(id)?.id.clone();
                self.bulk_queries.jobs.retain(|job| job.id != id);
                Ok(Answer::empty(StatusCode::NO_CONTENT))
            }
            (&Method::GET, [id, "results"]) => self.query_results(ask, id),
            _ => Err(Refusal::method(&ask.method, "GET,POST,PATCH,DELETE")),
        }
    }

    fn open_query_job(&mut self, ask: &Ask<'_>) -> Result<Answer, Refusal> {
        let body = fields_of(ask.body()?)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let operation = text("operation").filter(|name| ["query", "queryAll"].contains(name)).ok_or_else(|| {
            Refusal::bad("INVALIDOPERATION", "InvalidOperation : a query job is a query or a queryAll")
        })?;
        let question = text("query").filter(|text| !text.trim().is_empty());
        let question = question.ok_or_else(|| Refusal::bad("INVALIDJOB", "InvalidJob : no query was given"))?;
        let (object, select, rows) = self.selected(question, Scope::Present)?;
        if select.columns.iter().any(|column| !matches!(column, Column::Field(..))) {
            let why = "InvalidJob : aggregates and subqueries are not supported by Bulk API 2.0 queries";
            return Err(Refusal::bad("INVALIDJOB", why));
        }
        let named = |name: &str, usual: &'static str| text(name).unwrap_or(usual).to_owned();
        let (delimiter, line_end) = (named("columnDelimiter", "COMMA"), named("lineEnding", "LF"));
        let unknown = |what: String| Refusal::bad("INVALIDJOB", format!("InvalidJob : {what} is not known"));
        let job = QueryJob {
            id: ids::created("750", 1_000_000_000 + self.bulk_queries.opened),
            operation: operation.to_owned(),
            object,
            select,
            rows: rows.into(),
            delimiter: *DELIMITERS.iter().find(|(name, _)| *name == delimiter).ok_or_else(|| unknown(delimiter))?,
            line_end: *LINE_ENDS.iter().find(|(name, _)| *name == line_end).ok_or_else(|| unknown(line_end))?,
            created: ask.now,
            aborted: false,
            readings: 0,
        };
        let view = job.view(ask.version);
        self.bulk_queries.keep(job);
        Ok(Answer::json(StatusCode::OK, JSON, view))
    }

    fn query_results(&mut self, ask: &Ask<'_>, id: &str) -> Result<Answer, Refusal> {
        let job = self.bulk_queries.find(id)?;
        if !job.is_done() {
            return Err(invalid_state("results are there once the job is JobComplete"));
        }
        let number = |name: &str| ask.parameter(name).map(|text| text.parse::<usize>().ok());
        let limit = number("maxRecords").unwrap_or(Some(PAGE_ROWS)).filter(|rows| *rows > 0);
        let limit = limit.ok_or_else(|| Refusal::bad("INVALIDJOB", "InvalidJob : maxRecords is a positive number"))?;
        let offset = match ask.parameter("locator") {
            None => Some(0),
            Some(locator) => place_of(locator).filter(|offset| *offset < job.rows.len()),
        };
        let offset = offset.ok_or_else(|| Refusal::bad("INVALID_QUERY_LOCATOR", "invalid query locator"))?;
        let (object, rows, select) = (job.object, Arc::clone(&job.rows), job.select.clone());
        let (delimiter, line_end) = (job.delimiter.1, job.line_end.1);
        let end = rows.len().min(offset.saturating_add(limit));
        let columns: Vec<&str> = select.columns.iter().filter_map(column_name).collect();
        let mut body = rows::line_with(columns.iter().copied(), delimiter, line_end);
        for fields in rows[offset..end].iter().filter_map(|id| self.tables.get(object.name, id)) {
            let cells: Vec<String> = columns.iter().map(|path| cell(&self.value_at(object, &fields, path))).collect();
            body.push_str(&rows::line_with(cells.iter().map(String::as_str), delimiter, line_end));
        }
        let next = if end < rows.len() { locator_of(end) } else { "null".to_owned() };
        let answer =
            Answer { status: StatusCode::OK, headers: Vec::new(), payload: Payload::Text(CSV.to_owned(), body) };
        let answer = answer.with_header(HeaderName::from_static("sforce-locator"), &next);
        Ok(answer.with_header(HeaderName::from_static("sforce-numberofrecords"), &(end - offset).to_string()))
    }
}

fn invalid_state(why: &str) -> Refusal {
    Refusal::bad("INVALIDJOBSTATE", format!("InvalidJobState : {why}"))
}

fn column_name(column: &Column) -> Option<&str> {
    match column {
        Column::Field(name, _) => Some(&name.text),
        _ => None,
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Callers must treat locators as opaque.
fn locator_of(place: usize) -> String {
    format!("MTA{place:06}")
}

fn place_of(locator: &str) -> Option<usize> {
    locator.strip_prefix("MTA")?.parse().ok()
}

impl QueryJobs {
    fn keep(&mut self, job: QueryJob) {
        self.opened += 1;
        if self.jobs.len() >= JOBS_MAX {
            self.jobs.pop_front();
        }
        self.jobs.push_back(job);
    }

    fn find(&mut self, id: &str) -> Result<&mut QueryJob, Refusal> {
        let id = ids::full(id);
        self.jobs.iter_mut().find(|job| job.id == id).ok_or_else(Refusal::not_found)
    }
}

impl QueryJob {
    const fn is_done(&self) -> bool {
        self.readings > 1 && !self.aborted
    }

    fn view(&self, version: &str) -> Value {
        let state = match self.readings {
            _ if self.aborted => "Aborted",
            0 => "UploadComplete",
            1 => "InProgress",
            _ => "JobComplete",
        };
        let number: f64 = version.trim_start_matches('v').parse().unwrap_or_default();
        let mut view = json!({
            "id": self.id,
            "operation": self.operation,
            "object": self.object.name,
            "createdById": seed::INTEGRATION_USER,
            "createdDate": instant(self.created),
            "systemModstamp": instant(self.created),
            "state": state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": number,
            "lineEnding": self.line_end.0,
            "columnDelimiter": self.delimiter.0,
        });
        if self.readings > 0 {
            view["jobType"] = "V2Query".into();
            view["numberRecordsProcessed"] = if self.is_done() { self.rows.len() } else { 0 }.into();
            view["retries"] = 0.into();
            view["totalProcessingTime"] = 0.into();
            view["isPkChunkingSupported"] = true.into();
        }
        view
    }
}
