//! Batches: their progress and their failed rows.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::memory::batches::{Batch, FailedRow};
use crate::store::StoreError;

/// Number of batches kept per name.
const KEPT: i64 = 100;

/// Locks the name of a batch until the transaction ends, so that nobody else begins one with this name.
///
/// # Errors
/// The database is unavailable.
pub async fn lock_name(conn: &mut PgConnection, name: &str) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('batches/' || $1, 0))", name).execute(conn).await?;
    Ok(())
}

/// Returns the batch that a run began under a name.
///
/// # Errors
/// The database is unavailable.
pub async fn of_run(conn: &mut PgConnection, run: Uuid, name: &str) -> Result<Option<Batch>, StoreError> {
    Ok(sqlx::query_as!(
        Batch,
        "select id, name, mode, run_id as run, total, done, failed, busy_ms, began_at, changed_at, ended_at
         from batches where run_id = $1 and name = $2",
        run,
        name
    )
    .fetch_optional(conn)
    .await?)
}

/// Returns the runs with an open batch of that name: neither the batch nor the run has ended.
///
/// # Errors
/// The database is unavailable.
pub async fn under_way(conn: &mut PgConnection, name: &str) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select h.run as "run!"
           from (select (select case when r.finished_at is null then r.id end from runs r
                         where r.shard = get_byte(uuid_send(b.run_id), 15)::smallint and r.id = b.run_id) as run
                 from batches b where b.name = $1 and b.ended_at is null) h
           where h.run is not null"#,
        name
    )
    .fetch_all(conn)
    .await?)
}

