//! A run as people and programs see it (CONTRACT.md, "A run"): folded from its records.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::masks::Masks;
use crate::{
    Attention, Beginning, Change, Coordinates, ExecutionId, Inconsistent, Opening, Permitted, Record, Role, Run,
    Status, Time, WorkflowError, fold, permitted,
};
use stepwell_language::dsl::Definition;

/// A run in the API.
#[derive(Debug, Clone, Serialize)]
pub struct RunView {
    /// UUIDv7.
    pub id: Uuid,
    /// What it runs.
    pub workflow: stepwell_language::dsl::WorkflowRef,
    /// Its status.
    pub status: Status,
    /// Why it needs attention.
    pub attention: Option<Attention>,
    /// Business key.
    pub key: Option<String>,
    /// Which systems its calls reach: `sandbox`, `production`.
    pub environment: Option<String>,
    /// Raw input.
    pub input: Value,
    /// Once completed.
    pub output: Option<Value>,
    /// What stopped it.
    pub error: Option<WorkflowError>,
    /// Reference of the step at which it stopped and waits for a person: what `retry` and `skip` are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<String>,
    /// The same with its execution, which tells iterations of a loop apart: what `step` of an act takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_step: Option<String>,
    /// The accepted event.
    pub event: Option<Uuid>,
    /// The run that started it.
    pub parent: Option<Uuid>,
    /// Accepted.
    pub created_at: Time,
    /// First record.
    pub started_at: Option<Time>,
    /// Last record of a closed run.
    pub finished_at: Option<Time>,
    /// When it continues by itself.
    pub wake_at: Option<Time>,
    /// How long it stood still for people (suspended, or waiting for someone to act), in milliseconds. Its timeouts do not
    /// count that time.
    pub paused_ms: i64,
    /// Since when it does so now; comes on top of `paused_ms`.
    pub paused_since: Option<Time>,
    /// When it last continued as new; none if it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continued: Option<ContinuedView>,
    /// When it last moved to another version, and from which; none if it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<MovedView>,
    /// What can be done to it now, and why the rest cannot.
    pub acts: Vec<Permitted>,
    /// Executions of tasks in the order in which they started: all of them, or those since it last continued as new.
    pub tasks: Vec<TaskView>,
}

/// A run that moved to another version.
#[derive(Debug, Clone, Serialize)]
pub struct MovedView {
    /// When.
    pub at: Time,
    /// The version that it had before.
    pub from: String,
    /// Records of its journal before that.
    pub records: u32,
}

/// A run that continued as new.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ContinuedView {
    /// When.
    pub at: Time,
    /// Records of its journal before that.
    pub records: u32,
    /// Executions of tasks before that.
    pub tasks: u32,
}

/// One execution of a task.
#[derive(Debug, Clone, Serialize)]
pub struct TaskView {
    /// JSON pointer.
    pub reference: String,
    /// Name in its list.
    pub name: String,
    /// `running, waiting, completed, skipped, faulted, cancelled`
    pub status: &'static str,
    /// Attempts begun; 1 for tasks that are not calls.
    pub attempts: u32,
    /// Visit, iteration, round.
    #[serde(flatten)]
    pub coordinates: CoordinatesView,
    /// Set on an execution that undoes another: the reference of that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensates: Option<String>,
    /// The run that it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child: Option<Uuid>,
    /// What it asks a person: `/api/v1/tasks/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Uuid>,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// Transformed output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// The last error.
    pub error: Option<WorkflowError>,
}

/// [`Coordinates`] with every field spelled out, as the contract promises them.
#[derive(Debug, Clone, Serialize)]
pub struct CoordinatesView {
    /// Backward jumps.
    pub visit: u32,
    /// Loop indices.
    pub iteration: Vec<u32>,
    /// `catch.retry` re-runs.
    pub round: u32,
}

impl From<Coordinates> for CoordinatesView {
    fn from(c: Coordinates) -> Self {
        Self { visit: c.visit, iteration: c.iteration, round: c.round }
    }
}

/// What the `runs` row knows beside the records.
#[derive(Debug, Clone)]
pub struct RunHead {
    /// UUIDv7.
    pub id: Uuid,
    /// The run that started it.
    pub parent: Option<Uuid>,
    /// Accepted.
    pub created_at: Time,
    /// When it continues by itself.
    pub wake_at: Option<Time>,
    /// The record with which the records begin, where that is one with which the run continued as new; else 0.
    pub base: u32,
}

