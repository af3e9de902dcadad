//! Sequence numbers of senders, and gaps in them. A number is stored with its event and deleted in the transaction that
//! counts it.

use std::time::Duration;

use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use crate::machine::Time;
use crate::memory::sequences::{Counted, Sequence};
use crate::store::StoreError;

/// A number that has not been counted yet.
#[derive(Debug)]
pub struct Arrival {
    /// Order in which the numbers were stored.
    pub id: i64,
    /// Name of the source.
    pub source: String,
    /// The channel and number in the event.
    pub counted: Counted,
}

/// The state of a channel.
#[derive(Debug)]
pub struct Channel {
    /// Name of the source.
    pub source: String,
    /// Name of the channel; empty if the source has only one.
    pub channel: String,
    /// The state; `None` before the first number.
    pub sequence: Option<Sequence>,
    /// Time of the last change.
    pub changed_at: Time,
}

/// Stores numbers to be counted.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn arrived(conn: &mut PgConnection, numbers: &[(&str, &Counted)]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into sequence_arrivals (source, channel, number, grace_seconds)
         select u.source, u.channel, u.number, u.grace_seconds
         from unnest($1::text[], $2::text[], $3::bigint[], $4::double precision[])
              as u (source, channel, number, grace_seconds)",
        &numbers.iter().map(|(source, _)| *source).collect::<Vec<_>>() as &[&str],
        &numbers.iter().map(|(_, counted)| counted.channel.as_str()).collect::<Vec<_>>() as &[&str],
        &numbers.iter().map(|(_, counted)| counted.number).collect::<Vec<_>>(),
        &numbers.iter().map(|(_, counted)| counted.grace.as_secs_f64()).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes numbers in the order in which they were stored. Concurrent callers wait, because numbers of one channel must
/// not be counted concurrently.
///
/// # Errors
/// The database is unavailable.
pub async fn take(conn: &mut PgConnection, limit: i64) -> Result<Vec<Arrival>, StoreError> {
    let taken = sqlx::query!(
        "delete from sequence_arrivals a using (select id from sequence_arrivals order by id limit $1 for update) as taken
         where a.id = taken.id returning a.id, a.source, a.channel, a.number, a.grace_seconds",
        limit
    )
    .fetch_all(conn)
    .await?;
    let mut arrivals: Vec<Arrival> = taken
        .into_iter()
        .map(|row| {
            let grace = Duration::try_from_secs_f64(row.grace_seconds).unwrap_or_default();
            let counted = Counted { channel: row.channel, number: row.number, grace };
            Arrival { id: row.id, source: row.source, counted }
        })
        .collect();
    arrivals.sort_unstable_by_key(|arrival| arrival.id);
    Ok(arrivals)
}

/// Locks these channels until the transaction ends and returns them, creating those that are new. All callers lock in
/// the same order to avoid deadlocks.
///
/// # Errors
/// The database is unavailable or a stored state cannot be decoded.
pub async fn lock(conn: &mut PgConnection, channels: &[(&str, &str)]) -> Result<Vec<Channel>, StoreError> {
    let sources: Vec<&str> = channels.iter().map(|(source, _)| *source).collect();
    let names: Vec<&str> = channels.iter().map(|(_, channel)| *channel).collect();
    sqlx::query!(
        "insert into sequences (source, channel)
         select u.source, u.channel from unnest($1::text[], $2::text[]) as u (source, channel) order by 1, 2
         on conflict do nothing",
        &sources as &[&str],
        &names as &[&str],
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query_as!(
        Stored,
        "select s.source, s.channel, s.state, s.changed_at from unnest($1::text[], $2::text[]) as u (source, channel)
         join sequences s on s.source = u.source and s.channel = u.channel
         order by s.source, s.channel for update of s",
        &sources as &[&str],
        &names as &[&str],
    );
    rows.fetch_all(conn).await?.into_iter().map(Channel::try_from).collect()
}

/// Returns channels that are due, longest due first, and locks them. Skips channels that are locked.
///
/// # Errors
/// The database is unavailable or a stored state cannot be decoded.
pub async fn due(conn: &mut PgConnection, limit: i64) -> Result<Vec<Channel>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        "select source, channel, state, changed_at from sequences where next_at <= now() order by next_at limit $1
         for update skip locked",
        limit
    );
    rows.fetch_all(conn).await?.into_iter().map(Channel::try_from).collect()
}

