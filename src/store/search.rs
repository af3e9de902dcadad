//! Finds what an id belongs to. Every query is bounded and uses an index.

use sqlx::PgPool;
use uuid::Uuid;

use super::StoreError;
use crate::machine::Time;

/// An event found by its id.
#[derive(Debug, Clone)]
pub struct FoundEvent {
    /// Id of the event here, a UUIDv7.
    pub id: Uuid,
    /// Name of the source.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// CloudEvents `type`.
    pub r#type: String,
    /// Time at which it was stored.
    pub received_at: Time,
    /// Outcome, such as `run` or `unmatched`.
    pub outcome: String,
}

/// Returns events with ids between these bounds, newest first.
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

/// A pair of linked records.
#[derive(Debug, Clone)]
pub struct FoundPair {
    /// Id of the pair, a UUIDv7.
    pub id: Uuid,
    /// Name of the mapping.
    pub entity: String,
    /// Id of the record on the first side.
    pub crm_id: Option<String>,
    /// Id of the record on the second side.
    pub erp_id: Option<String>,
}

/// Returns the pairs that contain this record on either side, in any mapping. There are few mappings, so the query
/// steps through them with a loose index scan and probes each.
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
