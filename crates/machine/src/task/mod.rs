//! One module per kind of task: how it starts, its progress, when it can continue, its output, and what its records change.
//!
//! What is the same for all kinds asks here; each question is one `match`. Kinds that answer each of them in a line (`do`, `wait`) have no
//! module.

mod call;
mod emit;
mod extension;
mod r#for;
mod fork;
mod listen;
mod raise;
mod run;
mod set;
mod switch;
mod r#try;

use std::sync::Arc;

use serde_json::Value;

use crate::apply::{GONE, NO_ITERATION, Onward};
use crate::decide::{Decider, Entry, Halt, Readiness, Ready, Scope, Stop};
use crate::{Cursor, Execution, ExecutionId, Next, Opening, Progress, Run, Time};
use stepwell_language::dsl::{Definition, Flow, TaskId, TaskKind};

pub use call::{CallPhase, CallProgress, Unacted};
pub use extension::ExtendedProgress;
pub use r#for::{ForProgress, IterationOutputs, ParallelFor};
pub use fork::Branch;
pub use listen::{ListenProgress, Listening};
pub use run::{ChildPhase, ChildProgress, ReportedFault};
pub use r#try::{TryPhase, TryProgress};

pub(crate) use call::{Unrecorded, progress as calls};
pub(crate) use extension::segment_started;
pub(crate) use listen::{event_consumed, iteration_completed, read};
pub(crate) use run::progress as child;
pub(crate) use r#try::{caught, round_started};

/// Records how a task begins; one that never is open ends in the same instant.
pub(crate) fn begin(
    decider: &mut Decider<'_>,
    entry: &Entry,
    kind: &TaskKind,
    input: &Arc<Value>,
    scope: Scope,
    deadline: Option<Time>,
) -> Result<(), Halt> {
    let opening = match kind {
        TaskKind::Do(_) | TaskKind::Try(_) | TaskKind::Fork(_) | TaskKind::Extended(_) => Opening::Tasks,
        TaskKind::For(task) => Opening::Loop(Arc::new(decider.values().items(task, input, &scope)?)),
        TaskKind::Function { arguments, .. } => {
            Opening::Function(Arc::new(decider.values().render(arguments, input, &scope)?))
        }
        TaskKind::Wait(duration) => Opening::Wait(decider.values().moment_after(duration, input, &scope)?),
        TaskKind::Call(call) => return decider.open_call(entry, call, input, &scope, deadline),
        TaskKind::Emit(task) => return decider.run_emit(entry, task, input, scope),
        TaskKind::Listen(task) => return decider.open_listen(entry, task, input, &scope, deadline),
        TaskKind::Run(task) => return decider.open_child(entry, task, input, &scope, deadline),
        TaskKind::Set(template) => return decider.run_set(entry, template, input, scope),
        TaskKind::Switch(cases) => return decider.run_switch(entry, cases, input, scope),
        TaskKind::Raise(template) => return Err(decider.values().raised(template, input, &scope)),
    };
    decider.emit_started(entry, input, opening, deadline);
    Ok(())
}

/// Where a task stands that has just been opened.
pub(crate) fn opened(
    definition: &Definition,
    execution: &Execution,
    opening: &Opening,
    at: Time,
) -> Result<Progress, &'static str> {
    let data = match opening {
        Opening::Call(request) => return Ok(Progress::Call(calls::sending(request))),
        Opening::Wait(until) => return Ok(Progress::Wait { until: *until }),
        Opening::Child(request) => return Ok(child::opened(request, execution.role)),
        Opening::Listen(listening) => return Ok(listen::opened(listening)),
        Opening::Function(arguments) => Arc::clone(arguments),
        Opening::Tasks | Opening::Loop(_) => Arc::clone(&execution.input),
    };
    Ok(match (&definition.task(execution.task).kind, opening) {
        (TaskKind::Try(_), _) => r#try::opened(execution.coordinates.round, Cursor::first(data), at),
        (TaskKind::For(task), Opening::Loop(items)) => r#for::opened(task, items, data),
        (TaskKind::For(_), _) => return Err("the loop has no items"),
        (TaskKind::Extended(_), _) => extension::opened(data),
        (TaskKind::Fork(task), _) => Progress::Fork(vec![Branch::NotStarted; task.branches.len()]),
        _ => Progress::List(Cursor::first(data)),
    })
}

