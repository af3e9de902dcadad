//! Received events, for the API, the dashboard and replay.

pub mod attention;
pub mod joins;
pub mod listeners;
pub mod outgoing;
mod page;
pub mod redeliveries;
pub mod sequences;
pub mod topics;

use serde_json::value::RawValue;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::StoreError;
use super::runs::listing::Order;
use crate::machine::{RunId, Time};
use listeners::Unchecked;

pub use page::{EventsPage, list, page};

/// Conditions on events; all that are set must hold.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Name of the source.
    pub source: Option<String>,
    /// CloudEvents `type`.
    pub r#type: Option<String>,
    /// `run`, `resumed`, `gathered`, `unmatched` or `rejected`.
    pub outcome: Option<String>,
    /// The sender's id.
    pub event_id: Option<String>,
    /// Only events that need attention.
    pub attention: bool,
    /// Received at or after this time.
    pub since: Option<Time>,
    /// Received before this time.
    pub until: Option<Time>,
    /// Whether the newest or the oldest come first.
    pub order: Order,
}

/// An event as listed.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct EventRow {
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
    /// `run`, `resumed`, `gathered`, `unmatched` or `rejected`.
    pub outcome: String,
    /// Runs that it started.
    pub runs: Vec<RunId>,
    /// Runs that waited for it.
    pub resumed: Vec<RunId>,
    /// Whether it needs attention.
    pub attention: bool,
}

/// An event with everything that was received.
#[derive(Debug)]
pub struct StoredEvent {
    /// The event as listed.
    pub row: EventRow,
    /// Headers by name, without credentials.
    pub headers: Box<RawValue>,
    /// The body as received.
    pub body: Vec<u8>,
    /// CloudEvents attributes by name.
    pub attributes: Box<RawValue>,
    /// Its data, if that differs from the body.
    pub data: Option<Box<RawValue>>,
    /// Why it was rejected.
    pub detail: Option<Box<RawValue>>,
}

impl StoredEvent {
    /// Whether it came from a topic and could not be decoded: its body is Avro and it has no data.
    #[must_use]
    pub fn is_undecoded(&self) -> bool {
        self.row.outcome == "rejected" && self.headers.get().contains("\"content-type\":\"avro/binary\"")
    }
}

/// The parts of an event that filters can see.
#[derive(Debug)]
pub struct Candidate {
    /// Id of the event here, a UUIDv7.
    pub id: Uuid,
    /// CloudEvents `type`.
    pub r#type: String,
    /// Name of the source.
    pub source: String,
    /// CloudEvents attributes as JSON text.
    pub attributes: String,
    /// The body as received.
    pub body: Vec<u8>,
    /// Its data as JSON text, if that differs from the body.
    pub data: Option<String>,
}

