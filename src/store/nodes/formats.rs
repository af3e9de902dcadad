//! Formats of what nodes write: of journals, snapshots and definitions. A node never drives a run, and never reads a row, in a format
//! that is newer than its own; and it writes no format that a live node does not know, so that nodes of two versions work together.

use sqlx::PgPool;

use crate::machine::{Change, Opening};
use crate::store::StoreError;

/// A format. A later one can say more; every version reads all earlier ones.
pub type Format = i16;

/// Journals of one record per row.
pub const ONE_RECORD: Format = 1;

/// Journals of one decision per row.
pub const ONE_DECISION: Format = 2;

/// Rows that hold values elsewhere ([`crate::store::runs::journal::Source`]), and journals in which a run continues as new.
pub const HELD: Format = 3;

/// Journals in which a run continues as new.
pub const CONTINUED: Format = 3;

/// Journals in which a run moves to another version of its workflow.
pub const MOVED: Format = 4;

/// Journals in which a run starts the work of another one again, is started again, or goes back to an earlier step.
pub const RESTARTED: Format = 5;

/// The same.
pub const REWOUND: Format = 5;
/// Journals in which a step asks a person.
pub const ASKED: Format = 5;

/// The newest format that this version knows.
pub const NEWEST: Format = 5;

/// The oldest format that can say a change. Each row has the oldest one that can say its records, so that a run that needs nothing newer
/// stays open to earlier versions.
#[must_use]
pub fn least(change: &Change) -> Format {
    match change {
        Change::RunContinued(_) => CONTINUED,
        Change::RunMoved(moved) => moved.records.iter().map(|record| least(&record.change)).fold(MOVED, Format::max),
        Change::RunRestarted { .. } => RESTARTED,
        Change::RunRewinding(_) | Change::RunRewound {} => REWOUND,
        Change::TaskStarted { opening: Opening::Listen(listening), .. }
            if listening.iter().any(|l| l.asks.is_some()) =>
        {
            ASKED
        }
        _ => ONE_RECORD,
    }
}

/// The format of what is stored of a definition.
pub const DEFINITION: Format = 1;

/// The newest format that all nodes know that are alive or may come back; none newer than `own`.
///
/// # Errors
/// The database is unavailable.
pub async fn common(pool: &PgPool, own: Format) -> Result<Format, StoreError> {
    let oldest = sqlx::query_scalar!("select common_format()").fetch_one(pool).await?;
    Ok(oldest.map_or(own, |oldest| oldest.min(own)))
}

/// Refuses a database whose migrations are too new for this version.
///
/// # Errors
/// They are, or the database is away.
pub async fn check_readable(pool: &PgPool) -> Result<(), StoreError> {
    let oldest = sqlx::query_scalar!("select oldest_format from compatibility").fetch_optional(pool).await?;
    match oldest {
        Some(oldest) if oldest > NEWEST => Err(StoreError::Migration(format!(
            "a later version migrated it so that only versions that support format {oldest} can use it, but this one supports formats up to \
             {NEWEST}: use that version"
        ))),
        _ => Ok(()),
    }
}
