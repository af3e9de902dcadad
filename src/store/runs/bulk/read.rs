//! Bulk acts and their items, as people see them.

use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::dsl::WorkflowRef;
use crate::machine::{RunId, Time};
use crate::store::StoreError;

/// A bulk act.
#[derive(Debug, Clone)]
pub struct BulkRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// The act for each run.
    pub act: Value,
    /// The filter as given.
    pub filter: Value,
    /// Whether more runs matched than it includes.
    pub more: bool,
    /// Actor who requested it.
    pub actor: String,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// Number of runs after which it waits for a person to confirm.
    pub trial: Option<i32>,
    /// Maximum number of acts per second.
    pub rate: Option<f64>,
    /// Status: `running`, `trial`, `paused`, `stopped` or `done`.
    pub status: String,
    /// Number of its runs.
    pub total: i32,
    /// Number of runs that were processed, or never will be.
    pub told: i32,
    /// Number of runs that carried out the act.
    pub done: i32,
    /// Number of runs on which nothing was done.
    pub refused: i32,
    /// Number of runs that wait for a second person's approval.
    pub proposed: i32,
    /// Number of runs that carried out the act and need attention again. Only set when a single bulk act is read.
    pub failed_again: Option<i64>,
    /// Actor in whose name it continues.
    pub acts_as: String,
    /// Time at which it was requested.
    pub created_at: Time,
    /// Time at which its status was last changed.
    pub changed_at: Time,
    /// Actor who changed it.
    pub changed_by: String,
    /// The reason given for the change, if any.
    pub change_reason: Option<String>,
    /// Time at which it ended.
    pub finished_at: Option<Time>,
}

/// Returns a bulk act by its id.
///
/// # Errors
/// The database is unavailable.
pub async fn find(pool: &PgPool, id: Uuid) -> Result<Option<BulkRow>, StoreError> {
    Ok(sqlx::query_as!(
        BulkRow,
        "select id, act, filter, more, actor, reason, trial, rate, status, total, told, done, refused, proposed,
                (select count(*) from bulk_items i
                 join runs r on r.shard = get_byte(uuid_send(i.run_id), 15)::smallint and r.id = i.run_id
                 where i.bulk_id = b.id and i.result = 'done' and r.attention is not null) as failed_again,
                acts_as, created_at, changed_at, changed_by, change_reason, finished_at
         from bulk_acts b where id = $1",
        id
    )
    .fetch_optional(pool)
    .await?)
}

/// Lists bulk acts, newest first, before `before`.
///
/// # Errors
/// The database is unavailable.
pub async fn list(pool: &PgPool, before: Option<Uuid>, limit: i64) -> Result<Vec<BulkRow>, StoreError> {
    Ok(sqlx::query_as!(
        BulkRow,
        "select id, act, filter, more, actor, reason, trial, rate, status, total, told, done, refused, proposed,
                null::bigint as failed_again, acts_as, created_at, changed_at, changed_by, change_reason, finished_at
         from bulk_acts where $1::uuid is null or id < $1 order by id desc limit $2",
        before,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Counts the bulk acts that are running.
///
/// # Errors
/// The database is unavailable.
pub async fn count_running(pool: &PgPool) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from bulk_acts where finished_at is null and status = 'running'"#
    )
    .fetch_one(pool)
    .await?)
}

/// A run of a bulk act, with the result.
#[derive(Debug, Clone)]
pub struct ItemRow {
    /// Position in the bulk act, from 1.
    pub place: i32,
    /// Id of the run.
    pub run: RunId,
    /// Business key of the run.
    pub key: Option<String>,
    /// Namespace of its workflow; `None` if the run has been archived.
    pub namespace: Option<String>,
    /// Name of its workflow.
    pub name: Option<String>,
    /// Version of its workflow.
    pub version: Option<String>,
    /// Result: `waiting`, `in_progress`, `done`, `failed_again`, `refused`, `proposed` or `left`.
    pub result: String,
    /// Why nothing was done.
    pub detail: Option<String>,
    /// The proposal that waits for a second person.
    pub proposal: Option<Uuid>,
    /// Time at which the run was processed.
    pub told_at: Option<Time>,
    /// Current status of the run.
    pub status: Option<String>,
    /// Why the run needs attention now.
    pub attention: Option<String>,
    /// Error of the run, if it faulted.
    pub error: Option<Value>,
}

impl ItemRow {
    /// Returns the workflow of the run; `None` if the run has been archived.
    #[must_use]
    pub fn workflow(&self) -> Option<WorkflowRef> {
        let (namespace, name, version) = (self.namespace.clone()?, self.name.clone()?, self.version.clone()?);
        Some(WorkflowRef { namespace, name, version })
    }
}

/// Returns runs of a bulk act in order, after the position `after`, optionally only those with this result.
///
/// # Errors
/// The database is unavailable.
pub async fn items(
    pool: &PgPool,
    bulk: Uuid,
    result: Option<&str>,
    after: i32,
    limit: i64,
) -> Result<Vec<ItemRow>, StoreError> {
    Ok(sqlx::query_as!(
        ItemRow,
        r#"select f.place as "place!", f.run_id as "run!", f.key as "key?", f.namespace as "namespace?", f.name as "name?",
                  f.version as "version?", f.result as "result!", f.detail as "detail?", f.proposal as "proposal?",
                  f.told_at as "told_at?", f.status as "status?", f.attention as "attention?", f.error as "error?"
           from (select i.place, i.run_id, r.key, d.namespace, d.name, d.version, i.detail, i.proposal, i.told_at, r.status,
                        r.attention, r.error,
                        case when i.result = 'done' and r.attention is not null then 'failed_again'
                             when i.result is not null then i.result
                             when i.told_at is not null then 'in_progress'
                             when b.status = 'stopped' then 'left'
                             else 'waiting' end as result
                 from bulk_items i join bulk_acts b on b.id = i.bulk_id
                 left join runs r on r.shard = get_byte(uuid_send(i.run_id), 15)::smallint and r.id = i.run_id
                 left join definitions d on d.id = r.definition_id
                 where i.bulk_id = $1 and i.place > $3) as f
           where $2::text is null or f.result = $2 order by f.place limit $4"#,
        bulk,
        result,
        after,
        limit
    )
    .fetch_all(pool)
    .await?)
}
