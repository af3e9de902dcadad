//! The journal of a run: read within bounds, as records for the history and as lines of a table.

use serde_json::Value;
use sqlx::PgPool;

use crate::dashboard::parts::pretty::{self, Pretty};
use crate::machine::masks::Masks;
use crate::machine::{Record, RunId};
use crate::store::StoreError;
use crate::store::runs::journal::{JournalRow, read};
use crate::store::runs::snapshots;
use crate::words::{Moment, task_name};

/// Facts in one read.
const BATCH_ROWS: i64 = 500;

/// The history is made of at most this many facts.
const ROWS_MAX: usize = 5_000;

/// And of at most this much of their data.
const BYTES_MAX: usize = 32 << 20;

/// Lines of the table on one page.
pub const LINES_MAX: usize = 500;

/// Data of one line that the page shows.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// A run's journal since the run last continued as new, or its beginning; all of it for all but the longest runs.
pub struct Journal {
    /// Facts before.
    pub before: i32,
    /// As stored.
    pub rows: Vec<JournalRow>,
    /// Whether there is more than was read.
    pub cut: bool,
}

impl Journal {
    /// Reads it.
    ///
    /// # Errors
    /// The database is away.
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

    /// What the history is made of. Facts that this version does not understand are left to the table.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.rows.iter().filter_map(|row| row.record().ok()).collect()
    }

    /// The lines after this place, or the first ones of what was read; at most [`LINES_MAX`].
    ///
    /// # Errors
    /// The database is away.
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

/// One line of the table.
pub struct Line {
    /// Place in the journal, from 1.
    pub seq: i32,
    /// Database time.
    pub at: Moment,
    /// Who.
    pub actor: String,
    /// What happened.
    pub kind: String,
    /// About which task.
    pub task: Option<String>,
    /// About which attempt.
    pub attempt: Option<i32>,
    /// The data.
    pub data: Pretty,
    /// Start of its hash.
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
