//! Limits of connections, shared by all nodes.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::store::StoreError;

/// The remaining capacity of a connection. Its row stays locked until the transaction ends.
#[derive(Debug)]
pub struct Left {
    /// Requests that may be sent at once under the rate limit.
    pub tokens: f64,
    /// Calls in progress on other nodes.
    pub used_elsewhere: i64,
}

/// Reads a connection's limits and locks them. `burst` is the number of requests allowed after a pause, `per_second`
/// the rate at which they are replenished.
///
/// # Errors
/// The database is unavailable.
pub async fn left(
    conn: &mut PgConnection,
    connection: &str,
    node: Uuid,
    burst: f64,
    per_second: f64,
) -> Result<Left, StoreError> {
    let tokens = sqlx::query_scalar!(
        r#"insert into connection_limits as l (connection, tokens) values ($1, $2)
           on conflict (connection) do update
           set tokens = least($2, l.tokens + greatest(0, extract(epoch from clock_timestamp() - l.refilled_at)::double precision) * $3::double precision),
               refilled_at = clock_timestamp()
           returning tokens"#,
        connection,
        burst,
        per_second
    )
    .fetch_one(&mut *conn)
    .await?;
    let used_elsewhere = sqlx::query_scalar!(
        r#"select coalesce(sum(s.used), 0)::bigint as "used!" from connection_slots s
           join nodes n on n.id = s.node_id and n.dead_at is null
           where s.connection = $1 and s.node_id <> $2"#,
        connection,
        node
    )
    .fetch_one(conn)
    .await?;
    Ok(Left { tokens, used_elsewhere })
}

/// Takes tokens from a connection's limits, and records how many calls are in progress on a node.
///
/// # Errors
/// The database is unavailable.
pub async fn take(
    conn: &mut PgConnection,
    connection: &str,
    node: Uuid,
    tokens: f64,
    used: i32,
) -> Result<(), StoreError> {
    sqlx::query!("update connection_limits set tokens = tokens - $2 where connection = $1", connection, tokens)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "insert into connection_slots (connection, node_id, used) values ($1, $2, $3)
         on conflict (connection, node_id) do update set used = excluded.used",
        connection,
        node,
        used
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes the calls in progress of dead nodes.
///
/// # Errors
/// The database is unavailable.
pub async fn forget_dead(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from connection_slots s where not exists (select from nodes n where n.id = s.node_id and n.dead_at is null)"
    )
    .execute(pool)
    .await?;
    Ok(())
}
