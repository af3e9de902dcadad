//! Retention: what may be removed, what its archive contains, and the removal.
//!
//! No transaction is open while files are written. Runs and journals are removed only by `remove_archived_runs` of
//! migration 24, which reads the rows that [`record`] wrote and checks again that nothing has changed since it was
//! archived.

mod due;
mod events;
mod shown;

pub use due::{
    Candidate, DueFilter, Hanging, RunLine, candidates, definition_line, families, hanging, live_pages, run_lines,
};
pub use events::{
    EventLine, EventRow, KeyRow, consumed, delete_keys, event_lines, events_of, old_events, old_keys, redeliveries,
    remove_events,
};
pub use shown::{Backlog, TableSize, backlog, oldest, table_sizes};

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::StoreError;
use super::audit::{self, Sealed};
use crate::machine::{RunId, Time};

/// Seconds that a lease lasts unless it is renewed.
const LEASE_SECONDS: f64 = 60.0;

/// The lease, as its holder finds it.
#[derive(Debug)]
pub struct Lease {
    /// Name of an archive that an earlier holder began to write and did not record.
    pub writing: Option<String>,
}

/// Takes or renews the lease, by the clock of the database. Returns `None` while someone else holds it.
///
/// # Errors
/// The database is unavailable.
pub async fn lease(pool: &PgPool, holder: Uuid) -> Result<Option<Lease>, StoreError> {
    Ok(sqlx::query_as!(
        Lease,
        "update retention_lease set holder = $1, until = clock_timestamp() + make_interval(secs => $2)
         where holder = $1 or until < clock_timestamp() returning writing",
        holder,
        LEASE_SECONDS
    )
    .fetch_optional(pool)
    .await?)
}

/// Releases the lease.
///
/// # Errors
/// The database is unavailable.
pub async fn release(pool: &PgPool, holder: Uuid) -> Result<(), StoreError> {
    sqlx::query!("update retention_lease set holder = null, until = '-infinity' where holder = $1", holder)
        .execute(pool)
        .await?;
    Ok(())
}

/// Records the name of the archive that is about to be written, or that none is. Returns false if the lease is lost.
///
/// # Errors
/// The database is unavailable.
pub async fn note_writing(pool: &PgPool, holder: Uuid, name: Option<&str>) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update retention_lease set writing = $2 where holder = $1 and until > clock_timestamp()",
        holder,
        name
    );
    Ok(done.execute(pool).await?.rows_affected() == 1)
}

/// An archived run or event that is to be removed.
#[derive(Debug, Clone)]
pub struct Removal {
    /// `run` or `event`
    pub kind: &'static str,
    /// Id of the run or event.
    pub item: Uuid,
    /// Id of the run at the top of the family; of an event, its own id.
    pub family: Uuid,
    /// Number of the run's journal records, or of the event's runs.
    pub seq: i32,
    /// Head of the run; empty for an event.
    pub head: Vec<u8>,
}

/// A row of `archives`.
#[derive(Debug)]
pub struct NewArchive<'a> {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Name of the file in the archive folder.
    pub file: &'a str,
    /// SHA-256 of the file on disk.
    pub sha256: &'a [u8],
    /// Digest of the contents.
    pub digest: &'a [u8],
    /// Size of the file in bytes.
    pub bytes: i64,
    /// Number of lines between the first and the last.
    pub rows: i64,
    /// Ids of its events, sorted.
    pub events: &'a [Uuid],
    /// Ids of its runs, sorted.
    pub runs: &'a [RunId],
    /// Name of the node or person that wrote it.
    pub written_by: &'a str,
}

/// Records an archive that is on disk, and what is to be removed. Returns false and records nothing if the lease is
/// lost.
///
/// # Errors
/// The database is unavailable, or another archive already contains one of the runs or events.
pub async fn record(
    pool: &PgPool,
    holder: Uuid,
    new: &NewArchive<'_>,
    removals: &[Removal],
) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let held = sqlx::query!(
        "update retention_lease set writing = null where holder = $1 and until > clock_timestamp()",
        holder
    );
    if held.execute(&mut *transaction).await?.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into archives (id, file, version, sha256, digest, bytes, rows, events, runs, first_run, last_run, written_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        new.id,
        new.file,
        env!("CARGO_PKG_VERSION"),
        new.sha256,
        new.digest,
        new.bytes,
        new.rows,
        new.events,
        new.runs,
        new.runs.first(),
        new.runs.last(),
        new.written_by
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "insert into removals (kind, item, archive_id, family, seq, head)
         select u.kind, u.item, $1, u.family, u.seq, u.head
         from unnest($2::text[], $3::uuid[], $4::uuid[], $5::integer[], $6::bytea[]) as u (kind, item, family, seq, head)",
        new.id,
        &removals.iter().map(|r| r.kind).collect::<Vec<_>>() as &[&str],
        &removals.iter().map(|r| r.item).collect::<Vec<_>>(),
        &removals.iter().map(|r| r.family).collect::<Vec<_>>(),
        &removals.iter().map(|r| r.seq).collect::<Vec<_>>(),
        &removals.iter().map(|r| r.head.as_slice()).collect::<Vec<_>>() as &[&[u8]],
    )
    .execute(&mut *transaction)
    .await?;
    audit::seal(&mut transaction, &[(Sealed::Archives, new.id.to_string())]).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Whether an archive contains this event.
