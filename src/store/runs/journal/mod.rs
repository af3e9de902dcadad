//! The journal: append-only, with a hash chain per run. The stored text is the hashed text, byte for byte.
//!
//! A row contains the records of one decision. Rows of format 1, written by earlier versions, contain one record each.

mod data;
mod export;
mod held;
mod read;
mod row;
mod verify;
mod write;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

pub use export::{ExportedRow, export, imported};
pub use held::{Hole, LARGE, Source, keep};
pub use read::{LONG, Pages, RECORDS_MAX, read, records, records_from_base, records_of_each, stored};
pub use row::StoredRow;
pub use verify::{Chain, Tampered, verify};
pub use write::{NewRow, encode, encode_from};

use crate::machine::{Actor, Change, Record, RunId, Time};
use crate::store::StoreError;

/// A hash of the chain.
pub type Hash = [u8; 32];

/// Returns the hash before a run's first row.
#[must_use]
pub fn genesis(run: RunId) -> Hash {
    Sha256::digest([b"stepwell journal 1".as_slice(), run.as_bytes()].concat()).into()
}

/// One record as stored.
#[derive(Debug)]
pub struct JournalRow {
    /// Number of the record in the run's journal, from 1.
    pub seq: i32,
    /// Database time of the record.
    pub at: Time,
    /// Kind of [`crate::machine::Change`], such as `task.completed`.
    pub kind: String,
    /// Reference of the task.
    pub task: Option<String>,
    /// Number of the attempt, from 1.
    pub attempt: Option<i32>,
    /// Who acted.
    pub actor: String,
    /// What happened, as JSON text.
    pub data: Box<RawValue>,
    /// Hash of its row, chained to the previous row.
    pub hash: Vec<u8>,
}

impl JournalRow {
    /// Decodes the record.
    ///
    /// # Errors
    /// A later version wrote it, or it is damaged.
    pub fn record(&self) -> Result<Record, StoreError> {
        let whole = format!(r#"{{"kind":"{}","data":{}}}"#, self.kind, self.data.get());
        let change: Change = serde_json::from_str(&whole)
            .map_err(|e| unreadable(format!("record {} of kind {:?}: {e}", self.seq, self.kind)))?;
        Ok(Record {
            at: self.at,
            actor: Actor(self.actor.clone()),
            task: self.task.as_deref().map(Into::into),
            attempt: self.attempt.and_then(|a| u32::try_from(a).ok()),
            change,
            note: data::note(self.data.get()),
        })
    }
}

fn unreadable(why: String) -> StoreError {
    StoreError::Unreadable { table: "journal", why }
}
