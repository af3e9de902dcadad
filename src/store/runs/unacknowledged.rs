//! Runs that undid their work after a fault, until a person acknowledges them or starts them again. A row is written when the run begins
//! to undo, and counts from its end; `acts` says who acknowledged it and why.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::listing::COUNT_MAX;
use crate::machine::{RunId, Time};
use crate::store::acts::{self, By};
use crate::store::{StoreError, shard};

/// Notes runs that undo their work after a fault from now on.
///
/// # Errors
/// The database is away.
pub(crate) async fn begin(conn: &mut PgConnection, runs: &[RunId]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into unacknowledged_runs (shard, run_id)
         select u.shard, u.run_id from unnest($1::smallint[], $2::uuid[]) as u (shard, run_id) on conflict do nothing",
        &runs.iter().map(|run| shard(*run)).collect::<Vec<_>>(),
        runs
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lists those of these runs that undid their work after a fault: they have ended.
///
/// # Errors
/// The database is away.
pub(crate) async fn end(conn: &mut PgConnection, runs: &[RunId]) -> Result<(), StoreError> {
    sqlx::query!(
        "update unacknowledged_runs r set ended_at = now()
         from unnest($1::smallint[], $2::uuid[]) as u (shard, run_id) where r.shard = u.shard and r.run_id = u.run_id",
        &runs.iter().map(|run| shard(*run)).collect::<Vec<_>>(),
        runs
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A run was started again, so its work is under way.
///
/// # Errors
/// The database is away.
pub(super) async fn forget(conn: &mut PgConnection, run: RunId) -> Result<(), StoreError> {
    sqlx::query!("delete from unacknowledged_runs where shard = $1 and run_id = $2", shard(run), run)
        .execute(conn)
        .await?;
    Ok(())
}

/// The act that an acknowledgement is.
const ACKNOWLEDGE: &str = "run.acknowledge";

/// Acknowledges a run; false if it is not listed.
///
/// # Errors
/// The database is away.
pub async fn acknowledge(pool: &PgPool, run: RunId, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let gone = sqlx::query!(
        "delete from unacknowledged_runs where shard = $1 and run_id = $2 and ended_at is not null",
        shard(run),
        run
    )
    .execute(&mut *transaction)
    .await?;
    if gone.rows_affected() == 0 {
        return Ok(false);
    }
    acts::record(&mut transaction, by, ACKNOWLEDGE, &run.to_string(), None).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Whether somebody still has to look at an ended run, or who did.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Acknowledgement {
    /// Its work did not happen, and nobody has acknowledged that or started it again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unacknowledged: bool,
    /// Who acknowledged it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
}

/// Who acknowledged a run, and why.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Acknowledged {
    /// Who said so.
    pub by: String,
    /// When they said so.
    pub at: Time,
    /// What they did about it, or why nothing has to be done.
    pub reason: Option<String>,
}

/// Whether somebody still has to look at a run, or who did.
///
/// # Errors
/// The database is away.
pub async fn of_run(pool: &PgPool, run: RunId) -> Result<Acknowledgement, StoreError> {
    let unacknowledged = sqlx::query_scalar!(
        r#"select exists (select from unacknowledged_runs where shard = $1 and run_id = $2 and ended_at is not null) as "listed!""#,
        shard(run),
        run
    )
    .fetch_one(pool)
    .await?;
    let acknowledged = sqlx::query_as!(
        Acknowledged,
        "select actor as by, at, reason from acts where subject = $1 and act = $2 order by id desc limit 1",
        run.to_string(),
        ACKNOWLEDGE
    )
    .fetch_optional(pool)
    .await?;
    Ok(Acknowledgement { unacknowledged, acknowledged })
}

/// How many runs nobody has acknowledged, up to [`COUNT_MAX`].
///
/// # Errors
/// The database is away.
pub async fn count(pool: &PgPool) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!"
           from (select from unacknowledged_runs where ended_at is not null order by ended_at limit $1) found"#,
        COUNT_MAX
    )
    .fetch_one(pool)
    .await?)
}

/// Those between two ids, from one end.
///
/// # Errors
/// The database is away.
pub(super) async fn between(
    conn: &mut PgConnection,
    (low, high): (Uuid, Uuid),
    oldest: bool,
    limit: i64,
) -> Result<Vec<RunId>, StoreError> {
    let found = match oldest {
        true => {
            sqlx::query_scalar!(
                "select run_id from unacknowledged_runs where ended_at is not null and run_id >= $1 and run_id <= $2
                 order by run_id limit $3",
                low,
                high,
                limit
            )
            .fetch_all(conn)
            .await
        }
        false => {
            sqlx::query_scalar!(
                "select run_id from unacknowledged_runs where ended_at is not null and run_id >= $1 and run_id <= $2
                 order by run_id desc limit $3",
                low,
                high,
                limit
            )
            .fetch_all(conn)
            .await
        }
    };
    Ok(found?)
}