/// Writes the state of channels that are locked.
///
/// # Errors
/// The database is unavailable.
pub async fn put(conn: &mut PgConnection, channels: &[(&str, &str, &Sequence)]) -> Result<(), StoreError> {
    let gaps = |sequence: &Sequence| i32::try_from(sequence.open.len()).unwrap_or(i32::MAX);
    let states = channels.iter().map(|(_, _, sequence)| serde_json::to_string(sequence));
    let states = states.collect::<Result<Vec<_>, _>>().map_err(|e| unreadable(&e))?;
    sqlx::query!(
        "update sequences s set state = u.state::json, gaps = u.gaps, next_at = u.next_at, changed_at = now()
         from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::timestamptz[])
              as u (source, channel, state, gaps, next_at)
         where s.source = u.source and s.channel = u.channel",
        &channels.iter().map(|(source, _, _)| *source).collect::<Vec<_>>() as &[&str],
        &channels.iter().map(|(_, channel, _)| *channel).collect::<Vec<_>>() as &[&str],
        &states,
        &channels.iter().map(|(_, _, sequence)| gaps(sequence)).collect::<Vec<_>>(),
        &channels.iter().map(|(_, _, sequence)| sequence.next_at()).collect::<Vec<_>>() as &[Option<Time>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns up to `limit` channels of each source, those with gaps first.
///
/// # Errors
/// The database is unavailable or a stored state cannot be decoded.
pub async fn list(pool: &PgPool, sources: &[&str], limit: i64) -> Result<Vec<Channel>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        "select c.source, c.channel, c.state, c.changed_at from unnest($1::text[]) as u (source)
         cross join lateral (select s.source, s.channel, s.state, s.changed_at, s.gaps from sequences s
                             where s.source = u.source order by s.gaps > 0 desc, s.channel limit $2) c
         order by c.source, c.gaps > 0 desc, c.channel",
        sources as &[&str],
        limit
    );
    rows.fetch_all(pool).await?.into_iter().map(Channel::try_from).collect()
}

/// Returns up to `limit` channels with open gaps.
///
/// # Errors
/// The database is unavailable.
pub async fn with_gaps(pool: &PgPool, limit: i64) -> Result<Vec<Channel>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        "select source, channel, state, changed_at from sequences where gaps > 0 order by source, channel limit $1",
        limit
    );
    rows.fetch_all(pool).await?.into_iter().map(Channel::try_from).collect()
}

/// Counts the open gaps of each source that has any.
///
/// # Errors
/// The database is unavailable.
pub async fn gaps(pool: &PgPool) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select source, sum(gaps) as "gaps!"
           from (select source, gaps from sequences where gaps > 0 order by source limit 10000) found
           group by source order by source limit 1000"#
    );
    Ok(rows.fetch_all(pool).await?.into_iter().map(|row| (row.source, row.gaps)).collect())
}

/// A row as stored.
struct Stored {
    source: String,
    channel: String,
    state: Option<Value>,
    changed_at: Time,
}

impl TryFrom<Stored> for Channel {
    type Error = StoreError;

    fn try_from(row: Stored) -> Result<Self, StoreError> {
        let sequence = row.state.map(serde_json::from_value).transpose().map_err(|e| unreadable(&e))?;
        Ok(Self { source: row.source, channel: row.channel, sequence, changed_at: row.changed_at })
    }
}

fn unreadable(why: &serde_json::Error) -> StoreError {
    StoreError::Unreadable { table: "sequences", why: why.to_string() }
}
