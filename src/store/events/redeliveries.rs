//! Duplicates with other bytes than the event that came first.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::machine::Time;
use crate::store::StoreError;
use crate::store::runs::journal::Hash;

/// Different bodies of one event after which no more are kept; what differs then is a duplicate all the same. Those that
/// come at the same moment do not count each other.
const KEPT_MAX: i64 = 20;

/// Different bodies of one event that are kept of those that come at the same moment.
const KEPT_AT_ONCE_MAX: usize = 20;

/// A delivery to note.
#[derive(Debug, Clone, Copy)]
pub struct Redelivered<'b> {
    /// The event that came first.
    pub event: Uuid,
    /// SHA-256 of the body.
    pub body_hash: Hash,
    /// As received.
    pub body: &'b [u8],
    /// When it came.
    pub at: Time,
}

/// Deliveries with one and the same body.
#[derive(Debug)]
pub struct Redelivery {
    /// As received.
    pub body: Vec<u8>,
    /// How often it came.
    pub deliveries: i32,
    /// When it came first.
    pub first_at: Time,
    /// When it came last.
    pub last_at: Time,
}

/// Notes deliveries.
///
/// # Errors
/// The database is unavailable.
pub async fn note(conn: &mut PgConnection, delivered: &[Redelivered<'_>]) -> Result<(), StoreError> {
    // One row for each body: a statement cannot update what it has just inserted. In one order, so that concurrent batches
    // lock rows alike.
    let mut distinct: BTreeMap<(Uuid, Hash), (Redelivered<'_>, i32)> = BTreeMap::new();
    for one in delivered {
        let of_event = (one.event, Hash::default())..=(one.event, [u8::MAX; 32]);
        let is_known = distinct.contains_key(&(one.event, one.body_hash));
        if !is_known && distinct.range(of_event).count() == KEPT_AT_ONCE_MAX {
            continue;
        }
        distinct.entry((one.event, one.body_hash)).or_insert((*one, 0)).1 += 1;
    }
    let (rows, counts): (Vec<Redelivered<'_>>, Vec<i32>) = distinct.into_values().unzip();
    sqlx::query!(
        "insert into redeliveries as r (event, body_hash, body, deliveries, first_at, last_at)
         select u.event, u.body_hash, u.body, u.deliveries, u.at, u.at
         from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::integer[], $5::timestamptz[])
              as u (event, body_hash, body, deliveries, at)
         where exists (select from redeliveries k where k.event = u.event and k.body_hash = u.body_hash)
            or (select count(*) from redeliveries k where k.event = u.event) < $6
         on conflict (event, body_hash)
         do update set deliveries = r.deliveries + excluded.deliveries, last_at = excluded.last_at",
        &rows.iter().map(|r| r.event).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.body_hash.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &rows.iter().map(|r| r.body).collect::<Vec<_>>() as &[&[u8]],
        &counts,
        &rows.iter().map(|r| r.at).collect::<Vec<_>>(),
        KEPT_MAX,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What came after an event under its id with other bytes, oldest first.
///
/// # Errors
/// The database is unavailable.
pub async fn of_event(pool: &PgPool, event: Uuid) -> Result<Vec<Redelivery>, StoreError> {
    Ok(sqlx::query_as!(
        Redelivery,
        "select body, deliveries, first_at, last_at from redeliveries where event = $1 order by first_at, body_hash limit 100",
        event
    )
    .fetch_all(pool)
    .await?)
}
