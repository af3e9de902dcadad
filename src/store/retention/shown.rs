//! What people see of retention: how much is due, and what takes up space.

use sqlx::PgPool;

use super::DueFilter;
use crate::machine::Time;
use crate::store::StoreError;

/// The runs that are due.
#[derive(Debug)]
pub struct Backlog {
    /// Number of runs, at most the limit.
    pub runs: i64,
    /// Time at which the first of them closed.
    pub oldest: Option<Time>,
}

/// Counts runs that closed before a time and need no attention.
///
/// # Errors
/// The database is unavailable.
pub async fn backlog(pool: &PgPool, filter: &DueFilter, limit: i64) -> Result<Backlog, StoreError> {
    Ok(sqlx::query_as!(
        Backlog,
        r#"select count(*) as "runs!", min(finished_at) as oldest
           from (select finished_at from runs
                 where definition_id = $1 and status = $2 and finished_at is not null and attention is null and finished_at <= $3
                 order by finished_at limit $4) due"#,
        filter.definition,
        filter.status,
        filter.before,
        limit
    )
    .fetch_one(pool)
    .await?)
}

/// Returns the time at which the first run of a version closed with this status, among those that need no attention.
///
/// # Errors
/// The database is unavailable.
pub async fn oldest(pool: &PgPool, definition: i32, status: &str) -> Result<Option<Time>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select finished_at as "finished_at!" from runs
           where definition_id = $1 and status = $2 and finished_at is not null and attention is null
           order by finished_at, id limit 1"#,
        definition,
        status
    );
    Ok(found.fetch_optional(pool).await?)
}

/// The size of a table.
#[derive(Debug, serde::Serialize)]
pub struct TableSize {
    /// Name of the table; includes its partitions.
    pub table: String,
    /// Bytes, including indexes.
    pub bytes: i64,
    /// Number of partitions, including the default one.
    pub partitions: i64,
}

/// Returns the largest tables, largest first.
///
/// # Errors
/// The database is unavailable.
pub async fn table_sizes(pool: &PgPool, limit: i64) -> Result<Vec<TableSize>, StoreError> {
    Ok(sqlx::query_as!(
        TableSize,
        r#"select coalesce(p.relname, c.relname)::text as "table!", sum(pg_total_relation_size(c.oid))::bigint as "bytes!",
                  count(p.oid) as "partitions!"
           from pg_class c
           left join pg_inherits i on i.inhrelid = c.oid
           left join pg_class p on p.oid = i.inhparent
           where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
           group by 1 order by 2 desc, 1 limit $1"#,
        limit
    )
    .fetch_all(pool)
    .await?)
}
