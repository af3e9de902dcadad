//! What the hub remembers between runs. PURE: what is known and what is asked for go in, the answer and what is known from
//! then on come out; no clock, no IO. How far senders have counted (`sequences`) it learns from events; all else is asked for:
//!
//! Workflows reach it through the reserved connection `hub` (`connection://hub/watermarks/read`): each operation is a call like
//! any other, so it is a step of the run, with its request and answer in the journal. It is answered inside the program: over
//! Postgres by `engine/sync/memory`, in rehearsals by [`Memory`]. A call may be repeated after a lost answer, so every
//! operation is such that a repeat changes nothing more.

pub mod batches;
pub mod drift;
pub mod identifiers;
pub mod links;
pub mod runs;
pub mod sequences;
pub mod totals;
pub mod watermarks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::identifiers::Declared;
use crate::links::Sides;

/// Name of the connection that leads here.
pub const CONNECTION: &str = "hub";

/// What a workflow asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Below `/watermarks/`.
    Watermarks(watermarks::Operation),
    /// Below `/batches/`.
    Batches(batches::Operation),
    /// Below `/runs/`.
    Runs(runs::Operation),
    /// Below `/links/`.
    Links(Box<links::Operation>),
    /// Below `/totals/`.
    Totals(totals::Operation),
}

impl Operation {
    /// Reads an operation from the path and the body of its call. `sides` are those of the entity that it names, if it is about links:
    /// see [`links::About`].
    ///
    /// # Errors
    /// There is no such operation, or the body is not what it takes.
    pub fn parse(path: &str, body: &[u8], sides: &Arc<Sides>) -> Result<Self, Refusal> {
        match path.trim_start_matches('/').split_once('/') {
            Some(("watermarks", name)) => Ok(Self::Watermarks(watermarks::Operation::parse(name, body)?)),
            Some(("batches", name)) => Ok(Self::Batches(batches::Operation::parse(name, body)?)),
            Some(("runs", name)) => Ok(Self::Runs(runs::Operation::parse(name, body)?)),
            Some(("links", name)) => Ok(Self::Links(Box::new(links::Operation::parse(name, body, sides)?))),
            Some(("totals", name)) => Ok(Self::Totals(totals::Operation::parse(name, body)?)),
            _ => Err(Refusal::unknown(path)),
        }
    }
}

/// Why an operation was not done. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// What it is as an answer over HTTP.
    pub status: StatusCode,
    /// In sentences for people.
    pub detail: String,
    /// When it is worth another try.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal that stays one.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after: None }
    }

    pub(crate) fn unknown(path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            format!("the hub has no operation {path:?}; docs/catalogs.md lists its operations"),
        )
    }
}

/// The body of an operation.
pub(crate) fn body<T: DeserializeOwned>(name: &str, body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|why| Refusal::new(StatusCode::BAD_REQUEST, format!("invalid input for {name}: {why}")))
}

/// Everything that is remembered, where there is no database: the hub of a rehearsal.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    watermarks: BTreeMap<String, Value>,
    links: links::Links,
    batches: batches::Batches,
    runs: runs::Runs,
    totals: totals::Rehearsed,
    identifiers: Arc<Declared>,
    /// What the mappings call their sides.
    sides: BTreeMap<String, Arc<Sides>>,
}

impl Memory {
    /// Nothing yet; these identifiers have one form, and these mappings call their sides so.
    #[must_use]
    pub fn of(identifiers: &Arc<Declared>, sides: BTreeMap<String, Arc<Sides>>) -> Self {
        Self { identifiers: Arc::clone(identifiers), sides, ..Self::default() }
    }

    /// Reads an operation.
    ///
    /// # Errors
    /// As of [`Operation::parse`].
    pub fn parse(&self, path: &str, body: &[u8]) -> Result<Operation, Refusal> {
        let about = links::About::of(path, body);
        let sides = about.and_then(|about| self.sides.get(&about.entity).cloned()).unwrap_or_default();
        Operation::parse(path, body, &sides)
    }

    /// Does what is asked for.
    ///
    /// # Errors
    /// It cannot be done as things stand.
    pub fn perform(&mut self, operation: &Operation, now: DateTime<Utc>) -> Result<Value, Refusal> {
        match operation {
            Operation::Watermarks(watermarks::Operation::Read(read)) => {
                Ok(watermarks::answer(self.watermarks.get(&read.name)))
            }
            Operation::Watermarks(watermarks::Operation::Write(write)) => {
                watermarks::write(self.watermarks.get(&write.name), write)?;
                self.watermarks.insert(write.name.clone(), write.value.clone());
                Ok(watermarks::answer(Some(&write.value)))
            }
            Operation::Links(operation) => {
                let mut operation = operation.clone();
                operation.shape(&self.identifiers)?;
                self.links.perform(&operation, now)
            }
            Operation::Runs(operation) => Ok(self.runs.perform(operation)),
            Operation::Batches(operation) => self.batches.perform(operation, &self.identifiers.batches, now),
            Operation::Totals(operation) => self.totals.perform(operation, now),
        }
    }

    /// All of it, for predicates of scenarios.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::json!({
            "watermarks": self.watermarks, "links": self.links.to_value(), "batches": self.batches.to_value(),
            "totals": self.totals.to_value(),
        })
    }
}

/// A time as systems write it; Salesforce leaves out the colon of the offset. What is no time is none.
#[must_use]
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    let parsed =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    parsed.ok().map(|time| time.to_utc())
}
