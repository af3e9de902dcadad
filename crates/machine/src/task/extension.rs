//! A task with extensions: what runs before it, the task, what runs after it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::apply::{Applied, GONE, Onward};
use crate::decide::{Decider, Stop, Values};
use crate::decide::{Halt, Scope};
use crate::{Change, Cursor, Execution, ExecutionId, FaultClass, Next, Progress, Run};
use stepwell_language::dsl::{Definition, Flow, Part, Segment, TaskId, TaskKind};

/// Progress of a task with extensions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtendedProgress {
    /// Index of the current part; `None` before the first.
    pub segment: Option<u16>,
    /// Position in the part; `Finished` between two parts.
    pub cursor: Cursor,
    /// Whether the part executed `exit`.
    pub exited: bool,
    /// Output and flow directive of the task itself, once it has completed.
    pub done: Option<(Arc<Value>, Flow)>,
}

impl Decider<'_> {
    /// Begins the next part whose `when` holds, or ends the task.
    pub(crate) fn next_segment(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let (TaskKind::Extended(segments), Progress::Extended(progress)) =
            (&self.definition.task(execution.task).kind, &execution.progress)
        else {
            return Ok(());
        };
        let part = progress.segment.and_then(|at| segments.get(usize::from(at))).map(|segment| segment.part);
        if progress.exited && part == Some(Part::Before) {
            // The extension stands in for the task.
            let output = Arc::clone(&progress.cursor.data);
            return self.complete(id, &output, false);
        }
        match self.values().applicable(execution, segments, progress) {
            Ok(Some(segment)) => {
                self.emit(Some(id), Change::SegmentStarted { execution: id, segment });
                Ok(())
            }
            Ok(None) => {
                let output = progress.done.as_ref().map_or(&execution.input, |(output, _)| output);
                self.complete(id, &Arc::clone(output), false)
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => self.raise(id, halt.into_error(), FaultClass::Permanent),
        }
    }
}

impl Values<'_> {
    fn applicable(
        &self,
        execution: &Execution,
        segments: &[Segment],
        progress: &ExtendedProgress,
    ) -> Result<Option<u16>, Halt> {
        let next = progress.segment.map_or(0, |at| at + 1);
        for (index, segment) in (0_u16..).zip(segments).skip(usize::from(next)) {
            let Some(when) = &segment.when else { return Ok(Some(index)) };
            let data = progress.done.as_ref().map_or(&execution.input, |(output, _)| output);
            let scope = Scope { parent: Some(execution.id), ..self.scope_of_open(execution) };
            if self.holds(when, data, &scope)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// `$task` of an extension's own expressions is the task that is extended, its definition beside its description.
    pub(crate) fn extended_around(&self, scope: &Scope) -> Option<Value> {
        let mut next = scope.parent;
        while let Some(execution) = next.and_then(|id| self.run.execution(id)) {
            if let (TaskKind::Extended(segments), Progress::Extended(progress)) =
                (&self.definition.task(execution.task).kind, &execution.progress)
            {
                let part = progress.segment.and_then(|at| segments.get(usize::from(at))).map(|segment| segment.part);
                let is_task_itself = part == Some(Part::Task) && scope.task != Some(execution.task);
                return (!is_task_itself).then(|| self.describe_extended(execution, progress));
            }
            next = execution.parent;
        }
        None
    }

    fn describe_extended(&self, execution: &Execution, progress: &ExtendedProgress) -> Value {
        let task = self.definition.extended(execution.task);
        let scope = Scope {
            task: Some(task),
            coordinates: execution.coordinates.clone(),
            started_at: Some(execution.started_at),
            raw_input: Some(Arc::clone(&execution.raw_input)),
            raw_output: progress.done.as_ref().map(|(output, _)| Arc::clone(output)),
            ..Scope::default()
        };
        let mut described = self.task_descriptor(&scope);
        if let (Value::Object(described), Value::Object(definition)) =
            (&mut described, &*self.definition.task(task).definition)
        {
            for (key, value) in definition {
                described.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        described
    }
}

/// A task with extensions before its first part.
pub(super) fn opened(data: Arc<Value>) -> Progress {
    let cursor = Cursor { next: Next::Finished, data };
    Progress::Extended(Box::new(ExtendedProgress { segment: None, cursor, exited: false, done: None }))
}

/// Returns the tasks of the current part.
pub(super) fn body(segments: &[Segment], progress: &ExtendedProgress) -> Vec<TaskId> {
    let segment = progress.segment.and_then(|at| segments.get(usize::from(at)));
    segment.map(|segment| segment.tasks.clone()).unwrap_or_default()
}

/// The next part begins.
pub(crate) fn segment_started(definition: &Definition, run: &mut Run, id: ExecutionId, segment: u16) -> Applied {
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
/// says where the whole continues: true then.
pub(super) fn leave(
    segments: &[Segment],
    progress: &mut ExtendedProgress,
    output: &Arc<Value>,
    onward: &Onward<'_>,
) -> Result<bool, &'static str> {
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

const NOT_EXTENDED: &str = "the execution is not extended";
