//! Rows of a list of runs, by their ids.

use sqlx::PgPool;
use uuid::Uuid;

use super::RunRow;
use crate::dsl::WorkflowRef;
use crate::machine::Time;
use crate::store::StoreError;

/// Returns these runs in any order.
pub(super) async fn by_ids(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<RunRecord>, StoreError> {
    Ok(sqlx::query_as!(
        RunRecord,
        "select r.id, d.namespace, d.name, d.version, r.status, r.attention, r.key, r.event_id, r.parent_id, r.task, r.owner,
                r.seq, r.created_at, r.finished_at, r.wake_at, r.error::text as error, r.fingerprint, r.attention_at
         from runs r join definitions d on d.id = r.definition_id
         where r.id = any($1) limit 10000",
        ids
    )
    .fetch_all(pool)
    .await?)
}

/// A row as returned by the statements.
pub(super) struct RunRecord {
    pub(super) id: Uuid,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) status: String,
    pub(super) attention: Option<String>,
    pub(super) key: Option<String>,
    pub(super) event_id: Option<Uuid>,
    pub(super) parent_id: Option<Uuid>,
    pub(super) task: Option<String>,
    pub(super) owner: Option<Uuid>,
    pub(super) seq: i32,
    pub(super) created_at: Time,
    pub(super) finished_at: Option<Time>,
    pub(super) wake_at: Option<Time>,
    pub(super) error: Option<String>,
    pub(super) fingerprint: Option<String>,
    pub(super) attention_at: Option<Time>,
}

impl From<RunRecord> for RunRow {
    fn from(r: RunRecord) -> Self {
        Self {
            id: r.id,
            workflow: WorkflowRef { namespace: r.namespace, name: r.name, version: r.version },
            status: r.status,
            attention: r.attention,
            key: r.key,
            event: r.event_id,
            parent: r.parent_id,
            task: r.task,
            error: r.error.and_then(|error| serde_json::from_str(&error).ok()),
            fingerprint: r.fingerprint,
            attention_at: r.attention_at,
            owner: r.owner,
            seq: r.seq,
            created_at: r.created_at,
            finished_at: r.finished_at,
            wake_at: r.wake_at,
        }
    }
}
