//! Workflows that start by themselves.

use sqlx::PgPool;

use super::StoreError;
use crate::machine::{RunId, Time};

/// The schedule of a workflow.
#[derive(Debug, Clone)]
pub struct ScheduleRow {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The version that the timing is from.
    pub version: String,
    /// The timing.
    pub signature: String,
    /// Where `every` counts from.
    pub anchor: Time,
    /// The next firing; none while `after` waits for the end of its run.
    pub next_at: Option<Time>,
    /// The last firing.
    pub last_at: Option<Time>,
    /// The run that was started last.
    pub run_id: Option<RunId>,
    /// Since when it rests.
    pub paused_at: Option<Time>,
    /// Who paused it.
    pub paused_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Makes the schedule of a workflow what its latest version says. A timing that stays the same goes on where it stands.
///
/// # Errors
/// The database is away.
pub async fn put(
    pool: &PgPool,
    workflow: &crate::dsl::WorkflowRef,
    signature: &str,
    now: Time,
    next_at: Option<Time>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into schedules (namespace, name, version, signature, anchor, next_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (namespace, name) do update
         set version = excluded.version, signature = excluded.signature,
             anchor = case when schedules.signature = excluded.signature then schedules.anchor else excluded.anchor end,
             next_at = case when schedules.signature = excluded.signature then schedules.next_at else excluded.next_at end
         where schedules.version <> excluded.version or schedules.signature <> excluded.signature",
        workflow.namespace,
        workflow.name,
        workflow.version,
        signature,
        now,
        next_at
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A workflow does not start by itself any more.
///
/// # Errors
/// The database is away.
pub async fn remove(pool: &PgPool, namespace: &str, name: &str) -> Result<(), StoreError> {
    sqlx::query!("delete from schedules where namespace = $1 and name = $2", namespace, name).execute(pool).await?;
    Ok(())
}

/// Schedules whose time has come, longest due first.
///
/// # Errors
/// The database is away.
pub async fn due(pool: &PgPool, limit: i64) -> Result<Vec<ScheduleRow>, StoreError> {
    Ok(sqlx::query_as!(
        ScheduleRow,
        "select namespace, name, version, signature, anchor, next_at, last_at, run_id, paused_at, paused_by, reason
         from schedules where next_at <= now() and paused_at is null order by next_at limit $1",
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// A firing was dealt with; the next is due then. Nothing happens if another node was faster.
///
/// # Errors
/// The database is away.
pub async fn fired(
    pool: &PgPool,
    schedule: &ScheduleRow,
    run: Option<RunId>,
    next_at: Option<Time>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update schedules set last_at = $4, next_at = $5, run_id = coalesce($6, run_id)
         where namespace = $1 and name = $2 and next_at = $3 and signature = $7",
        schedule.namespace,
        schedule.name,
        schedule.next_at,
        schedule.next_at,
        next_at,
        run,
        schedule.signature
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Schedules that wait for the end of their run which has come: workflow and end.
///
/// # Errors
/// The database is away.
pub async fn ended(pool: &PgPool, limit: i64) -> Result<Vec<(String, String, Time)>, StoreError> {
    let found = sqlx::query!(
        r#"select s.namespace, s.name, r.finished_at as "finished_at!" from schedules s
           join runs r on r.id = s.run_id
           where s.next_at is null and s.run_id is not null and r.finished_at is not null limit $1"#,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(found.into_iter().map(|r| (r.namespace, r.name, r.finished_at)).collect())
}

/// When a schedule that waited fires next.
///
/// # Errors
/// The database is away.
pub async fn resume_at(pool: &PgPool, namespace: &str, name: &str, at: Time) -> Result<(), StoreError> {
    sqlx::query!(
        "update schedules set next_at = $3 where namespace = $1 and name = $2 and next_at is null",
        namespace,
        name,
        at
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Pauses a schedule, or lets it go on from `next_at`; false if there is none.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn set_paused(
    pool: &PgPool,
    namespace: &str,
    name: &str,
    paused: Option<(&str, Option<&str>)>,
    next_at: Option<Time>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update schedules set paused_at = case when $3::text is null then null else coalesce(paused_at, now()) end,
                paused_by = $3, reason = $4,
                next_at = case when $3::text is null and paused_at is not null then coalesce($5, next_at) else next_at end
         where namespace = $1 and name = $2",
        namespace,
        name,
        paused.map(|(by, _)| by),
        paused.and_then(|(_, reason)| reason),
        next_at
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// All schedules by name, those after `after`, at most `limit`; or the one with this name.
///
/// # Errors
/// The database is away.
pub async fn list(
    pool: &PgPool,
    only: Option<(&str, &str)>,
    after: Option<(&str, &str)>,
    limit: i64,
) -> Result<Vec<ScheduleRow>, StoreError> {
    Ok(sqlx::query_as!(
        ScheduleRow,
        "select namespace, name, version, signature, anchor, next_at, last_at, run_id, paused_at, paused_by, reason
         from schedules
         where ($1::text is null or (namespace = $1 and name = $2)) and ($3::text is null or (namespace, name) > ($3, $4))
         order by namespace, name limit $5",
        only.map(|(namespace, _)| namespace),
        only.map(|(_, name)| name),
        after.map(|(namespace, _)| namespace),
        after.map(|(_, name)| name),
        limit
    )
    .fetch_all(pool)
    .await?)
}
