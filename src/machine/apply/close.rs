//! Executions that end: where the run goes on, and what would have to be undone.

use std::sync::Arc;

use serde_json::Value;

use super::call::reconciled;
use super::{Applied, GONE, NO_ITERATION, NO_TASK, branch_of, links, siblings};
use crate::dsl::{Compensate, Definition, Flow, TaskKind};
use crate::machine::{Branch, Cursor, Done, Execution, ExecutionId, Next, Progress, Role, Run, WorkflowError};

pub(super) fn completed(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    output: &Arc<Value>,
    case: Option<&str>,
    ended: bool,
) -> Applied {
    // Branches that lost their race end with the `fork`; what they may have done is noted.
    close_below(definition, run, id);
    let mut done = close(run, id).ok_or(GONE)?;
    let task = definition.task(done.task);
    done.acted |= done.changes_target();
    match done.role {
        Role::Undo(of) => return undone(run, of),
        Role::Reconcile(of) => return reconciled(run, of, output),
        Role::Step => {}
    }
    pass_acted_up(run, &done);
    if run.track(id) == Role::Step && run.compensation.is_none() {
        remember(definition, run, &done, Arc::clone(output));
        run.pivoted |= task.metadata.pivot;
    }
    let onward = match &done.progress {
        Progress::Extended(progress) => progress.done.as_ref().map(|(_, flow)| flow.clone()),
        _ => None,
    };
    let flow = case.and_then(|name| flow_of_case(&task.kind, name)).unwrap_or(&task.then);
    let flow = if ended { &Flow::End } else { onward.as_ref().unwrap_or(flow) };
    leave(definition, run, &done, Arc::clone(output), Onward::By(flow))
}

pub(super) fn flow_of_case<'d>(kind: &'d TaskKind, name: &str) -> Option<&'d Flow> {
    match kind {
        TaskKind::Switch(cases) => cases.iter().find(|c| c.name == name).map(|c| &c.then),
        _ => None,
    }
}

/// How a list goes on after one of its tasks.
pub(super) enum Onward<'d> {
    NextInList,
    By(&'d Flow),
}

/// Hands the output to the list that the ended execution belongs to and says what comes next there.
pub(super) fn leave(
    definition: &Definition,
    run: &mut Run,
    done: &Execution,
    output: Arc<Value>,
    onward: Onward<'_>,
) -> Applied {
    match done.role {
        Role::Undo(of) => return undone(run, of),
        Role::Reconcile(of) => return reconciled(run, of, &output),
        Role::Step => {}
    }
    if let Some(around) = done.parent.and_then(|parent| run.execution_mut(parent))
        && let Progress::Fork(branches) = &mut around.progress
    {
        let ended = matches!(onward, Onward::By(Flow::End));
        let branch = branch_of(definition, around.task, branches, done.task)?;
        *branch = if ended { Branch::Ended(output) } else { Branch::Done(output) };
        return Ok(());
    }
    if let Some(around) = done.parent.and_then(|parent| run.execution_mut(parent))
        && let Progress::SideBySide(progress) = &mut around.progress
    {
        let index = done.coordinates.iteration.last().ok_or(NO_ITERATION)?;
        progress.done += 1;
        match onward {
            Onward::By(Flow::End) => progress.ended = Some(output),
            _ => progress.outputs.put(*index, output),
        }
        return Ok(());
    }
    if links::leaves_segment(definition, run, done, &output, &onward)? {
        return Ok(());
    }
    let list = siblings(definition, run, done.parent)?;
    // A loop back enters tasks again; the index of the next task follows from where this one stands.
    let index = list.iter().position(|t| *t == done.task).ok_or(NO_TASK)?;
    let following = if index + 1 < list.len() { Next::Task(index + 1) } else { Next::Finished };
    let next = match onward {
        Onward::NextInList | Onward::By(Flow::Continue) => following,
        Onward::By(Flow::Exit) => Next::Finished,
        Onward::By(Flow::End) => Next::Ended,
        Onward::By(Flow::To(index)) => Next::Task(*index),
    };
    let cursor = match done.parent {
        None => &mut run.root,
        Some(parent) => run.execution_mut(parent).and_then(|e| e.progress.cursor_mut()).ok_or(GONE)?,
    };
    *cursor = Cursor { next, data: output };
    Ok(())
}