/// What an open task is ready for, as far as its kind says it.
pub(crate) fn ready(of: &Readiness<'_>, execution: &Execution) -> Option<Ready> {
    let id = execution.id;
    match (&execution.progress, &of.definition.task(execution.task).kind) {
        (Progress::Failed { .. }, _) => of.after_failure(id),
        (Progress::NotStarted { .. }, _) => Some(Ready::Again(id)),
        (Progress::Wait { until }, _) => (*until <= of.now).then_some(Ready::WaitOver(id)),
        (Progress::Call(call), _) => calls::ready(call, of.now, id),
        (Progress::Child(_), _) => None,
        (Progress::Fork(branches), _) => fork::ready(of, branches, id),
        (Progress::ParallelFor(progress), TaskKind::For(task)) => {
            r#for::has_room(task, progress).then_some(Ready::Begin(Some(id), 0))
        }
        (Progress::Listen(progress), TaskKind::Listen(task)) if progress.cursor.is_none() => {
            listen::ready(task, progress, id)
        }
        (Progress::Try(progress), _) if let TryPhase::Backoff { until } = progress.phase => {
            (until <= of.now).then_some(Ready::Round(id))
        }
        (progress, _) => match progress.cursor()?.next {
            Next::Task(index) => {
                let length = body(of.definition, execution).map_or(0, |list| list.len());
                Some(if index < length { Ready::Begin(Some(id), index) } else { list_done(execution) })
            }
            Next::Finished => Some(list_done(execution)),
            Next::Ended => Some(Ready::ListDone(id)),
            Next::Busy => None,
        },
    }
}

/// What follows when the tasks of a list are done.
fn list_done(execution: &Execution) -> Ready {
    match execution.progress {
        Progress::For(_) => Ready::Iterate(execution.id),
        Progress::Listen(_) => Ready::EndIteration(execution.id),
        Progress::Extended(_) => Ready::NextSegment(execution.id),
        _ => Ready::ListDone(execution.id),
    }
}

/// Begins the next iteration, or ends the loop.
pub(crate) fn iterate(decider: &mut Decider<'_>, id: ExecutionId) -> Result<(), Stop> {
    match decider.run.execution(id).map(|e| &e.progress) {
        Some(Progress::Listen(progress)) => {
            let index = progress.outputs.len();
            decider.iterate_events(id, index);
            Ok(())
        }
        Some(Progress::For(_)) => decider.iterate_items(id),
        _ => Ok(()),
    }
}

/// Notes in a record's run that an iteration began.
pub(crate) fn iteration_started(run: &mut Run, id: ExecutionId, index: u32) -> Result<(), &'static str> {
    match &mut run.execution_mut(id).ok_or(GONE)?.progress {
        Progress::For(progress) => {
            (progress.index, progress.cursor.next) = (Some(index), Next::Task(0));
            Ok(())
        }
        Progress::Listen(progress) => listen::iteration_started(progress, index),
        _ => Err("the execution has no iterations"),
    }
}

/// Whether it has nothing left to wait for, even if tasks inside it still run.
pub(crate) fn is_over(definition: &Definition, execution: &Execution) -> bool {
    match (&definition.task(execution.task).kind, &execution.progress) {
        (TaskKind::Fork(task), Progress::Fork(branches)) => fork::is_over(task.join, branches),
        (_, Progress::ParallelFor(progress)) => r#for::is_over(progress),
        _ => false,
    }
}

/// Whether all tasks inside are done.
pub(crate) fn is_list_done(definition: &Definition, execution: &Execution) -> bool {
    match &execution.progress {
        Progress::List(cursor) => cursor.is_done(),
        Progress::Try(progress) => progress.cursor.is_done(),
        Progress::For(progress) => progress.is_done(),
        _ => is_over(definition, execution),
    }
}

/// The raw output of an open task that is done, and whether something inside said `end`.
pub(crate) fn outcome(definition: &Definition, execution: &Execution) -> (Arc<Value>, bool) {
    match (&execution.progress, &definition.task(execution.task).kind) {
        (Progress::ParallelFor(progress), _) => progress.outcome(),
        (Progress::Fork(branches), kind) => fork::outcome(branches, kind),
        (Progress::Listen(progress), TaskKind::Listen(task)) => listen::outcome(task, progress),
        (progress, _) => match progress.cursor() {
            Some(cursor) => (Arc::clone(&cursor.data), cursor.next == Next::Ended),
            None => (Arc::clone(&execution.input), false),
        },
    }
}

