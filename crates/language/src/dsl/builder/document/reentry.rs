//! Finds the tasks that a run can enter more than once. Only their entries are counted; otherwise a loop over thousands
//! of items would carry thousands of counters.

use crate::dsl::definition::{Compensate, Definition, Flow, TaskId, TaskKind};

/// Marks each task that a backward `then` can reach again, with everything inside it. Compensations and queries are
/// always marked, because their step may run more than once.
pub(crate) fn mark(definition: &mut Definition) {
    let mut pending: Vec<TaskId> = reachable_backward(definition, &definition.root);
    for task in &definition.tasks {
        pending.extend(task.kind.lists().into_iter().flat_map(|list| reachable_backward(definition, list)));
        pending.extend(task.metadata.reconcile);
        if let Some(Compensate::Task(undo)) = task.metadata.compensate {
            pending.push(undo);
        }
    }
    while let Some(TaskId(id)) = pending.pop() {
        let task = &mut definition.tasks[id as usize];
        if !std::mem::replace(&mut task.reentrant, true) {
            pending.extend(task.kind.nested());
        }
    }
}

/// Returns the tasks between the target of each backward jump and the jump, both included.
pub(crate) fn reachable_backward(definition: &Definition, list: &[TaskId]) -> Vec<TaskId> {
    let mut found = Vec::new();
    for (from, id) in list.iter().enumerate() {
        let task = definition.task(definition.extended(*id));
        let cases = match &task.kind {
            TaskKind::Switch(cases) => cases.as_slice(),
            _ => &[],
        };
        let targets = cases.iter().map(|case| &case.then).chain([&task.then]);
        for flow in targets {
            if let Flow::To(target) = flow
                && *target <= from
            {
                found.extend(&list[*target..=from]);
            }
        }
    }
    found
}
