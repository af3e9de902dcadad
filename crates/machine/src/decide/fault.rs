//! Where an error goes: up to the nearest `try` that catches it, else to the run's end.

use crate::decide::Halt;
use crate::decide::calls::pivot::can_ask_about_pivot;
use crate::decide::undo_plan;
use crate::decide::{Decider, Stop};
use crate::{Attention, Change, CompensationEnd, ExecutionId, FaultClass, Pivot, Progress, Role, WorkflowError};
use stepwell_language::dsl::{OnFault, TaskKind};

impl Decider<'_> {
    /// Carries an error from the execution that raised it to the one that handles it.
    pub(crate) fn raise(&mut self, id: ExecutionId, error: WorkflowError, class: FaultClass) -> Result<(), Stop> {
        let reference = self.run.execution(id).map(|e| self.definition.task(e.task).reference.as_str()).unwrap_or("/");
        let mut error = error.at(reference);
        let step = self.run.track(id) == Role::Step;
        // A run that ends, or a race that is won, is not changed by what fails meanwhile.
        let ends =
            (step && self.run.stop.is_some() && self.run.compensation.is_none()) || self.readiness().is_in_won_race(id);
        if ends || self.readiness().ends_around(id).is_some_and(|around| self.readiness().must_be_known_inside(around))
        {
            if !self.run.execution(id).is_some_and(|e| matches!(e.progress, Progress::Failed { .. })) {
                self.emit(Some(id), Change::TaskFaulted { execution: id, beginning: None, error, class: Some(class) });
            }
            return Ok(());
        }
        for around in self.run.ancestors(id) {
            match self.values().catches(around, &error) {
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
    pub(crate) fn unhandled(
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
            Some(Role::Reconcile(_)) if self.run.compensation.is_some() => {
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
        // A person decides about a fault of this class before anything is undone.
        let is_undone = self.definition.metadata.on_fault == OnFault::Compensate && class != FaultClass::Person;
        let pivot = self.run.pivot_now(self.definition);
        let is_asked = || pivot == Pivot::Perhaps && can_ask_about_pivot(self.definition, &self.run);
        if is_undone && pivot < Pivot::Passed && (self.run.awaits_outcome_beside(id) || is_asked()) {
            self.emit(id, Change::RunStopping { execution: id, error });
            return;
        }
        let compensates = is_undone && pivot == Pivot::Ahead;
        let attention = match (attention, pivot) {
            (Attention::Faulted, Pivot::Perhaps) => Attention::UnknownOutcome,
            (attention, _) => attention,
        };
        let plan = undo_plan(self.definition, &self.run);
        if compensates && !plan.is_empty() {
            let change = Change::CompensationStarted { error: Some(error), plan, end: CompensationEnd::Compensated };
            self.emit(id, change);
        } else {
            self.emit(id, Change::RunFaulted { execution: id, error: error.clone(), attention });
            if attention == Attention::Faulted && class != FaultClass::Person {
                self.tell_parent_of_fault(error);
            }
        }
    }
}
