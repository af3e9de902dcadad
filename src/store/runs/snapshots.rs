//! Snapshots of long runs: written with the last transition they include, read when the run is claimed, deleted when it
//! closes. Also the number of the record from which folding begins, which the run keeps.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::journal::Hash;
use crate::machine::RunId;
use crate::store::{StoreError, shard};

/// A snapshot to write.
#[derive(Debug, Clone)]
pub struct NewSnapshot {
    /// Number of the last record that it includes.
    pub seq: i32,
    /// Format of the snapshot.
    pub format: i16,
    /// Hash of the journal row that ends with that record.
    pub head: Hash,
    /// Set if the run has just continued as new with this record.
    pub base: Option<i32>,
    /// The encoded run; empty if the journal from `base` on replaces it.
    pub data: Vec<u8>,
}

/// A snapshot as stored.
#[derive(Debug)]
pub struct SnapshotRow {
    /// Number of the last record that it includes.
    pub seq: i32,
    /// Format of the snapshot.
    pub format: i16,
    /// The encoded run.
    pub data: Vec<u8>,
    /// Whether the journal has the row at which it was taken.
    pub is_of_journal: bool,
}

/// Replaces the snapshots of runs. The transaction must have locked them.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn put(conn: &mut PgConnection, snapshots: &[(RunId, &NewSnapshot)]) -> Result<(), StoreError> {
    let bases: Vec<(RunId, i32)> = snapshots.iter().filter_map(|(run, s)| Some((*run, s.base?))).collect();
    if !bases.is_empty() {
        begin_anew(conn, &bases).await?;
    }
    let snapshots: Vec<&(RunId, &NewSnapshot)> = snapshots.iter().filter(|(_, s)| s.base.is_none()).collect();
    if snapshots.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into snapshots (shard, run_id, seq, format, head, data)
         select * from unnest($1::smallint[], $2::uuid[], $3::integer[], $4::smallint[], $5::bytea[], $6::bytea[])
         on conflict (shard, run_id) do update
             set seq = excluded.seq, format = excluded.format, head = excluded.head, data = excluded.data",
        &snapshots.iter().map(|(run, _)| shard(*run)).collect::<Vec<_>>(),
        &snapshots.iter().map(|(run, _)| *run).collect::<Vec<Uuid>>(),
        &snapshots.iter().map(|(_, s)| s.seq).collect::<Vec<_>>(),
        &snapshots.iter().map(|(_, s)| s.format).collect::<Vec<_>>(),
        &snapshots.iter().map(|(_, s)| s.head.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &snapshots.iter().map(|(_, s)| s.data.as_slice()).collect::<Vec<_>>() as &[&[u8]],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Records where folding begins from now on, and deletes earlier snapshots, which are useless.
async fn begin_anew(conn: &mut PgConnection, bases: &[(RunId, i32)]) -> Result<(), StoreError> {
    remove(&mut *conn, &bases.iter().map(|(run, _)| *run).collect::<Vec<_>>()).await?;
    sqlx::query!(
        "update runs r set base = u.base from unnest($1::smallint[], $2::uuid[], $3::integer[]) as u (shard, id, base)
         where r.shard = u.shard and r.id = u.id",
        &bases.iter().map(|(run, _)| shard(*run)).collect::<Vec<_>>(),
        &bases.iter().map(|(run, _)| *run).collect::<Vec<Uuid>>(),
        &bases.iter().map(|(_, base)| *base).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns the number of the record from which folding a run begins; 0 if that is the first, or there is no such run.
///
/// # Errors
/// The database is unavailable.
pub async fn base(executor: impl PgExecutor<'_>, run: RunId) -> Result<i32, StoreError> {
    let base = sqlx::query_scalar!("select base from runs where shard = $1 and id = $2", shard(run), run);
    Ok(base.fetch_optional(executor).await?.flatten().unwrap_or(0))
}

/// Deletes the snapshots of closed runs.
///
/// # Errors
/// The database is unavailable.
pub async fn remove(conn: &mut PgConnection, runs: &[RunId]) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from snapshots s using unnest($1::smallint[], $2::uuid[]) as u (shard, run_id)
         where s.shard = u.shard and s.run_id = u.run_id",
        &runs.iter().map(|run| shard(*run)).collect::<Vec<_>>(),
        runs
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns the snapshot of a run, if it has one.
///
/// # Errors
/// The database is unavailable.
pub async fn read(executor: impl PgExecutor<'_>, run: RunId) -> Result<Option<SnapshotRow>, StoreError> {
    Ok(sqlx::query_as!(
        SnapshotRow,
        r#"select s.seq, s.format, s.data, j.hash is not null as "is_of_journal!" from snapshots s
           left join journal j on j.shard = s.shard and j.run_id = s.run_id and j.seq = s.seq and j.hash = s.head
           where s.shard = $1 and s.run_id = $2"#,
        shard(run),
        run
    )
    .fetch_optional(executor)
    .await?)
}
