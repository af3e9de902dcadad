//! Schedules: workflows that start by themselves.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::StoreError;
use super::audit::{self, RowKey, Sealed};
use crate::dsl::WorkflowRef;
use crate::machine::{RunId, Time};

/// The schedule of a workflow.
#[derive(Debug, Clone)]
pub struct ScheduleRow {
    /// Namespace of the workflow.
    pub namespace: String,
    /// Name of the workflow.
    pub name: String,
    /// Version of the workflow that the timing is from.
    pub version: String,
    /// Text that identifies the timing.
    pub signature: String,
    /// Time from which `every` counts.
    pub anchor: Time,
    /// Time of the next firing; `None` while `after` waits for its run to close.
    pub next_at: Option<Time>,
    /// Time of the last firing.
    pub last_at: Option<Time>,
    /// The last run it started.
    pub run_id: Option<RunId>,
    /// Time since which it is paused.
    pub paused_at: Option<Time>,
    /// Actor who paused it.
    pub paused_by: Option<String>,
    /// Reason given for the pause.
    pub reason: Option<String>,
}

/// The timing of a workflow's latest version.
#[derive(Debug)]
pub struct NewSchedule<'a> {
    /// The latest version known to the caller.
    pub workflow: &'a WorkflowRef,
    /// Id of the last definition that the caller has read. If the workflow has a later one, the schedule is left to a
    /// caller that knows it.
    pub definitions_read: i32,
    /// Text that identifies the timing.
    pub signature: &'a str,
    /// Time from which `every` counts.
    pub anchor: Time,
    /// Time of the first firing.
    pub next_at: Option<Time>,
}

/// Creates or updates a workflow's schedule to match its latest version. If the timing is unchanged, the schedule
/// continues where it is.
///
/// # Errors
/// The database is unavailable.
pub async fn put(pool: &PgPool, new: &NewSchedule<'_>) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    let put = sqlx::query_scalar!(
        r#"insert into schedules (namespace, name, version, signature, anchor, next_at)
         select $1::text, $2::text, $3::text, $4::text, $5::timestamptz, $6::timestamptz
         where not exists (select 1 from definitions d where d.namespace = $1 and d.name = $2 and d.id > $7)
         on conflict (namespace, name) do update
         set version = excluded.version, signature = excluded.signature,
             anchor = case when schedules.signature = excluded.signature then schedules.anchor else excluded.anchor end,
             next_at = case when schedules.signature = excluded.signature then schedules.next_at else excluded.next_at end
         where schedules.version <> excluded.version or schedules.signature <> excluded.signature
         returning xmax = 0 as "is_new!""#,
        new.workflow.namespace,
        new.workflow.name,
        new.workflow.version,
        new.signature,
        new.anchor,
        new.next_at,
        new.definitions_read
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if put == Some(true) {
        audit::seal(&mut transaction, &[row_key(&new.workflow.namespace, &new.workflow.name)]).await?;
    }
    transaction.commit().await?;
    Ok(())
}

fn row_key(namespace: &str, name: &str) -> RowKey {
    (Sealed::Schedules, format!("{namespace}/{name}"))
}

