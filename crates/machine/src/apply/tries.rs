//! `try`: errors that are caught, and rounds that begin.

use std::sync::Arc;

use super::close::close_below;
use super::{Applied, GONE, NOT_A_TRY};
use crate::{Caught, Cursor, ExecutionId, Next, Progress, Run, Time, TryPhase, Visits, WorkflowError};
use stepwell_language::dsl::{Definition, Task, TaskId};

pub(super) fn caught(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    error: &WorkflowError,
    then: Caught,
    at: Time,
) -> Applied {
    close_below(definition, run, id);
    for around in std::iter::once(id).chain(run.ancestors(id)) {
        if let Some(execution) = run.execution_mut(around) {
            execution.held = false;
        }
    }
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let input = Arc::clone(&execution.input);
    let Progress::Try(progress) = &mut execution.progress else { return Err(NOT_A_TRY) };
    progress.first_caught_at.get_or_insert(at);
    match then {
        Caught::Retry(until) => {
            progress.phase = TryPhase::Backoff { until };
            progress.cursor.next = Next::Busy;
        }
        Caught::Handle => {
            progress.phase = TryPhase::Handler { error: error.clone() };
            progress.cursor = Cursor::first(input);
        }
        Caught::Pass => {
            progress.phase = TryPhase::Handler { error: error.clone() };
            progress.cursor = Cursor { next: Next::Finished, data: input };
        }
    }
    Ok(())
}

pub(super) fn round_started(definition: &Definition, run: &mut Run, id: ExecutionId, round: u32, at: Time) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let input = Arc::clone(&execution.input);
    let Progress::Try(progress) = &mut execution.progress else { return Err(NOT_A_TRY) };
    progress.cursor = Cursor::first(input);
    progress.phase = TryPhase::Body;
    (progress.round, progress.highest_round) = (round, round);
    progress.retries += 1;
    progress.round_started_at = at;
    rewind(definition, run, id);
    for outer in run.ancestors(id) {
        if let Some(Progress::Try(outer)) = run.execution_mut(outer).map(|e| &mut e.progress) {
            outer.highest_round = outer.highest_round.max(round);
        }
    }
    Ok(())
}

/// What runs again inside an execution repeats the same identities, so that each request goes out again under the same idempotency key.
/// Iterations beside this one continue, and so do their counts.
pub(super) fn rewind(definition: &Definition, run: &mut Run, id: ExecutionId) {
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
