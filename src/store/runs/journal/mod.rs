//! The journal: append-only, hash-chained per run. What is stored is what was hashed, byte for byte.
//!
//! A row holds the records of one decision. Rows of format 1, which earlier versions wrote, hold one record each.

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

/// Where the chain of a run begins.
#[must_use]
pub fn genesis(run: RunId) -> Hash {
    Sha256::digest([b"stepwell journal 1".as_slice(), run.as_bytes()].concat()).into()
}

/// One record as stored.
#[derive(Debug)]
pub struct JournalRow {
    /// Place in the run's journal, from 1.
    pub seq: i32,
    /// Database time.
    pub at: Time,
    /// `task.completed` and so on ([`crate::machine::Change`]).
    pub kind: String,
    /// Task reference.
    pub task: Option<String>,
    /// Attempt, from 1.
    pub attempt: Option<i32>,
    /// Who.
    pub actor: String,
    /// What happened, as JSON text.
    pub data: Box<RawValue>,
    /// Hash of the row that holds it, chained to the row before.
    pub hash: Vec<u8>,
}

impl JournalRow {
    /// The record that was written.
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
