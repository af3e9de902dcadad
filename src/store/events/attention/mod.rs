//! Events that need attention: a subscribed workflow rejected them, or they could not be decoded. Each has a row until
//! someone replays or dismisses it; the act is recorded in `acts`.

use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::machine::Time;
use crate::store::StoreError;
use crate::store::acts::{self, By};
use crate::store::runs::commit::NewEvent;

/// Number of events up to which counts are exact.
pub const COUNTED_MAX: i64 = 10_000;

/// Number of acts returned per event.
const ACTS_MAX: i64 = 100;

/// Marks events as needing attention.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub(crate) async fn ask(conn: &mut PgConnection, events: &[&NewEvent]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into event_attention (event, of_source, asked_at)
         select u.event, u.of_source, u.asked_at from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as u (event, of_source, asked_at)
         on conflict (event) do nothing",
        &events.iter().map(|event| event.id).collect::<Vec<_>>(),
        &events.iter().map(|event| event.source.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|event| event.received_at).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How someone settled an event.
#[derive(Debug, Clone, Copy)]
pub enum Settled {
    /// Nothing needs to be done.
    Dismissed,
    /// It was accepted again, as this event.
    Replayed(Uuid),
}

/// Removes an event from those that need attention, and records the act. Returns false if it did not need any.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn settle(pool: &PgPool, event: Uuid, settled: Settled, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let gone = sqlx::query!("delete from event_attention where event = $1", event).execute(&mut *transaction).await?;
    if gone.rows_affected() == 0 {
        return Ok(false);
    }
    let (act, detail) = match settled {
        Settled::Dismissed => ("event.dismiss", None),
        Settled::Replayed(as_event) => ("event.replay", Some(serde_json::json!({ "event": as_event }))),
    };
    acts::record(&mut transaction, by, act, &event.to_string(), detail.as_ref()).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Counts events that need attention by source, up to [`COUNTED_MAX`] in total.
///
/// # Errors
/// The database is unavailable.
pub async fn by_source(pool: &PgPool) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select of_source, count(*) as "events!"
           from (select of_source from event_attention order by of_source limit $1) as latest
           group by of_source order by of_source"#,
        COUNTED_MAX
    );
    Ok(rows.fetch_all(pool).await?.into_iter().map(|row| (row.of_source, row.events)).collect())
}

/// An act on an event.
#[derive(Debug, Clone, serde::Serialize)]
pub struct EventAct {
    /// Time of the act.
    pub at: Time,
    /// Who acted.
    pub actor: String,
    /// `event.dismiss` or `event.replay`.
    pub act: String,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// The new event of a replay.
    pub event: Option<Uuid>,
}

/// Returns the acts on an event, oldest first.
///
/// # Errors
/// The database is unavailable.
pub async fn acts_on(pool: &PgPool, event: Uuid) -> Result<Vec<EventAct>, StoreError> {
    let rows = sqlx::query!(
        "select at, actor, act, reason, detail::text from acts
         where subject = $1 and act in ('event.dismiss', 'event.replay') order by id limit $2",
        event.to_string(),
        ACTS_MAX
    );
    let rows = rows.fetch_all(pool).await?.into_iter().map(|row| {
        let detail: Value = row.detail.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let event = detail["event"].as_str().and_then(|id| id.parse().ok());
        EventAct { at: row.at, actor: row.actor, act: row.act, reason: row.reason, event }
    });
    Ok(rows.collect())
}

/// Recent unmatched events of one source and type.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unmatched {
    /// Name of the source.
    pub source: String,
    /// CloudEvents `type`.
    pub r#type: String,
    /// Number of events.
    pub events: i64,
    /// Time at which the last one was received.
    pub last_at: Time,
}

/// Counts recent events to which no workflow subscribes, by source and type, most frequent first; only the latest
/// [`COUNTED_MAX`] are counted.
///
/// # Errors
/// The database is unavailable.
pub async fn unmatched(pool: &PgPool, since: Time, limit: i64) -> Result<Vec<Unmatched>, StoreError> {
    Ok(sqlx::query_as!(
        Unmatched,
        r#"select source, type, count(*) as "events!", max(received_at) as "last_at!"
           from (select source, type, received_at from events
                 where outcome = 'unmatched' and id >= uuid_floor($1::timestamptz at time zone 'utc')
                 order by id desc limit $2) as latest
           group by source, type order by 3 desc, source, type limit $3"#,
        since,
        COUNTED_MAX,
        limit
    )
    .fetch_all(pool)
    .await?)
}

#[cfg(test)]
mod tests;
