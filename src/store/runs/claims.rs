//! Ownership of runs: claiming due runs, releasing runs of dead nodes, and reading back what a node owns.

use sqlx::PgPool;
use uuid::Uuid;

use crate::machine::{RunId, Time};
use crate::store::StoreError;
use crate::store::nodes::formats::Format;

/// A claimed run.
#[derive(Debug, Clone)]
pub struct ClaimedRun {
    /// Id of the run.
    pub id: RunId,
    /// Id of its definition.
    pub definition_id: i32,
    /// Fence of this ownership.
    pub fence: i64,
    /// Number of the last record.
    pub seq: i32,
    /// Number of the record from which folding the journal begins; `None` for the first.
    pub base: Option<i32>,
    /// Number of claims since the last recorded progress, including this one. Every other one is a node that died,
    /// because live nodes give claims back.
    pub attempts: i16,
    /// Hash of the last journal row.
    pub head: Vec<u8>,
    /// Time at which the run was accepted.
    pub created_at: Time,
}

/// Claims due runs, longest due first, counting the attempt before anything is executed. Skips runs that may have
/// killed their nodes (see [`claim_suspect`]), and runs in a format newer than the node's.
///
/// # Errors
/// The database is unavailable.
pub async fn claim_due(pool: &PgPool, node: Uuid, limit: i64, format: Format) -> Result<Vec<ClaimedRun>, StoreError> {
    Ok(sqlx::query_as!(
        ClaimedRun,
        "update runs r set owner = $1, fence = r.fence + 1, attempts = r.attempts + 1
         from (select shard, id from runs
               where owner is null and wake_at <= now() and attempts < 2 and format <= $3
               order by wake_at limit $2 for update skip locked) as due
         where r.shard = due.shard and r.id = due.id
         returning r.id, r.definition_id, r.fence, r.seq, r.base, r.attempts, r.head, r.created_at",
        node,
        limit,
        format
    )
    .fetch_all(pool)
    .await?)
}

/// Claims one run whose nodes died twice without explanation. Such runs are driven one at a time, so that a third death
/// identifies the culprit.
///
/// # Errors
/// The database is unavailable.
pub async fn claim_suspect(pool: &PgPool, node: Uuid, format: Format) -> Result<Option<ClaimedRun>, StoreError> {
    Ok(sqlx::query_as!(
        ClaimedRun,
        "update runs r set owner = $1, fence = r.fence + 1, attempts = r.attempts + 1
         from (select shard, id from runs
               where owner is null and wake_at <= now() and attempts >= 2 and format <= $2
               order by wake_at limit 1 for update skip locked) as due
         where r.shard = due.shard and r.id = due.id
         returning r.id, r.definition_id, r.fence, r.seq, r.base, r.attempts, r.head, r.created_at",
        node,
        format
    )
    .fetch_optional(pool)
    .await?)
}

