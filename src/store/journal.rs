//! The journal: append-only, hash-chained per run. What is stored is what was hashed, byte for byte.

mod data;
mod export;

use std::sync::Arc;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::{StoreError, shard};
use crate::machine::{Actor, Change, Record, RunId, Time};

pub use export::{Chain, ExportedRow, export, imported};

/// A hash of the chain.
pub type Hash = [u8; 32];

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

/// A row ready to be written.
#[derive(Debug, Clone)]
pub struct NewRow {
    /// Place in the run's journal, from 1.
    pub seq: i32,
    /// Database time, whole microseconds.
    pub at: Time,
    /// Kind of change.
    pub kind: &'static str,
    /// Task reference.
    pub task: Option<Arc<str>>,
    /// Attempt, from 1.
    pub attempt: Option<i32>,
    /// Who.
    pub actor: String,
    /// JSON text.
    pub data: String,
    /// Chained hash.
    pub hash: Hash,
}

/// Where the chain of a run begins.
#[must_use]
pub fn genesis(run: RunId) -> Hash {
    Sha256::digest([b"stepwell journal 1".as_slice(), run.as_bytes()].concat()).into()
}

/// The parts of a row that its hash covers, the hash of the row before among them.
struct Link<'a> {
    before: &'a [u8],
    seq: i32,
    at: Time,
    kind: &'a str,
    task: Option<&'a str>,
    attempt: Option<i32>,
    actor: &'a str,
    data: &'a str,
}

impl Link<'_> {
    /// Each part goes in with its length, so that no text can pass for two others.
    fn hash(&self) -> Hash {
        let mut hash = Sha256::new();
        hash.update(self.before);
        hash.update(self.seq.to_be_bytes());
        hash.update(self.at.timestamp_micros().to_be_bytes());
        hash.update(self.attempt.unwrap_or(0).to_be_bytes());
        for part in [self.kind, self.task.unwrap_or(""), self.actor, self.data] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into()
    }
}

/// Rows for the records that follow `seq`, chained to `head`; gives the new head.
///
/// # Errors
/// A record cannot be written as JSON.
pub fn encode(records: &[Record], seq: i32, head: Hash) -> Result<(Vec<NewRow>, Hash), StoreError> {
    let mut rows = Vec::with_capacity(records.len());
    let (mut seq, mut before) = (seq, head);
    for record in records {
        seq += 1;
        let kind = record.change.kind();
        let data = data::of(record)?;
        let at = whole_micros(record.at);
        let attempt = record.attempt.and_then(|a| i32::try_from(a).ok());
        let task = record.task.clone();
        let actor = record.actor.0.clone();
        let link = Link { before: &before, seq, at, kind, task: task.as_deref(), attempt, actor: &actor, data: &data };
        before = link.hash();
        rows.push(NewRow { seq, at, kind, task, attempt, actor, data, hash: before });
    }
    Ok((rows, before))
}

