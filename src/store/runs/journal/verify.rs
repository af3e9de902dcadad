//! Verifies journals: each row must follow from the previous one, and the last must match the head in the run's row.

use sqlx::PgPool;

use super::{JournalRow, StoredRow, genesis, read};
use crate::machine::RunId;
use crate::store::StoreError;

/// Why a run's journal differs from what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// A row does not follow from the previous one: it was changed, inserted or reordered.
    #[error("row {seq} of run {run} was changed, or the rows before it were")]
    Row {
        /// Id of the run.
        run: RunId,
        /// Number of the first bad record.
        seq: i32,
    },
    /// A row is missing.
    #[error("row {seq} of run {run} is missing")]
    Missing {
        /// Id of the run.
        run: RunId,
        /// Number of the first missing record.
        seq: i32,
    },
    /// The journal is shorter or longer than the run's row says, or ends in another hash.
    #[error("the journal of run {run} ends at row {last}, but the run's anchor is row {anchored}")]
    Anchor {
        /// Id of the run.
        run: RunId,
        /// Number of the last record found.
        last: i32,
        /// Number of the last record according to the run's row.
        anchored: i32,
    },
    /// A row has the right hash, but this version cannot decode it.
    #[error("row {seq} of run {run} cannot be read: {why}")]
    Unreadable {
        /// Id of the run.
        run: RunId,
        /// Number of the row's last record.
        seq: i32,
        /// Why it cannot be decoded.
        why: String,
    },
    /// The journal has rows of a run that does not exist.
    #[error("the journal has rows of run {run}, which has no row among the runs")]
    Orphan {
        /// Id of the run.
        run: RunId,
    },
}

/// The chain of one run, checked row by row from the first.
#[derive(Debug)]
pub struct Chain {
    run: RunId,
    before: Vec<u8>,
    last: i32,
}

impl Chain {
    /// Starts before the first row.
    #[must_use]
    pub fn new(run: RunId) -> Self {
        Self { run, before: genesis(run).to_vec(), last: 0 }
    }

    /// Returns the number of the last record so far.
    #[must_use]
    pub fn last(&self) -> i32 {
        self.last
    }

    /// Checks the next row and returns its records.
    ///
    /// # Errors
    /// How the row differs from what was written.
    pub fn push(&mut self, row: StoredRow) -> Result<Vec<JournalRow>, Tampered> {
        let (run, seq, hash, follows) = (self.run, row.seq, row.hash.clone(), row.follows(&self.before));
        let records = match row.records() {
            Ok(records) => records,
            Err(_) if !follows => return Err(Tampered::Row { run, seq }),
            Err(why) => return Err(Tampered::Unreadable { run, seq, why: why.to_string() }),
        };
        // The hash covers the number of the row's last record, so a missing row leaves a gap.
        if records.first().is_none_or(|first| first.seq != self.last + 1) {
            return Err(Tampered::Missing { run, seq: self.last + 1 });
        }
        if !follows {
            return Err(Tampered::Row { run, seq });
        }
        (self.before, self.last) = (hash, seq);
        Ok(records)
    }

    /// Checks that the chain ends where the run's row says.
    #[must_use]
    pub fn end(&self, anchored: i32, head: &[u8]) -> Option<Tampered> {
        let whole = self.last == anchored && self.before == head;
        (!whole).then_some(Tampered::Anchor { run: self.run, last: self.last, anchored })
    }
}

/// Recomputes the chain of one run and compares it with the run's row.
///
/// # Errors
/// The database is unavailable.
pub async fn verify(pool: &PgPool, run: RunId, anchored: i32, head: &[u8]) -> Result<Option<Tampered>, StoreError> {
    let mut chain = Chain::new(run);
    loop {
        let rows = read::stored(pool, run, chain.last(), 1_000).await?;
        if rows.is_empty() {
            return Ok(chain.end(anchored, head));
        }
        for row in rows {
            if let Err(tampered) = chain.push(row) {
                return Ok(Some(tampered));
            }
        }
    }
}
