//! Duplicates whose bytes differ from the event that came first.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::machine::Time;
use crate::store::StoreError;
use crate::store::runs::journal::Hash;

/// Number of different bodies kept per event; further ones are only counted as duplicates. Bodies that arrive in one
/// batch do not count each other.
const KEPT_MAX: i64 = 20;

/// Number of different bodies kept per event from one batch.
const KEPT_AT_ONCE_MAX: usize = 20;

/// A delivery to record.
#[derive(Debug, Clone, Copy)]
pub struct Redelivered<'b> {
    /// Id of the event that came first.
    pub event: Uuid,
    /// SHA-256 of the body.
    pub body_hash: Hash,
    /// The body as received.
    pub body: &'b [u8],
    /// Time of the delivery.
    pub at: Time,
}

/// All deliveries of one body.
#[derive(Debug)]
pub struct Redelivery {
    /// The body as received.
    pub body: Vec<u8>,
    /// Number of deliveries.
    pub deliveries: i32,
    /// Time of the first delivery.
    pub first_at: Time,
    /// Time of the last delivery.
    pub last_at: Time,
}

/// Records deliveries.
///
/// # Errors
/// The database is unavailable.
pub async fn note(conn: &mut PgConnection, delivered: &[Redelivered<'_>]) -> Result<(), StoreError> {
    // One row per body, because a statement cannot update what it has just inserted; in one order, so that concurrent
    // batches lock rows alike.
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

/// Returns the deliveries with the id of an event but other bytes, oldest first.
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
