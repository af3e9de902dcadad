//! What people do to runs: which act fits which state, and what it changes. Everything else follows in `advance`.

use std::sync::Arc;

use serde_json::Value;

use super::decide::{Decider, Stop};
use super::saga::undo_plan;
use super::{Act, Actor, Change, Execution, Progress, Rejected, Role, Status};

impl Decider<'_> {
    pub(super) fn operate(&mut self, act: Act, actor: Actor, reason: Option<String>) -> Result<(), Stop> {
        if self.changes_nothing(&act) {
            return Ok(());
        }
        self.permit(&act).map_err(|why| Rejected::Forbidden { act: act.name(), status: self.run.status, why })?;
        let poisoned = self.run.attention == Some(super::Attention::Poison);
        let stand_in = match &act {
            Act::Skip { output } => Some(Arc::new(output.clone())),
            _ => None,
        };
        self.emit_by(actor, self.stuck().map(|e| e.id), Change::OperatorActed { act, reason, paused_ms: None });
        if let Some(output) = stand_in {
            self.skip(output);
            self.stay_parked_by_another_branch();
        } else if poisoned {
            self.interrupt_calls()?;
        }
        Ok(())
    }

    /// An act that was done before is acknowledged and not recorded again.
    fn changes_nothing(&self, act: &Act) -> bool {
        match act {
            Act::Cancel { .. } => self.run.stop.is_some_and(|s| s.end == super::CompensationEnd::Cancelled),
            Act::Suspend => self.run.suspended,
            _ => false,
        }
    }

    fn permit(&self, act: &Act) -> Result<(), &'static str> {
        let run = &self.run;
        let need = |holds: bool, why: &'static str| if holds { Ok(()) } else { Err(why) };
        let backing_off = run.open.iter().any(|e| e.progress.is_backing_off());
        let in_flight = run.has_call_in_flight() && !run.is_parked();
        match act {
            Act::Retry { input: Some(_) } => {
                need(self.stuck().is_some(), "only a failed step can be given another input")
            }
            Act::Retry { input: None } => {
                need(run.is_parked() || backing_off, "nothing has failed or waits for a retry")
            }
            Act::Skip { .. } => need(
                !in_flight && (run.is_parked() || run.status == Status::Waiting),
                "only a failed or waiting step can be skipped",
            ),
            Act::Cancel { .. } => {
                need(run.compensation.is_none(), "it is being undone; retry or skip a stuck undo to let it end")
            }
            Act::Compensate => {
                need(run.compensation.is_none(), "it is being undone already")?;
                need(!run.pivoted, "it is past its point of no return (pivot)")?;
                need(!undo_plan(self.definition, run).is_empty(), "it has done nothing that it knows how to undo")
            }
            Act::Suspend => need(!run.is_parked(), "it stands still already and waits for a person"),
            Act::Resume => need(run.suspended, "it is not suspended"),
            Act::Dismiss => need(run.is_parked() && run.compensation.is_none(), "only a faulted run can be dismissed"),
        }
    }

    /// The innermost execution that failed, or else the one that a parked run stands at.
    fn stuck(&self) -> Option<&Execution> {
        self.run.failed().or_else(|| self.run.open.last().filter(|_| self.run.is_parked()))
    }

    /// One failed step was skipped; a run of which another branch failed too still waits for a person.
    fn stay_parked_by_another_branch(&mut self) {
        let failed = self.run.failed().map(|e| (e.id, e.progress.clone()));
        if let Some((id, Progress::Failed { error, .. })) = failed
            && !self.run.is_parked()
        {
            let execution = Some(id);
            self.emit(execution, Change::RunFaulted { execution, error, attention: super::Attention::Faulted });
        }
    }

    /// Passes over the step where the run stands; the output stands in for its own.
    fn skip(&mut self, output: Arc<Value>) {
        let waiting = || self.run.open.iter().rev().find(|e| e.progress.is_waiting());
        let Some(execution) = self.run.failed().or_else(waiting).or(self.run.open.last()) else {
            self.emit(None, Change::RunCompleted { output });
            return;
        };
        let id = execution.id;
        match self.run.track(id) {
            Role::Undo(of) => self.emit(Some(id), Change::UndoSkipped { execution: of }),
            _ => self.emit(Some(id), Change::TaskSkipped { execution: id, beginning: None, output }),
        }
    }
}

impl Progress {
    fn is_backing_off(&self) -> bool {
        use super::{CallPhase, TryPhase};
        match self {
            Self::Call(call) => matches!(call.phase, CallPhase::Backoff { .. }),
            Self::Try(t) => matches!(t.phase, TryPhase::Backoff { .. }),
            _ => false,
        }
    }
}
