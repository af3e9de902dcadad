//! Records: the journal's rows. A run is exactly what its records, applied in order, make of it.

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

/// One row of a run's journal. `seq` is its place, from 1.
#[derive(Debug, Clone)]
pub struct Record {
    /// Database time.
    pub at: Time,
    /// Who caused it.
    pub actor: Actor,
    /// Reference of the task that it is about.
    pub task: Option<Arc<str>>,
    /// Attempt that it is about, from 1.
    pub attempt: Option<u32>,
    /// What happened.
    pub change: Change,
    /// What was replaced in the values of the change, since it cannot be kept. The run does not depend on it.
    pub note: Option<String>,
}

impl Record {
    /// A change that follows from others, about no task in particular.
    #[must_use]
    pub fn of_engine(at: Time, change: Change) -> Self {
        Self { at, actor: Actor::engine(), task: None, attempt: None, change, note: None }
    }
}

/// Identity of a task's execution (PROFILE.md): with the reference, unique in a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Coordinates {
    /// How often the task was entered before, by backward `then`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub visit: u32,
    /// Loop indices, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub iteration: Vec<u32>,
    /// Re-runs by `catch.retry` of the nearest `try`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub round: u32,
}

impl Coordinates {
    /// First visit, outside of loops, first round.
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
    /// The composite that it runs in; none at the top and for an undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ExecutionId>,
    /// Which one of its kind it is.
    #[serde(default, skip_serializing_if = "Coordinates::is_first")]
    pub coordinates: Coordinates,
    /// What the execution is for.
    #[serde(default, skip_serializing_if = "Role::is_step")]
    pub role: Role,
    /// Transformed input where `input.from` made it differ from the raw one.
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
    /// Undoes the execution named.
    Undo(ExecutionId),
    /// Asks the outcome of the execution named.
    Reconcile(ExecutionId),
}

impl Role {
    fn is_step(&self) -> bool {
        matches!(self, Self::Step)
    }
}
