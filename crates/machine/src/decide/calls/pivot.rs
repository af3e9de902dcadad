//! The point of no return: whether a run has passed it, and whether a target can say so.

use crate::decide::Decider;
use crate::{CallPhase, Change, ErrorKind, Execution, ExecutionId, FaultClass, Pivot, Progress, Run, WorkflowError};
use stepwell_language::dsl::Definition;

/// Whether a call is the point of no return, or part of it.
pub(crate) fn belongs_to_pivot(definition: &Definition, run: &Run, execution: &Execution) -> bool {
    let around = run.ancestors(execution.id);
    let tasks = around.iter().filter_map(|id| run.execution(*id)).chain([execution]);
    tasks.into_iter().any(|e| definition.task(e.task).metadata.pivot)
}

/// A call that may have passed the point of no return, waits for its next attempt, and can be asked about.
fn is_askable(definition: &Definition, run: &Run, execution: &Execution) -> bool {
    matches!(&execution.progress, Progress::Call(call) if matches!(call.phase, CallPhase::Backoff { .. }))
        && execution.impact.settles_at().is_some()
        && definition.task(execution.task).metadata.reconcile.is_some()
        && belongs_to_pivot(definition, run, execution)
}

/// Whether every doubt about the point of no return can be cleared by asking the target.
pub(crate) fn can_ask_about_pivot(definition: &Definition, run: &Run) -> bool {
    let in_doubt = |e: &&Execution| e.impact.settles_at().is_some() && belongs_to_pivot(definition, run, e);
    let is_leaf = |e: &&Execution| !run.open.iter().any(|inside| inside.parent == Some(e.id));
    run.pivot == Pivot::Ahead
        && run
            .open
            .iter()
            .filter(in_doubt)
            .filter(is_leaf)
            .all(|e| e.is_asked_about() || is_askable(definition, run, e))
}

impl Decider<'_> {
    /// Before a run is undone, the target says whether its point of no return was passed. True if that is asked now.
    pub(crate) fn ask_about_pivot(&mut self, around: Option<ExecutionId>, why: Option<&WorkflowError>) -> bool {
        let inside = |e: &&Execution| around.is_none_or(|around| self.run.is_inside(e.id, around));
        let askable = self.run.open.iter().filter(inside).find(|e| is_askable(self.definition, &self.run, e));
        let Some(id) = askable.map(|e| e.id) else { return false };
        let error = why.or(self.run.error.as_ref()).cloned().unwrap_or_else(|| {
            let detail = "the run is being undone and the outcome of this call is unknown, so its target is asked";
            WorkflowError::standard(ErrorKind::Runtime, "outcome unknown", detail)
        });
        let change =
            Change::OutcomeUnknown { execution: id, error, class: Some(FaultClass::Permanent), retry_at: None };
        self.emit(Some(id), change);
        true
    }
}