/// Returns the runs that this node owns. After a lost reply, a node may own runs that it does not know of.
///
/// # Errors
/// The database is unavailable.
pub async fn owned_by(pool: &PgPool, node: Uuid, limit: i64) -> Result<Vec<ClaimedRun>, StoreError> {
    Ok(sqlx::query_as!(
        ClaimedRun,
        "select id, definition_id, fence, seq, base, attempts, head, created_at from runs where owner = $1 limit $2",
        node,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Returns those of these runs that this node still owns.
///
/// # Errors
/// The database is unavailable.
pub async fn still_owned_by(pool: &PgPool, node: Uuid, runs: &[RunId]) -> Result<Vec<ClaimedRun>, StoreError> {
    Ok(sqlx::query_as!(
        ClaimedRun,
        "select r.id, r.definition_id, r.fence, r.seq, r.base, r.attempts, r.head, r.created_at
         from unnest($2::smallint[], $3::uuid[]) as u (shard, id) join runs r on r.shard = u.shard and r.id = u.id
         where r.owner is not distinct from $1",
        node,
        &runs.iter().map(|run| crate::store::shard(*run)).collect::<Vec<_>>(),
        runs
    )
    .fetch_all(pool)
    .await?)
}

/// Releases up to `limit` runs of dead nodes, under a new fence, so that they can be claimed at once. Returns their
/// number.
///
/// # Errors
/// The database is unavailable.
pub async fn release_of_dead_nodes(pool: &PgPool, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        // Dead nodes are few and owned runs are many, so the plan must begin with the nodes, whatever the statistics.
        "with dead as materialized (select id from nodes where dead_at is not null)
         update runs r set owner = null, fence = r.fence + 1, wake_at = now()
         from (select o.shard, o.id from dead n join runs o on o.owner = n.id
               limit $1 for update of o skip locked) as left_behind
         where r.shard = left_behind.shard and r.id = left_behind.id",
        limit
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// Releases all runs of this node, so that they can be claimed at once. Gives their claims back, because the node did
/// not die. Returns their number.
///
/// # Errors
/// The database is unavailable.
pub async fn release_all_of(pool: &PgPool, node: Uuid) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "update runs set owner = null, fence = fence + 1, wake_at = now(), attempts = greatest(attempts - 1, 0)
         where owner = $1",
        node
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// Gives claims back for a node that lost its lease but is alive. The current owners of the runs are
/// unaffected.
///
/// # Errors
/// The database is unavailable.
pub async fn forgive(pool: &PgPool, runs: &[RunId]) -> Result<(), StoreError> {
    sqlx::query!(
        // All statements lock runs in this order.
        "with lived as materialized (
             select r.shard, r.id from unnest($1::smallint[], $2::uuid[]) as u (shard, id)
             join runs r on r.shard = u.shard and r.id = u.id
             where r.attempts > 0 order by r.shard, r.id for no key update of r)
         update runs r set attempts = r.attempts - 1 from lived l where r.shard = l.shard and r.id = l.id",
        &runs.iter().map(|run| crate::store::shard(*run)).collect::<Vec<_>>(),
        runs
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A node's ownership of a run under a fence. Writes with it have no effect once the run has left the node.
#[derive(Debug, Clone, Copy)]
pub struct Hold {
    /// Id of the node.
    pub node: Uuid,
    /// Id of the run.
    pub run: RunId,
    /// Fence of the ownership.
    pub fence: i64,
}

/// Parks a run whose nodes died while reading it, so that this cannot be recorded in its journal. It needs attention
/// and is not claimed again.
///
/// # Errors
/// The database is unavailable.
pub async fn park_unread(pool: &PgPool, of: Hold) -> Result<(), StoreError> {
    sqlx::query!(
        "update runs set owner = null, fence = fence + 1, wake_at = null, attempts = 0, attention = 'poison'
         where shard = $1 and id = $2 and owner is not distinct from $3 and fence = $4",
        crate::store::shard(of.run),
        of.run,
        of.node,
        of.fence
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Releases a run that this node cannot drive, until a later time.
///
/// # Errors
/// The database is unavailable.
pub async fn release_one(pool: &PgPool, of: Hold, until: Time) -> Result<(), StoreError> {
    sqlx::query!(
        "update runs set owner = null, fence = fence + 1, wake_at = $5, attempts = greatest(attempts - 1, 0)
         where shard = $1 and id = $2 and owner is not distinct from $3 and fence = $4",
        crate::store::shard(of.run),
        of.run,
        of.node,
        of.fence,
        until
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Sets aside a run that this version cannot read: it needs attention, and is claimed again later in case a node can
/// read it then.
///
/// # Errors
/// The database is unavailable.
pub async fn set_aside(pool: &PgPool, of: Hold, until: Time) -> Result<(), StoreError> {
    sqlx::query!(
        "update runs set owner = null, fence = fence + 1, wake_at = $5, attempts = 0, attention = 'poison'
         where shard = $1 and id = $2 and owner is not distinct from $3 and fence = $4",
        crate::store::shard(of.run),
        of.run,
        of.node,
        of.fence,
        until
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Makes an unowned run due now, so that a node claims it.
///
/// # Errors
/// The database is unavailable.
pub async fn wake(pool: &PgPool, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "update runs set wake_at = now() where shard = $1 and id = $2 and owner is null and finished_at is null",
        crate::store::shard(run),
        run
    )
    .execute(pool)
    .await?;
    Ok(())
}
