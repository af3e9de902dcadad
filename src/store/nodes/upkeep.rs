//! Maintenance of the database: statistics, and a check for transactions that block vacuum.

use sqlx::PgPool;

use crate::store::StoreError;

/// Analyzes partitioned tables that have not been analyzed for a day, each in its own transaction; autovacuum never
/// does.
///
/// # Errors
/// The database is unavailable or a lock wait times out.
pub async fn analyze_partitioned(pool: &PgPool) -> Result<(), StoreError> {
    while sqlx::query_scalar!("select analyze_next_partitioned()").fetch_one(pool).await?.is_some() {}
    Ok(())
}

/// Returns the age in seconds of the oldest transaction that keeps vacuum from removing dead rows, as far as this role
/// may see other sessions.
///
/// # Errors
/// The database is unavailable.
pub async fn oldest_snapshot_seconds(pool: &PgPool) -> Result<f64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(extract(epoch from max(clock_timestamp() - xact_start)), 0)::float8 as "seconds!"
           from pg_stat_activity where backend_xmin is not null and datname = current_database() and pid <> pg_backend_pid()
             and backend_type <> 'autovacuum worker'"#
    )
    .fetch_one(pool)
    .await?)
}
