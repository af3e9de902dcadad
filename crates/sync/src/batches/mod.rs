//! Batches: passes over many records, with progress and failed rows for people.
//!
//! A workflow calls `begin`, `report` for each chunk, and `end`. A report counts once, however often it is repeated. A
//! failed row is kept by its key until a later report of any batch with the same name says that it succeeded.

mod ask;
#[cfg(test)]
mod tests;

pub use ask::{Begin, End, Failed, Operation, Report, Rows};

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Refusal;
use crate::identifiers::Form;

/// A longer interval between reports counts as a pause and does not affect the rate.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

/// A batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The batch's id, a `UUIDv7`.
    pub id: Uuid,
    /// Name of the batch.
    pub name: String,
    /// Mode of the batch.
    pub mode: String,
    /// The run that works on it.
    pub run: Uuid,
    /// Number of rows in the whole batch, if it is known.
    pub total: Option<i64>,
    /// Number of rows reported, including failed ones.
    pub done: i64,
    /// Number of rows reported as failed.
    pub failed: i64,
    /// Working time without pauses, in milliseconds.
    pub busy_ms: i64,
    /// When the batch began.
    pub began_at: DateTime<Utc>,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
    /// When the workflow ended it; `None` while it is open.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Batch {
    /// Begins a batch. `others` are the runs of open batches with the same name, if those runs have not ended.
    ///
    /// # Errors
    /// Another batch with this name is running; the two would count each other's rows. The caller may retry.
    pub fn begin(begin: &Begin, id: Uuid, others: &[Uuid], now: DateTime<Utc>) -> Result<Self, Refusal> {
        if let Some(other) = others.first() {
            let detail = format!("a batch {:?} is already running, in run {other}", begin.name);
            let retry_after = Some(std::time::Duration::from_secs(10));
            return Err(Refusal { retry_after, ..Refusal::new(StatusCode::LOCKED, detail) });
        }
        let Begin { name, mode, run } = begin.clone();
        let (total, done, failed, busy_ms) = (None, 0, 0, 0);
        Ok(Self { id, name, mode, run, total, done, failed, busy_ms, began_at: now, changed_at: now, ended_at: None })
    }

    /// Counts a report that was not counted before.
    ///
    /// # Errors
    /// The batch has ended.
    pub fn count(&mut self, report: &Report, now: DateTime<Utc>) -> Result<(), Refusal> {
        if self.ended_at.is_some() {
            return Err(Refusal::new(StatusCode::CONFLICT, format!("the batch {} has ended", self.id)));
        }
        self.done += i64::try_from(report.keys.len()).unwrap_or(i64::MAX);
        self.failed += i64::try_from(report.failed.len()).unwrap_or(i64::MAX);
        self.total = report.total.map(i64::from).or(self.total).map(|total| total.max(self.done));
        self.touch(now);
        Ok(())
    }

    /// Ends the batch. Idempotent.
    pub fn end(&mut self, now: DateTime<Utc>) {
        if self.ended_at.is_none() {
            self.touch(now);
            self.total = Some(self.done);
            self.ended_at = Some(now);
        }
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        let since = now - self.changed_at;
        if since > TimeDelta::zero() && since < PAUSE {
            self.busy_ms += since.num_milliseconds();
        }
        self.changed_at = self.changed_at.max(now);
    }

    /// Returns the rows per second of working time; `None` before the first rows.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn rate(&self) -> Option<f64> {
        (self.done > 0 && self.busy_ms > 0).then(|| self.done as f64 * 1_000.0 / self.busy_ms as f64)
    }

    /// Returns the estimated seconds left; `None` if the batch has ended or the total or rate is unknown.
    #[must_use]
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "an estimate for people")]
    pub fn rest_seconds(&self) -> Option<i64> {
        let left = self.total.filter(|_| self.ended_at.is_none())? - self.done;
        self.rate().map(|rate| (left as f64 / rate).ceil() as i64)
    }

    /// Returns the answer to `begin`, `report` and `end`.
    #[must_use]
    pub fn answer(&self) -> Value {
        let Self { id, name, mode, total, done, failed, .. } = self;
        json!({ "id": id, "name": name, "mode": mode, "total": total, "done": done, "failed": failed })
    }
}

/// A row that failed and has not succeeded since.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedRow {
    /// Key of the row.
    pub key: String,
    /// The latest error message.
    pub message: String,
    /// The data needed to retry the row.
    pub row: Value,
    /// How often the row failed.
    pub attempts: i32,
}

