//! `for`: its body once for each item. One after the other, what an iteration leaves is what the next one is given; side by side, each
//! is given the task's input, and the output is the list of what they leave.

use std::sync::Arc;

use rpds::VectorSync;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::apply::{Applied, NO_ITERATION};
use crate::decide::{Decider, Stop, Values};
use crate::decide::{Halt, Scope, kind};
use crate::{Change, Cursor, ErrorKind, ExecutionId, FaultClass, Next, Progress, WorkflowError, stored};
use stepwell_language::dsl::{ForTask, TaskKind};

/// Progress of a `for` with one iteration at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForProgress {
    /// The items, as an array.
    #[serde(with = "stored::shared")]
    pub items: Arc<Value>,
    /// Index of the current item; `None` before the first.
    pub index: Option<u32>,
    /// Position in the iteration; `Finished` between two iterations.
    pub cursor: Cursor,
}

/// Progress of a `for` whose iterations run in parallel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParallelFor {
    /// The items, as an array.
    #[serde(with = "stored::shared")]
    pub items: Arc<Value>,
    /// Number of iterations begun, which is the index of the next one.
    pub begun: u32,
    /// Number of iterations that ended.
    pub done: u32,
    /// Outputs of iterations, by index.
    pub outputs: IterationOutputs,
    /// Output of the whole run, if an iteration executed `end`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub ended: Option<Arc<Value>>,
}

/// Outputs of iterations, by index. Copies share memory.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct IterationOutputs(#[serde(with = "stored::lists")] VectorSync<Option<Arc<Value>>>);

impl IterationOutputs {
    /// Stores the output of an iteration.
    pub fn put(&mut self, index: u32, output: Arc<Value>) {
        while self.0.len() <= index as usize {
            self.0.push_back_mut(None);
        }
        self.0.set_mut(index as usize, Some(output));
    }

    /// Returns all outputs in order.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.0.iter().flatten().map(|output| (**output).clone()).collect()
    }
}

/// Whether one more iteration may begin beside those that are open.
pub(super) fn has_room(task: &ForTask, progress: &ParallelFor) -> bool {
    let begun = progress.begun as usize;
    begun < length(progress) && progress.begun.saturating_sub(progress.done) < task.concurrency
}

/// Whether it has nothing left to wait for.
pub(super) fn is_over(progress: &ParallelFor) -> bool {
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
    pub(super) fn iterate_items(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
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

/// A `for` before its first item.
pub(super) fn opened(task: &ForTask, items: &Arc<Value>, data: Arc<Value>) -> Progress {
    let items = Arc::clone(items);
    if task.is_parallel() {
        let outputs = IterationOutputs::default();
        return Progress::ParallelFor(Box::new(ParallelFor { items, begun: 0, done: 0, outputs, ended: None }));
    }
    let cursor = Cursor { next: Next::Finished, data };
    Progress::For(Box::new(ForProgress { items, index: None, cursor }))
}

/// The names that a loop gives to an item and its place.
pub(super) fn local(task: &ForTask, items: &Value, index: u32, name: &str) -> Option<Value> {
    if task.each == name {
        return items.get(index as usize).cloned();
    }
    (task.at == name).then(|| index.into())
}

impl ForProgress {
    /// Whether the body is done for the last item.
    pub(super) fn is_done(&self) -> bool {
        let items = self.items.as_array().map_or(0, Vec::len);
        let is_last = self.index.is_some_and(|index| index as usize + 1 >= items);
        is_last && self.cursor.is_done()
    }
}

impl ParallelFor {
    /// An iteration ended with this output.
    pub(super) fn leave(&mut self, iteration: &[u32], output: Arc<Value>, ends: bool) -> Applied {
        let index = iteration.last().ok_or(NO_ITERATION)?;
        self.done += 1;
        match self.ended {
            Some(_) => {}
            None if ends => self.ended = Some(output),
            None => self.outputs.put(*index, output),
        }
        Ok(())
    }

    /// The raw output, and whether an iteration ended the whole run.
    pub(super) fn outcome(&self) -> (Arc<Value>, bool) {
        match &self.ended {
            Some(output) => (Arc::clone(output), true),
            None => (Arc::new(self.outputs.to_value()), false),
        }
    }
}
