//! The last anchor, and whose turn it is to write the next one.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};

use crate::machine::Time;
use crate::store::StoreError;
use crate::store::events::outgoing::{self, NewOutgoing};

/// An anchor that was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Place in the chain of anchors, from 1.
    pub seq: i64,
    /// Database time.
    pub at: Time,
    /// SHA-256 of its document.
    pub digest: Vec<u8>,
    /// As it was written.
    pub document: Option<String>,
}

/// The last anchor.
///
/// # Errors
/// The database is unavailable.
pub async fn last(conn: &mut PgConnection) -> Result<Option<Written>, StoreError> {
    Ok(sqlx::query_as!(Written, "select seq, at, digest, document from audit_anchors order by seq desc limit 1")
        .fetch_optional(conn)
        .await?)
}

/// These anchors as far as they are known, and the last one, in order.
///
/// # Errors
/// The database is unavailable.
pub async fn these_and_last(conn: &mut PgConnection, seqs: &[i64]) -> Result<Vec<Written>, StoreError> {
    Ok(sqlx::query_as!(
        Written,
        "select seq, at, digest, document from audit_anchors
         where seq = any($1) or seq = (select max(seq) from audit_anchors) order by seq",
        seqs
    )
    .fetch_all(conn)
    .await?)
}

/// Keeps an anchor as the last one, and to be delivered as `outgoing` if that is given; false if another came in between.
///
/// # Errors
/// The database is unavailable.
pub async fn keep(pool: &PgPool, new: &Written, outgoing: Option<&NewOutgoing>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let done = sqlx::query!(
        "insert into audit_anchors (seq, at, digest, document) values ($1, $2, $3, $4) on conflict (seq) do nothing",
        new.seq,
        new.at,
        new.digest,
        new.document
    )
    .execute(&mut *transaction)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!("update audit_anchors set document = null where seq < $1 and document is not null", new.seq)
        .execute(&mut *transaction)
        .await?;
    if let Some(outgoing) = outgoing {
        outgoing::insert(&mut transaction, &[outgoing]).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// A turn to write an anchor; a later node gets another one.
#[derive(Debug, Clone, Copy)]
pub struct Turn(Time);

/// Takes the turn to write an anchor, if the last one is older than this and no other node has it. Whoever dies with it keeps it for
/// an hour at most.
///
/// # Errors
/// The database is unavailable.
pub async fn take_turn(pool: &PgPool, every: Duration) -> Result<Option<Turn>, StoreError> {
    let until = sqlx::query_scalar!(
        "insert into audit_turn (until)
         select now() + interval '1 hour'
         where not exists (select from audit_anchors where at > now() - make_interval(secs => $1))
         on conflict (one) do update set until = excluded.until where audit_turn.until < now()
         returning until",
        every.as_secs_f64()
    )
    .fetch_optional(pool)
    .await?;
    Ok(until.map(Turn))
}

/// Gives the turn back, unless it passed to another node meanwhile.
///
/// # Errors
/// The database is unavailable.
pub async fn end_turn(pool: &PgPool, Turn(until): Turn) -> Result<(), StoreError> {
    sqlx::query!("update audit_turn set until = now() where until = $1", until).execute(pool).await?;
    Ok(())
}

/// The database's time.
///
/// # Errors
/// The database is unavailable.
pub async fn now(conn: &mut PgConnection) -> Result<Time, StoreError> {
    Ok(sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(conn).await?)
}