/// Deletes the schedule of a workflow whose latest version has none; see [`NewSchedule::definitions_read`].
///
/// # Errors
/// The database is unavailable.
pub async fn remove(pool: &PgPool, namespace: &str, name: &str, definitions_read: i32) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    let gone = sqlx::query!(
        "delete from schedules where namespace = $1 and name = $2
         and not exists (select 1 from definitions d where d.namespace = $1 and d.name = $2 and d.id > $3)",
        namespace,
        name,
        definitions_read
    )
    .execute(&mut *transaction)
    .await?;
    if gone.rows_affected() > 0 {
        audit::seal(&mut transaction, &[row_key(namespace, name)]).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Returns schedules that are due, longest due first, except those in `seen` (as `namespace/name`).
///
/// # Errors
/// The database is unavailable.
pub async fn due(pool: &PgPool, seen: &[String], limit: i64) -> Result<Vec<ScheduleRow>, StoreError> {
    Ok(sqlx::query_as!(
        ScheduleRow,
        "select namespace, name, version, signature, anchor, next_at, last_at, run_id, paused_at, paused_by, reason
         from schedules where next_at <= now() and paused_at is null and namespace || '/' || name <> all($2)
         order by next_at limit $1",
        limit,
        seen
    )
    .fetch_all(pool)
    .await?)
}

/// Sets the next firing without firing: those in between were missed and are skipped. Returns false if the schedule has
/// changed.
///
/// # Errors
/// The database is unavailable.
pub async fn pass_over(pool: &PgPool, schedule: &ScheduleRow, next_at: Option<Time>) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update schedules set next_at = $4
         where namespace = $1 and name = $2 and next_at = $3 and signature = $5",
        schedule.namespace,
        schedule.name,
        schedule.next_at,
        next_at,
        schedule.signature
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Records that the firing of `at` was handled and sets the next one. Returns false if another node did so first, or
/// the timing has changed.
///
/// # Errors
/// The database is unavailable.
pub async fn fired(
    pool: &PgPool,
    schedule: &ScheduleRow,
    at: Time,
    run: Option<RunId>,
    next_at: Option<Time>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update schedules set last_at = $3, next_at = $4, run_id = coalesce($5, run_id)
         where namespace = $1 and name = $2 and next_at = $3 and signature = $6",
        schedule.namespace,
        schedule.name,
        at,
        next_at,
        run,
        schedule.signature
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A schedule whose run has closed.
#[derive(Debug)]
pub struct EndedRun {
    /// Namespace of the workflow.
    pub namespace: String,
    /// Name of the workflow.
    pub name: String,
    /// Text that identifies the timing.
    pub signature: String,
    /// Id of the run.
    pub run_id: RunId,
    /// Time at which the run closed.
    pub ended_at: Time,
}

/// Returns schedules whose run has closed since they began to wait for it, except those in `seen`. `offset 0` keeps the
/// planner from starting with all runs.
///
/// # Errors
/// The database is unavailable.
pub async fn ended(pool: &PgPool, seen: &[String], limit: i64) -> Result<Vec<EndedRun>, StoreError> {
    Ok(sqlx::query_as!(
        EndedRun,
        r#"select s.namespace, s.name, s.signature, r.id as run_id, r.finished_at as "ended_at!" from schedules s
           cross join lateral (select id, finished_at from runs where id = s.run_id offset 0) r
           where s.next_at is null and s.run_id is not null and r.finished_at is not null
             and s.namespace || '/' || s.name <> all($2) limit $1"#,
        limit,
        seen
    )
    .fetch_all(pool)
    .await?)
}

/// Sets the next firing of a schedule that waited for this run. Does nothing if it now waits for another.
///
/// # Errors
/// The database is unavailable.
pub async fn fire_after(pool: &PgPool, ended: &EndedRun, at: Time) -> Result<(), StoreError> {
    sqlx::query!(
        "update schedules set next_at = $5
         where namespace = $1 and name = $2 and next_at is null and run_id = $3 and signature = $4",
        ended.namespace,
        ended.name,
        ended.run_id,
        ended.signature,
        at
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A person's act on a schedule.
#[derive(Debug)]
pub struct NewAct<'a> {
    /// Namespace of the workflow.
    pub namespace: &'a str,
    /// Name of the workflow.
    pub name: &'a str,
    /// Who acts.
    pub actor: &'a str,
    /// The reason given, if any.
    pub reason: Option<&'a str>,
}

/// Pauses a schedule and records the act. Returns false if there is none. A paused schedule keeps its first actor and
/// reason.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn pause(pool: &PgPool, by: &NewAct<'_>) -> Result<bool, StoreError> {
    let id = Uuid::now_v7();
    let mut transaction = pool.begin().await?;
    let done = sqlx::query!(
        "with paused as (
             update schedules set paused_by = case when paused_at is null then $4 else paused_by end,
                                  reason = case when paused_at is null then $5 else reason end,
                                  paused_at = coalesce(paused_at, now())
             where namespace = $2 and name = $3 returning 1)
         insert into schedule_acts (id, namespace, name, act, actor, reason) select $1, $2, $3, 'pause', $4, $5 from paused",
        id,
        by.namespace,
        by.name,
        by.actor,
        by.reason
    )
    .execute(&mut *transaction)
    .await?;
    sealed(transaction, id, by, done.rows_affected() == 1).await
}

/// Seals an act and its schedule if the act was done, and commits.
async fn sealed(
    mut transaction: sqlx::Transaction<'_, sqlx::Postgres>,
    id: Uuid,
    by: &NewAct<'_>,
    is_done: bool,
) -> Result<bool, StoreError> {
    if is_done {
        let rows = [(Sealed::ScheduleActs, id.to_string()), row_key(by.namespace, by.name)];
        audit::seal(&mut transaction, &rows).await?;
    }
    transaction.commit().await?;
    Ok(is_done)
}

/// Resumes a paused schedule from `next_at` and records the act. Returns false if there is none.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn resume(pool: &PgPool, by: &NewAct<'_>, next_at: Option<Time>) -> Result<bool, StoreError> {
    let id = Uuid::now_v7();
    let mut transaction = pool.begin().await?;
    let done = sqlx::query!(
        "with resumed as (
             update schedules set paused_at = null, paused_by = null, reason = null,
                                  next_at = case when paused_at is null then next_at else coalesce($6, next_at) end
             where namespace = $2 and name = $3 returning 1)
         insert into schedule_acts (id, namespace, name, act, actor, reason) select $1, $2, $3, 'resume', $4, $5 from resumed",
        id,
        by.namespace,
        by.name,
        by.actor,
        by.reason,
        next_at
    )
    .execute(&mut *transaction)
    .await?;
    sealed(transaction, id, by, done.rows_affected() == 1).await
}

