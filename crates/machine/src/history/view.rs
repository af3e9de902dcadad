//! A run as people and programs see it (CONTRACT.md, "A run"): its state, and its [`History`].

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{History, State, Step};
use crate::masks::Masks;
use crate::{
    Attention, Coordinates, ExecutionId, Inconsistent, Permitted, Record, Role, Run, Status, Time, WorkflowError, fold,
    permitted,
};
use stepwell_language::dsl::Definition;

/// A run in the API.
#[derive(Debug, Clone, Serialize)]
pub struct RunView {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// What it runs.
    pub workflow: stepwell_language::dsl::WorkflowRef,
    /// Current status.
    pub status: Status,
    /// Why it needs attention.
    pub attention: Option<Attention>,
    /// Business key of the run.
    pub key: Option<String>,
    /// Environment of the systems that its calls reach, such as `sandbox` or `production`.
    pub environment: Option<String>,
    /// Raw input.
    pub input: Value,
    /// Once completed.
    pub output: Option<Value>,
    /// The error that stopped it.
    pub error: Option<WorkflowError>,
    /// Reference of the step at which it stopped and waits for a person: what `retry` and `skip` are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<String>,
    /// The same with its execution, which tells iterations of a loop apart: what `step` of an act takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_step: Option<String>,
    /// The event that started it.
    pub event: Option<Uuid>,
    /// The run that started it.
    pub parent: Option<Uuid>,
    /// Time at which it was accepted.
    pub created_at: Time,
    /// Time of the first record.
    pub started_at: Option<Time>,
    /// Time of the last record, once closed.
    pub finished_at: Option<Time>,
    /// Time at which it continues by itself.
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
    /// Time of the sign-off.
    pub at: Time,
    /// The version that it had before.
    pub from: String,
    /// Records of its journal before that.
    pub records: u32,
}

/// A run that continued as new.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ContinuedView {
    /// Time of the sign-off.
    pub at: Time,
    /// Records of its journal before that.
    pub records: u32,
    /// Executions of tasks before that.
    pub tasks: u32,
}

/// An execution of a task.
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
    /// The run that it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child: Option<Uuid>,
    /// What it asks a person: `/api/v1/tasks/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Uuid>,
    /// Time at which it began.
    pub started_at: Time,
    /// Time at which it ended.
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
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// The run that started it.
    pub parent: Option<Uuid>,
    /// Time at which it was accepted.
    pub created_at: Time,
    /// Time at which it continues by itself.
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
    let history = History::of(Some(definition), records);
    let stuck = run.passed_over().filter(|_| run.is_parked());
    let stopped_step = stuck.map(|e| step_name(&definition.task(e.task).reference, e.id));
    // Where it is stopped, or was when it was dismissed.
    let dismissed = || history.stopped_at.as_deref().filter(|_| run.status == Status::Faulted).map(str::to_owned);
    let stopped_at = stuck.map(|e| definition.task(e.task).reference.clone()).or_else(dismissed);
    let records = run.base.saturating_sub(1);
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
        environment: run.environment,
        event: run.event,
        parent: head.parent,
        created_at: head.created_at,
        started_at: run.started_at,
        finished_at: run.finished_at,
        wake_at: head.wake_at,
        paused_ms: run.pauses.total.num_milliseconds(),
        paused_since: run.pauses.since,
        continued: history.continued.map(|(at, tasks)| ContinuedView { at, records, tasks }),
        moved: history.moved.clone().map(|(at, from)| MovedView { at, from, records }),
        tasks: history.steps.iter().map(|step| task(definition, &masks, &history, step)).collect(),
    }))
}

fn task(definition: &Definition, masks: &Masks, history: &History, step: &Step) -> TaskView {
    let task = definition.by_reference.get(&step.reference).map(|id| definition.task(*id));
    TaskView {
        reference: step.reference.clone(),
        name: task.map(|task| task.name.clone()).unwrap_or_default(),
        status: match step.state {
            State::Running => "running",
            State::Waiting => "waiting",
            State::Completed => "completed",
            State::Skipped => "skipped",
            State::Faulted | State::Stuck => "faulted",
            State::Cancelled => "cancelled",
        },
        attempts: step.attempts.last().map_or(1, |attempt| attempt.number),
        coordinates: step.coordinates.clone().into(),
        compensates: match step.role {
            Role::Undo(of) => history.reference(of).map(str::to_owned),
            Role::Step | Role::Reconcile(_) => None,
        },
        child: step.child(),
        task: step.question(),
        started_at: step.started_at,
        finished_at: step.ended_at,
        output: step.output.as_deref().map(|output| masks.value(output)),
        error: step.error.clone(),
    }
}

/// A step by its reference and execution.
#[must_use]
pub fn step_name(reference: &str, execution: ExecutionId) -> String {
    format!("{reference}#{execution}")
}
