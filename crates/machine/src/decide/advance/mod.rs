//! One pure step at a time: what a run does next, until it must wait for the world.

mod complete;
mod enter;
mod ready;
mod timeout;

use super::Stop;
use crate::decide::Decider;
use crate::task;
use crate::{Change, Execution, Role};

pub(crate) use enter::Entry;
pub(crate) use ready::{Readiness, Ready};

impl Decider<'_> {
    /// Does one thing; false when there is nothing to do now.
    pub(crate) fn step(&mut self) -> Result<bool, Stop> {
        if self.run.is_closed() || self.run.is_parked() || self.run.started_at.is_none() {
            return Ok(false);
        }
        if let Some(stop) = self.run.stop
            && self.run.compensation.is_none()
        {
            if stop.undo && !stop.past_pivot && self.ask_about_pivot(None, None) {
                return Ok(true);
            }
            // A run that is left as it is waits for its own calls, not for questions about them.
            let of_a_question = |e: &Execution| matches!(self.run.track(e.id), Role::Reconcile(_));
            let own_call = |e: &Execution| (e.is_in_flight() || e.starts_child()) && !of_a_question(e);
            let awaits = if stop.undo { self.run.awaits_outcome() } else { self.run.open.iter().any(own_call) };
            if !awaits {
                self.stop(stop);
                return Ok(true);
            }
            // Only questions about what was done continue.
            let late = self.run.open.iter().find(|e| self.readiness().is_late(e)).map(|e| Ready::Timeout(e.id));
            let next = late.or_else(|| self.run.open.iter().rev().find_map(|e| self.readiness().of(e)));
            return next.map_or(Ok(false), |ready| self.go_on(ready));
        }
        if self.run.suspended || self.run.queued {
            return Ok(false);
        }
        self.readiness().next().map_or(Ok(false), |ready| self.go_on(ready))
    }

    pub(crate) fn go_on(&mut self, ready: Ready) -> Result<bool, Stop> {
        match ready {
            Ready::Hold(id) => self.emit(Some(id), Change::TaskHeld { execution: id }),
            Ready::Raise(id) => self.raise_again(id)?,
            Ready::Timeout(id) => self.time_out(id)?,
            Ready::RunTimeout => self.run_timed_out()?,
            Ready::Again(id) => self.begin_again(id)?,
            Ready::Attempt(id) => {
                self.emit(Some(id), Change::AttemptStarted { execution: id, request: None });
                self.send(id)?;
            }
            Ready::Reconcile(id) => self.begin_reconcile(id)?,
            Ready::Resolve(id) => self.resolve(id)?,
            Ready::WaitOver(id) | Ready::ListDone(id) => self.complete_with_data(id)?,
            Ready::Iterate(id) => task::iterate(self, id)?,
            Ready::EndIteration(id) => self.end_iteration(id)?,
            Ready::NextSegment(id) => self.next_segment(id)?,
            Ready::Round(id) => self.start_round(id),
            Ready::Begin(None, _) if self.continue_as_new() => {}
            Ready::Begin(parent, index) => self.begin_in_list(parent, index)?,
            Ready::Undo => self.undo_next()?,
            Ready::Finish => self.finish()?,
        }
        Ok(true)
    }
}
