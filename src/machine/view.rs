//! A run as people and programs see it (CONTRACT.md, "A run"): folded from its records.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Attention, Coordinates, Status, Time, WorkflowError};

/// A run in the API.
#[derive(Debug, Clone, Serialize)]
pub struct RunView {
    /// UUIDv7.
    pub id: Uuid,
    /// What it runs.
    pub workflow: crate::dsl::WorkflowRef,
    /// Where it stands.
    pub status: Status,
    /// Why a person is needed.
    pub attention: Option<Attention>,
    /// Business key.
    pub key: Option<String>,
    /// Raw input.
    pub input: Value,
    /// Once completed.
    pub output: Option<Value>,
    /// What stopped it.
    pub error: Option<WorkflowError>,
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
    /// When it goes on by itself.
    pub wake_at: Option<Time>,
    /// Every execution of a task in the order in which they started.
    pub tasks: Vec<TaskView>,
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
    /// When it goes on by itself.
    pub wake_at: Option<Time>,
}

/// Folds a run's records into what people see.
#[must_use]
pub fn view(_definition: &crate::dsl::Definition, _head: &RunHead, _records: &[super::Record]) -> Option<RunView> {
    None
}
