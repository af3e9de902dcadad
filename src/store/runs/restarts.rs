//! Restarts: closed runs whose work a new run does again.

use serde_json::json;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::commands::{self, NewMessage};
use super::unacknowledged;
use crate::machine::{Message, RunId, Time};
use crate::store::acts::{self, By};
use crate::store::{StoreError, shard};

/// The last restart of a run.
#[derive(Debug, Clone)]
pub struct Latest {
    /// The new run.
    pub run_id: RunId,
    /// Number of restarts, including this one.
    pub number: i32,
    /// Time of the restart.
    pub at: Time,
    /// Whether the new run has closed.
    pub has_ended: bool,
}

/// Returns the last restart of a run, if any.
///
/// # Errors
/// The database is unavailable.
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

/// The runs that a run is linked with by restarts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Links {
    /// The closed run whose work this run does again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarted_from: Option<RunId>,
    /// The run that does its work again; the last one if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarted_as: Option<RunId>,
}

/// Returns the runs that a run is linked with by restarts.
///
/// # Errors
/// The database is unavailable.
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

/// Records that a new run does the work of a closed one again, and sends the closed one a message. Called in the
/// transaction that starts the new run.
///
/// # Errors
/// The database is unavailable or rejects a value.
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
