//! Where an error goes: up to the nearest `try` that catches it, else to the run's end.

use super::dataflow::Halt;
use super::decide::{Decider, Stop};
use super::saga::undo_plan;
use super::{Attention, Change, CompensationEnd, ExecutionId, FaultClass, Role, WorkflowError};
use crate::dsl::{OnFault, TaskKind};

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
        self.unhandled(Some(self.stops_at(id)), error, Attention::Faulted, class);
        Ok(())
    }

    /// The execution at which a run stops. A `raise` that asks a person stops the block or function around it, because that is where the
    /// values were read that the person has to judge, and a retry reads them again.
    fn stops_at(&self, id: ExecutionId) -> ExecutionId {
        let task = |id| self.run.execution(id).map(|e| self.definition.task(e.task));
        let around = self.run.execution(id).and_then(|e| e.parent);
        match (task(id), around.and_then(task)) {
            (Some(raise), Some(block))
                if raise.metadata.asks_person && matches!(block.kind, TaskKind::Do(_) | TaskKind::Function { .. }) =>
            {
                around.unwrap_or(id)
            }
            _ => id,
        }
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
