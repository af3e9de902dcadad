//! Where an error goes: up to the nearest `try` that catches it, else to the run's end.

use super::dataflow::Halt;
use super::decide::{Decider, Stop};
use super::saga::undo_plan;
use super::{Attention, Change, CompensationEnd, ExecutionId, FaultClass, Role, WorkflowError};
use crate::dsl::OnFault;

impl Decider<'_> {
    /// Carries an error from the execution that raised it to whoever deals with it.
    pub(super) fn raise(&mut self, id: ExecutionId, error: WorkflowError, class: FaultClass) -> Result<(), Stop> {
        let reference = self.run.execution(id).map(|e| self.definition.task(e.task).reference.as_str()).unwrap_or("/");
        let mut error = error.at(reference);
        for around in self.run.ancestors(id) {
            match self.catches(around, &error) {
                Ok(None) => {}
                Ok(Some(then)) => {
                    self.emit(Some(around), Change::ErrorCaught { execution: around, error, then });
                    return Ok(());
                }
                Err(Halt::Ask(evaluation)) => return Err(Stop::Evaluate(evaluation)),
                // The filter itself fails: its error takes the place of the one that it was to judge.
                Err(halt) => error = halt.into_error().at(reference),
            }
        }
        self.unhandled(Some(id), error, Attention::Faulted, class);
        Ok(())
    }

    /// Nothing caught the error.
    pub(super) fn unhandled(
        &mut self,
        id: Option<ExecutionId>,
        error: WorkflowError,
        attention: Attention,
        class: FaultClass,
    ) {
        match id.map(|id| self.run.track(id)) {
            Some(Role::Undo(_)) => {
                let execution = id.expect("a track belongs to an execution");
                self.emit(id, Change::CompensationStuck { execution, error });
            }
            Some(Role::Reconcile(_)) => {
                self.emit(id, Change::RunFaulted { execution: id, error, attention: Attention::UnknownOutcome });
            }
            Some(Role::Step) | None => self.end_by_fault(id, error, attention, class),
        }
    }

    fn end_by_fault(&mut self, id: Option<ExecutionId>, error: WorkflowError, attention: Attention, class: FaultClass) {
        let compensates = self.definition.metadata.on_fault == OnFault::Compensate
            && !self.run.pivoted
            // A person decides about a fault of this class before anything is undone.
            && class != FaultClass::Person;
        if compensates && self.run.has_call_in_flight_beside(id) {
            self.emit(id, Change::RunStopping { execution: id, error });
            return;
        }
        let plan = undo_plan(self.definition, &self.run);
        if compensates && !plan.is_empty() {
            let change = Change::CompensationStarted { error: Some(error), plan, end: CompensationEnd::Compensated };
            self.emit(id, change);
        } else {
            self.emit(id, Change::RunFaulted { execution: id, error, attention });
        }
    }
}
