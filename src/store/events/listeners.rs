//! Listeners: runs that wait for events.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::machine::{RunId, Time};
use crate::store::runs::journal::Hash;
use crate::store::{StoreError, shard};

/// One filter of a `listen` that has begun.
#[derive(Debug, Clone)]
pub struct NewListener {
    /// Execution of the `listen` task in its run.
    pub execution: i32,
    /// Number of the filter.
    pub filter: i16,
    /// CloudEvents `type`; empty if the filter accepts any type or a pattern.
    pub event_type: String,
    /// Definition, filter and task, which all runs at this task have in common.
    pub kind: String,
    /// Hash of the values that this run waits for.
    pub key: Hash,
}

/// A `listen` that an event matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Id of the run.
    pub run_id: RunId,
    /// Execution of the `listen` task in its run.
    pub execution: i32,
    /// Number of the filter.
    pub filter: i16,
}

/// A `listen` for which earlier events have not been checked yet.
#[derive(Debug, Clone)]
pub struct Unchecked {
    /// Execution of the `listen` task in its run.
    pub execution: i32,
    /// Number of the filter.
    pub filter: i16,
    /// As in [`NewListener`].
    pub event_type: String,
    /// As in [`NewListener`].
    pub kind: String,
    /// As in [`NewListener`].
    pub key: Vec<u8>,
    /// Time at which the run was accepted.
    pub created_at: Time,
    /// Event that started the run.
    pub started_by: Option<Uuid>,
    /// Transaction id below which all transactions must end before the final check; `None` before the first check.
    pub settles: Option<i64>,
}

/// Bounds of the transactions in progress.
#[derive(Debug, Clone, Copy)]
pub struct UnderWay {
    /// All transactions below this id have ended.
    pub oldest: i64,
    /// No transaction at or above this id has begun.
    pub next: i64,
}

/// Stores listeners.
///
/// # Errors
/// The database is unavailable.
pub async fn insert(conn: &mut PgConnection, listeners: &[(RunId, &NewListener)]) -> Result<(), StoreError> {
    let l = listeners;
    sqlx::query!(
        "insert into listeners (shard, run_id, execution, filter, event_type, kind, key)
         select * from unnest($1::smallint[], $2::uuid[], $3::integer[], $4::smallint[], $5::text[], $6::text[], $7::bytea[])
         on conflict (shard, run_id, execution, filter)
         do update set event_type = excluded.event_type, key = excluded.key, checked = false, settles = null",
        &l.iter().map(|(run, _)| shard(*run)).collect::<Vec<_>>(),
        &l.iter().map(|(run, _)| *run).collect::<Vec<_>>(),
        &l.iter().map(|(_, l)| l.execution).collect::<Vec<_>>(),
        &l.iter().map(|(_, l)| l.filter).collect::<Vec<_>>(),
        &l.iter().map(|(_, l)| l.event_type.as_str()).collect::<Vec<_>>() as &[&str],
        &l.iter().map(|(_, l)| l.kind.as_str()).collect::<Vec<_>>() as &[&str],
        &l.iter().map(|(_, l)| l.key.as_slice()).collect::<Vec<_>>() as &[&[u8]],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes the listeners of executions that have ended.
///
/// # Errors
/// The database is unavailable.
pub async fn delete(conn: &mut PgConnection, ended: &[(RunId, i32)]) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from listeners l using unnest($1::smallint[], $2::uuid[], $3::integer[]) as u (shard, run_id, execution)
         where l.shard = u.shard and l.run_id = u.run_id and l.execution = u.execution",
        &ended.iter().map(|(run, _)| shard(*run)).collect::<Vec<_>>(),
        &ended.iter().map(|(run, _)| *run).collect::<Vec<_>>(),
        &ended.iter().map(|(_, execution)| *execution).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns the kinds of listeners for this type of event. Kinds are few even if listeners are many, so the query steps
/// from kind to kind with a loose index scan.
///
/// # Errors
/// The database is unavailable.
pub async fn kinds(pool: &PgPool, event_type: &str) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"with recursive kinds as (
               (select kind from listeners where event_type = $1 order by kind limit 1)
               union all
               select (select l.kind from listeners l where l.event_type = $1 and l.kind > k.kind order by l.kind limit 1)
               from kinds k where k.kind is not null)
           select kind as "kind!" from kinds where kind is not null"#,
        event_type
    )
    .fetch_all(pool)
    .await?)
}

/// Returns listeners of a kind that wait for this key, after `after`.
///
/// # Errors
/// The database is unavailable.
pub async fn waiting(
    pool: &PgPool,
    event_type: &str,
    kind: &str,
    key: &Hash,
    after: Option<Waiting>,
    limit: i64,
) -> Result<Vec<Waiting>, StoreError> {
    let after = after.unwrap_or(Waiting { run_id: Uuid::nil(), execution: 0, filter: 0 });
    Ok(sqlx::query_as!(
        Waiting,
        "select run_id, execution, filter from listeners
         where event_type = $1 and kind = $2 and key = $3 and (run_id, execution, filter) > ($4, $5, $6)
         order by run_id, execution, filter limit $7",
        event_type,
        kind,
        key.as_slice(),
        after.run_id,
        after.execution,
        after.filter,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Returns runs after `after` with a `listen` whose earlier events can be checked now; those waiting for transactions
/// in progress are left out. In order.
///
/// # Errors
/// The database is unavailable.
pub async fn unchecked_runs(
    pool: &PgPool,
    under_way: UnderWay,
    after: Option<RunId>,
    limit: i64,
) -> Result<Vec<RunId>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select distinct run_id from listeners
         where not checked and run_id > $1 and (settles is null or settles <= $2) order by run_id limit $3",
        after.unwrap_or_default(),
        under_way.oldest,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Returns the unchecked listeners of a run.
///
/// # Errors
/// The database is unavailable.
pub async fn unchecked(pool: &PgPool, run: RunId) -> Result<Vec<Unchecked>, StoreError> {
    Ok(sqlx::query_as!(
        Unchecked,
        "select l.execution, l.filter, l.event_type, l.kind, l.key, r.created_at, r.event_id as started_by, l.settles
         from listeners l join runs r on r.shard = l.shard and r.id = l.run_id
         where l.run_id = $1 and not l.checked",
        run
    )
    .fetch_all(pool)
    .await?)
}

/// Returns the bounds of the transactions in progress.
///
/// # Errors
/// The database is unavailable.
pub async fn under_way(pool: &PgPool) -> Result<UnderWay, StoreError> {
    Ok(sqlx::query_as!(
        UnderWay,
        r#"select pg_snapshot_xmin(s)::text::bigint as "oldest!", pg_snapshot_xmax(s)::text::bigint as "next!"
           from pg_current_snapshot() as s"#
    )
    .fetch_one(pool)
    .await?)
}

/// Records that earlier events were checked: finally, or until the transactions below `settles` have ended.
///
/// # Errors
/// The database is unavailable.
pub async fn looked(pool: &PgPool, run: RunId, of: &Unchecked, settles: Option<i64>) -> Result<(), StoreError> {
    sqlx::query!(
        "update listeners set checked = $5::bigint is null, settles = $5
         where shard = $1 and run_id = $2 and execution = $3 and filter = $4",
        shard(run),
        run,
        of.execution,
        of.filter,
        settles
    )
    .execute(pool)
    .await?;
    Ok(())
}
