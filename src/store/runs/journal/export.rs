//! Export and import of journal rows: all columns, including values stored elsewhere, so that hashed text stays the
//! same byte for byte.
//!
//! Only this file converts between stored rows and lines of archives.

use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::PgPool;

use super::{StoredRow, unreadable};
use crate::machine::{RunId, Time};
use crate::store::nodes::formats::{Format, ONE_RECORD};
use crate::store::{StoreError, shard};

/// A stored row with all its columns.
#[derive(Debug)]
pub struct ExportedRow {
    /// Number of its last record in the run's journal.
    pub seq: i32,
    /// Columns by name, as JSON text.
    pub row: String,
}

/// Returns rows of a run after `after_seq`, in order.
///
/// # Errors
/// The database is unavailable.
pub async fn export(pool: &PgPool, run: RunId, after_seq: i32, limit: i64) -> Result<Vec<ExportedRow>, StoreError> {
    Ok(sqlx::query_as!(
        ExportedRow,
        r#"select j.seq, to_json(w)::text as "row!" from journal j
           cross join lateral (select j.shard, j.run_id, j.seq, j.at, j.kind, j.task, j.attempt, j.actor,
                                      journal_text(j.shard, j.run_id, j.data, j.held)::json as data, j.hash, j.format) w
           where j.shard = $1 and j.run_id = $2 and j.seq > $3 order by j.seq limit $4"#,
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
    // Archives from before migration 26 have no format.
    #[serde(default = "one_record")]
    format: Format,
    kind: Option<String>,
    task: Option<String>,
    attempt: Option<i32>,
    actor: Option<String>,
    data: Box<RawValue>,
    #[serde(with = "crate::retention::bytea")]
    hash: Vec<u8>,
}

fn one_record() -> Format {
    ONE_RECORD
}

/// Restores a stored row from an exported one.
///
/// # Errors
/// The line is not a journal row, or belongs to another run.
pub fn imported(run: RunId, row: &RawValue) -> Result<StoredRow, StoreError> {
    let c: Columns = serde_json::from_str(row.get()).map_err(|e| unreadable(e.to_string()))?;
    if c.run_id != run {
        return Err(unreadable(format!("a row of run {} stands among those of run {run}", c.run_id)));
    }
    let Columns { seq, at, format, kind, task, attempt, actor, data, hash, .. } = c;
    Ok(StoredRow { seq, at, format, kind, task, attempt, actor, data: data.get().to_owned(), hash })
}
