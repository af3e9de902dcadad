//! Runs that the run started: under the new version they are the same ones, and their ends count there too.

use super::replay::Replay;
use crate::decide::Stop;
use crate::{Change, ChildOutcome, ExecutionId, FaultClass, Progress, Record, WorkflowError};

impl Replay<'_> {
    pub(super) fn take_in_child(&mut self, place: usize, record: &Record) -> Result<bool, Stop> {
        let of = |execution: &ExecutionId| {
            let twin = self.twin(*execution)?;
            match &self.decider.run.execution(twin)?.progress {
                Progress::Child(child) => Some((twin, child.request.run)),
                _ => None,
            }
        };
        let actor = record.actor.clone();
        let taken = match &record.change {
            Change::ChildStarted { execution } => {
                let Some((_, child)) = of(execution) else { return Ok(true) };
                self.decider.child_started(child)
            }
            Change::ChildFaulted { execution, error, fault, .. } => {
                let Some((_, child)) = of(execution) else { return Ok(true) };
                self.decider.child_faulted(child, error.clone(), *fault, actor)
            }
            Change::ChildEnded { execution, outcome } => {
                let Some((twin, child)) = of(execution) else { return Ok(true) };
                let is_well = matches!(outcome, ChildOutcome::Completed { .. });
                if !is_well && self.past.stops(*execution, place) {
                    let change = Change::ChildEnded { execution: twin, outcome: outcome.clone() };
                    self.decider.emit_by(actor, Some(twin), change);
                    return Ok(false);
                }
                self.decider.child_ended(child, outcome.clone(), actor)
            }
            _ => return Ok(false),
        };
        match taken {
            Err(Stop::Rejected(_)) => Ok(true),
            other => other.map(|()| true),
        }
    }

    /// A child that could not start, where a `try` caught that.
    pub(super) fn refuse_child(&mut self, error: &WorkflowError) -> Result<bool, Stop> {
        let refused = self.old.open.iter().find(|e| {
            e.starts_child() && error.instance.as_deref() == Some(self.of.from.task(e.task).reference.as_str())
        });
        let twin = refused.and_then(|e| self.twin(e.id));
        let Some(twin) = twin else { return Ok(self.may_time_out(error)) };
        let error = self.at(twin, error.clone());
        self.decider.raise(twin, error, FaultClass::Permanent)?;
        Ok(true)
    }
}
