//! The saga rule: each call before the pivot has a compensation, says `compensate: none`, or only reads.

use crate::dsl::Severity;
use crate::dsl::builder::Builder;
use crate::dsl::definition::{Definition, TaskId, TaskKind};

/// Visits the tasks in document order, up to the pivot.
#[derive(Default)]
struct Walk {
    pivot_reached: bool,
    silent: Vec<TaskId>,
}

impl Builder<'_> {
    /// Reports each call without a compensation. Call it once the whole definition is built.
    pub(crate) fn check_saga(&mut self, definition: &Definition) {
        if !definition.is_saga() {
            return;
        }
        let mut walk = Walk::default();
        walk.list(definition, &definition.root, false);
        for id in walk.silent {
            let task = definition.task(id);
            let place = self.places[id.0 as usize].clone();
            let message = format!(
                "in a saga, call `{}` must define how it is undone: other calls before the pivot are undone, but this one would stay",
                task.name
            );
            let hint =
                "add `metadata: {compensate: ...}`, or `compensate: none` if nothing needs to be undone".to_owned();
            self.report.note_at(&place, Severity::Error, message, Some(hint));
        }
    }
}

impl Walk {
    fn list(&mut self, definition: &Definition, list: &[TaskId], covered: bool) {
        for id in list {
            if self.pivot_reached {
                return;
            }
            self.task(definition, *id, covered);
        }
    }

    fn task(&mut self, definition: &Definition, id: TaskId, covered: bool) {
        let task = definition.task(id);
        if task.metadata.pivot {
            self.pivot_reached = true;
            return;
        }
        let covered = covered || task.metadata.compensate.is_some();
        match &task.kind {
            TaskKind::Call(call) => {
                if !covered && !crate::dsl::builder::kinds::is_read(&call.protocol) {
                    self.silent.push(id);
                }
            }
            kind => self.list(definition, &kind.nested(), covered),
        }
    }
}
