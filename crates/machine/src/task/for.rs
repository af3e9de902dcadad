//! `for`: its body once for each item. One after the other, what an iteration leaves is what the next one is given; side by side, each
//! is given the task's input, and the output is the list of what they leave.

use std::sync::Arc;

use serde_json::Value;

use crate::decide::{Decider, Stop, Values};
use crate::decide::{Halt, Scope, kind};
use crate::{Change, ErrorKind, ExecutionId, FaultClass, ForProgress, ParallelFor, Progress, WorkflowError};
use stepwell_language::dsl::{ForTask, TaskKind};

/// Whether one more iteration may begin beside those that are open.
pub(crate) fn has_room(task: &ForTask, progress: &ParallelFor) -> bool {
    let begun = progress.begun as usize;
    begun < length(progress) && progress.begun.saturating_sub(progress.done) < task.concurrency
}

/// Whether nothing more is to be waited for.
pub(crate) fn is_over(progress: &ParallelFor) -> bool {
    progress.ended.is_some() || progress.done as usize >= length(progress)
}

fn length(progress: &ParallelFor) -> usize {
    progress.items.as_array().map_or(0, Vec::len)
}

impl Values<'_> {
    /// The array to go through.
    pub(crate) fn items(&self, task: &ForTask, input: &Arc<Value>, scope: &Scope) -> Result<Value, Halt> {
        let items = self.evaluate(&task.items, input, scope)?;
        if items.is_array() {
            return Ok(items);
        }
        let detail = format!("`for.in` ({}) must give an array, not {}", task.items.text(), kind(&items));
        Err(Halt::Fault(WorkflowError::standard(ErrorKind::Expression, "nothing to iterate over", detail)))
    }

    fn goes_on(
        &self,
        execution: &crate::Execution,
        task: &ForTask,
        progress: &ForProgress,
        index: u32,
    ) -> Result<bool, Halt> {
        let Some(item) = progress.items.get(index as usize) else { return Ok(false) };
        let Some(condition) = &task.condition else { return Ok(true) };
        let mut scope = self.scope_of_open(execution);
        scope.local.push((task.each.clone(), Arc::new(item.clone())));
        scope.local.push((task.at.clone(), Arc::new(index.into())));
        self.holds(condition, &progress.cursor.data, &scope)
    }
}

impl Decider<'_> {
    /// Begins the next iteration, or ends the loop.
    pub(crate) fn iterate(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        if let Progress::Listen(progress) = &execution.progress {
            let index = u32::try_from(progress.outputs.len()).unwrap_or(u32::MAX);
            self.emit(Some(id), Change::IterationStarted { execution: id, index });
            return Ok(());
        }
        let (TaskKind::For(task), Progress::For(progress)) =
            (&self.definition.task(execution.task).kind, &execution.progress)
        else {
            return Ok(());
        };
        let index = progress.index.map_or(0, |index| index + 1);
        match self.values().goes_on(execution, task, progress, index) {
            Ok(true) => {
                self.emit(Some(id), Change::IterationStarted { execution: id, index });
                Ok(())
            }
            Ok(false) => {
                let output = Arc::clone(&progress.cursor.data);
                self.complete(id, &output, false)
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => self.raise(id, halt.into_error(), FaultClass::Permanent),
        }
    }
}