/// Returns events that have not been delivered to waiting runs yet, oldest first, after `after`.
///
/// # Errors
/// The database is unavailable.
pub async fn unrouted(
    pool: &PgPool,
    only: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Candidate>, StoreError> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"select id, type, source, attributes::text as "attributes!", body, data::text from events
           where not routed and ($1::uuid is null or id = $1) and id > $2 order by id limit $3"#,
        only,
        after.unwrap_or_default(),
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// How far an event has been delivered.
#[derive(Debug, Default)]
pub struct Routing {
    /// Whether all runs that waited for it have received it.
    pub routed: bool,
    /// Runs that it started, alone or in a join.
    pub runs: Vec<RunId>,
    /// Runs that waited for it.
    pub resumed: Vec<RunId>,
    /// Whether it waits in a join for other events.
    pub gathered: bool,
}

/// Returns how far an event has been delivered, and locks it until the transaction ends.
///
/// # Errors
/// The database is unavailable.
pub async fn routing(conn: &mut PgConnection, id: Uuid) -> Result<Routing, StoreError> {
    let found = sqlx::query_as!(
        Routing,
        r#"select routed, runs, resumed, outcome = 'gathered' as "gathered!" from events where id = $1 limit 1 for update"#,
        id
    );
    Ok(found.fetch_optional(conn).await?.unwrap_or_default())
}

/// Marks an event as delivered to the runs that waited for it, and records whether it now waits in a join.
///
/// # Errors
/// The database is unavailable.
pub async fn routed(conn: &mut PgConnection, id: Uuid, resumed: &[RunId], gathered: bool) -> Result<(), StoreError> {
    sqlx::query!(
        "update events set routed = true, resumed = resumed || $2,
                outcome = case when outcome <> 'unmatched' then outcome when $3 then 'gathered'
                               when cardinality(resumed || $2) > 0 then 'resumed'
                               when detail -> 'errors' is not null then 'rejected' else outcome end
         where id = $1",
        id,
        resumed,
        gathered
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives up on an event that cannot be handled: it is no longer delivered and needs attention. `detail` is the reason
/// as JSON text.
///
/// # Errors
/// The database is unavailable.
pub async fn set_aside(pool: &PgPool, id: Uuid, detail: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "with aside as (
             update events set routed = true, outcome = case outcome when 'unmatched' then 'rejected' else outcome end,
                    detail = $2::text::json
             where id = $1 and not routed returning id, source)
         insert into event_attention (event, of_source) select id, source from aside on conflict (event) do nothing",
        id,
        detail
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Locks these events until the transaction ends, in id order like all statements that lock several.
///
/// # Errors
/// The database is unavailable.
pub async fn lock(conn: &mut PgConnection, ids: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!("select id from events where id = any($1) order by id for update", ids).fetch_all(conn).await?;
    Ok(())
}

/// Records that these events were delivered to a run that began to wait after they arrived.
///
/// # Errors
/// The database is unavailable.
pub async fn resumed(conn: &mut PgConnection, ids: &[Uuid], run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "update events set resumed = resumed || $2::uuid,
                outcome = case when outcome = 'unmatched' then 'resumed' else outcome end
         where id = any($1) and not $2 = any(resumed)",
        ids,
        run
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Records that some of the runs waiting for an event have received it; the rest follow.
///
/// # Errors
/// The database is unavailable.
pub async fn resumed_some(conn: &mut PgConnection, id: Uuid, runs: &[RunId]) -> Result<(), StoreError> {
    sqlx::query!("update events set resumed = resumed || $2 where id = $1", id, runs).execute(conn).await?;
    Ok(())
}

/// Returns the events that a `listen` received or its run consumed.
async fn told(pool: &PgPool, run: RunId, execution: i32) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select event_id as "event_id!" from commands
           where run_id = $1 and event_id is not null and refusal is null and (execution = $2 or answered_at is not null)"#,
        run,
        execution
    )
    .fetch_all(pool)
    .await?)
}

/// Returns ids of events that a `listen` that begins now may have missed, after the event `after`: events since the run
/// was accepted, and older ones that nothing consumed. Excludes rejected events and those that the `listen` received or
/// the run consumed. Oldest first.
///
/// # Errors
/// The database is unavailable.
#[expect(clippy::cast_possible_truncation, reason = "a time to keep events is some hours")]
pub async fn missed(
    pool: &PgPool,
    run: RunId,
    of: &Unchecked,
    kept_seconds: f64,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Uuid>, StoreError> {
    let known = told(pool, run, of.execution).await?;
    let since = of.created_at - chrono::Duration::milliseconds((kept_seconds * 1_000.0) as i64);
    // Two statements, because an index on types cannot serve a filter for any type.
    if of.event_type.is_empty() {
        return Ok(sqlx::query_scalar!(
            "select e.id from events e
             where e.id >= uuid_floor($1::timestamptz at time zone 'utc') and e.type <> 'stepwell.start' and e.outcome <> 'rejected'
               and (e.received_at >= $2 or e.outcome = 'unmatched') and e.id is distinct from $3 and e.id <> all($4)
               and e.id > $6
             order by e.id limit $5",
            since,
            of.created_at,
            of.started_by,
            &known,
            limit,
            after.unwrap_or_default()
        )
        .fetch_all(pool)
        .await?);
    }
    Ok(sqlx::query_scalar!(
        "select e.id from events e
         where e.type = $6 and e.id >= uuid_floor($1::timestamptz at time zone 'utc') and e.outcome <> 'rejected'
           and (e.received_at >= $2 or e.outcome = 'unmatched') and e.id is distinct from $3 and e.id <> all($4)
           and e.id > $7
         order by e.id limit $5",
        since,
        of.created_at,
        of.started_by,
        &known,
        limit,
        of.event_type,
        after.unwrap_or_default()
    )
    .fetch_all(pool)
    .await?)
}

/// Returns these events, oldest first.
///
/// # Errors
/// The database is unavailable.
pub async fn candidates(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<Candidate>, StoreError> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"select id, type, source, attributes::text as "attributes!", body, data::text from events
           where id = any($1) order by id"#,
        ids
    )
    .fetch_all(pool)
    .await?)
}

/// Returns the id here of a sender's event.
///
/// # Errors
/// The database is unavailable.
pub async fn by_key(pool: &PgPool, source: &str, event_id: &str) -> Result<Option<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select event from event_keys where source = $1 and event_id = $2 limit 1",
        source,
        event_id
    )
    .fetch_optional(pool)
    .await?)
}

/// Returns which of these ids of a source are known.
///
/// # Errors
/// The database is unavailable.
pub async fn known_ids(pool: &PgPool, source: &str, event_ids: &[String]) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select event_id from event_keys where source = $1 and event_id = any($2) limit 1000",
        source,
        event_ids
    )
    .fetch_all(pool)
    .await?)
}

/// Returns an event with its body.
///
/// # Errors
/// The database is unavailable.
pub async fn find(pool: &PgPool, id: Uuid) -> Result<Option<StoredEvent>, StoreError> {
    let found = sqlx::query!(
        r#"select id, source, event_id, type, received_at, outcome, runs, resumed, headers::text as "headers!", body,
                  attributes::text as "attributes!", data::text, detail::text,
                  exists (select from event_attention n where n.event = events.id) as "attention!"
           from events where id = $1 limit 1"#,
        id
    )
    .fetch_optional(pool)
    .await?;
    let Some(r) = found else { return Ok(None) };
    let row = EventRow {
        id: r.id,
        source: r.source,
        event_id: r.event_id,
        r#type: r.r#type,
        received_at: r.received_at,
        outcome: r.outcome,
        runs: r.runs,
        resumed: r.resumed,
        attention: r.attention,
    };
    let (headers, attributes) = (raw(r.headers)?, raw(r.attributes)?);
    let (data, detail) = (r.data.map(raw).transpose()?, r.detail.map(raw).transpose()?);
    Ok(Some(StoredEvent { row, headers, body: r.body, attributes, data, detail }))
}

fn raw(text: String) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(text).map_err(|e| StoreError::Unreadable { table: "events", why: e.to_string() })
}

#[cfg(test)]
mod tests;
