//! Finds what an id belongs to. Every look is bounded, and by an index.

use sqlx::PgPool;
use uuid::Uuid;

use super::StoreError;
use crate::machine::Time;

/// An event that was found.
#[derive(Debug, Clone)]
pub struct FoundEvent {
    /// UUIDv7, its id here.
    pub id: Uuid,
    /// Name of the source.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// CloudEvents `type`.
    pub r#type: String,
    /// When it was stored.
    pub received_at: Time,
    /// What became of it.
    pub outcome: String,
}

/// Events whose ids here lie within these bounds, latest first.
///
/// # Errors
/// The database is unavailable.
pub async fn events_between(
    pool: &PgPool,
    (low, high): (Uuid, Uuid),
    limit: i64,
) -> Result<Vec<FoundEvent>, StoreError> {
    Ok(sqlx::query_as!(
        FoundEvent,
        "select id, source, event_id, type, received_at, outcome from events where id >= $1 and id <= $2
         order by id desc limit $3",
        low,
        high,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// A pair of records that belong together.
#[derive(Debug, Clone)]
pub struct FoundPair {
    /// UUIDv7.
    pub id: Uuid,
    /// The mapping.
    pub entity: String,
    /// Its record on the first side.
    pub crm_id: Option<String>,
    /// Its record on the second side.
    pub erp_id: Option<String>,
}

/// Pairs with this record in either system, whatever they are about. Their kinds are few, and are gone through one by one at the
/// beginnings of an index.
///
/// # Errors
/// The database is unavailable.
pub async fn pairs_of(pool: &PgPool, record: &str, limit: i64) -> Result<Vec<FoundPair>, StoreError> {
    Ok(sqlx::query_as!(
        FoundPair,
        r#"with recursive kinds (entity) as (
               (select (select l.entity from links l order by l.entity limit 1))
               union all
               select (select l.entity from links l where l.entity > k.entity order by l.entity limit 1)
               from kinds k where k.entity is not null
           )
           select p.id as "id!", p.entity as "entity!", p.crm_id, p.erp_id
           from (select entity from kinds where entity is not null limit 1000) k
           cross join lateral (
               (select id, entity, crm_id, erp_id from links where entity = k.entity and crm_id = $1 limit 1)
               union
               (select id, entity, crm_id, erp_id from links where entity = k.entity and erp_id = $1 limit 1)) p
           limit $2"#,
        record,
        limit
    )
    .fetch_all(pool)
    .await?)
}
