//! What came of the records that a sweep told of: from its journal to the events, from those to the runs that they started.

use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use super::{StoreError, shard};
use crate::machine::RunId;

/// A record that a sweep told of, with one run that its event started.
#[derive(Debug)]
pub struct Told {
    /// Place in the sweep's journal.
    pub seq: i32,
    /// The mapping.
    pub entity: Option<String>,
    /// `crm`, `erp`.
    pub side: Option<String>,
    /// Its id there.
    pub id: Option<String>,
    /// The id of its partner, where the sweep knew it.
    pub other_id: Option<String>,
    /// The event, once it is stored.
    pub event: Option<Uuid>,
    /// What became of the event.
    pub event_outcome: Option<String>,
    /// A run that it started.
    pub run: Option<RunId>,
    /// The run's status.
    pub status: Option<String>,
    /// Why it needs a person.
    pub attention: Option<String>,
    /// What it gave, once completed.
    pub output: Option<Value>,
}

/// Records that a run told of at these tasks, in order, behind `after`; at most `limit` records, each with all of its runs.
/// Every `limit 1` makes a join one look into an index for each record, however the planner guesses.
///
/// # Errors
/// The database is away, or a second is not enough.
pub async fn told(
    pool: &PgPool,
    sweep: RunId,
    tasks: &[String],
    after: i32,
    limit: i64,
) -> Result<Vec<Told>, StoreError> {
    Ok(sqlx::query_as!(
        Told,
        r#"select t.seq, t.emitted #>> '{data,entity}' as entity, t.emitted #>> '{data,side}' as side,
                  t.emitted #>> '{data,id}' as id, t.emitted #>> '{data,otherId}' as other_id,
                  e.id as "event?", e.outcome as "event_outcome?", r.id as "run?", r.status as "status?",
                  r.attention as "attention?", d.data -> 'output' as output
           from (select j.seq, j.data -> 'emitted' as emitted from journal j
                 where j.shard = $1 and j.run_id = $2 and j.seq > $4 and j.kind = 'task.completed' and j.task = any($3)
                 order by j.seq limit $5) t
           left join lateral (select k.event from event_keys k
                              where k.source = t.emitted ->> 'source' and k.event_id = t.emitted ->> 'id' limit 1) k on true
           left join lateral (select e.id, e.outcome, e.runs from events e where e.id = k.event limit 1) e on true
           left join lateral unnest(e.runs) as u (id) on true
           left join lateral (select r.shard, r.id, r.status, r.attention, r.seq from runs r where r.id = u.id limit 1) r
                     on true
           left join lateral (select d.data from journal d
                              where d.shard = r.shard and d.run_id = r.id and d.seq = r.seq and r.status = 'completed'
                              limit 1) d on true
           order by t.seq, u.id"#,
        shard(sweep),
        sweep,
        tasks,
        after,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// What a completed run gave; none if it has not completed.
///
/// # Errors
/// The database is away.
pub async fn output(pool: &PgPool, run: RunId) -> Result<Option<Value>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select j.data -> 'output' as "output" from runs r
           join journal j on j.shard = r.shard and j.run_id = r.id and j.seq = r.seq
           where r.shard = $1 and r.id = $2 and r.status = 'completed'"#,
        shard(run),
        run
    );
    Ok(found.fetch_optional(pool).await?.flatten())
}

#[cfg(test)]
mod tests;
