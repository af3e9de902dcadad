//! What happened to the records that a reconciliation reported: from its journal to the emitted events, and from those
//! to the runs they started.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::machine::RunId;
use crate::store::runs::journal::StoredRow;
use crate::store::{StoreError, shard};

/// A record that a reconciliation reported, with one run that its event started.
#[derive(Debug)]
pub struct Told {
    /// Number of the record in the reconciliation's journal.
    pub seq: i32,
    /// Name of the mapping.
    pub entity: Option<String>,
    /// Name of the side that the record is on.
    pub side: Option<String>,
    /// Id of the record on that side.
    pub id: Option<String>,
    /// Id of the linked record, if the reconciliation knew it.
    pub other_id: Option<String>,
    /// The event, once it is stored.
    pub event: Option<Uuid>,
    /// Outcome of the event.
    pub event_outcome: Option<String>,
    /// A run that the event started.
    pub run: Option<RunId>,
    /// Status of the run.
    pub status: Option<String>,
    /// Why the run needs attention.
    pub attention: Option<String>,
    /// Output of the run, once it has completed.
    pub output: Option<Value>,
}

/// The part of a journal record that reports a record.
#[derive(Debug, Default, Deserialize)]
struct Emission {
    emitted: Option<Emitted>,
}

/// The event that reported a record.
#[derive(Debug, Default, Deserialize)]
struct Emitted {
    source: Option<String>,
    id: Option<String>,
    #[serde(default)]
    data: Named,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Named {
    entity: Option<String>,
    side: Option<String>,
    id: Option<String>,
    other_id: Option<String>,
}

/// What happened to an event.
struct Fate {
    seq: i32,
    event: Option<Uuid>,
    event_outcome: Option<String>,
    run: Option<RunId>,
    status: Option<String>,
    attention: Option<String>,
    data: Option<String>,
}

/// Number of journal rows read at once.
const ROWS_AT_ONCE: i64 = 500;

/// Returns up to `limit` records that a run reported at these tasks, in order, after `after`, each with all of its
/// runs.
///
/// Records are decoded here and not in SQL: a JSON operator fails the whole statement if Postgres cannot parse one row.
/// Rows whose text contains none of the tasks are skipped.
///
/// # Errors
/// The database is unavailable or the statement takes longer than a second.
pub async fn told(
    pool: &PgPool,
    sweep: RunId,
    tasks: &[String],
    after: i32,
    limit: i64,
) -> Result<Vec<Told>, StoreError> {
    let emission = |data: &str| serde_json::from_str::<Emission>(data).ok()?.emitted;
    let (mut emitted, mut after) = (BTreeMap::new(), after);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    // A row may contain a task without completing it, so reading goes on until there are enough records.
    loop {
        let rows = naming(pool, sweep, tasks, after, ROWS_AT_ONCE).await?;
        let is_last = rows.len() < usize::try_from(ROWS_AT_ONCE).unwrap_or(usize::MAX);
        let seen = after;
        for row in rows {
            after = row.seq;
            let told = row.records()?.into_iter().filter(|record| {
                let names = record.task.as_ref().is_some_and(|task| tasks.contains(task));
                record.seq > seen && record.kind == "task.completed" && names
            });
            emitted.extend(told.map(|record| (record.seq, emission(record.data.get()).unwrap_or_default())));
        }
        if is_last || emitted.len() >= limit {
            break;
        }
    }
    while emitted.len() > limit {
        emitted.pop_last();
    }
    let fates = fates(pool, &emitted).await?;
    Ok(fates
        .into_iter()
        .filter_map(|fate| {
            let named = &emitted.get(&fate.seq)?.data;
            Some(Told {
                seq: fate.seq,
                entity: named.entity.clone(),
                side: named.side.clone(),
                id: named.id.clone(),
                other_id: named.other_id.clone(),
                event: fate.event,
                event_outcome: fate.event_outcome,
                run: fate.run,
                status: fate.status,
                attention: fate.attention,
                output: fate.data.as_deref().and_then(output_in),
            })
        })
        .collect())
}

/// Returns rows of a run's journal after `after` whose text contains one of the tasks.
async fn naming(
    pool: &PgPool,
    run: RunId,
    tasks: &[String],
    after: i32,
    limit: i64,
) -> Result<Vec<StoredRow>, StoreError> {
    Ok(sqlx::query_as!(
        StoredRow,
        r#"select j.seq, j.at, j.format, j.kind, j.task, j.attempt, j.actor, journal_text(j.shard, j.run_id, j.data, j.held) as "data!", j.hash from journal j
           where j.shard = $1 and j.run_id = $2 and j.seq > $4
             and (j.task = any($3) and j.kind = 'task.completed'
                  or j.format > 1 and exists (select from unnest($6::text[]) as n (named) where strpos(j.data::text, n.named) > 0))
           order by j.seq limit $5"#,
        shard(run),
        run,
        tasks,
        after,
        limit,
        &tasks.iter().map(|task| Value::from(task.as_str()).to_string()).collect::<Vec<_>>(),
    )
    .fetch_all(pool)
    .await?)
}

/// Returns what happened to these events, one row for each of their runs, in order. Each `limit 1` makes the join an
/// index lookup per event, whatever the planner estimates.
async fn fates(pool: &PgPool, emitted: &BTreeMap<i32, Emitted>) -> Result<Vec<Fate>, StoreError> {
    let key = |text: &Option<String>| text.clone().filter(|text| !text.contains('\0'));
    Ok(sqlx::query_as!(
        Fate,
        r#"select t.seq as "seq!", e.id as "event?", e.outcome as "event_outcome?", r.id as "run?", r.status as "status?",
                  r.attention as "attention?", d.data
           from unnest($1::integer[], $2::text[], $3::text[]) as t (seq, source, emitted)
           left join lateral (select k.event from event_keys k
                              where k.source = t.source and k.event_id = t.emitted limit 1) k on true
           left join lateral (select e.id, e.outcome, e.runs from events e where e.id = k.event limit 1) e on true
           left join lateral unnest(e.runs) as u (id) on true
           left join lateral (select r.shard, r.id, r.status, r.attention, r.seq from runs r where r.id = u.id limit 1) r
                     on true
           left join lateral (select journal_text(d.shard, d.run_id, d.data, d.held) as data from journal d
                              where d.shard = r.shard and d.run_id = r.id and d.seq = r.seq and r.status = 'completed'
                              limit 1) d on true
           order by t.seq, u.id"#,
        &emitted.keys().copied().collect::<Vec<_>>(),
        &emitted.values().map(|e| key(&e.source)).collect::<Vec<_>>() as &[Option<String>],
        &emitted.values().map(|e| key(&e.id)).collect::<Vec<_>>() as &[Option<String>],
    )
    .fetch_all(pool)
    .await?)
}

/// Returns the output of a completed run; `None` if it has not completed.
///
/// # Errors
/// The database is unavailable.
pub async fn output(pool: &PgPool, run: RunId) -> Result<Option<Value>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select journal_text(j.shard, j.run_id, j.data, j.held) as "data!" from runs r
           join journal j on j.shard = r.shard and j.run_id = r.id and j.seq = r.seq
           where r.shard = $1 and r.id = $2 and r.status = 'completed'"#,
        shard(run),
        run
    );
    Ok(found.fetch_optional(pool).await?.as_deref().and_then(output_in))
}

/// Returns the output in the last row of a completed run: that of the last record of a decision, or of the only one.
fn output_in(data: &str) -> Option<Value> {
    #[derive(Deserialize)]
    struct Completed {
        output: Option<Value>,
    }
    #[derive(Deserialize)]
    struct Last {
        data: Completed,
    }
    if data.starts_with('[') {
        return serde_json::from_str::<Vec<Last>>(data).ok()?.pop()?.data.output;
    }
    serde_json::from_str::<Completed>(data).ok()?.output
}

#[cfg(test)]
mod tests;
