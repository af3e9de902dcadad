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
    /// UUIDv7.
    pub id: Uuid,
    /// What to do.
    pub act: Value,
    /// The filter as it was written.
    pub filter: Value,
    /// Whether more runs fitted than it takes.
    pub more: bool,
    /// Who asked for it.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
    /// After how many runs it waits for a person.
    pub trial: Option<i32>,
    /// Acts a second.
    pub rate: Option<f64>,
    /// `running`, `trial`, `paused`, `stopped`, `done`.
    pub status: String,
    /// Its runs.
    pub total: i32,
    /// Those that were told, or will never be.
    pub told: i32,
    /// Those that did it.
    pub done: i32,
    /// Those on which nothing was done.
    pub refused: i32,
    /// Those for which it waits for a second person.
    pub proposed: i32,
    /// Those that did it and need a person again; counted for a single bulk act only.
    pub failed_again: Option<i64>,
    /// In whose name it goes on.
    pub acts_as: String,
    /// When it was asked for.
    pub created_at: Time,
    /// When somebody last changed its status.
    pub changed_at: Time,
    /// Who.
    pub changed_by: String,
    /// Why.
    pub change_reason: Option<String>,
    /// When it ended.
    pub finished_at: Option<Time>,
}

/// One bulk act.
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

/// Bulk acts, latest first, those before `before`.
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

/// How many tell runs now.
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

/// A run of a bulk act, and what became of it.
#[derive(Debug, Clone)]
pub struct ItemRow {
    /// Its place, from 1.
    pub place: i32,
    /// Which run.
    pub run: RunId,
    /// Business key.
    pub key: Option<String>,
    /// Namespace of its workflow; none if the run was archived since.
    pub namespace: Option<String>,
    /// Name of its workflow.
    pub name: Option<String>,
    /// Version of its workflow.
    pub version: Option<String>,
    /// `waiting`, `in_progress`, `done`, `failed_again`, `refused`, `proposed`, `left`.
    pub result: String,
    /// Why nothing was done.
    pub detail: Option<String>,
    /// What waits for a second person.
    pub proposal: Option<Uuid>,
    /// When it was told.
    pub told_at: Option<Time>,
    /// Where the run stands now.
    pub status: Option<String>,
    /// Why it needs a person now.
    pub attention: Option<String>,
    /// Why it stopped.
    pub error: Option<Value>,
}

impl ItemRow {
    /// What the run runs; none if it was archived since.
    #[must_use]
    pub fn workflow(&self) -> Option<WorkflowRef> {
        let (namespace, name, version) = (self.namespace.clone()?, self.name.clone()?, self.version.clone()?);
        Some(WorkflowRef { namespace, name, version })
    }
}

/// Runs of a bulk act in order, those behind the place `after`; only those with this result, if one is given.
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
