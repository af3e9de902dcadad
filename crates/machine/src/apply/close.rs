//! Executions that end: where the run continues, and what would have to be undone.

use std::sync::Arc;

use serde_json::Value;

use super::begin::siblings;
use super::{Applied, GONE, NO_TASK};
use crate::task::calls::reconciled;
use crate::task::{self, child};
use crate::{
    Cursor, Done, Execution, ExecutionId, FaultClass, Impact, Next, Pivot, Progress, Role, Run, Time, WorkflowError,
};
use stepwell_language::dsl::{Compensate, Definition, Flow, TaskKind};

pub(super) fn completed(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    output: &Arc<Value>,
    case: Option<&str>,
    ended: bool,
    at: Time,
) -> Applied {
    // Branches that lost their race end with the `fork`; what they may have done is noted.
    close_below(definition, run, id);
    let mut done = close(definition, run, id).ok_or(GONE)?;
    let its = definition.task(done.task);
    if done.changes_target() {
        done.impact = done.impact.and(Impact::Acted);
    }
    match done.role {
        Role::Undo(of) => return undone(run, of),
        Role::Reconcile(of) => return reconciled(run, of, output, at),
        Role::Step => {}
    }
    pass_impact_up(run, &done);
    if run.track(id) == Role::Step && run.compensation.is_none() {
        remember(definition, run, &done, Some(output));
        if its.metadata.pivot {
            run.pivot = Pivot::Passed;
        }
    }
    let onward = match &done.progress {
        Progress::Extended(progress) => progress.done.as_ref().map(|(_, flow)| flow.clone()),
        _ => None,
    };
    let flow = case.and_then(|name| flow_of_case(&its.kind, name)).unwrap_or(&its.then);
    let flow = if ended { &Flow::End } else { onward.as_ref().unwrap_or(flow) };
    leave(definition, run, &done, Arc::clone(output), Onward::By(flow), at)
}

pub(super) fn flow_of_case<'d>(kind: &'d TaskKind, name: &str) -> Option<&'d Flow> {
    match kind {
        TaskKind::Switch(cases) => cases.iter().find(|c| c.name == name).map(|c| &c.then),
        _ => None,
    }
}

