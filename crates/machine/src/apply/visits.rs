//! How often tasks were entered: what runs again repeats the same identities.

use crate::{ExecutionId, Run, Visits};
use stepwell_language::dsl::{Definition, Task, TaskId};

/// What runs again inside an execution repeats the same identities, so that each request goes out again under the same idempotency key.
/// Iterations beside this one continue, and so do their counts.
pub(crate) fn rewind(definition: &Definition, run: &mut Run, id: ExecutionId) {
    let Some(execution) = run.execution(id) else { return };
    let before = execution.visits.clone();
    let inside: Vec<_> = counted_inside(definition, run, execution.task, &execution.coordinates.iteration)
        .map(|(entry, _)| entry.clone())
        .collect();
    for entry in inside {
        let count = before.get(&entry).copied().unwrap_or(0);
        run.visits.insert_mut(entry, count);
    }
}

/// How often what stands inside a task was entered before: what a later [`rewind`] goes back to.
pub(super) fn visits_inside(definition: &Definition, run: &Run, task: TaskId, iteration: &[u32]) -> Visits {
    if definition.task(task).kind.nested().is_empty() {
        return Visits::default();
    }
    counted_inside(definition, run, task, iteration).map(|(entry, count)| (entry.clone(), *count)).collect()
}

/// The counters of what stands inside a task or belongs to it, in this iteration.
fn counted_inside<'r>(
    definition: &'r Definition,
    run: &'r Run,
    task: TaskId,
    iteration: &'r [u32],
) -> impl Iterator<Item = (&'r (TaskId, Vec<u32>), &'r u32)> {
    let around = definition.task(task).reference.as_str();
    let inside = move |task: &Task| {
        task.reentrant && task.reference.strip_prefix(around).is_some_and(|rest| rest.starts_with('/'))
    };
    let tasks: &[Task] = if run.visits.is_empty() { &[] } else { &definition.tasks };
    let tasks = (0..).zip(tasks).filter(move |(_, task)| inside(task)).map(|(id, _)| TaskId(id));
    // Counters are in the order of their tasks, then of their indices.
    tasks.flat_map(move |task| {
        let counters = run.visits.range((task, iteration.to_vec())..);
        counters.take_while(move |(entry, _)| entry.0 == task && entry.1.starts_with(iteration))
    })
}
