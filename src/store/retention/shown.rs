//! What people are shown of retention: what is due, and what takes the room.

use sqlx::PgPool;

use super::DueFilter;
use crate::machine::Time;
use crate::store::StoreError;

/// How many runs are due.
#[derive(Debug)]
pub struct Backlog {
    /// Number of runs; counting stops at the limit.
    pub runs: i64,
    /// When the one that ended first did.
    pub oldest: Option<Time>,
}

/// Runs that ended before a time and need nobody.
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

/// When the run that ended first did, of those of a version with one end that need nobody.
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

/// A table and the room that it takes.
#[derive(Debug, serde::Serialize)]
pub struct TableSize {
    /// Its name; partitions count to their table.
    pub table: String,
    /// With its indexes.
    pub bytes: i64,
    /// Number of partitions, the default one included.
    pub partitions: i64,
}

/// The largest tables, largest first.
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
