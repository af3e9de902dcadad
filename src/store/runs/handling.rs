//! Who handles runs that need attention, and notes about them. Each assignment, mute and note is an act ([`acts`]), so
//! it has an actor and a time, is sealed and is never lost; the latest one counts (see [`super::listing::causes`]).

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::machine::{RunId, Time};
use crate::store::StoreError;
use crate::store::acts::{self, By};

/// The subject of an assignment, mute or note.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// All runs that need attention for one cause, by its fingerprint.
    Cause(&'a str),
    /// One run.
    Run(RunId),
}

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cause(fingerprint) => write!(f, "cause:{fingerprint}"),
            Self::Run(run) => write!(f, "run:{run}"),
        }
    }
}

/// A change to how a cause is handled.
#[derive(Debug, Clone, Copy)]
pub enum Handling<'a> {
    /// Assign it to this user, or to nobody.
    Assign(Option<&'a str>),
    /// Send no notifications until this time, or until another run joins the cause.
    Mute(Option<Time>),
    /// Send notifications again.
    Unmute,
}

/// Whether any run needs attention for this cause.
///
/// # Errors
/// The database is unavailable.
pub async fn is_open(pool: &PgPool, fingerprint: &str) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from runs where fingerprint = $1 and attention is not null) as "exists!""#,
        fingerprint
    )
    .fetch_one(pool)
    .await?)
}

/// Records a change to how a cause is handled.
///
/// # Errors
/// The database is unavailable.
pub async fn handle(pool: &PgPool, fingerprint: &str, what: Handling<'_>, by: By<'_>) -> Result<(), StoreError> {
    let (act, detail) = match what {
        Handling::Assign(assignee) => ("attention.assign", Some(json!({ "assignee": assignee }))),
        Handling::Mute(until) => ("attention.mute", Some(json!({ "until": until }))),
        Handling::Unmute => ("attention.unmute", None),
    };
    let mut transaction = pool.begin().await?;
    acts::record(&mut transaction, by, act, &Subject::Cause(fingerprint).to_string(), detail.as_ref()).await?;
    Ok(transaction.commit().await?)
}

/// A note that a person wrote.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Note {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Time at which it was written.
    pub at: Time,
    /// Who wrote it.
    pub actor: String,
    /// The note, as plain text.
    pub text: String,
}

/// Name of the act that records a note; the text is the act's reason.
const NOTE: &str = "note";

/// Records `by.reason` as a note.
///
/// # Errors
/// The database is unavailable.
pub async fn note(pool: &PgPool, subject: Subject<'_>, by: By<'_>) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    acts::record(&mut transaction, by, NOTE, &subject.to_string(), None).await?;
    Ok(transaction.commit().await?)
}

/// Returns the latest `limit` notes on a subject, oldest first.
///
/// # Errors
/// The database is unavailable.
pub async fn notes(pool: &PgPool, subject: Subject<'_>, limit: i64) -> Result<Vec<Note>, StoreError> {
    let mut notes = sqlx::query_as!(
        Note,
        r#"select id, at, actor, reason as "text!" from acts where subject = $1 and act = $2 and reason is not null
           order by id desc limit $3"#,
        subject.to_string(),
        NOTE,
        limit
    )
    .fetch_all(pool)
    .await?;
    notes.reverse();
    Ok(notes)
}
