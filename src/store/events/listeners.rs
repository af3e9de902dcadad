//! Who waits for which event.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::machine::{RunId, Time};
use crate::store::runs::journal::Hash;
use crate::store::{StoreError, shard};

/// One filter of a `listen` that has just begun.
#[derive(Debug, Clone)]
pub struct NewListener {
    /// Which `listen` of the run.
    pub execution: i32,
    /// Which of its filters.
    pub filter: i16,
    /// CloudEvents `type`; empty where any, or a pattern, is waited for.
    pub event_type: String,
    /// Definition, filter and task: what all runs at this task have in common.
    pub kind: String,
    /// Hash of what this run alone waits for.
    pub key: Hash,
}

/// A `listen` that an event fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The run.
    pub run_id: RunId,
    /// Which `listen` of it.
    pub execution: i32,
    /// Which of its filters.
    pub filter: i16,
}

/// A `listen` for which earlier events were not looked at yet.
#[derive(Debug, Clone)]
pub struct Unchecked {
    /// Which `listen` of the run.
    pub execution: i32,
    /// Which of its filters.
    pub filter: i16,
    /// As in [`NewListener`].
    pub event_type: String,
    /// As in [`NewListener`].
    pub kind: String,
    /// As in [`NewListener`].
    pub key: Vec<u8>,
    /// When the run was accepted.
    pub created_at: Time,
    /// The event that started the run.
    pub started_by: Option<Uuid>,
    /// Transaction below which all must have ended before the last look; none before the first look.
    pub settles: Option<i64>,
}

/// The transactions that are under way.
#[derive(Debug, Clone, Copy)]
pub struct UnderWay {
    /// All below have ended.
    pub oldest: i64,
    /// None at or above has begun.
    pub next: i64,
}

/// Notes who waits.
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

/// Forgets who waited.
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

/// The kinds of which someone waits for this type of event. They are few, the waiting may be many: from one kind the
/// index leads on to the next.
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

/// Who of a kind waits for an event with this key, behind `after`, at most `limit`.
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

/// Runs behind `after` with a `listen` for which earlier events are to be looked at, and can be: those that wait for transactions
/// which are under way are left out. In order, at most `limit`.
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

/// What of a run was not checked yet.
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

/// The transactions that are under way now.
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

/// Earlier events were looked at: for good, or once more when the transactions below `settles` have ended.
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
