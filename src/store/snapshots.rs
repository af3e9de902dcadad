//! Snapshots of long runs: written with the transition that they include, read when the run is taken up, gone when it ends.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::journal::Hash;
use super::{StoreError, shard};
use crate::machine::RunId;

/// A snapshot to write.
#[derive(Debug, Clone)]
pub struct NewSnapshot {
    /// The last record that it includes.
    pub seq: i32,
    /// How to read it.
    pub format: i16,
    /// Hash of the journal row that ends with that record.
    pub head: Hash,
    /// The run.
    pub data: Vec<u8>,
}

/// A snapshot as stored.
#[derive(Debug)]
pub struct SnapshotRow {
    /// The last record that it includes.
    pub seq: i32,
    /// How to read it.
    pub format: i16,
    /// The run.
    pub data: Vec<u8>,
    /// Whether the journal has the row that it was taken at.
    pub is_of_journal: bool,
}

/// Writes snapshots of runs in place of earlier ones. Only for runs that the transaction has locked.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn put(conn: &mut PgConnection, snapshots: &[(RunId, &NewSnapshot)]) -> Result<(), StoreError> {
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

/// Removes the snapshots of runs that have ended.
///
/// # Errors
/// The database is away.
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

/// The snapshot of a run, if it has one.
///
/// # Errors
/// The database is away.
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