/// Inserts a batch, and deletes the oldest of its name.
///
/// # Errors
/// The database is unavailable.
pub async fn insert(conn: &mut PgConnection, batch: &Batch) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into batches (id, name, mode, run_id, began_at, changed_at) values ($1, $2, $3, $4, $5, $5)",
        batch.id,
        batch.name,
        batch.mode,
        batch.run,
        batch.began_at
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from batches where name = $1
         and id < (select id from batches where name = $1 order by id desc offset $2 limit 1)",
        batch.name,
        KEPT - 1
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks a batch until the transaction ends and returns it.
///
/// # Errors
/// The database is unavailable.
pub async fn lock(conn: &mut PgConnection, id: Uuid) -> Result<Option<Batch>, StoreError> {
    Ok(sqlx::query_as!(
        Batch,
        "select id, name, mode, run_id as run, total, done, failed, busy_ms, began_at, changed_at, ended_at
         from batches where id = $1 for update",
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// Writes the progress of a batch.
///
/// # Errors
/// The database is unavailable.
pub async fn update(conn: &mut PgConnection, batch: &Batch) -> Result<(), StoreError> {
    sqlx::query!(
        "update batches set total = $2, done = $3, failed = $4, busy_ms = $5, changed_at = $6, ended_at = $7 where id = $1",
        batch.id,
        batch.total,
        batch.done,
        batch.failed,
        batch.busy_ms,
        batch.changed_at,
        batch.ended_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Records a report of a batch by its cursor. Returns false if it was recorded before.
///
/// # Errors
/// The database is unavailable.
pub async fn note_report(conn: &mut PgConnection, batch: Uuid, cursor: &str) -> Result<bool, StoreError> {
    let noted = sqlx::query!(
        "insert into batch_reports (batch_id, cursor) values ($1, $2) on conflict do nothing",
        batch,
        cursor
    )
    .execute(conn)
    .await?;
    Ok(noted.rows_affected() > 0)
}

/// Deletes the cursors of a batch that takes no more reports.
///
/// # Errors
/// The database is unavailable.
pub async fn forget_reports(conn: &mut PgConnection, batch: Uuid) -> Result<(), StoreError> {
    sqlx::query!("delete from batch_reports where batch_id = $1", batch).execute(conn).await?;
    Ok(())
}

/// Deletes failed rows that have succeeded.
///
/// # Errors
/// The database is unavailable.
pub async fn clear_rows(conn: &mut PgConnection, name: &str, keys: &[String]) -> Result<(), StoreError> {
    sqlx::query!("delete from batch_rows where name = $1 and key = any($2)", name, keys).execute(conn).await?;
    Ok(())
}

/// Stores failed rows and counts their attempts. Ignores `attempts` of the rows passed in.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn keep_rows(conn: &mut PgConnection, batch: &Batch, failed: &[FailedRow]) -> Result<(), StoreError> {
    let keys: Vec<&str> = failed.iter().map(|row| row.key.as_str()).collect();
    let messages: Vec<&str> = failed.iter().map(|row| row.message.as_str()).collect();
    let rows: Vec<Value> = failed.iter().map(|row| row.row.clone()).collect();
    sqlx::query!(
        "insert into batch_rows as known (name, key, message, row, batch_id, first_at, failed_at)
         select $1, u.key, u.message, u.row, $5, $6, $6 from unnest($2::text[], $3::text[], $4::json[]) as u (key, message, row)
         on conflict (name, key) do update
         set message = excluded.message, row = excluded.row, batch_id = excluded.batch_id, failed_at = excluded.failed_at,
             attempts = known.attempts + 1",
        batch.name,
        &keys as &[&str],
        &messages as &[&str],
        &rows,
        batch.id,
        batch.changed_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A batch as people see it.
#[derive(Debug, Clone)]
pub struct BatchRow {
    /// The batch itself.
    pub batch: Batch,
    /// Whether its run closed without ending the batch.
    pub stopped: bool,
    /// Namespace and name of its run's workflow; `None` if the run no longer exists.
    pub workflow: Option<(String, String)>,
}

/// Lists batches, newest first, before the batch `before`; with `id`, only that one.
///
/// # Errors
/// The database is unavailable.
pub async fn list(
    executor: impl PgExecutor<'_>,
    id: Option<Uuid>,
    name: Option<&str>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<BatchRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select b.id, b.name, b.mode, b.run_id, b.total, b.done, b.failed, b.busy_ms, b.began_at, b.changed_at, b.ended_at,
                  r.id is null or r.finished_at is not null as "over!", d.namespace as "namespace?", d.name as "workflow?"
           from batches b
           left join runs r on r.shard = get_byte(uuid_send(b.run_id), 15)::smallint and r.id = b.run_id
           left join definitions d on d.id = r.definition_id
           where ($1::uuid is null or b.id = $1) and ($2::text is null or b.name = $2) and ($3::uuid is null or b.id < $3)
           order by b.id desc limit $4"#,
        id,
        name,
        before,
        limit
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| BatchRow {
            stopped: row.over && row.ended_at.is_none(),
            workflow: row.namespace.zip(row.workflow),
            batch: Batch {
                id: row.id,
                name: row.name,
                mode: row.mode,
                run: row.run_id,
                total: row.total,
                done: row.done,
                failed: row.failed,
                busy_ms: row.busy_ms,
                began_at: row.began_at,
                changed_at: row.changed_at,
                ended_at: row.ended_at,
            },
        })
        .collect())
}

/// A failed row as people see it.
#[derive(Debug, Clone, Serialize)]
pub struct FailedShown {
    /// Key of the row.
    pub key: String,
    /// Message of the last failure.
    pub message: String,
    /// The input needed to retry it.
    pub row: Value,
    /// The batch in which it last failed.
    pub batch: Uuid,
    /// Number of failed attempts.
    pub attempts: i32,
    /// Time of the first failure.
    pub first_at: DateTime<Utc>,
    /// Time of the last failure.
    pub failed_at: DateTime<Utc>,
}

/// Lists failed rows of a name by key, after `after`.
///
/// # Errors
/// The database is unavailable.
pub async fn failed(
    executor: impl PgExecutor<'_>,
    name: &str,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<FailedShown>, StoreError> {
    Ok(sqlx::query_as!(
        FailedShown,
        "select key, message, row, batch_id as batch, attempts, first_at, failed_at
         from batch_rows where name = $1 and key > coalesce($2, '') order by key limit $3",
        name,
        after,
        limit
    )
    .fetch_all(executor)
    .await?)
}

/// Counts failed rows of a name, after `after`.
///
/// # Errors
/// The database is unavailable.
pub async fn count_failed(executor: impl PgExecutor<'_>, name: &str, after: Option<&str>) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from batch_rows where name = $1 and key > coalesce($2, '')"#,
        name,
        after
    )
    .fetch_one(executor)
    .await?)
}
