//! Ownership of runs: claiming what is due, releasing what dead nodes left, reading back what is owned.

use sqlx::PgPool;
use uuid::Uuid;

use crate::machine::{RunId, Time};
use crate::store::StoreError;
use crate::store::nodes::formats::Format;

/// A run just claimed, or owned.
#[derive(Debug, Clone)]
pub struct ClaimedRun {
    /// The run.
    pub id: RunId,
    /// What it runs.
    pub definition_id: i32,
    /// The fence under which it is owned.
    pub fence: i64,
    /// Number of the last record.
    pub seq: i32,
    /// The record from which folding its journal begins; none: the first.
    pub base: Option<i32>,
    /// Claims since the last recorded progress that nobody gave back, this one included: each but this is a node that died.
    pub attempts: i16,
    /// Hash of the last journal row.
    pub head: Vec<u8>,
    /// Accepted.
    pub created_at: Time,
}

/// Claims runs that are due, longest due first. Those that may have killed their nodes before are left out; see
/// [`claim_suspect`], and those in a format newer than the node's. The attempt is counted before anything is executed.
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

/// Claims one run after two unexplained deaths of its nodes: such runs are driven one at a time, so that a third death
/// names the culprit.
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

/// Runs that this node owns: after a lost reply it may own some that it does not know of.
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

/// Those of these runs that this node owns now.
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

/// Releases a batch of runs whose owner is dead: claimable at once, under a new fence. Gives how many.
///
/// # Errors
/// The database is unavailable.
pub async fn release_of_dead_nodes(pool: &PgPool, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        // Dead nodes are few, owned runs are many: the plan begins with the nodes, whatever the statistics.
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

/// Releases what this node still owns, claimable at once; the claims are given back, for this was no death.
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

/// Gives claims back that were no death: the node lost its lease and lives. Whoever drives these runs now is not touched.
///
/// # Errors
/// The database is unavailable.
pub async fn forgive(pool: &PgPool, runs: &[RunId]) -> Result<(), StoreError> {
    sqlx::query!(
        // In the order in which every batch locks runs.
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

/// A run that a node took up, and under which fence: what is written by it changes nothing once the run has left that node.
#[derive(Debug, Clone, Copy)]
pub struct Hold {
    /// The node.
    pub node: Uuid,
    /// The run.
    pub run: RunId,
    /// The fence.
    pub fence: i64,
}

/// Leaves a run to a person whose nodes died while they read it, so that it could not be parked in its journal. Nobody takes it up by itself.
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

/// Releases one run that this node cannot drive, until a later time.
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

/// Sets a run aside that nobody can read: it needs a person, and is looked at again later. Whoever can read it then takes it
/// up as it was.
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

/// Makes an unowned run due now, so that a node looks at it.
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
