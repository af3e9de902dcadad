//! The environment that a database belongs to.

use sqlx::PgPool;

use crate::store::StoreError;
use crate::store::audit::{self, Sealed};

/// Returns the environment that a database belongs to; `None` before its first node.
///
/// # Errors
/// The database is unavailable.
pub async fn current(pool: &PgPool) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!("select name from environment").fetch_optional(pool).await?)
}

/// Assigns a database to an environment. If it belongs to another one and has unfinished runs or other nodes, changes
/// nothing and returns that environment.
///
/// # Errors
/// The database is unavailable.
pub async fn adopt(pool: &PgPool, name: &str) -> Result<Option<String>, StoreError> {
    let mut transaction = pool.begin().await?;
    let found = sqlx::query!(
        r#"insert into environment (name) values ($1) on conflict (one) do update set one = true
           returning name, xmax = 0 as "is_new!""#,
        name
    )
    .fetch_one(&mut *transaction)
    .await?;
    let there = found.name;
    if there != name {
        let busy = sqlx::query_scalar!(
            r#"select exists (select from runs where finished_at is null)
                   or exists (select from nodes where dead_at is null and expires_at > now()) as "busy!""#
        )
        .fetch_one(&mut *transaction)
        .await?;
        if busy {
            return Ok(Some(there));
        }
        sqlx::query!("update environment set name = $1", name).execute(&mut *transaction).await?;
    }
    if found.is_new || there != name {
        audit::seal(&mut transaction, &[(Sealed::Environment, "true".to_owned())]).await?;
    }
    transaction.commit().await?;
    Ok(None)
}