/// Folds a run's records into what people see; none before the first record.
///
/// # Errors
/// The records do not match the definition.
pub fn view(definition: &Definition, head: &RunHead, records: &[Record]) -> Result<Option<RunView>, Inconsistent> {
    let run = fold(definition, Run::before(head.id, head.base), records)?;
    if run.started_at.is_none() {
        return Ok(None);
    }
    let masks = Masks::of(definition);
    let stopped_at = stopped_at(definition, &run, records);
    let stuck = run.passed_over().filter(|_| run.is_parked());
    let stopped_step = stuck.map(|e| step_name(&definition.task(e.task).reference, e.id));
    let mut tasks = Tasks::default();
    for record in records {
        tasks.take_in(definition, &masks, record);
    }
    Ok(Some(RunView {
        acts: permitted(definition, &run),
        id: run.id,
        workflow: definition.workflow.clone(),
        status: run.status,
        attention: run.attention,
        key: run.key,
        input: masks.value(&run.raw_input),
        output: run.output.as_deref().map(|output| masks.value(output)),
        stopped_at,
        stopped_step,
        error: run.error,
        environment: run.environment.clone(),
        event: run.event,
        parent: head.parent,
        created_at: head.created_at,
        started_at: run.started_at,
        finished_at: run.finished_at,
        wake_at: head.wake_at,
        paused_ms: run.pauses.total.num_milliseconds(),
        paused_since: run.pauses.since,
        continued: tasks.continued.map(|at| ContinuedView {
            at,
            records: run.base.saturating_sub(1),
            tasks: tasks.first,
        }),
        moved: tasks.moved.map(|(at, from)| MovedView { at, from, records: run.base.saturating_sub(1) }),
        tasks: tasks.seen,
    }))
}

/// A step by its reference and execution.
#[must_use]
pub fn step_name(reference: &str, execution: ExecutionId) -> String {
    format!("{reference}#{execution}")
}

/// Where a run stopped for a person, or was when it was dismissed.
fn stopped_at(definition: &Definition, run: &Run, records: &[Record]) -> Option<String> {
    let open = run.passed_over().filter(|_| run.is_parked());
    let dismissed = || {
        let last = records.iter().rev().find(|record| matches!(record.change, Change::RunFaulted { .. }));
        last.filter(|_| run.status == Status::Faulted).and_then(|record| record.task.as_deref().map(str::to_owned))
    };
    open.map(|e| definition.task(e.task).reference.clone()).or_else(dismissed)
}

/// Executions as they show after the records taken in so far, since the run last continued as new.
#[derive(Default)]
struct Tasks {
    /// When the run continued as new.
    continued: Option<Time>,
    /// When the run moved to this version, and from which.
    moved: Option<(Time, String)>,
    /// The first execution since.
    first: ExecutionId,
    /// References of executions before that, of those that may still be undone.
    undoable: HashMap<ExecutionId, String>,
    seen: Vec<TaskView>,
    /// Per execution its parent, in the order of `seen`.
    parents: Vec<Option<ExecutionId>>,
    /// Those that have not ended. They are few, however many there were: what ends with its parent is looked for among them.
    open: BTreeSet<usize>,
}

impl Tasks {
    fn take_in(&mut self, definition: &Definition, masks: &Masks, record: &Record) {
        let at = record.at;
        match &record.change {
            Change::TaskStarted { execution, beginning, opening, .. } => {
                self.begin(definition, *execution, Some(beginning), record);
                let waits = matches!(opening, Opening::Wait(_) | Opening::Listen(_));
                self.set(*execution, if waits { "waiting" } else { "running" });
                self.with(*execution, |task| match opening {
                    Opening::Child(child) => task.child = Some(child.run),
                    Opening::Listen(listening) => {
                        task.task = listening.iter().find_map(|listening| Some(listening.asks.as_ref()?.id));
                    }
                    _ => {}
                });
            }
            Change::AttemptStarted { execution, .. } => {
                self.set(*execution, "running");
                self.with(*execution, |task| task.attempts = record.attempt.unwrap_or(task.attempts + 1));
            }
            Change::AttemptFailed { execution, error, retry_at, .. } => {
                self.set(*execution, if retry_at.is_some() { "waiting" } else { "running" });
                self.with(*execution, |task| task.error = Some(error.clone()));
            }
            Change::TaskCompleted { execution, beginning, output, .. } => {
                self.begin(definition, *execution, beginning.as_ref(), record);
                self.end_below(*execution, "cancelled", at);
                self.end(*execution, "completed", at);
                self.with(*execution, |task| (task.output, task.error) = (Some(masks.value(output)), None));
            }
            Change::ChildStarted { execution } => self.set(*execution, "waiting"),
            Change::TaskSkipped { execution, beginning, output } => {
                self.begin(definition, *execution, beginning.as_ref(), record);
                self.end(*execution, "skipped", at);
                self.with(*execution, |task| task.output = Some(masks.value(output)));
            }
            Change::TaskFaulted { execution, beginning, error, .. } => {
                self.begin(definition, *execution, beginning.as_ref(), record);
                self.end_below(*execution, "faulted", at);
                self.fault(*execution, error, at);
            }
            Change::ErrorCaught { execution, .. } => self.end_below(*execution, "faulted", at),
            Change::RunFaulted { execution: Some(execution), error, .. }
            | Change::RunStopping { execution: Some(execution), error }
            | Change::CompensationStuck { execution, error } => self.fault(*execution, error, at),
            Change::CompensationStarted { error, .. } => {
                self.end_all(if error.is_some() { "faulted" } else { "cancelled" }, at);
            }
            Change::UndoSkipped { .. } => self.end_all("skipped", at),
            Change::RunRewinding(_) => self.end_all("faulted", at),
            Change::RunCancelled {} => self.end_all("cancelled", at),
            Change::RunContinued(continuation) => {
                let undoable = continuation.undo.iter().map(|done| (done.execution, done.task.clone())).collect();
                *self = Self { continued: Some(at), first: continuation.executions, undoable, ..Self::default() };
            }
            Change::RunMoved(moved) => self.begin_anew(definition, masks, moved, at),
            _ => {}
        }
    }

