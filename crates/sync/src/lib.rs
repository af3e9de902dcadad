//! What the hub remembers between runs. Pure: functions take the stored state and an operation, and return the answer
//! and the new state. No clock, no IO. `sequences`, the counters of senders, are updated from events; everything else
//! by operations.
//!
//! Workflows call operations through the reserved connection `hub` (`connection://hub/watermarks/read`). Each is an
//! ordinary call, so it is a step of the run with request and answer in its journal. The program answers it itself: in
//! the engine from Postgres (`engine/sync/memory`), in simulations from [`Memory`]. A call may be repeated after a lost
//! answer, so every operation is idempotent.

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

/// Name of the reserved connection.
pub const CONNECTION: &str = "hub";

/// An operation that a workflow calls.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// `/watermarks/...`
    Watermarks(watermarks::Operation),
    /// `/batches/...`
    Batches(batches::Operation),
    /// `/runs/...`
    Runs(runs::Operation),
    /// `/links/...`
    Links(Box<links::Operation>),
    /// `/totals/...`
    Totals(totals::Operation),
}

impl Operation {
    /// Parses an operation from the path and body of a call. `sides` are the sides of the entity in an operation on
    /// links; see [`links::About`].
    ///
    /// # Errors
    /// The operation does not exist, or its body is invalid.
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

/// Why an operation was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// Status of the HTTP answer.
    pub status: StatusCode,
    /// Explanation in sentences, for people.
    pub detail: String,
    /// How long to wait before a retry; `None`: a retry is useless.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// Creates a refusal that a retry does not change.
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

/// Parses the body of the operation `name`.
pub(crate) fn body<T: DeserializeOwned>(name: &str, body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|why| Refusal::new(StatusCode::BAD_REQUEST, format!("invalid input for {name}: {why}")))
}

/// The hub's memory in a simulation, which has no database.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    watermarks: BTreeMap<String, Value>,
    links: links::Links,
    batches: batches::Batches,
    runs: runs::Runs,
    totals: totals::Rehearsed,
    identifiers: Arc<Declared>,
    /// The names of the sides, by mapping.
    sides: BTreeMap<String, Arc<Sides>>,
}

impl Memory {
    /// Creates an empty memory with these declared identifiers and sides of mappings.
    #[must_use]
    pub fn of(identifiers: &Arc<Declared>, sides: BTreeMap<String, Arc<Sides>>) -> Self {
        Self { identifiers: Arc::clone(identifiers), sides, ..Self::default() }
    }

    /// Parses an operation.
    ///
    /// # Errors
    /// See [`Operation::parse`].
    pub fn parse(&self, path: &str, body: &[u8]) -> Result<Operation, Refusal> {
        let about = links::About::of(path, body);
        let sides = about.and_then(|about| self.sides.get(&about.entity).cloned()).unwrap_or_default();
        Operation::parse(path, body, &sides)
    }

    /// Performs an operation.
    ///
    /// # Errors
    /// The operation is not possible in the current state.
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

    /// Returns everything for the predicates of scenarios.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::json!({
            "watermarks": self.watermarks, "links": self.links.to_value(), "batches": self.batches.to_value(),
            "totals": self.totals.to_value(),
        })
    }
}

/// Parses a time. Salesforce omits the colon in the offset. `None` if the text is not a time.
#[must_use]
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    let parsed =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    parsed.ok().map(|time| time.to_utc())
}
