//! Connections that people paused. A row stands while its connection is paused; `acts` keeps who paused and resumed it, and why.

use serde_json::json;
use sqlx::PgPool;

use crate::machine::Time;
use crate::store::StoreError;
use crate::store::acts::{self, By};

/// A connection that somebody paused.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Pause {
    /// Its name in `hub.yaml`.
    #[serde(skip)]
    pub connection: String,
    /// Who paused it.
    pub by: String,
    /// Since when.
    pub at: Time,
    /// What people are told.
    pub reason: String,
}

/// All paused connections.
///
/// # Errors
/// The database is away.
pub async fn list(pool: &PgPool) -> Result<Vec<Pause>, StoreError> {
    Ok(sqlx::query_as!(
        Pause,
        "select connection, actor as by, paused_at as at, reason from connection_pauses order by connection limit 10000"
    )
    .fetch_all(pool)
    .await?)
}

/// Pauses a connection; false if it is paused already.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn pause(pool: &PgPool, connection: &str, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let new = sqlx::query!(
        "insert into connection_pauses (connection, actor, reason) values ($1, $2, $3) on conflict do nothing",
        connection,
        by.actor.0,
        by.reason.unwrap_or_default()
    )
    .execute(&mut *transaction)
    .await?;
    if new.rows_affected() == 0 {
        return Ok(false);
    }
    acts::record(&mut transaction, by, "connection.pause", &subject(connection), None).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Lets a connection's calls go out again; false if it is not paused.
///
/// # Errors
/// The database is away.
pub async fn resume(pool: &PgPool, connection: &str, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let since =
        sqlx::query_scalar!("delete from connection_pauses where connection = $1 returning paused_at", connection)
            .fetch_optional(&mut *transaction)
            .await?;
    let Some(since) = since else { return Ok(false) };
    let detail = json!({ "paused_at": since });
    acts::record(&mut transaction, by, "connection.resume", &subject(connection), Some(&detail)).await?;
    transaction.commit().await?;
    Ok(true)
}

fn subject(connection: &str) -> String {
    format!("connection:{connection}")
}
