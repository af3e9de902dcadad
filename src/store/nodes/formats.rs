//! Format versions of journals, snapshots and definitions. A node never reads a row or drives a run in a format newer
//! than its own, and never writes a format that a live node does not support, so nodes of two versions can work
//! together.

use sqlx::PgPool;

use crate::machine::{Change, Opening};
use crate::store::StoreError;

/// Number of a format. A later format can express more; every version reads all earlier ones.
pub type Format = i16;

/// Journals of one record per row.
pub const ONE_RECORD: Format = 1;

/// Journals of one decision per row.
pub const ONE_DECISION: Format = 2;

/// Rows that reference values stored elsewhere ([`crate::store::runs::journal::Source`]), and journals in which a run
/// continues as new.
pub const HELD: Format = 3;

/// Journals in which a run continues as new.
pub const CONTINUED: Format = 3;

/// Journals in which a run moves to another version of its workflow.
pub const MOVED: Format = 4;

/// Journals in which a run restarts the work of another one, is restarted itself, or goes back to an earlier step.
pub const RESTARTED: Format = 5;

/// Journals in which a run goes back to an earlier step.
pub const REWOUND: Format = 5;
/// Journals in which a step asks a person.
pub const ASKED: Format = 5;

/// The newest format that this version supports.
pub const NEWEST: Format = 5;

/// Returns the oldest format that can express a change. Each row is written in the oldest format that can express its
/// records, so that earlier versions can still drive a run that needs nothing newer.
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

/// The format of stored definitions.
pub const DEFINITION: Format = 1;

/// Returns the newest format supported by `own` and by all nodes that are alive or may come back.
///
/// # Errors
/// The database is unavailable.
pub async fn common(pool: &PgPool, own: Format) -> Result<Format, StoreError> {
    let oldest = sqlx::query_scalar!("select common_format()").fetch_one(pool).await?;
    Ok(oldest.map_or(own, |oldest| oldest.min(own)))
}

/// Checks that the migrations of a database are not too new for this version.
///
/// # Errors
/// They are too new, or the database is unavailable.
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
