//! What the expressions of a task may see.

use std::sync::Arc;

use super::{Scope, Values};
use crate::decide::Entry;
use crate::{Execution, ExecutionId, Role};
use stepwell_language::dsl::TaskKind;

impl Values<'_> {
    /// What a task's own expressions see.
    pub(crate) fn scope_of(&self, entry: &Entry) -> Scope {
        let mut scope = Scope {
            task: Some(entry.task),
            coordinates: entry.coordinates.clone(),
            started_at: Some(self.now),
            parent: entry.parent,
            raw_input: Some(Arc::clone(&entry.raw_input)),
            ..Scope::default()
        };
        self.show_what_is_undone(entry.role, entry.parent, &mut scope);
        scope
    }

    /// The scope of an execution that is open.
    pub(crate) fn scope_of_open(&self, execution: &Execution) -> Scope {
        let mut scope = Scope {
            task: Some(execution.task),
            coordinates: execution.coordinates.clone(),
            started_at: Some(execution.started_at),
            parent: execution.parent,
            raw_input: Some(Arc::clone(&execution.raw_input)),
            input: Some(Arc::clone(&execution.input)),
            ..Scope::default()
        };
        self.show_what_is_undone(execution.role, execution.parent, &mut scope);
        scope
    }

    /// A compensation sees `$input` and `$output` of the step that it undoes, a function's body does not.
    fn show_what_is_undone(&self, role: Role, parent: Option<ExecutionId>, scope: &mut Scope) {
        let mut role = role;
        let mut next = parent;
        while let Some(execution) = next.and_then(|id| self.run.execution(id)) {
            if matches!(self.definition.task(execution.task).kind, TaskKind::Function { .. }) {
                return;
            }
            role = execution.role;
            next = execution.parent;
        }
        let Role::Undo(of) = role else { return };
        if let Some(done) = self.run.undoing(of) {
            scope.input = Some(Arc::clone(&done.input));
            scope.output = Some(Arc::clone(&done.output));
        }
    }
}
