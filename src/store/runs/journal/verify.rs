//! Whether journals are what was written: each row follows from the one before, and the last is the one that the run's row names.

use sqlx::PgPool;

use super::{JournalRow, StoredRow, genesis, read};
use crate::machine::RunId;
use crate::store::StoreError;

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
    /// A row is as it was written, and this version cannot read it.
    #[error("row {seq} of run {run} cannot be read: {why}")]
    Unreadable {
        /// The run.
        run: RunId,
        /// The row.
        seq: i32,
        /// What is wrong.
        why: String,
    },
    /// Journal rows whose run is gone.
    #[error("the journal has rows of run {run}, which has no row among the runs")]
    Orphan {
        /// The run.
        run: RunId,
    },
}

/// The chain of one run, row by row, from the first.
#[derive(Debug)]
pub struct Chain {
    run: RunId,
    before: Vec<u8>,
    last: i32,
}

impl Chain {
    /// Before the first row.
    #[must_use]
    pub fn new(run: RunId) -> Self {
        Self { run, before: genesis(run).to_vec(), last: 0 }
    }

    /// Place of the last record so far.
    #[must_use]
    pub fn last(&self) -> i32 {
        self.last
    }

    /// Takes the next row and gives its records.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn push(&mut self, row: StoredRow) -> Result<Vec<JournalRow>, Tampered> {
        let (run, seq, hash, follows) = (self.run, row.seq, row.hash.clone(), row.follows(&self.before));
        let records = match row.records() {
            Ok(records) => records,
            Err(_) if !follows => return Err(Tampered::Row { run, seq }),
            Err(why) => return Err(Tampered::Unreadable { run, seq, why: why.to_string() }),
        };
        // The hash covers the place of the row's last record: a row that is missing before it leaves a hole.
        if records.first().is_none_or(|first| first.seq != self.last + 1) {
            return Err(Tampered::Missing { run, seq: self.last + 1 });
        }
        if !follows {
            return Err(Tampered::Row { run, seq });
        }
        (self.before, self.last) = (hash, seq);
        Ok(records)
    }

    /// Whether it ends where the run's row says.
    #[must_use]
    pub fn end(&self, anchored: i32, head: &[u8]) -> Option<Tampered> {
        let whole = self.last == anchored && self.before == head;
        (!whole).then_some(Tampered::Anchor { run: self.run, last: self.last, anchored })
    }
}

/// Recomputes the chain of one run against what its row says.
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
