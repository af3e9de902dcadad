//! What links a run to others: events that it takes, and runs that it starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::close::Onward;
use super::{Applied, GONE};
use crate::{
    ChildOutcome, ChildPhase, ChildProgress, ChildRequest, Cursor, Done, Execution, ExecutionId, ListenProgress,
    Listening, Next, Pivot, Progress, Role, Run, Status,
};
use stepwell_language::dsl::{Definition, Flow, Part, Read, TaskKind};

const NOT_EXTENDED: &str = "the execution is not extended";
const NOT_LISTENING: &str = "the execution is not a listen";

pub(super) fn listen(listening: &[Listening]) -> Progress {
    let asks = listening.iter().find_map(|listening| Some(listening.asks.as_ref()?.id));
    Progress::Listen(Box::new(ListenProgress { asks, ..ListenProgress::default() }))
}

pub(super) fn event_consumed(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    filter: u16,
    event: &Arc<Value>,
    bound: &BTreeMap<String, Value>,
    enough: bool,
) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let TaskKind::Listen(task) = &definition.task(execution.task).kind else { return Err(NOT_LISTENING) };
    let Progress::Listen(progress) = &mut execution.progress else { return Err(NOT_LISTENING) };
    progress.met.insert(filter);
    progress.bound.extend(bound.iter().map(|(name, value)| (name.clone(), value.clone())));
    progress.enough = enough;
    if !task.strategy.is_until(usize::from(filter)) {
        progress.taken.push_back_mut(read(task.read, event));
    }
    Ok(())
}

/// What a `listen` takes of an event.
pub(crate) fn read(read: Read, event: &Arc<Value>) -> Arc<Value> {
    let data = || event.get("data").cloned().unwrap_or_default();
    match read {
        Read::Envelope => Arc::clone(event),
        Read::Data => Arc::new(data()),
        Read::Raw => Arc::new(match data() {
            Value::String(text) => Value::String(text),
            data => Value::String(data.to_string()),
        }),
    }
}

pub(super) fn iteration_started(progress: &mut ListenProgress, index: u32) -> Applied {
    let item = progress.taken.get(index as usize).ok_or("the listen has no such event")?;
    progress.cursor = Some(Cursor::first(Arc::clone(item)));
    Ok(())
}

pub(super) fn iteration_completed(run: &mut Run, id: ExecutionId, output: &Arc<Value>) -> Applied {
    let Progress::Listen(progress) = &mut run.execution_mut(id).ok_or(GONE)?.progress else {
        return Err(NOT_LISTENING);
    };
    progress.outputs.push_back_mut(Arc::clone(output));
    progress.cursor = None;
    Ok(())
}

pub(super) fn segment_started(definition: &Definition, run: &mut Run, id: ExecutionId, segment: u16) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let TaskKind::Extended(segments) = &definition.task(execution.task).kind else { return Err(NOT_EXTENDED) };
    let part = segments.get(usize::from(segment)).ok_or(NOT_EXTENDED)?.part;
    let input = Arc::clone(&execution.input);
    let Progress::Extended(progress) = &mut execution.progress else { return Err(NOT_EXTENDED) };
    let data = match (part, &progress.done) {
        (Part::After, Some((output, _))) => Arc::clone(output),
        _ => input,
    };
    (progress.segment, progress.exited, progress.cursor) = (Some(segment), false, Cursor::first(data));
    Ok(())
}

/// Where a task goes that is extended, or that an extension added: what it says concerns its part, and the task itself
/// says where the whole continues. False for all other tasks.
pub(super) fn leaves_segment(
    definition: &Definition,
    run: &mut Run,
    done: &Execution,
    output: &Arc<Value>,
    onward: &Onward<'_>,
) -> Result<bool, &'static str> {
    let Some(around) = done.parent.and_then(|parent| run.execution_mut(parent)) else { return Ok(false) };
    let TaskKind::Extended(segments) = &definition.task(around.task).kind else { return Ok(false) };
    let Progress::Extended(progress) = &mut around.progress else { return Err(NOT_EXTENDED) };
    let segment = progress.segment.and_then(|at| segments.get(usize::from(at))).ok_or(NOT_EXTENDED)?;
    let flow = match onward {
        Onward::NextInList => Flow::Continue,
        Onward::By(flow) => (*flow).clone(),
    };
    if segment.part == Part::Task {
        progress.cursor = Cursor { next: Next::Finished, data: Arc::clone(output) };
        progress.done = Some((Arc::clone(output), flow));
        return Ok(true);
    }
    progress.exited = flow == Flow::Exit;
    Ok(false)
}

pub(super) fn child(request: &Arc<ChildRequest>, role: Role) -> Progress {
    let phase = if matches!(role, Role::Undo(_)) { ChildPhase::Undoing } else { ChildPhase::Starting };
    Progress::Child(ChildProgress { request: Arc::clone(request), phase, undoable: false, fault: None })
}

pub(super) fn child_mut(run: &mut Run, id: ExecutionId) -> Result<&mut ChildProgress, &'static str> {
    match &mut run.execution_mut(id).ok_or(GONE)?.progress {
        Progress::Child(child) => Ok(child),
        _ => Err("the execution has no child run"),
    }
}

pub(super) fn child_ended(run: &mut Run, id: ExecutionId, outcome: &ChildOutcome) -> Applied {
    let child = child_mut(run, id)?;
    child.phase = ChildPhase::Ended;
    child.undoable = matches!(outcome, ChildOutcome::Completed { undoable: true, .. });
    Ok(())
}

/// What undoes a child run that is still under way.
pub(super) fn running_child(execution: &Execution, child: &ChildProgress) -> Done {
    Done {
        execution: execution.id,
        task: execution.task,
        coordinates: execution.coordinates.clone(),
        input: Arc::clone(&execution.input),
        output: Arc::default(),
        completed: false,
        settles_at: None,
        child: Some(Arc::clone(&child.request)),
    }
}

impl Run {
    /// Whether it is over and a run that waited for it may still have it undone.
    pub(crate) fn is_undone_by_parent(&self) -> bool {
        let completed = self.finished_at.is_some() && self.output.is_some() && self.status != Status::Compensated;
        let undoable = self.pivot == Pivot::Ahead && !self.undo.is_empty();
        completed && undoable && self.parent.is_some_and(|parent| parent.awaits)
    }
}
