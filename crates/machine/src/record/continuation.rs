//! Continuing as new. A run whose top-level `do` leads back to an earlier task would collect records forever. Between
//! two of these tasks nothing is open, so one record can contain the whole state of the run. Folding begins with the
//! last such record; earlier records are only history.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    ChildRequest, Coordinates, Cursor, Done, DoneSteps, ExecutionId, Next, Parent, Pauses, Pivot, Run, RunId, Time,
    Visits, stored,
};
use stepwell_language::dsl::{Definition, TaskId};

/// The state of a run between two tasks of its top-level `do`. Tasks are identified by reference, as everywhere in
/// journals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    /// Reference of the next task.
    pub next: String,
    /// Raw input of that task.
    pub data: Arc<Value>,
    /// Value of `$context`.
    pub context: Arc<Value>,
    /// The run's raw input.
    pub input: Arc<Value>,
    /// Transformed input of the run, if it differs.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub transformed: Option<Arc<Value>>,
    /// Business key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The event that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Uuid>,
    /// The run that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Environment of the systems that its calls reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Time of its first record.
    pub started_at: Time,
    /// When the workflow's `timeout` expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,
    /// Total time for which it was paused, as seconds and nanoseconds.
    #[serde(with = "stored::span")]
    pub paused: TimeDelta,
    /// Number of the record of its last fault, which a parent may still refer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<u32>,
    /// Number of executions so far. Their numbers and the visits of tasks continue from here, so that ids and
    /// idempotency keys never repeat.
    pub executions: ExecutionId,
    /// How often each task was entered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visits: Vec<Visited>,
    /// Whether the pivot was passed.
    pub pivot: Pivot,
    /// Steps that may have to be undone, in order of completion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<Undoable>,
}

/// How often a task was entered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visited {
    /// Reference of the task.
    pub task: String,
    /// Number of visits by loop indices.
    pub entries: Vec<(Vec<u32>, u32)>,
}

/// A step that may have to be undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undoable {
    /// Execution of the step.
    pub execution: ExecutionId,
    /// Reference of its task.
    pub task: String,
    /// Coordinates of the execution.
    pub coordinates: Coordinates,
    /// Transformed input of the step.
    pub input: Arc<Value>,
    /// Transformed output of the step; null if there is none.
    pub output: Arc<Value>,
    /// Whether it completed.
    pub completed: bool,
    /// Until when its target may still act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles_at: Option<Time>,
    /// The child run that is told to undo itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Arc<ChildRequest>>,
}

impl Continuation {
    /// Returns the continuation of a run between two tasks of its top-level `do`; `None` if it is anywhere else or
    /// about to close.
    #[must_use]
    pub fn of(definition: &Definition, run: &Run) -> Option<Self> {
        let Next::Task(index) = run.root.next else { return None };
        let next = definition.task(*definition.root.get(index)?).reference.clone();
        let goes_on = run.open.is_empty() && run.stop.is_none() && run.compensation.is_none() && run.error.is_none();
        let rests = run.is_closed() || run.is_parked() || run.suspended || run.queued;
        if !goes_on || rests {
            return None;
        }
        Some(Self {
            next,
            data: Arc::clone(&run.root.data),
            context: Arc::clone(&run.context),
            input: Arc::clone(&run.raw_input),
            transformed: (run.input != run.raw_input).then(|| Arc::clone(&run.input)),
            key: run.key.clone(),
            event: run.event,
            parent: run.parent,
            environment: run.environment.clone(),
            started_at: run.started_at?,
            deadline: run.deadline,
            paused: run.pauses.total,
            fault: run.fault,
            executions: run.next_execution,
            visits: visited(definition, &run.visits),
            pivot: run.pivot,
            undo: run.undo.in_order().into_iter().map(|done| undoable(definition, done)).collect(),
        })
    }

    /// Returns the run at this point, before the record that contains the continuation, which follows `seq` others.
    pub(crate) fn run(&self, definition: &Definition, id: RunId, seq: u32) -> Result<Run, &'static str> {
        let next = task(definition, &self.next)?;
        let index = definition.root.iter().position(|task| *task == next).ok_or("the task is not at the top")?;
        let mut visits = Visits::default();
        for visited in &self.visits {
            let task = task(definition, &visited.task)?;
            for (iteration, count) in &visited.entries {
                visits.insert_mut((task, iteration.clone()), *count);
            }
        }
        Ok(Run {
            seq,
            base: seq + 1,
            key: self.key.clone(),
            event: self.event,
            parent: self.parent,
            raw_input: Arc::clone(&self.input),
            input: Arc::clone(self.transformed.as_ref().unwrap_or(&self.input)),
            context: Arc::clone(&self.context),
            fault: self.fault,
            started_at: Some(self.started_at),
            deadline: self.deadline,
            root: Cursor { next: Next::Task(index), data: Arc::clone(&self.data) },
            next_execution: self.executions,
            visits,
            undo: self.undo.iter().map(|done| done.done(definition)).collect::<Result<DoneSteps, _>>()?,
            pivot: self.pivot,
            pauses: Pauses { since: None, total: self.paused },
            environment: self.environment.clone(),
            ..Run::new(id)
        })
    }
}

/// Maximum nesting of a value in [`Undoable`], where values are nested deeper than in the records that they come from.
const NESTING_MAX: usize = 116;

impl Undoable {
    pub(crate) fn can_be_recorded(&self) -> bool {
        let input = self.child.as_ref().map(|child| &child.input);
        [&self.input, &self.output].into_iter().chain(input).all(|value| nesting(value) <= NESTING_MAX)
    }

    fn done(&self, definition: &Definition) -> Result<Done, &'static str> {
        Ok(Done {
            execution: self.execution,
            task: task(definition, &self.task)?,
            coordinates: self.coordinates.clone(),
            input: Arc::clone(&self.input),
            output: Arc::clone(&self.output),
            completed: self.completed,
            settles_at: self.settles_at,
            child: self.child.clone(),
        })
    }
}

/// Returns the nesting depth of arrays and objects.
fn nesting(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(nesting).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(nesting).max().unwrap_or(0),
        _ => 0,
    }
}

fn task(definition: &Definition, reference: &str) -> Result<TaskId, &'static str> {
    definition.by_reference.get(reference).copied().ok_or("the definition has no such task")
}

/// Counters are sorted by task.
fn visited(definition: &Definition, visits: &Visits) -> Vec<Visited> {
    let mut tasks: Vec<Visited> = Vec::new();
    for ((task, iteration), count) in visits {
        let reference = &definition.task(*task).reference;
        if tasks.last().is_none_or(|last| last.task != *reference) {
            tasks.push(Visited { task: reference.clone(), entries: Vec::new() });
        }
        if let Some(last) = tasks.last_mut() {
            last.entries.push((iteration.clone(), *count));
        }
    }
    tasks
}

fn undoable(definition: &Definition, done: &Done) -> Undoable {
    Undoable {
        execution: done.execution,
        task: definition.task(done.task).reference.clone(),
        coordinates: done.coordinates.clone(),
        input: Arc::clone(&done.input),
        output: Arc::clone(&done.output),
        completed: done.completed,
        settles_at: done.settles_at,
        child: done.child.clone(),
    }
}