pub(super) fn undone(run: &mut Run, of: ExecutionId) -> Applied {
    let compensation = run.compensation.as_mut().ok_or("nothing is being undone")?;
    compensation.plan.retain(|d| d.execution != of);
    run.attention = None;
    Ok(())
}

pub(super) fn close(run: &mut Run, id: ExecutionId) -> Option<Execution> {
    let place = run.open.iter().position(|e| e.id == id)?;
    Some(run.open.remove(place))
}

pub(super) fn pass_acted_up(run: &mut Run, done: &Execution) {
    if let (true, Some(parent)) = (done.acted, done.parent.and_then(|p| run.execution_mut(p))) {
        parent.acted = true;
    }
}

/// Notes that an ended execution would have to be undone. A later round of the same step takes the place of the earlier one.
pub(super) fn remember(definition: &Definition, run: &mut Run, done: &Execution, output: Arc<Value>) {
    let child = match (&definition.task(done.task).metadata.compensate, &done.progress) {
        (Some(Compensate::Task(_)), _) => None,
        (None, Progress::Child(child)) if child.undoable => Some(Arc::clone(&child.request)),
        _ => return,
    };
    run.undo.retain(|d| {
        d.task != done.task
            || d.coordinates.visit != done.coordinates.visit
            || d.coordinates.iteration != done.coordinates.iteration
    });
    run.undo.push(Done {
        execution: done.id,
        task: done.task,
        coordinates: done.coordinates.clone(),
        input: Arc::clone(&done.input),
        output,
        child,
    });
}

/// Ends what is open inside an execution or asks about it, innermost first.
pub(super) fn close_below(definition: &Definition, run: &mut Run, id: ExecutionId) {
    let belongs = |e: &&Execution| e.parent == Some(id) || e.role == Role::Reconcile(id);
    let below: Vec<ExecutionId> = run.open.iter().filter(belongs).map(|e| e.id).collect();
    for child in below.into_iter().rev() {
        close_faulted(definition, run, child);
    }
}

/// Ends an execution that failed, and everything below it, innermost first. What may have acted is noted for undoing.
pub(super) fn close_faulted(definition: &Definition, run: &mut Run, id: ExecutionId) {
    close_below(definition, run, id);
    let Some(mut done) = close(run, id) else { return };
    done.acted |= done.is_in_flight() && done.changes_target();
    pass_acted_up(run, &done);
    if done.acted && run.compensation.is_none() && matches!(done.role, Role::Step) {
        remember(definition, run, &done, Arc::new(Value::Null));
    }
}

/// Ends every open execution, innermost first.
pub(super) fn close_all(definition: &Definition, run: &mut Run) {
    let tops: Vec<ExecutionId> = run.open.iter().filter(|e| e.parent.is_none()).map(|e| e.id).collect();
    for top in tops.into_iter().rev() {
        close_faulted(definition, run, top);
    }
    run.root.next = Next::Busy;
}

/// The execution fails and stays open for a `try` or a person; what is below it ends.
pub(super) fn fail(definition: &Definition, run: &mut Run, id: ExecutionId, error: &WorkflowError) -> Applied {
    close_below(definition, run, id);
    let execution = run.execution_mut(id).ok_or(GONE)?;
    execution.acted |= execution.is_in_flight() && execution.changes_target();
    execution.progress = Progress::Failed { error: error.clone(), attempts: execution.attempts() };
    execution.deadline = None;
    Ok(())
}
