//! Executions that begin: where they come from, what they are given, how far they are then.

pub(super) fn begin(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    beginning: &Beginning,
    record: &Record,
    at: Time,
) -> Applied {
    if let Some(known) = run.execution_mut(id) {
        // A retry by a person: the same execution begins again.
        if let Some(input) = &beginning.input {
            known.input = Arc::clone(input);
        } else {
            known.input = Arc::clone(&known.raw_input);
        }
        return Ok(());
    }
    let task = record.task.as_deref().and_then(|r| definition.by_reference.get(r)).copied().ok_or(NO_TASK)?;
    let raw_input = enter(definition, run, beginning, task)?;
    if definition.task(task).reentrant {
        let entry = (task, beginning.coordinates.iteration.clone());
        let count = run.visits.get(&entry).copied().unwrap_or(0);
        run.visits.insert_mut(entry, count + 1);
    }
    if let Role::Reconcile(of) = beginning.role {
        call::asked(run, of);
    }
    let visits = visits_inside(definition, run, task, &beginning.coordinates.iteration);
    run.next_execution = run.next_execution.max(id + 1);
    // Nesting is shallow and a run is copied at each decision: room for more would be carried along by thousands of runs.
    run.open.reserve_exact(1);
    run.open.push(Execution {
        id,
        parent: beginning.parent,
        task,
        coordinates: beginning.coordinates.clone(),
        role: beginning.role,
        input: beginning.input.clone().unwrap_or_else(|| Arc::clone(&raw_input)),
        raw_input,
        started_at: at,
        deadline: None,
        impact: Impact::None,
        held: false,
        visits,
        progress: Progress::NotStarted { attempts: 0 },
    });
    Ok(())
}

use std::sync::Arc;

use serde_json::Value;

use super::tries::visits_inside;
use super::{Applied, GONE, NO_ITERATION, NO_TASK, call};
use crate::{
    Beginning, Branch, Cursor, Execution, ExecutionId, ExtendedProgress, ForProgress, Impact, IterationOutputs, Next,
    Opening, ParallelFor, Progress, Record, Role, Run, Time, TryPhase, TryProgress,
};
use stepwell_language::dsl::{Definition, TaskId, TaskKind};

/// Marks the list that the new execution comes from as busy, and gives the raw input that it hands over.
fn enter(
    definition: &Definition,
    run: &mut Run,
    beginning: &Beginning,
    task: TaskId,
) -> Result<Arc<Value>, &'static str> {
    match (beginning.role, beginning.parent) {
        (Role::Undo(of), _) => {
            run.undoing(of).map(|done| Arc::clone(&done.output)).ok_or("the step is not in the plan")
        }
        (Role::Reconcile(of), _) => match (run.execution(of), run.undoing(of)) {
            (Some(open), _) => Ok(Arc::clone(&open.input)),
            (None, Some(done)) => Ok(Arc::clone(&done.input)),
            (None, None) => Err(GONE),
        },
        (Role::Step, None) => {
            run.root.next = Next::Busy;
            Ok(Arc::clone(&run.root.data))
        }
        (Role::Step, Some(parent)) => {
            let around = run.execution_mut(parent).ok_or(GONE)?;
            if let Progress::Fork(branches) = &mut around.progress {
                *branch_of(definition, around.task, branches, task)? = Branch::Open;
                return Ok(Arc::clone(&around.input));
            }
            if let Progress::ParallelFor(progress) = &mut around.progress {
                progress.begun = beginning.coordinates.iteration.last().ok_or(NO_ITERATION)? + 1;
                return Ok(Arc::clone(&around.input));
            }
            let cursor = around.progress.cursor_mut().ok_or("the parent is not a list")?;
            cursor.next = Next::Busy;
            Ok(Arc::clone(&cursor.data))
        }
    }
}

/// The place of a branch in its `fork`.
pub(super) fn branch_of<'b>(
    definition: &Definition,
    fork: TaskId,
    branches: &'b mut [Branch],
    task: TaskId,
) -> Result<&'b mut Branch, &'static str> {
    let TaskKind::Fork(fork) = &definition.task(fork).kind else { return Err("the execution is not a fork") };
    let index = fork.branches.iter().position(|branch| *branch == task).ok_or(NO_TASK)?;
    branches.get_mut(index).ok_or(NO_TASK)
}

pub(super) fn composite(
    definition: &Definition,
    run: &Run,
    id: ExecutionId,
    opening: &Opening,
    at: Time,
) -> Result<Progress, &'static str> {
    let execution = run.execution(id).ok_or(GONE)?;
    let (data, items) = match opening {
        Opening::Function(arguments) => (arguments, None),
        Opening::Loop(items) => (&execution.input, Some(items)),
        _ => (&execution.input, None),
    };
    let data = Arc::clone(data);
    let first = Cursor::first(Arc::clone(&data));
    Ok(match &definition.task(execution.task).kind {
        TaskKind::Try(_) => Progress::Try(Box::new(TryProgress {
            cursor: first,
            phase: TryPhase::Body,
            round: execution.coordinates.round,
            highest_round: execution.coordinates.round,
            retries: 0,
            first_caught_at: None,
            round_started_at: at,
        })),
        TaskKind::For(task) if task.is_parallel() => Progress::ParallelFor(Box::new(ParallelFor {
            items: Arc::clone(items.ok_or("the loop has no items")?),
            begun: 0,
            done: 0,
            outputs: IterationOutputs::default(),
            ended: None,
        })),
        TaskKind::For(_) => Progress::For(Box::new(ForProgress {
            items: Arc::clone(items.ok_or("the loop has no items")?),
            index: None,
            cursor: Cursor { next: Next::Finished, data },
        })),
        TaskKind::Extended(_) => Progress::Extended(Box::new(ExtendedProgress {
            segment: None,
            cursor: Cursor { next: Next::Finished, data },
            exited: false,
            done: None,
        })),
        TaskKind::Fork(task) => Progress::Fork(vec![Branch::NotStarted; task.branches.len()]),
        _ => Progress::List(first),
    })
}

/// The list of tasks that runs directly inside an execution, or at the top.
pub(crate) fn siblings(
    definition: &Definition,
    run: &Run,
    parent: Option<ExecutionId>,
) -> Result<Vec<TaskId>, &'static str> {
    let Some(parent) = parent else { return Ok(definition.root.clone()) };
    let execution = run.execution(parent).ok_or(GONE)?;
    Ok(match (&definition.task(execution.task).kind, &execution.progress) {
        (TaskKind::Do(list), _) => list.clone(),
        (TaskKind::Function { body, .. }, _) => vec![*body],
        (TaskKind::For(task), _) => task.body.clone(),
        (TaskKind::Fork(task), _) => task.branches.clone(),
        (TaskKind::Listen(task), _) => task.each.iter().flat_map(|each| &each.body).copied().collect(),
        (TaskKind::Extended(segments), Progress::Extended(progress)) => {
            let segment = progress.segment.and_then(|at| segments.get(usize::from(at)));
            segment.map(|segment| segment.tasks.clone()).unwrap_or_default()
        }
        (TaskKind::Try(task), Progress::Try(progress)) => match progress.phase {
            TryPhase::Handler { .. } => task.catch.handler.clone().unwrap_or_default(),
            _ => task.body.clone(),
        },
        _ => return Err("the parent is not a list"),
    })
}
