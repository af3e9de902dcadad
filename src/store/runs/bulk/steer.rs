//! Pauses, resumes and stops bulk acts.

use sqlx::PgPool;
use uuid::Uuid;

use super::Whose;
use crate::machine::Actor;
use crate::store::StoreError;
use crate::store::acts::{self, By};

/// A change that someone makes to a bulk act that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steer {
    /// Process no more runs until it is resumed.
    Pause,
    /// Continue, in the name of the person who resumes it.
    Resume,
    /// End it without processing the remaining runs.
    Stop,
}

impl Steer {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Pause, Self::Resume, Self::Stop];

    /// Name in URLs, and in acts after `bulk.`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
        }
    }

    /// The status that it leads to.
    #[must_use]
    pub fn status(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "running",
            Self::Stop => "stopped",
        }
    }
}

impl std::str::FromStr for Steer {
    type Err = crate::machine::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|steer| steer.as_str() == text);
        found.ok_or_else(|| crate::machine::UnknownName::of(text, &Self::ALL.map(Self::as_str)))
    }
}

/// Pauses, resumes or stops a bulk act. Returns false if it has ended, already has that status, or does not exist.
/// After this returns, a paused or stopped bulk act processes no more runs.
///
/// # Errors
/// The database is unavailable.
pub async fn steer(pool: &PgPool, id: Uuid, steer: Steer, whose: Whose, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let steered = sqlx::query!(
        "update bulk_acts set status = $2, changed_at = now(), changed_by = $3, change_reason = $4,
                finished_at = case when $2 = 'stopped' then now() end,
                acts_as = case when $2 = 'running' then $3 else acts_as end,
                user_id = case when $2 = 'running' then $5 else user_id end,
                token_id = case when $2 = 'running' then $6 else token_id end
         where id = $1 and finished_at is null and status <> $2",
        id,
        steer.status(),
        by.actor.0,
        by.reason,
        whose.user,
        whose.token
    )
    .execute(&mut *transaction)
    .await?;
    if steered.rows_affected() == 0 {
        return Ok(false);
    }
    acts::record(&mut transaction, by, &format!("bulk.{}", steer.as_str()), &id.to_string(), None).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Pauses a bulk act that cannot continue by itself.
///
/// # Errors
/// The database is unavailable.
pub async fn hold(pool: &PgPool, id: Uuid, why: &str) -> Result<(), StoreError> {
    let engine = Actor::engine();
    steer(pool, id, Steer::Pause, Whose::default(), By { actor: &engine, reason: Some(why) }).await.map(drop)
}
