//! The journal of a run, read within bounds: as records for the timeline and as lines of a table.

use serde_json::Value;
use sqlx::PgPool;

use crate::dashboard::parts::pretty::{self, Pretty};
use crate::machine::masks::Masks;
use crate::machine::{Record, RunId};
use crate::store::StoreError;
use crate::store::runs::journal::{JournalRow, read};
use crate::store::runs::snapshots;
use crate::words::{Moment, task_name};

/// Number of records in one read.
const BATCH_ROWS: i64 = 500;

/// Maximum number of records in the timeline.
const ROWS_MAX: usize = 5_000;

/// Maximum number of bytes of their data.
const BYTES_MAX: usize = 32 << 20;

/// Number of table lines on a page.
pub const LINES_MAX: usize = 500;

/// Maximum number of bytes of data shown per line.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// A run's journal since the run began or last continued as new; complete except for the longest runs.
pub struct Journal {
    /// Number of earlier records.
    pub before: i32,
    pub rows: Vec<JournalRow>,
    /// Whether there are more records than were read.
    pub cut: bool,
}

impl Journal {
    /// Reads the journal of a run.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn read(pool: &PgPool, run: RunId) -> Result<Self, StoreError> {
        let before = (snapshots::base(pool, run).await? - 1).max(0);
        let mut journal = Self { before, rows: Vec::new(), cut: false };
        let mut bytes = 0;
        let mut connection = pool.acquire().await?;
        loop {
            let after = journal.rows.last().map_or(before, |row| row.seq);
            let batch = read(&mut connection, run, after, BATCH_ROWS).await?;
            let last = i64::try_from(batch.len()).unwrap_or(0) < BATCH_ROWS;
            bytes += batch.iter().map(|row| row.data.get().len()).sum::<usize>();
            journal.rows.extend(batch);
            if last {
                return Ok(journal);
            }
            if journal.rows.len() >= ROWS_MAX || bytes >= BYTES_MAX {
                journal.cut = true;
                return Ok(journal);
            }
        }
    }

    /// Returns the records for the timeline. Those that this version cannot decode are only shown in the table.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.rows.iter().filter_map(|row| row.record().ok()).collect()
    }

    /// Returns up to [`LINES_MAX`] lines after this record, or the first ones.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn lines(
        &self,
        pool: &PgPool,
        run: RunId,
        after: Option<i32>,
        masks: &Masks,
    ) -> Result<Vec<Line>, StoreError> {
        let Some(after) = after.filter(|after| *after != self.before) else {
            return Ok(self.rows.iter().take(LINES_MAX).map(|row| Line::of(row, masks)).collect());
        };
        let limit = i64::try_from(LINES_MAX).expect("a page is small");
        Ok(read(&mut *pool.acquire().await?, run, after, limit).await?.iter().map(|row| Line::of(row, masks)).collect())
    }
}

/// A line of the table.
pub struct Line {
    /// Number of the record, from 1.
    pub seq: i32,
    pub at: Moment,
    pub actor: String,
    pub kind: String,
    /// Reference of the task concerned.
    pub task: Option<String>,
    /// Number of the attempt concerned.
    pub attempt: Option<i32>,
    pub data: Pretty,
    /// Beginning of the row's hash.
    pub hash: String,
}

impl Line {
    fn of(row: &JournalRow, masks: &Masks) -> Self {
        let data = masks.fact(serde_json::from_str(row.data.get()).unwrap_or(Value::Null));
        Self {
            seq: row.seq,
            at: row.at.into(),
            actor: row.actor.clone(),
            kind: row.kind.clone(),
            task: row.task.as_deref().map(task_name),
            attempt: row.attempt,
            data: pretty::json_within(&data, LINE_BYTES_MAX),
            hash: hex::encode(&row.hash[..row.hash.len().min(4)]),
        }
    }
}
