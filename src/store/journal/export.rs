//! Journal rows on their way out of the database and back: as the columns are, so that what was hashed stays byte for byte.
//!
//! Only this file knows how a stored row becomes a line of an archive, and a line a row.

use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::PgPool;

use super::{JournalRow, Tampered, genesis};
use crate::machine::{RunId, Time};
use crate::store::{StoreError, shard};

/// A stored row with all its columns.
#[derive(Debug)]
pub struct ExportedRow {
    /// Its place in the run's journal.
    pub seq: i32,
    /// JSON text of its columns by name.
    pub row: String,
}

/// Stored rows of a run behind `after_seq`, in order.
///
/// # Errors
/// The database is away.
pub async fn export(pool: &PgPool, run: RunId, after_seq: i32, limit: i64) -> Result<Vec<ExportedRow>, StoreError> {
    Ok(sqlx::query_as!(
        ExportedRow,
        r#"select seq, to_json(j)::text as "row!" from journal j
           where shard = $1 and run_id = $2 and seq > $3 order by seq limit $4"#,
        shard(run),
        run,
        after_seq,
        limit
    )
    .fetch_all(pool)
    .await?)
}

#[derive(Deserialize)]
struct Columns {
    run_id: RunId,
    seq: i32,
    at: Time,
    kind: String,
    task: Option<String>,
    attempt: Option<i32>,
    actor: String,
    data: Box<RawValue>,
    #[serde(with = "crate::retention::bytea")]
    hash: Vec<u8>,
}

/// What an exported row of a run was.
///
/// # Errors
/// It is not such a row, or another run's.
pub fn imported(run: RunId, row: &RawValue) -> Result<Vec<JournalRow>, StoreError> {
    let unreadable = |why: String| StoreError::Unreadable { table: "journal", why };
    let c: Columns = serde_json::from_str(row.get()).map_err(|e| unreadable(e.to_string()))?;
    if c.run_id != run {
        return Err(unreadable(format!("a row of run {} stands among those of run {run}", c.run_id)));
    }
    let Columns { seq, at, kind, task, attempt, actor, data, hash, .. } = c;
    Ok(vec![JournalRow { seq, at, kind, task, attempt, actor, data, hash }])
}

/// The chain of one run, row by row, as [`super::verify`] follows it in the database.
#[derive(Debug)]
pub struct Chain {
    run: RunId,
    before: Vec<u8>,
    last: i32,
}

impl Chain {
    /// Before the first row.
    #[must_use]
    pub fn new(run: RunId) -> Self {
        Self { run, before: genesis(run).to_vec(), last: 0 }
    }

    /// Takes the next row; says what is wrong with it.
    pub fn push(&mut self, row: &JournalRow) -> Option<Tampered> {
        if row.seq != self.last + 1 {
            return Some(Tampered::Missing { run: self.run, seq: self.last + 1 });
        }
        if !row.follows(&self.before) {
            return Some(Tampered::Row { run: self.run, seq: row.seq });
        }
        self.before.clone_from(&row.hash);
        self.last = row.seq;
        None
    }

    /// Whether it ends where the run's row says.
    #[must_use]
    pub fn end(&self, anchored: i32, head: &[u8]) -> Option<Tampered> {
        let whole = self.last == anchored && self.before == head;
        (!whole).then_some(Tampered::Anchor { run: self.run, last: self.last, anchored })
    }
}
