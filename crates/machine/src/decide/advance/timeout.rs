//! Timeouts of tasks and of the run, and errors that waited for calls beside them.

use super::Stop;
use crate::decide::Decider;
use crate::{Attention, Change, Execution, ExecutionId, FaultClass, Progress, WorkflowError};

impl Decider<'_> {
    pub(super) fn time_out(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let reference = &self.definition.task(execution.task).reference;
        let error = timeout_error(&format!("task {reference} did not end within its timeout")).at(reference);
        if self.ask_about_pivot(Some(id), Some(&error)) || self.settles_calls_first(Some(id), &error)? {
            return Ok(());
        }
        self.emit(Some(id), Change::TaskFaulted { execution: id, beginning: None, error: error.clone(), class: None });
        self.raise(id, error, FaultClass::Permanent)
    }

    /// A timeout leaves the outcome of a call unknown. Where it must be known, the target or a person is asked first; true if so.
    fn settles_calls_first(&mut self, around: Option<ExecutionId>, error: &WorkflowError) -> Result<bool, Stop> {
        let inside = |e: &&Execution| around.is_none_or(|around| self.run.is_inside(e.id, around));
        let needs =
            |e: &&Execution| e.is_in_flight() && self.readiness().must_be_known(e) && self.is_settled_by_others(e);
        let calls: Vec<ExecutionId> = self.run.open.iter().filter(inside).filter(needs).map(|e| e.id).collect();
        for call in &calls {
            self.interrupt(*call, error.clone(), FaultClass::Permanent, None)?;
        }
        Ok(!calls.is_empty())
    }

    pub(super) fn run_timed_out(&mut self) -> Result<(), Stop> {
        let error = timeout_error("the run did not end within the workflow's timeout").at("/");
        if self.ask_about_pivot(None, Some(&error)) || self.settles_calls_first(None, &error)? {
            return Ok(());
        }
        let innermost = self.run.open.last().map(|e| e.id);
        if let Some(call) = innermost {
            self.abandon(call);
        }
        self.unhandled(innermost, error, Attention::Faulted, FaultClass::Permanent);
        Ok(())
    }

    /// An error that waited for calls beside it continues.
    pub(super) fn raise_again(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(Progress::Failed { error, class, .. }) = self.run.execution(id).map(|e| &e.progress) else {
            return Ok(());
        };
        let (error, class) = (error.clone(), *class);
        self.raise(id, error, class)
    }
}

fn timeout_error(detail: &str) -> WorkflowError {
    WorkflowError::standard(crate::ErrorKind::Timeout, "timeout", detail)
}
