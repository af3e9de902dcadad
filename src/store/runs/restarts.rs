//! Ended runs that were started again as new runs.

use serde_json::json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::commands::{self, NewMessage};
use super::unacknowledged;
use crate::machine::{Message, RunId, Time};
use crate::store::acts::{self, By};
use crate::store::{StoreError, shard};

/// The last time that a run was started again.
#[derive(Debug, Clone)]
pub struct Latest {
    /// The new run.
    pub run_id: RunId,
    /// How often it was started again, this time included.
    pub number: i32,
    /// When.
    pub at: Time,
    /// Whether the new run has ended, or is gone.
    pub has_ended: bool,
}

/// The last time that a run was started again; none if it never was.
///
/// # Errors
/// The database is away.
pub async fn latest(pool: &PgPool, of: RunId) -> Result<Option<Latest>, StoreError> {
    Ok(sqlx::query_as!(
        Latest,
        r#"select s.run_id, s.number, s.at, r.finished_at is not null as "has_ended!"
           from restarts s join runs r on r.shard = s.shard and r.id = s.run_id
           where s.of_run = $1 order by s.number desc limit 1"#,
        of
    )
    .fetch_optional(pool)
    .await?)
}

/// The runs that a run is linked with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Links {
    /// The ended run whose work it does again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarted_from: Option<RunId>,
    /// The run that does its work again, the last one if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarted_as: Option<RunId>,
}

/// Which runs a run is linked with.
///
/// # Errors
/// The database is away.
pub async fn links(pool: &PgPool, run: RunId) -> Result<Links, StoreError> {
    Ok(sqlx::query_as!(
        Links,
        "select (select of_run from restarts where shard = $1 and run_id = $2) as restarted_from,
                (select run_id from restarts where of_run = $2 order by number desc limit 1) as restarted_as",
        shard(run),
        run
    )
    .fetch_one(pool)
    .await?)
}

/// Notes that a new run does the work of an ended one again, and tells that one. In the transaction that starts the new run.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn record(
    conn: &mut PgConnection,
    by: By<'_>,
    (of, number): (RunId, i32),
    run: RunId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into restarts (shard, run_id, of_run, number) values ($1, $2, $3, $4)",
        shard(run),
        run,
        of,
        number
    )
    .execute(&mut *conn)
    .await?;
    unacknowledged::forget(conn, of).await?;
    let message = NewMessage {
        id: Uuid::now_v7(),
        run: of,
        message: json!(Message::Restarted { run, reason: by.reason.map(str::to_owned) }).to_string(),
        actor: by.actor.0.clone(),
        event: None,
        is_kept: false,
    };
    commands::tell(conn, &[&message]).await?;
    acts::record(conn, by, "run.restart", &of.to_string(), Some(&json!({ "run": run }))).await
}
