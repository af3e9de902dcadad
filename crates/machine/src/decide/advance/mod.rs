//! One pure step at a time: what a run does next, until it must wait for the world.

mod complete;
mod dataflow;
mod enter;
mod scope;
mod timeout;

use super::Stop;
use crate::apply::siblings;
use crate::decide::Decider;
use crate::task::{r#for, fork};
use crate::{Branch, CallPhase, Change, Execution, ExecutionId, Next, Progress, Role, TryPhase};
use stepwell_language::dsl::TaskKind;

pub(crate) use complete::Outputs;
pub use dataflow::violations;
pub(crate) use dataflow::{Halt, Scope, error_value, kind};
pub(crate) use enter::Entry;

/// What is ready to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    Hold(ExecutionId),
    Raise(ExecutionId),
    Timeout(ExecutionId),
    RunTimeout,
    Again(ExecutionId),
    Attempt(ExecutionId),
    Reconcile(ExecutionId),
    Resolve(ExecutionId),
    WaitOver(ExecutionId),
    Round(ExecutionId),
    Begin(Option<ExecutionId>, usize),
    Iterate(ExecutionId),
    EndIteration(ExecutionId),
    NextSegment(ExecutionId),
    ListDone(ExecutionId),
    Undo,
    Finish,
}

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
            let late = self.run.open.iter().find(|e| self.is_late(e)).map(|e| Ready::Timeout(e.id));
            let next = late.or_else(|| self.run.open.iter().rev().find_map(|e| self.ready_in(e)));
            return next.map_or(Ok(false), |ready| self.go_on(ready));
        }
        if self.run.suspended || self.run.queued {
            return Ok(false);
        }
        self.ready().map_or(Ok(false), |ready| self.go_on(ready))
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
            Ready::Iterate(id) => self.iterate(id)?,
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

    pub(crate) fn ready(&self) -> Option<Ready> {
        let may = |ready: &Ready| !self.blocked.contains(ready);
        if self.run.deadline.is_some_and(|at| at <= self.now) && self.run.is_timed() && may(&Ready::RunTimeout) {
            return Some(Ready::RunTimeout);
        }
        let mut late = self.run.open.iter().filter(|e| self.is_late(e)).map(|e| Ready::Timeout(e.id));
        if let Some(late) = late.find(may) {
            return Some(late);
        }
        // A race that is won ends before its losers do anything more.
        for over in self.run.open.iter().filter(|e| self.is_over(e)) {
            match self.must_be_known_inside(over.id) {
                false => return Some(Ready::ListDone(over.id)),
                true if !over.held => return self.hold(over.id),
                true => {}
            }
        }
        // The innermost execution first: what is around it waits for it.
        if let Some(ready) = self.run.open.iter().rev().filter_map(|e| self.ready_in(e)).find(may) {
            return Some(ready);
        }
        if let Some(compensation) = &self.run.compensation {
            // An undo that comes before what it undoes would undo nothing.
            let settled = compensation.plan.first().and_then(|next| next.settles_at).is_none_or(|at| at <= self.now);
            return (self.run.open.is_empty() && settled).then_some(Ready::Undo);
        }
        let next = match self.run.root.next {
            Next::Task(index) if index < self.definition.root.len() => Some(Ready::Begin(None, index)),
            Next::Task(_) | Next::Finished | Next::Ended => Some(Ready::Finish),
            Next::Busy => None,
        };
        next.filter(may)
    }

    fn is_late(&self, execution: &Execution) -> bool {
        execution.deadline.is_some_and(|at| at <= self.now)
            && self.run.goes_on(execution)
            && !self.run.waits_for_answer_about(Some(execution.id))
    }

    /// The call whose outcome has to be asked for now, if this is one.
    fn question(&self, execution: &Execution) -> Option<ExecutionId> {
        let Progress::Call(call) = &execution.progress else { return None };
        let is_due = match &call.phase {
            CallPhase::Reconciling { .. } => true,
            CallPhase::Unsettled { until, .. } => *until <= self.now,
            _ => false,
        };
        let is_asked = || self.run.open.iter().any(|e| e.role == Role::Reconcile(execution.id));
        (is_due && !is_asked()).then_some(execution.id)
    }

    fn ready_in(&self, execution: &Execution) -> Option<Ready> {
        let id = execution.id;
        if let Some(question) = self.question(execution) {
            return Some(Ready::Reconcile(question));
        }
        if execution.is_found() {
            return Some(Ready::Resolve(id));
        }
        if !self.run.goes_on(execution) {
            return None;
        }
        match &execution.progress {
            Progress::Failed { .. } => self.after_failure(id),
            Progress::NotStarted { .. } => Some(Ready::Again(id)),
            Progress::Wait { until } => (*until <= self.now).then_some(Ready::WaitOver(id)),
            Progress::Call(call) => match &call.phase {
                CallPhase::Backoff { until } => (*until <= self.now).then_some(Ready::Attempt(id)),
                CallPhase::Ended => Some(Ready::Resolve(id)),
                _ => None,
            },
            Progress::Try(t) if matches!(t.phase, TryPhase::Backoff { .. }) => match t.phase {
                TryPhase::Backoff { until } if until <= self.now => Some(Ready::Round(id)),
                _ => None,
            },
            Progress::Fork(branches) => {
                let not_started = (0..).zip(branches).filter(|(_, branch)| **branch == Branch::NotStarted);
                let mut not_started = not_started.map(|(index, _)| Ready::Begin(Some(id), index));
                not_started.find(|begin| !self.blocked.contains(begin))
            }
            Progress::ParallelFor(progress) => {
                let TaskKind::For(task) = &self.definition.task(execution.task).kind else { return None };
                r#for::has_room(task, progress).then_some(Ready::Begin(Some(id), 0))
            }
            Progress::Listen(progress) if progress.cursor.is_none() => {
                let TaskKind::Listen(task) = &self.definition.task(execution.task).kind else { return None };
                if task.each.is_some() && progress.outputs.len() < progress.taken.len() {
                    return Some(Ready::Iterate(id));
                }
                progress.enough.then_some(Ready::ListDone(id))
            }
            progress => match progress.cursor()?.next {
                Next::Task(index) => {
                    let length = siblings(self.definition, &self.run, Some(id)).map_or(0, |list| list.len());
                    Some(if index < length { Ready::Begin(Some(id), index) } else { list_done(execution) })
                }
                Next::Finished => Some(list_done(execution)),
                Next::Ended => Some(Ready::ListDone(id)),
                Next::Busy => None,
            },
        }
    }

    pub(crate) fn is_over(&self, execution: &Execution) -> bool {
        match (&self.definition.task(execution.task).kind, &execution.progress) {
            (TaskKind::Fork(task), Progress::Fork(branches)) => fork::is_over(task.join, branches),
            (_, Progress::ParallelFor(progress)) => r#for::is_over(progress),
            _ => false,
        }
    }
}

/// What follows when the tasks of a list are done.
fn list_done(execution: &Execution) -> Ready {
    match execution.progress {
        Progress::For(_) => Ready::Iterate(execution.id),
        Progress::Listen(_) => Ready::EndIteration(execution.id),
        Progress::Extended(_) => Ready::NextSegment(execution.id),
        _ => Ready::ListDone(execution.id),
    }
}