/// How a list continues after one of its tasks.
pub(crate) enum Onward<'d> {
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
    at: Time,
) -> Applied {
    match done.role {
        Role::Undo(of) => return undone(run, of),
        Role::Reconcile(of) => return reconciled(run, of, &output, at),
        Role::Step => {}
    }
    if let Some(around) = done.parent.and_then(|parent| run.execution_mut(parent))
        && task::leave(definition, around, done, &output, &onward)?
    {
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
    compensation.remove(of);
    run.attention = None;
    Ok(())
}

/// Takes an execution out of those that are open. What it may have passed stays passed.
pub(super) fn close(definition: &Definition, run: &mut Run, id: ExecutionId) -> Option<Execution> {
    let place = run.open.iter().position(|e| e.id == id)?;
    let closed = run.open.remove(place);
    run.pivot = run.pivot.max(closed.pivot(definition, closed.impact));
    Some(closed)
}

pub(super) fn pass_impact_up(run: &mut Run, done: &Execution) {
    if let Some(parent) = done.parent.and_then(|p| run.execution_mut(p)) {
        parent.impact = parent.impact.and(done.impact);
    }
}

/// Notes that an ended execution would have to be undone; without an output it did not end well. A later round of the same step
/// takes the place of the earlier one, of which something may still be on its way.
pub(super) fn remember(definition: &Definition, run: &mut Run, done: &Execution, output: Option<&Arc<Value>>) {
    let child = match (&definition.task(done.task).metadata.compensate, &done.progress) {
        (Some(Compensate::Task(_)), _) => None,
        (None, Progress::Child(child)) if child.undoable => Some(Arc::clone(&child.request)),
        _ => return,
    };
    run.undo.replace(Done {
        execution: done.id,
        task: done.task,
        coordinates: done.coordinates.clone(),
        input: Arc::clone(&done.input),
        output: output.cloned().unwrap_or_default(),
        completed: output.is_some(),
        settles_at: done.impact.settles_at(),
        child,
    });
}

/// Ends what is open inside an execution or asks about it, innermost first.
pub(crate) fn close_below(definition: &Definition, run: &mut Run, id: ExecutionId) {
    let belongs = |e: &&Execution| e.parent == Some(id) || e.role == Role::Reconcile(id);
    let below: Vec<ExecutionId> = run.open.iter().filter(belongs).map(|e| e.id).collect();
    for child in below.into_iter().rev() {
        close_faulted(definition, run, child);
    }
}

/// Ends an execution that failed, and everything below it, innermost first. What may have acted is noted for undoing.
pub(super) fn close_faulted(definition: &Definition, run: &mut Run, id: ExecutionId) {
    close_below(definition, run, id);
    note_unrecorded(run, id);
    let Some(done) = close(definition, run, id) else { return };
    pass_impact_up(run, &done);
    if let Progress::Child(child) = &done.progress
        && child.is_to_be_undone()
        && done.role == Role::Step
        && run.compensation.is_none()
    {
        // Whatever ended the task takes the child's work with it, in the child's place among what was done.
        run.undo.push(child::running_child(&done, child));
    }
    if done.impact.is_any() && run.compensation.is_none() && matches!(done.role, Role::Step) {
        remember(definition, run, &done, None);
    }
}

/// Ends every open execution, innermost first.
pub(crate) fn close_all(definition: &Definition, run: &mut Run) {
    let tops: Vec<ExecutionId> = run.open.iter().filter(|e| e.parent.is_none()).map(|e| e.id).collect();
    for top in tops.into_iter().rev() {
        close_faulted(definition, run, top);
    }
    run.root.next = Next::Busy;
}

/// The execution fails and stays open for a `try` or a person; what is below it ends.
pub(super) fn fail(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    error: &WorkflowError,
    class: FaultClass,
) -> Applied {
    close_below(definition, run, id);
    note_unrecorded(run, id);
    let execution = run.execution_mut(id).ok_or(GONE)?;
    if let Progress::Child(child) = &execution.progress
        && child.is_to_be_undone()
        && execution.role == Role::Step
    {
        // It is undone before what came before it.
        let running = child::running_child(execution, child);
        run.undo.push(running);
    }
    let execution = run.execution_mut(id).ok_or(GONE)?;
    execution.progress = Progress::Failed { error: error.clone(), class, attempts: execution.attempts() };
    (execution.deadline, execution.held) = (None, false);
    Ok(())
}

/// Journals of versions that recorded no abandoned attempts: a call on its way counts as one that acted.
fn note_unrecorded(run: &mut Run, id: ExecutionId) {
    if let Some(execution) = run.execution_mut(id).filter(|e| e.is_in_flight() && e.changes_target()) {
        execution.impact = execution.impact.and(Impact::Acted);
    }
}

impl Execution {
    /// What it means for the point of no return if it ends having done this.
    pub(crate) fn pivot(&self, definition: &Definition, impact: Impact) -> Pivot {
        let its = definition.task(self.task);
        let is_one_call = match its.kind {
            TaskKind::Call(_) => true,
            TaskKind::Function { body, .. } => matches!(definition.task(body).kind, TaskKind::Call(_)),
            _ => false,
        };
        match impact {
            _ if !its.metadata.pivot || self.role != Role::Step => Pivot::Ahead,
            Impact::Perhaps { .. } => Pivot::Perhaps,
            // Of several calls some were made: the point is passed with the last of them.
            Impact::Acted if !is_one_call && !task::is_list_done(definition, self) => Pivot::Ahead,
            Impact::Acted => Pivot::Passed,
            Impact::None => Pivot::Ahead,
        }
    }
}
