//! How the open executions of a run are nested, and what follows for the run.

use std::sync::Arc;

use crate::{Done, Execution, ExecutionId, Impact, Pivot, Progress, Role, Run};
use stepwell_language::dsl::{Definition, TaskId};

impl Run {
    /// Whether an execution is inside another one, or is that one.
    pub(crate) fn is_inside(&self, id: ExecutionId, around: ExecutionId) -> bool {
        id == around || self.ancestors(id).contains(&around)
    }

    /// Returns the chain from an execution's parent to the outermost composite.
    pub(crate) fn ancestors(&self, id: ExecutionId) -> Vec<ExecutionId> {
        let mut chain = Vec::new();
        let mut next = self.execution(id).and_then(|e| e.parent);
        while let Some(parent) = next {
            chain.push(parent);
            next = self.execution(parent).and_then(|e| e.parent);
        }
        chain
    }

    /// Returns the outermost execution around this one.
    pub(crate) fn top_of(&self, id: ExecutionId) -> ExecutionId {
        self.ancestors(id).last().copied().unwrap_or(id)
    }

    /// Returns the role of the outermost execution around this one.
    pub(crate) fn track(&self, id: ExecutionId) -> Role {
        self.execution(self.top_of(id)).map_or(Role::Step, |e| e.role)
    }

    /// The same for an execution that is no longer open.
    pub(crate) fn track_of(&self, closed: &Execution) -> Role {
        closed.parent.map_or(closed.role, |parent| self.track(parent))
    }

    /// Returns the innermost task that the run is at.
    #[must_use]
    pub fn standing_at(&self) -> Option<TaskId> {
        self.open.last().map(|e| e.task)
    }

    /// Returns the innermost execution that failed and waits for a person.
    pub(crate) fn failed(&self) -> Option<&Execution> {
        self.open.iter().rev().find(|e| matches!(e.progress, Progress::Failed { .. }))
    }

    /// Returns the step that `retry` and `skip` apply to.
    pub(crate) fn passed_over(&self) -> Option<&Execution> {
        let waiting = || self.open.iter().rev().find(|e| e.progress.is_waiting());
        self.failed().or_else(waiting).or(self.open.last())
    }

    /// Returns the step of the plan that an undo belongs to.
    pub(crate) fn undoing(&self, of: ExecutionId) -> Option<&Arc<Done>> {
        self.compensation.as_ref()?.step(of)
    }

    /// Returns the effects of an execution and everything open inside it.
    fn impact_of(&self, id: ExecutionId) -> Impact {
        let inside = self.open.iter().filter(|e| self.is_inside(e.id, id));
        inside.fold(Impact::None, |impact, e| impact.and(e.impact))
    }

    /// Returns the position of the run relative to its pivot, including open executions.
    pub(crate) fn pivot_now(&self, definition: &Definition) -> Pivot {
        let open = self.open.iter().filter(|e| definition.task(e.task).metadata.pivot);
        open.map(|e| e.pivot(definition, self.impact_of(e.id))).max().unwrap_or_default().max(self.pivot)
    }
}
