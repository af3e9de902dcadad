//! Undoing: in the exact reverse of the order of completion, each undo a task of its own, until done or stuck.

use std::sync::Arc;

use serde_json::Value;

use super::Stop;
use crate::decide::{Decider, FailedAttempt, Halt};
use crate::{
    Attention, Change, CompensationEnd, Done, ErrorKind, ExecutionId, Pivot, Progress, Record, Role, Run, Time,
    Unacted, WorkflowError, apply,
};
use stepwell_language::dsl::{Compensate, Definition};

/// The executions that undoing would undo now, in that order. Steps still open that may have acted come first.
#[must_use]
pub fn undo_plan(definition: &Definition, run: &Run) -> Vec<ExecutionId> {
    // The one function that moves runs says what would be in the plan: it is tried on a copy.
    let mut copy = run.clone();
    let change = Change::CompensationStarted { error: None, plan: Vec::new(), end: CompensationEnd::Compensated };
    let record = Record::of_engine(Time::UNIX_EPOCH, change);
    match apply(definition, &mut copy, &record) {
        Ok(()) => copy.compensation.map(|c| c.plan.iter().map(|d| d.execution).collect()).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

impl Decider<'_> {
    /// No outcome is awaited: whatever ends the run takes effect.
    pub(crate) fn stop(&mut self, stop: crate::Stop) {
        let may_undo = match self.run.pivot_now(self.definition) {
            Pivot::Ahead => true,
            Pivot::Perhaps => stop.past_pivot,
            Pivot::Passed => false,
        };
        if stop.undo && !may_undo {
            self.stop_past_pivot(stop);
            return;
        }
        let plan = if stop.undo { undo_plan(self.definition, &self.run) } else { Vec::new() };
        let fault = self.run.error.clone().filter(|_| stop.fault);
        let mut told = None;
        let change = match (plan.is_empty(), stop.end) {
            (false, end) => Change::CompensationStarted { error: fault, plan, end },
            (true, _) if let Some(error) = fault => {
                let execution = self.run.failed().map(|e| e.id);
                told = Some(error.clone());
                Change::RunFaulted { execution, error, attention: crate::Attention::Faulted }
            }
            (true, CompensationEnd::Cancelled) => Change::RunCancelled {},
            // No run stops in order to go back.
            (true, CompensationEnd::Compensated | CompensationEnd::Rewound) => Change::RunCompensated {},
        };
        self.emit(None, change);
        if let Some(error) = told {
            self.tell_parent_of_fault(error);
        }
    }

    /// While calls were waited for, one of them passed the point of no return, or may have: nothing is undone, a person decides.
    fn stop_past_pivot(&mut self, stop: crate::Stop) {
        let attention = match self.run.pivot_now(self.definition) {
            Pivot::Perhaps => Attention::UnknownOutcome,
            Pivot::Ahead | Pivot::Passed => Attention::Faulted,
        };
        let error = self.run.error.clone().unwrap_or_else(|| {
            let detail = "the run passed its point of no return (pivot), or may have, while it was being ended, so nothing was undone. \
                          Retry to continue, or cancel with compensate: false";
            WorkflowError::standard(ErrorKind::Runtime, "ended too late", detail)
        });
        let execution = self.run.failed().map(|e| e.id);
        self.emit(execution, Change::RunFaulted { execution, error: error.clone(), attention });
        if stop.fault && attention == Attention::Faulted {
            self.tell_parent_of_fault(error);
        }
    }

    /// Begins the next undo, or ends the run when none is left.
    pub(crate) fn undo_next(&mut self) -> Result<(), Stop> {
        let Some(compensation) = &self.run.compensation else { return Ok(()) };
        let Some(done) = compensation.plan.first().cloned() else {
            let change = match compensation.end {
                CompensationEnd::Compensated => Change::RunCompensated {},
                CompensationEnd::Cancelled => Change::RunCancelled {},
                CompensationEnd::Rewound => Change::RunRewound {},
            };
            self.emit(None, change);
            return Ok(());
        };
        if let Some(child) = &done.child {
            self.undo_child(&done, child);
            return Ok(());
        }
        if let (Some(ask), false) = (self.definition.task(done.task).metadata.reconcile, done.completed) {
            return self.begin(ask, None, Role::Reconcile(done.execution), Arc::clone(&done.input));
        }
        let Done { execution, task, ref output, .. } = *done;
        match self.definition.task(task).metadata.compensate {
            Some(Compensate::Task(undo)) => self.begin(undo, None, Role::Undo(execution), Arc::clone(output)),
            _ => {
                self.emit(None, Change::UndoSkipped { execution });
                Ok(())
            }
        }
    }

    /// Determines the outcome of a call if it is unknown: asks the target.
    pub(crate) fn begin_reconcile(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let input = Arc::clone(&execution.input);
        match self.definition.task(execution.task).metadata.reconcile {
            Some(ask) => self.begin(ask, None, Role::Reconcile(id), input),
            None => Ok(()),
        }
    }

    /// A call without further attempts: the target's answer to `reconcile` decides, else the error goes up.
    pub(crate) fn resolve(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(Progress::Call(call)) = self.run.execution(id).map(|e| &e.progress) else { return Ok(()) };
        match call.reconciled.clone() {
            Some(answer) if *answer == Value::Null => match call.unacted.as_deref().cloned() {
                // It was the last attempt, and it surely did nothing: an ordinary fault.
                Some(Unacted { error, class, .. }) => self.raise(id, error, class),
                // From a version that did not note what would follow.
                None => {
                    self.emit(Some(id), Change::AttemptStarted { execution: id, request: None });
                    self.send(id)
                }
            },
            // What the target says takes the place of the call's answer, and may be of no use as that may.
            Some(answer) => match self.values().outputs(id, &answer) {
                Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
                Err(halt) => self.attempt_failed(id, FailedAttempt::of_no_use(halt.into_error(), None)),
                Ok(_) => self.complete(id, &answer, false),
            },
            None => self.take_up(id),
        }
    }
}
