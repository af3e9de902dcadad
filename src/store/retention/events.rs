//! Events without remaining runs, and the deduplication keys under which senders may repeat them.

use sqlx::PgPool;
use uuid::Uuid;

use crate::machine::{RunId, Time};
use crate::retention::rules::EventFacts;
use crate::store::StoreError;

/// The fields of an event that retention needs.
#[derive(Debug, Clone, Copy)]
pub struct EventRow {
    /// Id of the event.
    pub id: Uuid,
    /// Number of its runs, as recorded in the archive.
    pub seq: i32,
    /// Whether an archive already contains it.
    pub is_archived: bool,
    /// The facts that the rules need.
    pub facts: EventFacts,
}

macro_rules! events {
    ($condition:literal, $pool:expr, $going:expr, $($argument:expr),+) => {
        sqlx::query!(
            r#"select e.id as "id!", cardinality(e.runs) + cardinality(e.resumed) as "seq!", e.received_at as "received_at!",
                      e.routed as "routed!",
                      exists (select from event_attention a where a.event = e.id)
                          or exists (select from gathered g where g.event = e.id) as "waits!",
                      cardinality(e.runs) + cardinality(e.resumed) > 0 as "had_runs!",
                      exists (select from runs r where r.id = any(e.runs || e.resumed) and r.id <> all($1)) as "has_runs!",
                      exists (select from removals m where m.kind = 'event' and m.item = e.id) as "is_archived!"
               from events e where "# + $condition,
            $going,
            $($argument),+
        )
        .fetch_all($pool)
        .await?
        .into_iter()
        .map(|row| EventRow {
            id: row.id,
            seq: row.seq,
            is_archived: row.is_archived,
            facts: EventFacts {
                received_at: row.received_at,
                routed: row.routed,
                waits: row.waits,
                had_runs: row.had_runs,
                has_runs: row.has_runs,
            },
        })
        .collect()
    };
}

/// Returns the events that these runs consumed while they ran.
///
/// # Errors
/// The database is unavailable.
pub async fn consumed(pool: &PgPool, runs: &[RunId]) -> Result<Vec<Uuid>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select distinct event_id as "event_id!" from commands where run_id = any($1) and event_id is not null"#,
        runs
    );
    Ok(found.fetch_all(pool).await?)
}

/// Returns these events as they would be if the runs `going` were gone.
///
/// # Errors
/// The database is unavailable.
pub async fn events_of(pool: &PgPool, events: &[Uuid], going: &[RunId]) -> Result<Vec<EventRow>, StoreError> {
    Ok(events!("e.id = any($2) order by e.id", pool, going, events))
}

/// Returns events received before a time, oldest first, after `after`.
///
/// # Errors
/// The database is unavailable.
pub async fn old_events(pool: &PgPool, before: Time, after: Uuid, limit: i64) -> Result<Vec<EventRow>, StoreError> {
    Ok(events!(
        "e.id > $2 and e.id < uuid_floor($3::timestamptz at time zone 'utc') order by e.id limit $4",
        pool,
        &[] as &[Uuid],
        after,
        before,
        limit
    ))
}

/// An event's row in the form that archives use.
#[derive(Debug)]
pub struct EventLine {
    /// Id of the event.
    pub id: Uuid,
    /// Columns by name, as JSON text.
    pub row: String,
}

/// Returns the rows of events, by id.
///
/// # Errors
/// The database is unavailable.
pub async fn event_lines(pool: &PgPool, events: &[Uuid]) -> Result<Vec<EventLine>, StoreError> {
    Ok(sqlx::query_as!(
        EventLine,
        r#"select id as "id!", to_json(e)::text as "row!" from events e where id = any($1) order by id"#,
        events
    )
    .fetch_all(pool)
    .await?)
}

