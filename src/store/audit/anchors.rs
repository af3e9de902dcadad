//! The last audit anchor, and which node writes the next one.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};

use crate::machine::Time;
use crate::store::StoreError;
use crate::store::events::outgoing::{self, NewOutgoing};

/// A stored anchor.
#[derive(Debug, Clone)]
pub struct Written {
    /// Position in the chain of anchors, from 1.
    pub seq: i64,
    /// Database time at which it was written.
    pub at: Time,
    /// SHA-256 of its document.
    pub digest: Vec<u8>,
    /// The document as it was written; only the last anchor keeps it.
    pub document: Option<String>,
}

/// Returns the last anchor.
///
/// # Errors
/// The database is unavailable.
pub async fn last(conn: &mut PgConnection) -> Result<Option<Written>, StoreError> {
    Ok(sqlx::query_as!(Written, "select seq, at, digest, document from audit_anchors order by seq desc limit 1")
        .fetch_optional(conn)
        .await?)
}

/// Returns the known anchors among these numbers and the last one, in order.
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

/// Stores an anchor as the last one, and queues `outgoing` for delivery if given. Returns false if another anchor was
/// stored first.
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

/// The right to write the next anchor, which one node holds at a time.
#[derive(Debug, Clone, Copy)]
pub struct Turn(Time);

/// Claims the right to write an anchor, if the last one is older than `every` and no other node holds it. If the holder
/// dies, it expires after an hour.
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

/// Releases the turn, unless another node has claimed it since.
///
/// # Errors
/// The database is unavailable.
pub async fn end_turn(pool: &PgPool, Turn(until): Turn) -> Result<(), StoreError> {
    sqlx::query!("update audit_turn set until = now() where until = $1", until).execute(pool).await?;
    Ok(())
}

/// Returns the database's time.
///
/// # Errors
/// The database is unavailable.
pub async fn now(conn: &mut PgConnection) -> Result<Time, StoreError> {
    Ok(sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(conn).await?)
}
