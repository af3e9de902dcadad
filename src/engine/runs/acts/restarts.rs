//! Starting an ended run again: a new run of its workflow with the same input, and both name each other.
//!
//! The start has an idempotency key, how often the run was started again, so that a call that is repeated because its reply was lost gives
//! the first call's run. As long as that run lives, starting again gives it too.

use std::sync::Arc;

use tracing::info;

use super::folded;
use crate::engine::node::loops::Look;
use crate::engine::runs::Runs;
use crate::engine::runs::starts::Origin;
use crate::engine::{ActError, StartError, StartRequest};
use crate::machine::acts::judge_restart;
use crate::machine::{Restarts, RunId, Time};
use crate::store::StoreError;
use crate::store::acts::{By, StartAct, StartKind};
use crate::store::nodes::formats::RESTARTED;
use crate::store::runs::restarts;

/// How a run is started again.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Again<'a> {
    /// Version for the new run; `None` for the latest one.
    pub(in crate::engine) version: Option<&'a str>,
    /// Confirms that effects which were not undone may be repeated.
    pub(in crate::engine) again: bool,
    /// A run that was started since then is the one that is wanted, also if it has ended.
    pub(in crate::engine) since: Option<Time>,
}

/// The run that does the work of an ended one again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restarted {
    /// Which.
    pub run: RunId,
    /// Whether this call started it.
    pub is_new: bool,
}

impl Runs {
    /// Starts an ended run again, unless the run that does so already has not ended yet.
    pub(in crate::engine) async fn restart(
        self: &Arc<Self>,
        of: RunId,
        how: Again<'_>,
        by: By<'_>,
    ) -> Result<Restarted, ActError> {
        let away = |e: StoreError| ActError::Unavailable(e.to_string());
        if self.context.format() < RESTARTED {
            let why = "not every node can read a run that was started again: an earlier version of Stepwell is running, or was in the last hour";
            return Err(ActError::Refused(why.to_owned()));
        }
        let (definition, ended) = folded(&self.context, of).await.map_err(away)?.ok_or(ActError::Unknown(of))?;
        let workflow = definition.workflow.clone();
        judge_restart(&ended, how.again).map_err(|rejected| ActError::Refused(rejected.to_string()))?;
        let latest = restarts::latest(&self.context.crowd, of).await.map_err(away)?;
        if let Some(latest) = &latest
            && (!latest.has_ended || how.since.is_some_and(|since| latest.at >= since))
        {
            return Ok(Restarted { run: latest.run_id, is_new: false });
        }
        let number = latest.map_or(1, |latest| latest.number + 1);
        let reason = by.reason.map(str::to_owned);
        let request = StartRequest {
            namespace: workflow.namespace,
            name: workflow.name,
            version: how.version.map(str::to_owned),
            input: (*ended.raw_input).clone(),
            idempotency_key: Some(number.to_string()),
            actor: by.actor.clone(),
        };
        let act = StartAct { actor: by.actor.clone(), reason: reason.clone(), kind: StartKind::Restart(of, number) };
        let origin = Origin::Restart { of, event: ended.event };
        let started = self.start_again(request, origin, Restarts { run: of, reason }, act).await;
        let (run, is_new) = started.map_err(refused)?;
        if is_new {
            info!(run.id = %run, of = %of, by = by.actor.0, reason = by.reason, "a run was started again");
            self.context.node().wakes.wake(Look::Commands);
        }
        Ok(Restarted { run, is_new })
    }
}

fn refused(error: StartError) -> ActError {
    match error {
        StartError::Unavailable(why) => ActError::Unavailable(why),
        StartError::Refused(violations) => {
            let said: Vec<String> = violations.iter().map(|v| format!("{} {}", v.pointer, v.message)).collect();
            ActError::Refused(format!("cannot start it again: its input is refused: {}", said.join("; ").trim()))
        }
        error => ActError::Refused(format!("cannot start it again: {error}")),
    }
}
