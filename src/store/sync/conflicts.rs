//! Conflicts as people see and settle them. [`super::links`] opens and closes them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::store::StoreError;

/// A conflict between two linked records.
#[derive(Debug, Clone)]
pub struct ConflictRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Name of the mapping.
    pub entity: String,
    /// Id of the record on the first side.
    pub crm_id: Option<String>,
    /// Id of the record on the second side.
    pub erp_id: Option<String>,
    /// Row of the mapping; `None` if the conflict is about the record itself.
    pub row_name: Option<String>,
    /// Kind: `both`, `foreign`, `required`, `unstable` or `deleted`.
    pub kind: String,
    /// First side, as `{field, value}`.
    pub crm: Value,
    /// Second side, as `{field, value}`.
    pub erp: Value,
    /// State: `open`, `chosen`, `settled` or `gone`.
    pub state: String,
    /// The run that last found it.
    pub run_id: Uuid,
    /// The side that a person chose: see [`super::sides`].
    pub chosen: Option<String>,
    /// Actor who chose.
    pub chosen_by: Option<String>,
    /// Reason given for the choice.
    pub reason: Option<String>,
    /// Time of the choice.
    pub chosen_at: Option<DateTime<Utc>>,
    /// Time at which it was opened.
    pub opened_at: DateTime<Utc>,
    /// Time of the last change.
    pub changed_at: DateTime<Utc>,
}

/// Lists conflicts in a state, newest first, before the conflict `before`.
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

/// Returns a conflict by its id.
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

/// Locks a conflict until the transaction ends.
///
/// # Errors
/// The database is unavailable.
pub async fn lock(conn: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    sqlx::query!("select 1 as x from conflicts where id = $1 for update", id).fetch_optional(conn).await?;
    Ok(())
}

/// Records the side that a person chose.
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
