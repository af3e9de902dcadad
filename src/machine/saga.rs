//! Undoing: in the exact reverse of the order of completion, each undo a task of its own, until done or stuck.

use std::sync::Arc;

use serde_json::Value;

use super::decide::{Decider, Stop};
use super::{
    Actor, Change, CompensationEnd, Done, ExecutionId, FaultClass, Progress, Record, Role, Run, Time, Unacted,
    WorkflowError, apply,
};
use crate::dsl::{Compensate, Definition};

/// The executions that undoing would undo now, in that order. Steps still open that may have acted come first.
#[must_use]
pub fn undo_plan(definition: &Definition, run: &Run) -> Vec<ExecutionId> {
    // The one function that moves runs says what would be in the plan: it is tried on a copy.
    let mut copy = run.clone();
    let record = Record {
        at: Time::UNIX_EPOCH,
        actor: Actor::engine(),
        task: None,
        attempt: None,
        change: Change::CompensationStarted { error: None, plan: Vec::new(), end: CompensationEnd::Compensated },
        note: None,
    };
    match apply(definition, &mut copy, &record) {
        Ok(()) => copy.compensation.map(|c| c.plan.iter().map(|d| d.execution).collect()).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

impl Decider<'_> {
    /// No call is on its way: what was to end the run takes effect.
    pub(super) fn stop(&mut self, stop: super::run::Stop) {
        let plan = if stop.undo { undo_plan(self.definition, &self.run) } else { Vec::new() };
        let fault = self.run.error.clone().filter(|_| stop.fault);
        let change = match (plan.is_empty(), stop.end) {
            (false, end) => Change::CompensationStarted { error: fault, plan, end },
            (true, _) if let Some(error) = fault => {
                let execution = self.run.failed().map(|e| e.id);
                Change::RunFaulted { execution, error, attention: super::Attention::Faulted }
            }
            (true, CompensationEnd::Cancelled) => Change::RunCancelled {},
            (true, CompensationEnd::Compensated) => Change::RunCompensated {},
        };
        self.emit(None, change);
    }

    /// Begins the next undo, or ends the run when none is left.
    pub(super) fn undo_next(&mut self) -> Result<(), Stop> {
        let Some(compensation) = &self.run.compensation else { return Ok(()) };
        let Some(done) = compensation.plan.first().cloned() else {
            let change = match compensation.end {
                CompensationEnd::Compensated => Change::RunCompensated {},
                CompensationEnd::Cancelled => Change::RunCancelled {},
            };
            self.emit(None, change);
            return Ok(());
        };
        if let Some(child) = &done.child {
            self.undo_child(&done, child);
            return Ok(());
        }
        let Done { execution, task, output, .. } = done;
        match self.definition.task(task).metadata.compensate {
            Some(Compensate::Task(undo)) => self.begin(undo, None, Role::Undo(execution), output),
            _ => {
                self.emit(None, Change::UndoSkipped { execution });
                Ok(())
            }
        }
    }

    /// Asks the target what became of a call whose outcome is unknown.
    pub(super) fn begin_reconcile(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let input = Arc::clone(&execution.input);
        match self.definition.task(execution.task).metadata.reconcile {
            Some(ask) => self.begin(ask, None, Role::Reconcile(id), input),
            None => Ok(()),
        }
    }

    /// A call without further attempts: the target's answer to `reconcile` decides, else the error goes up.
    pub(super) fn resolve(&mut self, id: ExecutionId) -> Result<(), Stop> {
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
            Some(answer) => self.complete(id, &answer, false),
            None => {
                let error = WorkflowError::standard(
                    super::ErrorKind::Runtime,
                    "call ended without outcome",
                    "the call has no attempt left and its outcome was not recorded",
                );
                self.raise(id, error, FaultClass::Permanent)
            }
        }
    }
}
