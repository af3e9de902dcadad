//! How a task ends well: its raw output, what `output` and `export` make of it, and the end of the run.

use std::sync::Arc;

use serde_json::Value;

use super::Stop;
use crate::decide::{Decider, Halt, Scope};
use crate::task::{fork, listen};
use crate::{Attention, Change, ExecutionId, FaultClass, Next, Progress};
use stepwell_language::dsl::{OutputSpec, TaskId, TaskKind};

/// Transformed output, and the new context where `export` changes it.
pub(crate) type Outputs = (Arc<Value>, Option<Arc<Value>>);

impl Decider<'_> {
    /// From a raw output to the transformed output and, where it changes, the new context.
    pub(crate) fn outputs(&self, id: ExecutionId, raw: &Arc<Value>) -> Result<Outputs, Halt> {
        let Some(execution) = self.run.execution(id) else { return Ok((Arc::clone(raw), None)) };
        let scope = self.scope_of_open(execution);
        let input = Arc::clone(&execution.input);
        let raw = match &self.definition.task(execution.task).kind {
            TaskKind::Call(call) => self.function_output(call, &input, raw, &scope)?,
            _ => Arc::clone(raw),
        };
        self.outputs_in(execution.task, scope, &raw)
    }

    /// `output`, then `export`, in the order of the reference.
    pub(crate) fn outputs_in(&self, task: TaskId, scope: Scope, raw: &Arc<Value>) -> Result<Outputs, Halt> {
        let task = self.definition.task(task);
        self.outputs_by(&task.output, &task.export, scope, raw)
    }

    /// The same with the parts that are not a task's own.
    pub(crate) fn outputs_by(
        &self,
        output: &OutputSpec,
        export: &OutputSpec,
        mut scope: Scope,
        raw: &Arc<Value>,
    ) -> Result<Outputs, Halt> {
        scope.raw_output = Some(Arc::clone(raw));
        let output = self.transform_output(output, raw, &scope)?;
        scope.output = Some(Arc::clone(&output));
        if export.r#as.is_none() {
            // Without `as` the context stays what it is, and must fit the schema that the task gives for it.
            self.transform_output(export, &self.run.context, &scope)?;
            return Ok((output, None));
        }
        let context = self.transform_output(export, &output, &scope)?;
        Ok((output, Some(context)))
    }

    /// A list, a `wait` or a handled `try` is done: its data is its raw output.
    pub(super) fn complete_with_data(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let (raw, ended) = match &execution.progress {
            Progress::ParallelFor(progress) => match &progress.ended {
                Some(output) => (Arc::clone(output), true),
                None => (Arc::new(progress.outputs.to_value()), false),
            },
            Progress::Fork(branches) => fork::outcome(branches, &self.definition.task(execution.task).kind),
            Progress::Listen(progress) => match &self.definition.task(execution.task).kind {
                TaskKind::Listen(task) if progress.enough => (listen::outcome(task, progress), false),
                // A task of `foreach` said `end`.
                _ => (progress.cursor.as_ref().map(|c| Arc::clone(&c.data)).unwrap_or_default(), true),
            },
            progress => match progress.cursor() {
                Some(cursor) => (Arc::clone(&cursor.data), cursor.next == Next::Ended),
                None => (Arc::clone(&execution.input), false),
            },
        };
        self.complete(id, &raw, ended)
    }

    /// Ends an open execution well with this raw output.
    pub(crate) fn complete(&mut self, id: ExecutionId, raw: &Arc<Value>, ended: bool) -> Result<(), Stop> {
        match self.outputs(id, raw) {
            Ok((output, context)) => {
                self.emit(
                    Some(id),
                    Change::TaskCompleted {
                        execution: id,
                        beginning: None,
                        output,
                        context,
                        response: None,
                        emitted: None,
                        case: None,
                        ended,
                    },
                );
                Ok(())
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => {
                let error = halt.into_error();
                self.raise(id, error, FaultClass::Permanent)
            }
        }
    }

    pub(super) fn finish(&mut self) -> Result<(), Stop> {
        let raw = Arc::clone(&self.run.root.data);
        match self.transform_output(&self.definition.output, &raw, &Scope::workflow()) {
            Ok(output) => {
                self.emit(None, Change::RunCompleted { output });
                Ok(())
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => {
                let error = halt.into_error().at("/output");
                self.unhandled(None, error, Attention::Faulted, FaultClass::Permanent);
                Ok(())
            }
        }
    }
}