/// Returns the redeliveries of events with other bytes: columns by name, as JSON text.
///
/// # Errors
/// The database is unavailable.
pub async fn redeliveries(pool: &PgPool, events: &[Uuid]) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select to_json(r)::text as "row!" from redeliveries r where event = any($1) order by event, body_hash"#,
        events
    )
    .fetch_all(pool)
    .await?)
}

/// Removes some of the events of an archive with their redeliveries. An event stays if it has changed since it was
/// archived, is still needed, or has a run that still exists. Returns how many events left the list of removals, and
/// how many of them were removed.
///
/// # Errors
/// The database is unavailable.
pub async fn remove_events(pool: &PgPool, archive: Uuid, limit: i64) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query!(
        r#"with picked as (
               select item, seq from removals where archive_id = $1 and kind = 'event' order by item limit $2 for update),
           gone as (
               delete from events e using picked p
               where e.id = p.item and e.routed and cardinality(e.runs) + cardinality(e.resumed) = p.seq
                 and not exists (select from event_attention a where a.event = e.id)
                 and not exists (select from gathered g where g.event = e.id)
                 and not exists (select from runs r where r.id = any(e.runs || e.resumed))
                 and not exists (select from redeliveries d join archives a on a.id = $1
                                 where d.event = e.id and d.last_at > a.written_at - interval '1 hour')
               returning e.id),
           deliveries as (delete from redeliveries d using gone g where d.event = g.id),
           listed as (delete from removals where kind = 'event' and item = any(array(select item from picked)) returning item)
           select (select count(*) from listed) as "listed!", (select count(*) from gone) as "gone!""#,
        archive,
        limit
    )
    .fetch_one(pool)
    .await?;
    Ok((row.listed, row.gone))
}

/// The key under which a sender may repeat an event.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Name of the source.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// Time at which the event was received.
    pub received_at: Time,
    /// Whether the event still exists.
    pub has_event: bool,
    /// Whether one of its runs still exists.
    pub has_runs: bool,
}

/// Returns keys of events received before a time, oldest first, after `after`.
///
/// # Errors
/// The database is unavailable.
pub async fn old_keys(
    pool: &PgPool,
    before: Time,
    after: Option<&KeyRow>,
    limit: i64,
) -> Result<Vec<KeyRow>, StoreError> {
    Ok(sqlx::query_as!(
        KeyRow,
        r#"select k.source, k.event_id, k.received_at,
                  exists (select from events e where e.id = k.event) as "has_event!",
                  exists (select from runs r where r.id = any(k.runs)) as "has_runs!"
           from event_keys k
           where k.received_at <= $1
             and ($2::timestamptz is null or k.received_at >= $2 and (k.received_at, k.source, k.event_id) > ($2, $3, $4))
           order by k.received_at, k.source, k.event_id limit $5"#,
        before,
        after.map(|k| k.received_at),
        after.map_or("", |k| k.source.as_str()),
        after.map_or("", |k| k.event_id.as_str()),
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Deletes keys of events that are gone, and redeliveries received after that. Returns the number of keys.
///
/// # Errors
/// The database is unavailable.
pub async fn delete_keys(pool: &PgPool, keys: &[&KeyRow]) -> Result<u64, StoreError> {
    let done = sqlx::query_scalar!(
        r#"with gone as (
               delete from event_keys k using unnest($1::text[], $2::text[]) as u (source, event_id)
               where k.source = u.source and k.event_id = u.event_id
                 and not exists (select from events e where e.id = k.event)
                 and not exists (select from runs r where r.id = any(k.runs))
               returning k.event),
           later as (delete from redeliveries d using gone g where d.event = g.event)
           select count(*) as "gone!" from gone"#,
        &keys.iter().map(|k| k.source.as_str()).collect::<Vec<_>>() as &[&str],
        &keys.iter().map(|k| k.event_id.as_str()).collect::<Vec<_>>() as &[&str],
    );
    Ok(u64::try_from(done.fetch_one(pool).await?).unwrap_or(0))
}
