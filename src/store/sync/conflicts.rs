//! Conflicts as people see and settle them. How they come and go is in [`super::links`].

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::store::StoreError;

/// A conflict.
#[derive(Debug, Clone)]
pub struct ConflictRow {
    /// UUIDv7.
    pub id: Uuid,
    /// The mapping.
    pub entity: String,
    /// The record on the first side.
    pub crm_id: Option<String>,
    /// The record on the second side.
    pub erp_id: Option<String>,
    /// The row of the mapping; none is the record itself.
    pub row_name: Option<String>,
    /// `both`, `foreign`, `required`, `unstable`, `deleted`.
    pub kind: String,
    /// `{field, value}` of the first side.
    pub crm: Value,
    /// `{field, value}` of the second side.
    pub erp: Value,
    /// `open`, `chosen`, `settled`, `gone`.
    pub state: String,
    /// The run that found it last.
    pub run_id: Uuid,
    /// Whose word counts: see [`super::sides`].
    pub chosen: Option<String>,
    /// Who said so.
    pub chosen_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub chosen_at: Option<DateTime<Utc>>,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// When anything about it was last changed.
    pub changed_at: DateTime<Utc>,
}

/// Conflicts in a state, latest first, those before `before`.
///
/// # Errors
/// The database is unavailable.
pub async fn list(
    executor: impl PgExecutor<'_>,
    state: &str,
    entity: Option<&str>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ConflictRow>, StoreError> {
    Ok(sqlx::query_as!(
        ConflictRow,
        "select id, entity, crm_id, erp_id, row_name, kind, crm, erp, state, run_id, chosen, chosen_by, reason, chosen_at,
                opened_at, changed_at
         from conflicts where state = $1 and ($2::text is null or entity = $2) and ($3::uuid is null or id < $3)
         order by id desc limit $4",
        state,
        entity,
        before,
        limit
    )
    .fetch_all(executor)
    .await?)
}

/// One of them.
///
/// # Errors
/// The database is unavailable.
pub async fn find(executor: impl PgExecutor<'_>, id: Uuid) -> Result<Option<ConflictRow>, StoreError> {
    Ok(sqlx::query_as!(
        ConflictRow,
        "select id, entity, crm_id, erp_id, row_name, kind, crm, erp, state, run_id, chosen, chosen_by, reason, chosen_at,
                opened_at, changed_at
         from conflicts where id = $1",
        id
    )
    .fetch_optional(executor)
    .await?)
}

/// One of them, which nobody else changes before the transaction ends.
///
/// # Errors
/// The database is unavailable.
pub async fn lock(conn: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query!("select 1 as x from conflicts where id = $1 for update", id).fetch_optional(conn).await?;
    Ok(())
}

/// Notes whose word counts.
///
/// # Errors
/// The database is unavailable.
pub async fn choose(
    conn: &mut PgConnection,
    id: Uuid,
    side: &str,
    actor: &str,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update conflicts
         set state = 'chosen', chosen = $2, chosen_by = $3, reason = $4, chosen_at = now(), changed_at = now()
         where id = $1",
        id,
        side,
        actor,
        reason
    )
    .execute(conn)
    .await?;
    Ok(())
}
