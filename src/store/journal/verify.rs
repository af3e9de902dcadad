//! Whether journals are what was written: each row follows from the one before, and the last is the one that the run's row names.

use sqlx::PgPool;
use uuid::Uuid;

use super::{genesis, read};
use crate::machine::RunId;
use crate::store::{StoreError, shard};

/// Why a run's journal is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// A row does not follow from the one before: changed, inserted or reordered.
    #[error("row {seq} of run {run} was changed, or the rows before it were")]
    Row {
        /// The run.
        run: RunId,
        /// The first bad place.
        seq: i32,
    },
    /// A row is missing.
    #[error("row {seq} of run {run} is missing")]
    Missing {
        /// The run.
        run: RunId,
        /// The first missing place.
        seq: i32,
    },
    /// The journal is shorter or longer than the run's row says, or ends in another hash.
    #[error("the journal of run {run} ends at row {last}, but the run's anchor is row {anchored}")]
    Anchor {
        /// The run.
        run: RunId,
        /// Last row there is.
        last: i32,
        /// Row that the run's head names.
        anchored: i32,
    },
    /// Journal rows whose run is gone.
    #[error("the journal has rows of run {run}, which has no row among the runs")]
    Orphan {
        /// The run.
        run: RunId,
    },
}

/// Recomputes the chain of one run against its anchor.
///
/// # Errors
/// The database is away.
pub async fn verify(pool: &PgPool, run: RunId, anchored: i32, head: &[u8]) -> Result<Option<Tampered>, StoreError> {
    let mut before = genesis(run).to_vec();
    let mut last = 0;
    loop {
        let rows = read::stored(pool, run, last, 1_000).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let (seq, hash, follows) = (row.seq, row.hash.clone(), row.follows(&before));
            // The hash covers the place of the last record, the row tells how many there are: a row that is missing before it
            // shows as a hole between the two.
            match row.records() {
                Ok(records) if records.first().is_some_and(|first| first.seq != last + 1) => {
                    return Ok(Some(Tampered::Missing { run, seq: last + 1 }));
                }
                Ok(_) if follows => {}
                _ => return Ok(Some(Tampered::Row { run, seq })),
            }
            (before, last) = (hash, seq);
        }
    }
    let whole = last == anchored && before == head;
    Ok((!whole).then_some(Tampered::Anchor { run, last, anchored }))
}

/// A run's anchor: its id, number of rows and head.
#[derive(Debug)]
pub struct AnchorRow {
    /// The run.
    pub id: RunId,
    /// Number of its journal rows.
    pub seq: i32,
    /// Hash of the last one.
    pub head: Vec<u8>,
}

/// Anchors of runs after an id, in order of id.
///
/// # Errors
/// The database is away.
pub async fn anchors(pool: &PgPool, after: Option<RunId>, limit: i64) -> Result<Vec<AnchorRow>, StoreError> {
    let after = after.unwrap_or(Uuid::nil());
    Ok(sqlx::query_as!(AnchorRow, "select id, seq, head from runs where id > $1 order by id limit $2", after, limit)
        .fetch_all(pool)
        .await?)
}

/// One run's anchor.
///
/// # Errors
/// The database is away.
pub async fn anchor(pool: &PgPool, run: RunId) -> Result<Option<AnchorRow>, StoreError> {
    Ok(sqlx::query_as!(AnchorRow, "select id, seq, head from runs where shard = $1 and id = $2", shard(run), run)
        .fetch_optional(pool)
        .await?)
}

/// First rows of journals whose run is gone, at most `limit`.
///
/// # Errors
/// The database is away.
pub async fn orphans(pool: &PgPool, limit: i64) -> Result<Vec<RunId>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select j.run_id from journal j where not exists (select 1 from runs r where r.shard = j.shard and r.id = j.run_id)
         limit $1",
        limit
    )
    .fetch_all(pool)
    .await?)
}