/// Records that a person started a run by hand, in the transaction that starts it.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn record_fire(conn: &mut PgConnection, by: &NewAct<'_>, run: RunId) -> Result<(), StoreError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into schedule_acts (id, namespace, name, act, actor, reason, run_id) values ($1, $2, $3, 'fire', $4, $5, $6)",
        id,
        by.namespace,
        by.name,
        by.actor,
        by.reason,
        run
    )
    .execute(&mut *conn)
    .await?;
    audit::seal(conn, &[(Sealed::ScheduleActs, id.to_string())]).await
}

/// An act on a schedule.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ActRow {
    /// `pause`, `resume` or `fire`.
    pub act: String,
    /// Who acted.
    pub actor: String,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// The run that `fire` started.
    pub run: Option<RunId>,
    /// Time of the act.
    pub at: Time,
}

/// Returns the acts on a schedule, newest first.
///
/// # Errors
/// The database is unavailable.
pub async fn acts(pool: &PgPool, namespace: &str, name: &str, limit: i64) -> Result<Vec<ActRow>, StoreError> {
    Ok(sqlx::query_as!(
        ActRow,
        "select act, actor, reason, run_id as run, at from schedule_acts where namespace = $1 and name = $2
         order by id desc limit $3",
        namespace,
        name,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Returns the schedule of a workflow.
///
/// # Errors
/// The database is unavailable.
pub async fn find(pool: &PgPool, namespace: &str, name: &str) -> Result<Option<ScheduleRow>, StoreError> {
    Ok(sqlx::query_as!(
        ScheduleRow,
        "select namespace, name, version, signature, anchor, next_at, last_at, run_id, paused_at, paused_by, reason
         from schedules where namespace = $1 and name = $2",
        namespace,
        name
    )
    .fetch_optional(pool)
    .await?)
}

/// Lists schedules by namespace and name, after `after`.
///
/// # Errors
/// The database is unavailable.
pub async fn list(pool: &PgPool, after: Option<(&str, &str)>, limit: i64) -> Result<Vec<ScheduleRow>, StoreError> {
    // No name is empty, so the default starts at the first schedule.
    let (namespace, name) = after.unwrap_or_default();
    Ok(sqlx::query_as!(
        ScheduleRow,
        "select namespace, name, version, signature, anchor, next_at, last_at, run_id, paused_at, paused_by, reason
         from schedules where (namespace, name) > ($1, $2) order by namespace, name limit $3",
        namespace,
        name,
        limit
    )
    .fetch_all(pool)
    .await?)
}

#[cfg(test)]
mod tests;
