//! What `output` and `export` make of a raw output.

use std::sync::Arc;

use serde_json::Value;

use super::{Halt, Scope, Values};
use crate::ExecutionId;
use stepwell_language::dsl::{OutputSpec, TaskId, TaskKind};

/// Transformed output, and the new context where `export` changes it.
pub(crate) type Outputs = (Arc<Value>, Option<Arc<Value>>);

impl Values<'_> {
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
}
