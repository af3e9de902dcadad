//! Retention: what may go, what an archive needs of it, and its removal.
//!
//! Nothing here holds a transaction while files are written. Runs and their journals go only through `remove_archived_runs` of migration 24,
//! which names them by the rows that [`record`] wrote, and checks again that each is as it was archived.

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

/// How long a lease lasts unless it is renewed.
const LEASE_SECONDS: f64 = 60.0;

/// What a holder of the lease finds.
#[derive(Debug)]
pub struct Lease {
    /// An archive that someone began and did not record.
    pub writing: Option<String>,
}

/// Takes or renews the lease, by the clock of the database; none while someone else has it.
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

/// Gives the lease back.
///
/// # Errors
/// The database is unavailable.
pub async fn release(pool: &PgPool, holder: Uuid) -> Result<(), StoreError> {
    sqlx::query!("update retention_lease set holder = null, until = '-infinity' where holder = $1", holder)
        .execute(pool)
        .await?;
    Ok(())
}

/// Notes the name of the archive that is about to be written, or that none is; false if the lease is lost.
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

/// What was archived and is to be removed.
#[derive(Debug, Clone)]
pub struct Removal {
    /// `run` or `event`
    pub kind: &'static str,
    /// Its id.
    pub item: Uuid,
    /// The run at the top of its family; of an event, itself.
    pub family: Uuid,
    /// Journal rows of the run; runs of the event.
    pub seq: i32,
    /// Head of the run; empty of an event.
    pub head: Vec<u8>,
}

/// A row of `archives`.
#[derive(Debug)]
pub struct NewArchive<'a> {
    /// UUIDv7.
    pub id: Uuid,
    /// Name in the folder.
    pub file: &'a str,
    /// Of the file as it is on disk.
    pub sha256: &'a [u8],
    /// Of what it holds.
    pub digest: &'a [u8],
    /// Size of the file.
    pub bytes: i64,
    /// Lines between the first and the last.
    pub rows: i64,
    /// Its events, sorted.
    pub events: &'a [Uuid],
    /// Its runs, sorted.
    pub runs: &'a [RunId],
    /// Who wrote it.
    pub written_by: &'a str,
}

/// Records an archive that is on disk, and what is to be removed for it; false, and nothing is recorded, if the lease is lost.
///
/// # Errors
/// The database is away, or something in it is in another archive already.
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

/// Whether an archive has this event.
///
/// # Errors
/// The database is unavailable.
pub async fn has_event(conn: &mut PgConnection, event: Uuid) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(r#"select exists (select from archives_with_event($1)) as "has!""#, event)
        .fetch_one(conn)
        .await?)
}

/// Whether an archive has this run.
///
/// # Errors
/// The database is unavailable.
pub async fn has_run(conn: &mut PgConnection, run: RunId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(r#"select exists (select from archives_with_run($1)) as "has!""#, run)
        .fetch_one(conn)
        .await?)
}

/// An archive as its row describes it.
#[derive(Debug)]
pub struct ArchiveRow {
    /// UUIDv7.
    pub id: Uuid,
    /// Name in the folder.
    pub file: String,
    /// Of the file as it is on disk.
    pub sha256: Vec<u8>,
    /// Of what it holds.
    pub digest: Vec<u8>,
    /// Size of the file.
    pub bytes: i64,
}

/// Archives of which not everything is removed yet, oldest first.
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

/// An archive by its id.
///
/// # Errors
/// The database is unavailable.
pub async fn archive(pool: &PgPool, id: Uuid) -> Result<Option<ArchiveRow>, StoreError> {
    Ok(sqlx::query_as!(ArchiveRow, "select id, file, sha256, digest, bytes from archives where id = $1", id)
        .fetch_optional(pool)
        .await?)
}

/// When an archive was written last.
///
/// # Errors
/// The database is unavailable.
pub async fn last_written(pool: &PgPool) -> Result<Option<Time>, StoreError> {
    Ok(sqlx::query_scalar!("select written_at from archives order by id desc limit 1").fetch_optional(pool).await?)
}

/// The file that has a run; the latest, if there are several.
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

/// What one transaction removed.
#[derive(Debug)]
pub struct RemovedRuns {
    /// Number of runs.
    pub removed: i32,
    /// Families that stay, since they are not as they were archived.
    pub kept: i32,
    /// Nothing of the archive is left to remove.
    pub is_done: bool,
}

/// Most runs that one transaction removes, unless a family is larger.
const RUNS_AT_ONCE: i32 = 200;

/// Most journal rows that one transaction removes, unless a family has more.
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

/// Takes an archive off the list: what is left of it in the database stays, and is archived again when it is due.
///
/// # Errors
/// The database is unavailable.
pub async fn discard(pool: &PgPool, archive: Uuid) -> Result<u64, StoreError> {
    Ok(sqlx::query!("delete from removals where archive_id = $1", archive).execute(pool).await?.rows_affected())
}

/// Drops one partition of the past in which nothing is left; gives its name.
///
/// # Errors
/// The database is unavailable or a lock wait times out.
pub async fn drop_empty_partition(pool: &PgPool) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!("select drop_empty_partition()").fetch_one(pool).await?)
}

#[cfg(test)]
mod tests;
