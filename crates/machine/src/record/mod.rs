//! Records: the entries of the journal. The state of a run is exactly the result of applying its records in order.

mod change;
pub mod continuation;
mod kind;
mod opening;
mod status;
pub(crate) mod stored;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Actor, ExecutionId, Time};

pub use change::{Caught, Change, CompensationEnd};
pub use continuation::Continuation;
pub use opening::Opening;
pub use status::{Attention, Status, UnknownName};

/// An entry of a run's journal. Its `seq` is its position, from 1.
#[derive(Debug, Clone)]
pub struct Record {
    /// Database time.
    pub at: Time,
    /// Who caused it.
    pub actor: Actor,
    /// Reference of the task concerned.
    pub task: Option<Arc<str>>,
    /// Number of the attempt concerned, from 1.
    pub attempt: Option<u32>,
    /// What happened.
    pub change: Change,
    /// What was replaced in the values because it cannot be stored. The run does not depend on it.
    pub note: Option<String>,
}

impl Record {
    /// Returns a record of the engine that concerns no particular task.
    #[must_use]
    pub fn of_engine(at: Time, change: Change) -> Self {
        Self { at, actor: Actor::engine(), task: None, attempt: None, change, note: None }
    }
}

/// Identifies an execution of a task (PROFILE.md); unique in a run together with the task's reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Coordinates {
    /// Number of earlier entries of the task, through a backward `then`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub visit: u32,
    /// Loop indices, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub iteration: Vec<u32>,
    /// Number of re-runs by `catch.retry` of the nearest `try`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub round: u32,
}

impl Coordinates {
    /// Whether this is the first visit outside of loops, in the first round.
    #[must_use]
    pub fn is_first(&self) -> bool {
        *self == Self::default()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// The beginning of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// The composite around it; `None` at the top level and for an undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ExecutionId>,
    /// Coordinates of the execution.
    #[serde(default, skip_serializing_if = "Coordinates::is_first")]
    pub coordinates: Coordinates,
    /// What the execution is for.
    #[serde(default, skip_serializing_if = "Role::is_step")]
    pub role: Role,
    /// Transformed input, if `input.from` changed it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub input: Option<Arc<Value>>,
}

/// What an execution is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A step of the workflow.
    #[default]
    Step,
    /// Undoes this execution.
    Undo(ExecutionId),
    /// Asks for the outcome of this execution.
    Reconcile(ExecutionId),
}

impl Role {
    fn is_step(&self) -> bool {
        matches!(self, Self::Step)
    }
}
