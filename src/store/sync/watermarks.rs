//! Watermarks: how far a workflow has read a source.

use serde_json::Value;
use sqlx::PgConnection;

use crate::store::StoreError;

/// Returns the value of a watermark.
///
/// # Errors
/// The database is unavailable.
pub async fn read(conn: &mut PgConnection, name: &str) -> Result<Option<Value>, StoreError> {
    Ok(sqlx::query_scalar!("select value from watermarks where name = $1", name).fetch_optional(conn).await?)
}

/// Locks a watermark until the transaction ends, even if it has never been written, and returns its value.
///
/// # Errors
/// The database is unavailable.
pub async fn lock(conn: &mut PgConnection, name: &str) -> Result<Option<Value>, StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('watermarks/' || $1, 0))", name)
        .execute(&mut *conn)
        .await?;
    read(conn, name).await
}

/// Sets a watermark.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn write(conn: &mut PgConnection, name: &str, value: &Value) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into watermarks (name, value) values ($1, $2)
         on conflict (name) do update set value = excluded.value, written_at = now()",
        name,
        value
    )
    .execute(conn)
    .await?;
    Ok(())
}