    /// The run moved to another version: it shows as if it had begun with it.
    fn begin_anew(&mut self, definition: &Definition, masks: &Masks, moved: &crate::Moved, at: Time) {
        *self = Self { first: moved.executions, ..Self::default() };
        for record in &moved.records() {
            self.take_in(definition, masks, record);
            self.first = self.first.max(moved.executions);
        }
        (self.moved, self.continued) = (Some((at, moved.from.clone())), None);
    }

    fn begin(&mut self, definition: &Definition, id: ExecutionId, beginning: Option<&Beginning>, record: &Record) {
        let Some(beginning) = beginning else { return };
        if let Some(place) = self.place(id).filter(|place| *place < self.seen.len()) {
            self.with(id, |task| (task.finished_at, task.error) = (None, None));
            self.open.insert(place);
            return;
        }
        let reference = record.task.as_deref().unwrap_or_default().to_owned();
        let name =
            definition.by_reference.get(&reference).map(|t| definition.task(*t).name.clone()).unwrap_or_default();
        let compensates = match beginning.role {
            Role::Undo(of) => match self.place(of) {
                Some(place) => self.seen.get(place).map(|t| t.reference.clone()),
                None => self.undoable.get(&of).cloned(),
            },
            _ => None,
        };
        self.parents.push(beginning.parent);
        self.open.insert(self.seen.len());
        self.seen.push(TaskView {
            reference,
            name,
            status: "running",
            attempts: 1,
            coordinates: beginning.coordinates.clone().into(),
            compensates,
            child: None,
            task: None,
            started_at: record.at,
            finished_at: None,
            output: None,
            error: None,
        });
    }

    /// Where an execution is among those that are seen; none if it is of before.
    fn place(&self, id: ExecutionId) -> Option<usize> {
        id.checked_sub(self.first).map(|place| place as usize)
    }

    fn with<R>(&mut self, id: ExecutionId, change: impl FnOnce(&mut TaskView) -> R) -> Option<R> {
        let place = self.place(id)?;
        self.seen.get_mut(place).map(change)
    }

    fn set(&mut self, id: ExecutionId, status: &'static str) {
        if self.with(id, |task| (task.status, task.finished_at) = (status, None)).is_some() {
            self.open.extend(self.place(id));
        }
    }

    fn end(&mut self, id: ExecutionId, status: &'static str, at: Time) {
        self.with(id, |task| (task.status, task.finished_at) = (status, Some(at)));
        if let Some(place) = self.place(id) {
            self.open.remove(&place);
        }
    }

    fn fault(&mut self, id: ExecutionId, error: &WorkflowError, at: Time) {
        self.end(id, "faulted", at);
        self.with(id, |task| task.error = Some(error.clone()));
    }

    /// Ends what is still open below an execution.
    fn end_below(&mut self, id: ExecutionId, status: &'static str, at: Time) {
        let below: Vec<usize> = self.open.iter().copied().filter(|below| self.is_below(*below, id)).collect();
        for ended in below {
            self.open.remove(&ended);
            (self.seen[ended].status, self.seen[ended].finished_at) = (status, Some(at));
        }
    }

    fn end_all(&mut self, status: &'static str, at: Time) {
        for ended in std::mem::take(&mut self.open) {
            (self.seen[ended].status, self.seen[ended].finished_at) = (status, Some(at));
        }
    }

    fn is_below(&self, below: usize, id: ExecutionId) -> bool {
        let mut next = self.parents.get(below).copied().flatten();
        while let Some(parent) = next {
            if parent == id {
                return true;
            }
            next = self.place(parent).and_then(|place| self.parents.get(place)).copied().flatten();
        }
        false
    }
}