/// The list of tasks that runs directly inside an execution.
pub(crate) fn body(definition: &Definition, execution: &Execution) -> Result<Vec<TaskId>, &'static str> {
    Ok(match (&definition.task(execution.task).kind, &execution.progress) {
        (TaskKind::Do(list), _) => list.clone(),
        (TaskKind::Function { body, .. }, _) => vec![*body],
        (TaskKind::For(task), _) => task.body.clone(),
        (TaskKind::Fork(task), _) => task.branches.clone(),
        (TaskKind::Listen(task), _) => task.each.iter().flat_map(|each| &each.body).copied().collect(),
        (TaskKind::Extended(segments), Progress::Extended(progress)) => extension::body(segments, progress),
        (TaskKind::Try(task), Progress::Try(progress)) => match progress.phase {
            TryPhase::Handler { .. } => task.catch.handler.clone().unwrap_or_default(),
            _ => task.body.clone(),
        },
        _ => return Err("the parent is not a list"),
    })
}

/// Notes that a task begins inside an open one, and gives the raw input that it is handed.
pub(crate) fn enter(
    definition: &Definition,
    around: &mut Execution,
    task: TaskId,
    iteration: &[u32],
) -> Result<Arc<Value>, &'static str> {
    match (&mut around.progress, &definition.task(around.task).kind) {
        (Progress::Fork(branches), TaskKind::Fork(fork)) => {
            *fork::branch_of(fork, branches, task)? = Branch::Open;
            Ok(Arc::clone(&around.input))
        }
        (Progress::ParallelFor(progress), _) => {
            progress.begun = iteration.last().ok_or(NO_ITERATION)? + 1;
            Ok(Arc::clone(&around.input))
        }
        (progress, _) => {
            let cursor = progress.cursor_mut().ok_or("the parent is not a list")?;
            cursor.next = Next::Busy;
            Ok(Arc::clone(&cursor.data))
        }
    }
}

/// Hands the output of an ended execution to the one around it, where that keeps it by itself. False where its list goes on as usual.
pub(crate) fn leave(
    definition: &Definition,
    around: &mut Execution,
    done: &Execution,
    output: &Arc<Value>,
    onward: &Onward<'_>,
) -> Result<bool, &'static str> {
    let ends = matches!(onward, Onward::By(Flow::End));
    match (&mut around.progress, &definition.task(around.task).kind) {
        (Progress::Fork(branches), TaskKind::Fork(task)) => {
            fork::leave(task, branches, done.task, Arc::clone(output), ends)?;
            Ok(true)
        }
        (Progress::ParallelFor(progress), _) => {
            progress.leave(&done.coordinates.iteration, Arc::clone(output), ends)?;
            Ok(true)
        }
        (Progress::Extended(progress), TaskKind::Extended(segments)) => {
            extension::leave(segments, progress, output, onward)
        }
        _ => Ok(false),
    }
}

/// The value that an execution gives a name to for the tasks inside it, of those in this iteration.
pub(crate) fn local(kind: &TaskKind, execution: &Execution, name: &str, iteration: &[u32]) -> Option<Value> {
    match (&execution.progress, kind) {
        (Progress::Try(progress), TaskKind::Try(task)) if task.catch.variable == name => progress.error(),
        (Progress::For(progress), TaskKind::For(task)) => r#for::local(task, &progress.items, progress.index?, name),
        (Progress::ParallelFor(progress), TaskKind::For(task)) => {
            let index = *iteration.get(execution.coordinates.iteration.len())?;
            r#for::local(task, &progress.items, index, name)
        }
        (Progress::Listen(progress), TaskKind::Listen(task)) => listen::local(task, progress, name),
        _ => None,
    }
}

/// The loop indices of tasks directly inside an execution.
pub(crate) fn iteration_inside(execution: &Execution) -> Vec<u32> {
    let around = execution.coordinates.iteration.iter().copied();
    match &execution.progress {
        Progress::For(progress) => around.chain(progress.index).collect(),
        // The one that begins next: those that are open know their own.
        Progress::ParallelFor(progress) => around.chain([progress.begun]).collect(),
        Progress::Listen(progress) => around.chain(u32::try_from(progress.outputs.len())).collect(),
        _ => around.collect(),
    }
}

/// The round that tasks directly inside an execution belong to.
pub(crate) fn round_inside(execution: &Execution) -> u32 {
    match &execution.progress {
        Progress::Try(progress) => progress.round,
        _ => execution.coordinates.round,
    }
}
