//! `try`: errors that are caught, and rounds that begin.

use std::sync::Arc;

use super::close::close_below;
use super::{Applied, GONE, NOT_A_TRY};
use crate::{Caught, Cursor, ExecutionId, Next, Progress, Run, Time, TryPhase, Visits, WorkflowError};
use stepwell_language::dsl::{Definition, TaskId};

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
/// Iterations beside this one go on, and so do their counts.
pub(super) fn rewind(definition: &Definition, run: &mut Run, id: ExecutionId) {
    let Some(place) = run.open.iter().position(|e| e.id == id) else { return };
    let execution = &run.open[place];
    let inside = format!("{}/", definition.task(execution.task).reference);
    for (entry, count) in &mut run.visits {
        let within = entry.1.starts_with(&execution.coordinates.iteration);
        if within && definition.task(entry.0).reference.starts_with(&inside) {
            *count = execution.visits.get(entry).copied().unwrap_or(0);
        }
    }
}

/// How often what stands inside a task was entered before: what a later [`rewind`] goes back to.
pub(super) fn visits_inside(definition: &Definition, run: &Run, task: TaskId, iteration: &[u32]) -> Visits {
    if run.visits.is_empty() || definition.task(task).kind.nested().is_empty() {
        return Visits::new();
    }
    let inside = format!("{}/", definition.task(task).reference);
    let within = |(entry, _): &(&(TaskId, Vec<u32>), &u32)| {
        entry.1.starts_with(iteration) && definition.task(entry.0).reference.starts_with(&inside)
    };
    run.visits.iter().filter(within).map(|(entry, count)| (entry.clone(), *count)).collect()
}
