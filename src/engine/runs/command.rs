//! Operators' acts: recorded as commands first, so that no crash and no network fault loses or doubles one.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use uuid::Uuid;

use crate::engine::{ACT_WAIT_MAX, ActError};
use crate::machine::{Act, RunId};
use crate::store::StoreError;
use crate::store::acts::By;
use crate::store::runs::commands::{self, NewCommand};
use crate::store::runs::{claims, freezes};

/// Records an act that one person may do, and makes sure that a node looks at it. Gives the command's id.
///
/// # Errors
/// No such run, or the database is away.
pub(in crate::engine) async fn submit(pool: &PgPool, run: RunId, act: &Act, by: By<'_>) -> Result<Uuid, ActError> {
    let id = Uuid::now_v7();
    let text = serde_json::to_string(act).map_err(|e| ActError::Refused(format!("the act cannot be recorded: {e}")))?;
    let command = NewCommand { id, run, act: &text, actor: &by.actor.0, reason: by.reason };
    if !commands::insert(pool, &command).await.map_err(away)? {
        return Err(ActError::Unknown(run));
    }
    if *act == Act::Suspend {
        // It stays suspended, whatever freeze held it back before.
        freezes::let_go_of(pool, run).await.map_err(away)?;
    }
    claims::wake(pool, run).await.map_err(away)?;
    Ok(id)
}

/// Waits for a node's answer.
///
/// # Errors
/// Refused by the run's state, or not done in time: it is recorded and will be done.
pub(in crate::engine) async fn answered(pool: &PgPool, id: Uuid) -> Result<(), ActError> {
    let until = Instant::now() + ACT_WAIT_MAX;
    let mut pause = Duration::from_millis(5);
    while Instant::now() < until {
        match commands::answer_of(pool, id).await.map_err(away)? {
            Some(answer) if answer.answered => return answer.refusal.map_or(Ok(()), |why| Err(ActError::Refused(why))),
            _ => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
    Err(ActError::Pending(
        "the act is recorded; the node that owns the run has not answered yet and will carry it out".to_owned(),
    ))
}

fn away(error: StoreError) -> ActError {
    ActError::Unavailable(error.to_string())
}
