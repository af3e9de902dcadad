//! Encodes records as rows and chains them.

use std::sync::Arc;

use super::held::{self, Hole, Source};
use super::row::{ENGINE, Link};
use super::{Hash, data};
use crate::machine::{Record, Time};
use crate::store::StoreError;
use crate::store::nodes::formats::{self, Format, HELD, ONE_DECISION, ONE_RECORD};
use serde_json::Value;

/// A row to write.
#[derive(Debug, Clone)]
pub struct NewRow {
    /// Number of its last record in the run's journal, from 1.
    pub seq: i32,
    /// Database time, in whole microseconds.
    pub at: Time,
    /// Format of the row.
    pub format: Format,
    /// Format 1: kind of the record.
    pub kind: Option<&'static str>,
    /// Format 1: task reference.
    pub task: Option<Arc<str>>,
    /// Format 1: attempt, from 1.
    pub attempt: Option<i32>,
    /// Format 1: who acted.
    pub actor: Option<String>,
    /// The full JSON text.
    pub data: String,
    /// Parts of the text that are stored elsewhere.
    pub holes: Vec<Hole>,
    /// SHA-256, chained to the previous row.
    pub hash: Hash,
}

/// Size in bytes after which a row of format 2 or later takes no more records, because rows are read whole.
const ROW_BYTES: usize = 256 * 1024;

/// Encodes the records after `seq` as rows chained to `head`. Returns them with the new head. Records that `format`
/// cannot express get a newer format.
///
/// # Errors
/// A record cannot be written as JSON.
pub fn encode(records: &[Record], seq: i32, head: Hash, format: Format) -> Result<(Vec<NewRow>, Hash), StoreError> {
    encode_from(records, seq, head, format, None)
}

/// Like [`encode`], for records that may contain the text of the event that starts the run.
///
/// # Errors
/// A record cannot be written as JSON.
pub fn encode_from(
    records: &[Record],
    seq: i32,
    head: Hash,
    format: Format,
    source: Option<&Source<'_>>,
) -> Result<(Vec<NewRow>, Hash), StoreError> {
    let mut chain = Chain { rows: Vec::with_capacity(1), seq, head };
    let needed = |records: &[Record]| records.iter().map(|record| formats::least(&record.change)).max();
    if format == ONE_RECORD && needed(records).is_none_or(|needed| needed == ONE_RECORD) {
        for record in records {
            let (kind, data) = (record.change.kind(), data::of(record)?);
            let attempt = record.attempt.and_then(|a| i32::try_from(a).ok());
            chain.add(
                1,
                NewRow {
                    seq: 0,
                    at: whole_micros(record.at),
                    format,
                    kind: Some(kind),
                    task: record.task.clone(),
                    attempt,
                    actor: Some(record.actor.0.clone()),
                    data,
                    holes: Vec::new(),
                    hash: head,
                },
            );
        }
        return Ok((chain.rows, chain.head));
    }
    let mut rest = records;
    while let Some(first) = rest.first() {
        let at = whole_micros(first.at);
        let mut data = String::from("[");
        let mut count = 0;
        for record in rest {
            if count > 0 {
                data.push(',');
            }
            append_element(&mut data, record, at)?;
            count += 1;
            if data.len() >= ROW_BYTES {
                break;
            }
        }
        data.push(']');
        let holes = if format >= HELD { held::holes(&data, source) } else { Vec::new() };
        // The oldest format that can express it, so that as many versions as possible can read it.
        let holding = if holes.is_empty() { ONE_DECISION } else { HELD };
        let format = needed(&rest[..count]).unwrap_or(ONE_DECISION).max(holding);
        rest = &rest[count..];
        let (kind, task, attempt, actor) = (None, None, None, None);
        let row = NewRow { seq: 0, at, format, kind, task, attempt, actor, data, holes, hash: head };
        chain.add(i32::try_from(count).unwrap_or(i32::MAX), row);
    }
    Ok((chain.rows, chain.head))
}

/// Rows chained to each other.
struct Chain {
    rows: Vec<NewRow>,
    seq: i32,
    head: Hash,
}

impl Chain {
    /// Adds a row with this many records.
    fn add(&mut self, records: i32, mut row: NewRow) {
        self.seq += records;
        row.seq = self.seq;
        let link = Link {
            before: &self.head,
            seq: row.seq,
            at: row.at,
            format: row.format,
            kind: row.kind,
            task: row.task.as_deref(),
            attempt: row.attempt,
            actor: row.actor.as_deref(),
            data: &row.data,
        };
        self.head = link.hash();
        row.hash = self.head;
        self.rows.push(row);
    }
}

/// Appends a record to the array of a row written at `row_at`. Leaves out default values.
fn append_element(array: &mut String, record: &Record, row_at: Time) -> Result<(), StoreError> {
    let text = |value: &str| Value::from(value).to_string();
    array.push('{');
    if let Some(task) = &record.task {
        array.push_str(&format!(r#""task":{},"#, text(task)));
    }
    if let Some(attempt) = record.attempt {
        array.push_str(&format!(r#""attempt":{attempt},"#));
    }
    if record.actor.0 != ENGINE {
        array.push_str(&format!(r#""actor":{},"#, text(&record.actor.0)));
    }
    let at = whole_micros(record.at);
    if at != row_at {
        array.push_str(&format!(r#""at":{},"#, serde_json::to_string(&at).unwrap_or_default()));
    }
    let data = data::of(record)?;
    for part in [r#""kind":""#, record.change.kind(), r#"","data":"#, &data, "}"] {
        array.push_str(part);
    }
    Ok(())
}

/// Truncates to microseconds, which Postgres keeps: a row must hash the same when it is read back.
fn whole_micros(at: Time) -> Time {
    Time::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}