/// Returns the answer to `rows`: a page of the `left` remaining rows.
#[must_use]
pub fn page(rows: Vec<FailedRow>, left: i64) -> Value {
    let more = i64::try_from(rows.len()).is_ok_and(|rows| rows < left);
    let next = rows.last().filter(|_| more).map(|row| row.key.clone());
    let told = |FailedRow { key, message, row, attempts }: FailedRow| json!({ "key": key, "message": message, "row": row, "attempts": attempts });
    json!({ "rows": rows.into_iter().map(told).collect::<Vec<_>>(), "left": left, "next": next })
}

/// The refusal of an operation on a batch that does not exist.
#[must_use]
pub fn unknown(id: Uuid) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("there is no batch {id}; `batches.begin` returns one"))
}

/// All batches of a simulation.
#[derive(Debug, Clone, Default)]
pub struct Batches {
    batches: Vec<Batch>,
    told: BTreeSet<(Uuid, String)>,
    rows: BTreeMap<String, BTreeMap<String, FailedRow>>,
}

impl Batches {
    /// Performs an operation. In a simulation only one run exists, so the runs of other batches have ended.
    ///
    /// # Errors
    /// The operation is not possible in the current state.
    pub fn perform(
        &mut self,
        operation: &Operation,
        forms: &BTreeMap<String, Form>,
        now: DateTime<Utc>,
    ) -> Result<Value, Refusal> {
        match operation {
            Operation::Begin(begin) => {
                let own = |batch: &&Batch| batch.run == begin.run && batch.name == begin.name;
                if let Some(known) = self.batches.iter().find(own) {
                    return Ok(known.answer());
                }
                // A counter, so that simulations are reproducible.
                let id = Uuid::from_u128(self.batches.len() as u128 + 1);
                let batch = Batch::begin(begin, id, &[], now)?;
                let answer = batch.answer();
                self.batches.push(batch);
                Ok(answer)
            }
            Operation::Report(report) => {
                let batch = self.batches.iter_mut().find(|batch| batch.id == report.batch);
                let batch = batch.ok_or_else(|| unknown(report.batch))?;
                if !self.told.contains(&(batch.id, report.cursor.clone())) {
                    let mut report = report.clone();
                    report.shape(forms.get(&batch.name).copied())?;
                    batch.count(&report, now)?;
                    note(self.rows.entry(batch.name.clone()).or_default(), &report);
                    self.told.insert((batch.id, report.cursor));
                }
                Ok(batch.answer())
            }
            Operation::Rows(asked) => {
                let mut asked = asked.clone();
                asked.shape(forms.get(&asked.name).copied())?;
                let known = self.rows.get(&asked.name).into_iter().flat_map(BTreeMap::values);
                let later: Vec<&FailedRow> =
                    known.filter(|row| asked.after.as_ref().is_none_or(|after| row.key > *after)).collect();
                let left = i64::try_from(later.len()).unwrap_or(i64::MAX);
                Ok(page(later.into_iter().take(asked.limit).cloned().collect(), left))
            }
            Operation::End(end) => {
                let batch = self.batches.iter_mut().find(|batch| batch.id == end.batch);
                let batch = batch.ok_or_else(|| unknown(end.batch))?;
                batch.end(now);
                Ok(batch.answer())
            }
        }
    }

    /// Returns everything for the predicates of scenarios:
    /// `{last: {name: batch}, failed: {name: {key: {message, row, attempts}}}}`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let last: BTreeMap<&str, Value> = self.batches.iter().map(|b| (b.name.as_str(), b.answer())).collect();
        let row = |row: &FailedRow| json!({ "message": row.message, "row": row.row, "attempts": row.attempts });
        let failed: BTreeMap<&String, BTreeMap<&String, Value>> = self
            .rows
            .iter()
            .map(|(name, rows)| (name, rows.iter().map(|(key, it)| (key, row(it))).collect()))
            .collect();
        json!({ "last": last, "failed": failed })
    }
}

/// Updates the failed rows from a report.
fn note(rows: &mut BTreeMap<String, FailedRow>, report: &Report) {
    for key in report.succeeded() {
        rows.remove(&key);
    }
    for failed in &report.failed {
        let attempts = rows.get(&failed.key).map_or(0, |row| row.attempts) + 1;
        let Failed { key, row, .. } = failed.clone();
        rows.insert(key.clone(), FailedRow { key, message: failed.told(), row, attempts });
    }
}