/// Postgres keeps microseconds; what is hashed must be what comes back.
fn whole_micros(at: Time) -> Time {
    Time::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

impl JournalRow {
    /// The record that the row was written from.
    ///
    /// # Errors
    /// A later version wrote it, or it was damaged.
    pub fn record(&self) -> Result<Record, StoreError> {
        let whole = format!(r#"{{"kind":"{}","data":{}}}"#, self.kind, self.data.get());
        let change: Change = serde_json::from_str(&whole).map_err(|e| StoreError::Unreadable {
            table: "journal",
            why: format!("row {} of kind {:?}: {e}", self.seq, self.kind),
        })?;
        Ok(Record {
            at: self.at,
            actor: Actor(self.actor.clone()),
            task: self.task.as_deref().map(Arc::from),
            attempt: self.attempt.and_then(|a| u32::try_from(a).ok()),
            change,
            note: data::note(self.data.get()),
        })
    }

    /// Whether the row is what was written after a row with this hash.
    #[must_use]
    pub fn follows(&self, before: &[u8]) -> bool {
        let link = Link {
            before,
            seq: self.seq,
            at: self.at,
            kind: &self.kind,
            task: self.task.as_deref(),
            attempt: self.attempt,
            actor: &self.actor,
            data: self.data.get(),
        };
        link.hash().as_slice() == self.hash
    }
}

struct TextRow {
    seq: i32,
    at: Time,
    kind: String,
    task: Option<String>,
    attempt: Option<i32>,
    actor: String,
    data: String,
    hash: Vec<u8>,
}

impl TryFrom<TextRow> for JournalRow {
    type Error = StoreError;

    fn try_from(row: TextRow) -> Result<Self, StoreError> {
        let data = RawValue::from_string(row.data)
            .map_err(|e| StoreError::Unreadable { table: "journal", why: format!("row {}: {e}", row.seq) })?;
        let TextRow { seq, at, kind, task, attempt, actor, hash, .. } = row;
        Ok(Self { seq, at, kind, task, attempt, actor, data, hash })
    }
}

/// The rows of a run after `after_seq`, in order.
///
/// # Errors
/// The database is away.
pub async fn read(
    executor: impl PgExecutor<'_>,
    run: RunId,
    after_seq: i32,
    limit: i64,
) -> Result<Vec<JournalRow>, StoreError> {
    let rows = sqlx::query_as!(
        TextRow,
        r#"select seq, at, kind, task, attempt, actor, data::text as "data!", hash
           from journal where shard = $1 and run_id = $2 and seq > $3 order by seq limit $4"#,
        shard(run),
        run,
        after_seq,
        limit
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(JournalRow::try_from).collect()
}

/// Most journal rows of one run that are held in memory at once.
pub const ROWS_MAX: i64 = 1_000_000;

/// Rows read at once: a long history is many short statements.
const PAGE_ROWS: i64 = 5_000;

/// Histories longer than this are read and folded where no run waits for it.
pub const LONG: usize = 500;

/// All records of a run, to fold it, and the bytes of their data.
///
/// # Errors
/// The database is away, or a row cannot be read.
pub async fn records(pool: &PgPool, run: RunId) -> Result<(Vec<Record>, usize), StoreError> {
    let mut records = Vec::new();
    let (mut bytes, mut after) = (0, 0);
    loop {
        let rows = read(pool, run, after, PAGE_ROWS).await?;
        let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < PAGE_ROWS;
        after = rows.last().map_or(after, |row| row.seq);
        bytes += rows.iter().map(|row| row.data.get().len()).sum::<usize>();
        let parse = move || rows.iter().map(JournalRow::record).collect::<Result<Vec<_>, _>>();
        records.extend(elsewhere(!is_last, parse).await?);
        if is_last || i64::from(after) >= ROWS_MAX {
            return Ok((records, bytes));
        }
    }
}

/// Does what takes long on a thread for such things, and what does not at once.
async fn elsewhere<T: Send + 'static>(
    takes_long: bool,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    if !takes_long {
        return work();
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|why| Err(StoreError::Unreadable { table: "journal", why: why.to_string() }))
}

/// Appends rows of many runs.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn append(conn: &mut PgConnection, rows: &[(RunId, &NewRow)]) -> Result<(), StoreError> {
    let column = |f: fn(&(RunId, &NewRow)) -> i32| rows.iter().map(f).collect::<Vec<i32>>();
    sqlx::query!(
        "insert into journal (shard, run_id, seq, at, kind, task, attempt, actor, data, hash)
         select u.shard, u.run_id, u.seq, u.at, u.kind, u.task, u.attempt, u.actor, u.data::json, u.hash
         from unnest($1::smallint[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::text[], $6::text[], $7::integer[],
                     $8::text[], $9::text[], $10::bytea[])
              as u (shard, run_id, seq, at, kind, task, attempt, actor, data, hash)",
        &rows.iter().map(|(run, _)| shard(*run)).collect::<Vec<_>>(),
        &rows.iter().map(|(run, _)| *run).collect::<Vec<Uuid>>(),
        &column(|(_, r)| r.seq),
        &rows.iter().map(|(_, r)| r.at).collect::<Vec<_>>(),
        &rows.iter().map(|(_, r)| r.kind).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|(_, r)| r.task.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &rows.iter().map(|(_, r)| r.attempt).collect::<Vec<_>>() as &[Option<i32>],
        &rows.iter().map(|(_, r)| r.actor.as_str()).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|(_, r)| r.data.as_str()).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|(_, r)| r.hash.as_slice()).collect::<Vec<_>>() as &[&[u8]],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Why a run's journal is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// A row does not follow from the one before: changed, inserted or reordered.
    #[error("row {seq} of run {run} was changed, or the rows before it were")]
    Row {
        /// The run.
        run: RunId,
        /// The first bad place.
        seq: i32,
    },
    /// A row is missing.
    #[error("row {seq} of run {run} is missing")]
    Missing {
        /// The run.
        run: RunId,
        /// The first missing place.
        seq: i32,
    },
    /// The journal is shorter or longer than the run's row says, or ends in another hash.
    #[error("the journal of run {run} ends at row {last}, but the run's anchor is row {anchored}")]
    Anchor {
        /// The run.
        run: RunId,
        /// Last row there is.
        last: i32,
        /// Row that the run's head names.
        anchored: i32,
    },
    /// Journal rows whose run is gone.
    #[error("the journal has rows of run {run}, which has no row among the runs")]
    Orphan {
        /// The run.
        run: RunId,
    },
}

/// Recomputes the chain of one run against its anchor.
///
/// # Errors
/// The database is away.
pub async fn verify(pool: &PgPool, run: RunId, anchored: i32, head: &[u8]) -> Result<Option<Tampered>, StoreError> {
    let mut before = genesis(run).to_vec();
    let mut last = 0;
    loop {
        let rows = read(pool, run, last, 1_000).await?;
        let Some(final_row) = rows.last() else { break };
        let end = final_row.seq;
        for row in &rows {
            if row.seq != last + 1 {
                return Ok(Some(Tampered::Missing { run, seq: last + 1 }));
            }
            if !row.follows(&before) {
                return Ok(Some(Tampered::Row { run, seq: row.seq }));
            }
            before.clone_from(&row.hash);
            last = row.seq;
        }
        last = end;
    }
    let whole = last == anchored && before == head;
    Ok((!whole).then_some(Tampered::Anchor { run, last, anchored }))
}

/// A run's anchor: its id, number of rows and head.
#[derive(Debug)]
pub struct AnchorRow {
    /// The run.
    pub id: RunId,
    /// Number of its journal rows.
    pub seq: i32,
    /// Hash of the last one.
    pub head: Vec<u8>,
}

/// Anchors of runs after an id, in order of id.
///
/// # Errors
/// The database is away.
pub async fn anchors(pool: &PgPool, after: Option<RunId>, limit: i64) -> Result<Vec<AnchorRow>, StoreError> {
    let after = after.unwrap_or(Uuid::nil());
    Ok(sqlx::query_as!(AnchorRow, "select id, seq, head from runs where id > $1 order by id limit $2", after, limit)
        .fetch_all(pool)
        .await?)
}

/// One run's anchor.
///
/// # Errors
/// The database is away.
pub async fn anchor(pool: &PgPool, run: RunId) -> Result<Option<AnchorRow>, StoreError> {
    Ok(sqlx::query_as!(AnchorRow, "select id, seq, head from runs where shard = $1 and id = $2", shard(run), run)
        .fetch_optional(pool)
        .await?)
}

/// First rows of journals whose run is gone, at most `limit`.
///
/// # Errors
/// The database is away.
pub async fn orphans(pool: &PgPool, limit: i64) -> Result<Vec<RunId>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select j.run_id from journal j where not exists (select 1 from runs r where r.shard = j.shard and r.id = j.run_id)
         limit $1",
        limit
    )
    .fetch_all(pool)
    .await?)
}
