//! The journal: append-only, hash-chained per run.

use serde_json::value::RawValue;
use sqlx::PgPool;

use super::StoreError;
use crate::machine::{RunId, Time};

/// One row as stored.
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
    /// Exactly what was hashed.
    pub data: Box<RawValue>,
    /// SHA-256 chained to the row before.
    pub hash: Vec<u8>,
}

/// The rows of a run after `after_seq`, in order.
///
/// # Errors
/// The database is away.
pub async fn read(_pool: &PgPool, _run: RunId, _after_seq: i32, _limit: i64) -> Result<Vec<JournalRow>, StoreError> {
    Ok(Vec::new())
}
