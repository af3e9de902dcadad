//! Reads journals: record by record for people, page by page for folding.

use std::collections::HashMap;

use sqlx::{PgConnection, PgExecutor, PgPool};

use super::{JournalRow, StoredRow, unreadable};
use crate::machine::{Record, RunId};
use crate::store::runs::snapshots;
use crate::store::{StoreError, shard};

/// Returns rows of a run whose last record comes after `after_seq`, in order, as stored.
///
/// # Errors
/// The database is unavailable.
pub async fn stored(
    executor: impl PgExecutor<'_>,
    run: RunId,
    after_seq: i32,
    limit: i64,
) -> Result<Vec<StoredRow>, StoreError> {
    Ok(sqlx::query_as!(
        StoredRow,
        r#"select seq, at, format, kind, task, attempt, actor, journal_text(shard, run_id, data, held) as "data!", hash
           from journal where shard = $1 and run_id = $2 and seq > $3 order by seq limit $4"#,
        shard(run),
        run,
        after_seq,
        limit
    )
    .fetch_all(executor)
    .await?)
}

/// Returns all records of each run, and the bytes of their data: one statement for many short journals.
///
/// # Errors
/// The database is unavailable or a row cannot be decoded.
pub async fn records_of_each(
    pool: &PgPool,
    runs: &[RunId],
) -> Result<HashMap<RunId, (Vec<Record>, usize)>, StoreError> {
    let rows = sqlx::query!(
        r#"select u.run_id as "run_id!", j.seq, j.at, j.format, j.kind, j.task, j.attempt, j.actor, journal_text(j.shard, j.run_id, j.data, j.held) as "data!", j.hash
           from unnest($1::smallint[], $2::uuid[]) as u (shard, run_id)
           join journal j on j.shard = u.shard and j.run_id = u.run_id
           order by j.shard, j.run_id, j.seq"#,
        &runs.iter().map(|run| shard(*run)).collect::<Vec<_>>(),
        runs
    )
    .fetch_all(pool)
    .await?;
    let mut found: HashMap<RunId, (Vec<Record>, usize)> = HashMap::with_capacity(runs.len());
    for row in rows {
        let (records, bytes) = found.entry(row.run_id).or_default();
        *bytes += row.data.len();
        let stored = StoredRow {
            seq: row.seq,
            at: row.at,
            format: row.format,
            kind: row.kind,
            task: row.task,
            attempt: row.attempt,
            actor: row.actor,
            data: row.data,
            hash: row.hash,
        };
        for record in stored.records()? {
            records.push(record.record()?);
        }
    }
    Ok(found)
}

/// Returns the records of a run after `after_seq`, in order.
///
/// # Errors
/// The database is unavailable or a row cannot be decoded.
pub async fn read(
    conn: &mut PgConnection,
    run: RunId,
    after_seq: i32,
    limit: i64,
) -> Result<Vec<JournalRow>, StoreError> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut records: Vec<JournalRow> = Vec::new();
    loop {
        let after = records.last().map_or(after_seq, |record| record.seq);
        // A row may have many large records, so few rows are read at once.
        let rows = stored(&mut *conn, run, after, limit.min(READ_ROWS)).await?;
        let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < limit.min(READ_ROWS);
        for row in rows {
            records.extend(row.records()?.into_iter().filter(|record| record.seq > after));
        }
        if is_last || records.len() >= most {
            records.truncate(most);
            return Ok(records);
        }
    }
}

/// Number of rows that [`read`] reads at once.
const READ_ROWS: i64 = 50;

/// Maximum number of records of one run in memory.
pub const RECORDS_MAX: usize = 1_000_000;

/// Number of rows read at once; a long journal takes many short statements.
const PAGE_ROWS: i64 = 200;

/// Journals with more records than this are read and folded on a blocking thread.
pub const LONG: usize = 500;

/// Reads the records of a run page by page. Only one page of the journal is in memory.
#[derive(Debug)]
pub struct Pages<'a> {
    pool: &'a PgPool,
    run: RunId,
    after: i32,
    ended: bool,
    /// Bytes of data read so far.
    pub bytes: usize,
}

impl<'a> Pages<'a> {
    /// Starts after the record with this number.
    #[must_use]
    pub fn after(pool: &'a PgPool, run: RunId, seq: i32) -> Self {
        Self { pool, run, after: seq, ended: false, bytes: 0 }
    }

    /// Returns the next page, or `None` at the end.
    ///
    /// # Errors
    /// The database is unavailable or a row cannot be decoded.
    pub async fn next(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        if self.ended {
            return Ok(None);
        }
        let rows = stored(self.pool, self.run, self.after, PAGE_ROWS).await?;
        self.ended = i64::try_from(rows.len()).unwrap_or(i64::MAX) < PAGE_ROWS;
        let Some(last) = rows.last() else { return Ok(None) };
        let after = std::mem::replace(&mut self.after, last.seq);
        self.bytes += rows.iter().map(|row| row.data.len()).sum::<usize>();
        let takes_long = !self.ended;
        let parse = move || {
            let mut records = Vec::with_capacity(rows.len());
            for row in rows {
                for record in row.records()?.iter().filter(|record| record.seq > after) {
                    records.push(record.record()?);
                }
            }
            Ok(records)
        };
        elsewhere(takes_long, parse).await.map(Some)
    }
}

/// Returns all records of a run, and the bytes of their data.
///
/// # Errors
/// The database is unavailable or a row cannot be decoded.
pub async fn records(pool: &PgPool, run: RunId) -> Result<(Vec<Record>, usize), StoreError> {
    records_after(pool, run, 0).await
}

/// Returns the records from which folding the run begins, and the number of the first of them, or 0 if that is the
/// run's first record.
///
/// # Errors
/// The database is unavailable or a row cannot be decoded.
pub async fn records_from_base(pool: &PgPool, run: RunId) -> Result<(Vec<Record>, u32), StoreError> {
    let base = snapshots::base(pool, run).await?;
    let (records, _) = records_after(pool, run, (base - 1).max(0)).await?;
    Ok((records, u32::try_from(base).unwrap_or(0)))
}

async fn records_after(pool: &PgPool, run: RunId, after: i32) -> Result<(Vec<Record>, usize), StoreError> {
    let (mut pages, mut records) = (Pages::after(pool, run, after), Vec::new());
    while let Some(page) = pages.next().await? {
        records.extend(page);
        if records.len() >= RECORDS_MAX {
            break;
        }
    }
    Ok((records, pages.bytes))
}

/// Runs work that takes long on a blocking thread, and other work right here.
async fn elsewhere<T: Send + 'static>(
    takes_long: bool,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    if !takes_long {
        return work();
    }
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|why| Err(unreadable(why.to_string())))
}
