//! Event joins: events that start a run together, kept until it has started.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::Candidate;
use crate::machine::RunId;
use crate::store::StoreError;
use crate::store::runs::journal::Hash;

/// What the events of a join have in common.
#[derive(Debug, Clone, Copy)]
pub struct Kinship<'a> {
    /// Namespace of the workflow.
    pub namespace: &'a str,
    /// Name of the workflow.
    pub name: &'a str,
    /// Hash of the workflow's `schedule.on`.
    pub signature: &'a str,
    /// Hash of the values that correlate the events.
    pub key: &'a Hash,
}

/// An event join that waits for more events.
#[derive(Debug)]
pub struct Open {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Numbers of the filters that an event has matched.
    pub met: Vec<i16>,
    /// Number of events that go into the run's input.
    pub taken: i32,
}

/// An event join whose run can be started.
#[derive(Debug)]
pub struct Complete {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Namespace of the workflow.
    pub namespace: String,
    /// Name of the workflow.
    pub name: String,
    /// Hash of the workflow's `schedule.on`.
    pub signature: String,
    /// Id assigned to the run.
    pub run_id: RunId,
    /// The event that completed the join.
    pub last: Uuid,
    /// Source of that event.
    pub source: String,
}

/// Returns the open joins of these events, oldest first, and locks them until the transaction ends.
///
/// # Errors
/// The database is unavailable.
pub async fn open(conn: &mut PgConnection, of: Kinship<'_>) -> Result<Vec<Open>, StoreError> {
    sqlx::query!(
        "insert into gathering_keys (namespace, name, signature, key) values ($1, $2, $3, $4)
         on conflict (namespace, name, signature, key) do update set key = excluded.key",
        of.namespace,
        of.name,
        of.signature,
        of.key.as_slice()
    )
    .execute(&mut *conn)
    .await?;
    Ok(sqlx::query_as!(
        Open,
        "select id, met, taken from gatherings
         where namespace = $1 and name = $2 and signature = $3 and key = $4 and run_id is null order by id",
        of.namespace,
        of.name,
        of.signature,
        of.key.as_slice()
    )
    .fetch_all(conn)
    .await?)
}

/// Begins an event join.
///
/// # Errors
/// The database is unavailable.
pub async fn begin(conn: &mut PgConnection, id: Uuid, of: Kinship<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into gatherings (id, namespace, name, signature, key) values ($1, $2, $3, $4, $5)",
        id,
        of.namespace,
        of.name,
        of.signature,
        of.key.as_slice()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An event to add to a join.
#[derive(Debug, Clone, Copy)]
pub struct Addition {
    /// Id of the event.
    pub event: Uuid,
    /// Number of the filter that it matches.
    pub filter: i16,
    /// Whether it goes into the run's input.
    pub is_taken: bool,
    /// Id of the run to start, if this event completes the join.
    pub completes: Option<RunId>,
}

/// Adds an event to a join.
///
/// # Errors
/// The database is unavailable.
pub async fn add(conn: &mut PgConnection, join: Uuid, addition: Addition) -> Result<(), StoreError> {
    let Addition { event, filter, is_taken, completes } = addition;
    sqlx::query!("insert into gathered (gathering, event, filter) values ($1, $2, $3)", join, event, filter)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "update gatherings set met = case when $2 = any(met) then met else met || $2::smallint end,
                taken = taken + $3::integer, run_id = $4
         where id = $1",
        join,
        filter,
        i32::from(is_taken),
        completes
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes the lock row of these events if no open join uses it.
///
/// # Errors
/// The database is unavailable.
pub async fn close(conn: &mut PgConnection, of: Kinship<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from gathering_keys k
         where k.namespace = $1 and k.name = $2 and k.signature = $3 and k.key = $4
           and not exists (select from gatherings g where g.namespace = k.namespace and g.name = k.name
                           and g.signature = k.signature and g.key = k.key and g.run_id is null)",
        of.namespace,
        of.name,
        of.signature,
        of.key.as_slice()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns joins whose runs can be started: those that the event `by` completed, or any. In order, after `after`.
///
/// # Errors
/// The database is unavailable.
pub async fn complete(
    pool: &PgPool,
    by: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Complete>, StoreError> {
    Ok(sqlx::query_as!(
        Complete,
        r#"select g.id, g.namespace, g.name, g.signature, g.run_id as "run_id!", l.event as last, e.source
           from gatherings g
           cross join lateral (select event from gathered where gathering = g.id order by event desc limit 1) as l
           cross join lateral (select source from events where id = l.event limit 1) as e
           where g.run_id is not null
             and ($1::uuid is null or exists (select from gathered t where t.gathering = g.id and t.event = $1))
             and g.id > $3
           order by g.id limit $2"#,
        by,
        limit,
        after.unwrap_or_default()
    )
    .fetch_all(pool)
    .await?)
}

/// Returns the events for the run's input in the order of their arrival: those that match the first `filters` filters.
///
/// # Errors
/// The database is unavailable.
pub async fn events(conn: &mut PgConnection, join: Uuid, filters: i16) -> Result<Vec<Candidate>, StoreError> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"select e.id, e.type, e.source, e.attributes::text as "attributes!", e.body, e.data::text
           from gathered g join events e on e.id = g.event
           where g.gathering = $1 and g.filter < $2 order by e.id"#,
        join,
        filters
    )
    .fetch_all(conn)
    .await?)
}

/// Deletes a join whose run was started, and records the run on its events.
///
/// # Errors
/// The database is unavailable.
pub async fn started(pool: &PgPool, join: Uuid, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "with done as (delete from gatherings where id = $1 returning id),
              them as materialized (
                  select e.id from done join gathered g on g.gathering = done.id join events e on e.id = g.event
                  order by e.id for update of e)
         update events e set outcome = 'run', runs = runs || $2::uuid from them where e.id = them.id",
        join,
        run
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Deletes a join whose run cannot be started, and records the reason on its events, as JSON text.
///
/// # Errors
/// The database is unavailable.
pub async fn refused(pool: &PgPool, join: Uuid, detail: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "with done as (delete from gatherings where id = $1 returning id),
              them as materialized (
                  select e.id from done join gathered g on g.gathering = done.id join events e on e.id = g.event
                  order by e.id for update of e),
              told as (
                  update events e set outcome = case outcome when 'gathered' then 'rejected' else outcome end, detail = $2::text::json
                  from them where e.id = them.id returning e.id, e.source)
         insert into event_attention (event, of_source) select id, source from told on conflict (event) do nothing",
        join,
        detail
    )
    .execute(pool)
    .await?;
    Ok(())
}
