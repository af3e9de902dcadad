//! Who handles what needs attention: a cause is assigned to a user, muted until it changes, and noted on.

use chrono::Utc;
use sqlx::PgPool;

use crate::machine::{RunId, Time};
use crate::store::acts::By;
use crate::store::runs::handling::{self, Handling, Note, Subject};
use crate::store::runs::listing;
use crate::store::{StoreError, access};

/// Longest note.
pub const NOTE_BYTES_MAX: usize = 2_000;

/// Notes shown on one subject.
const NOTES_MAX: i64 = 200;

/// Why a cause or run was not assigned, muted or noted on.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// There is no such cause.
    #[error("no run needs attention for the cause {0:?}; it may have been resolved")]
    NoCause(String),
    /// There is no such run.
    #[error("no run {0}")]
    NoRun(RunId),
    /// There is no such user.
    #[error("there is no user {0:?} who may sign in; only users can be assigned")]
    NoUser(String),
    /// It would end before it begins.
    #[error("`until` must be in the future, not {0}")]
    Past(Time),
    /// The rule makes no sense.
    #[error("{0}")]
    Rule(String),
    /// A note without text, or one too long.
    #[error("a note must have between 1 and {NOTE_BYTES_MAX} bytes of text, without a zero byte")]
    Note,
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Assigns a cause, mutes it, or ends either.
///
/// # Errors
/// See [`HandleError`].
pub async fn handle_cause(pool: &PgPool, fingerprint: &str, what: Handling<'_>, by: By<'_>) -> Result<(), HandleError> {
    match what {
        Handling::Assign(Some(name)) if access::find_user(pool, name).await?.is_none() => {
            return Err(HandleError::NoUser(name.to_owned()));
        }
        Handling::Mute(Some(until)) if until <= Utc::now() => return Err(HandleError::Past(until)),
        _ => {}
    }
    must_exist(pool, Subject::Cause(fingerprint)).await?;
    Ok(handling::handle(pool, fingerprint, what, by).await?)
}

/// Writes a note, `by.reason`, on a cause or run.
///
/// # Errors
/// See [`HandleError`].
pub async fn note(pool: &PgPool, subject: Subject<'_>, by: By<'_>) -> Result<(), HandleError> {
    let text = by.reason.unwrap_or_default();
    if text.trim().is_empty() || text.len() > NOTE_BYTES_MAX || text.contains('\0') {
        return Err(HandleError::Note);
    }
    must_exist(pool, subject).await?;
    Ok(handling::note(pool, subject, by).await?)
}

/// Notes on a cause or run, oldest first. A cause that was resolved keeps its notes.
///
/// # Errors
/// See [`HandleError`].
pub async fn notes(pool: &PgPool, subject: Subject<'_>) -> Result<Vec<Note>, HandleError> {
    if let Subject::Run(_) = subject {
        must_exist(pool, subject).await?;
    }
    Ok(handling::notes(pool, subject, NOTES_MAX).await?)
}

async fn must_exist(pool: &PgPool, subject: Subject<'_>) -> Result<(), HandleError> {
    match subject {
        Subject::Cause(fingerprint) if !handling::is_open(pool, fingerprint).await? => {
            Err(HandleError::NoCause(fingerprint.to_owned()))
        }
        Subject::Run(run) if listing::run(pool, run).await?.is_none() => Err(HandleError::NoRun(run)),
        _ => Ok(()),
    }
}