///
/// # Errors
/// The database is unavailable.
pub async fn has_event(conn: &mut PgConnection, event: Uuid) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(r#"select exists (select from archives_with_event($1)) as "has!""#, event)
        .fetch_one(conn)
        .await?)
}

/// Whether an archive contains this run.
///
/// # Errors
/// The database is unavailable.
pub async fn has_run(conn: &mut PgConnection, run: RunId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(r#"select exists (select from archives_with_run($1)) as "has!""#, run)
        .fetch_one(conn)
        .await?)
}

/// An archive according to its row.
#[derive(Debug)]
pub struct ArchiveRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Name of the file in the archive folder.
    pub file: String,
    /// SHA-256 of the file on disk.
    pub sha256: Vec<u8>,
    /// Digest of the contents.
    pub digest: Vec<u8>,
    /// Size of the file in bytes.
    pub bytes: i64,
}

/// Returns archives whose runs and events are not all removed yet, oldest first.
///
/// # Errors
/// The database is unavailable.
pub async fn unfinished(pool: &PgPool) -> Result<Vec<ArchiveRow>, StoreError> {
    Ok(sqlx::query_as!(
        ArchiveRow,
        "select id, file, sha256, digest, bytes from archives a
         where exists (select from removals m where m.archive_id = a.id) order by id limit 1000"
    )
    .fetch_all(pool)
    .await?)
}

/// Returns an archive by its id.
///
/// # Errors
/// The database is unavailable.
pub async fn archive(pool: &PgPool, id: Uuid) -> Result<Option<ArchiveRow>, StoreError> {
    Ok(sqlx::query_as!(ArchiveRow, "select id, file, sha256, digest, bytes from archives where id = $1", id)
        .fetch_optional(pool)
        .await?)
}

/// Returns the time at which the last archive was written.
///
/// # Errors
/// The database is unavailable.
pub async fn last_written(pool: &PgPool) -> Result<Option<Time>, StoreError> {
    Ok(sqlx::query_scalar!("select written_at from archives order by id desc limit 1").fetch_optional(pool).await?)
}

/// Returns the name of the file that contains a run; the newest, if there are several.
///
/// # Errors
/// The database is unavailable.
pub async fn archive_of(pool: &PgPool, run: RunId) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select file from archives where id = any(array(select archives_with_run($1))) order by id desc limit 1",
        run
    )
    .fetch_optional(pool)
    .await?)
}

/// The result of one removal transaction.
#[derive(Debug)]
pub struct RemovedRuns {
    /// Number of runs.
    pub removed: i32,
    /// Number of families that were kept because they have changed since they were archived.
    pub kept: i32,
    /// Whether nothing of the archive is left to remove.
    pub is_done: bool,
}

/// Maximum number of runs that one transaction removes; a single family may be larger.
const RUNS_AT_ONCE: i32 = 200;

/// Maximum number of journal rows that one transaction removes; a single family may have more.
const ROWS_AT_ONCE: i32 = 20_000;

/// Removes some of the runs of an archive.
///
/// # Errors
/// The database is unavailable or a lock wait times out.
pub async fn remove_runs(pool: &PgPool, archive: Uuid) -> Result<RemovedRuns, StoreError> {
    Ok(sqlx::query_as!(
        RemovedRuns,
        r#"select removed as "removed!", kept as "kept!", is_done as "is_done!" from remove_archived_runs($1, $2, $3)"#,
        archive,
        RUNS_AT_ONCE,
        ROWS_AT_ONCE
    )
    .fetch_one(pool)
    .await?)
}

/// Cancels the pending removals of an archive: what is left in the database stays, and is archived again when it is
/// due. Returns the number of removals.
///
/// # Errors
/// The database is unavailable.
pub async fn discard(pool: &PgPool, archive: Uuid) -> Result<u64, StoreError> {
    Ok(sqlx::query!("delete from removals where archive_id = $1", archive).execute(pool).await?.rows_affected())
}

/// Drops one empty partition of the past and returns its name.
///
/// # Errors
/// The database is unavailable or a lock wait times out.
pub async fn drop_empty_partition(pool: &PgPool) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!("select drop_empty_partition()").fetch_one(pool).await?)
}

#[cfg(test)]
mod tests;
