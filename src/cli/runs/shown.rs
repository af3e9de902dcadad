//! A run as the API shows it, as far as it is printed.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::cli::client::{self, Failure};
use crate::cli::operations::proposals::Proposal;
use crate::dsl::WorkflowRef;
use crate::machine::view::RunView;
use crate::machine::{Time, WorkflowError};

/// A run with its steps.
#[derive(Deserialize)]
pub(in crate::cli) struct Run {
    pub(super) id: Uuid,
    pub(super) workflow: WorkflowRef,
    pub(in crate::cli) status: String,
    pub(super) attention: Option<String>,
    pub(super) key: Option<String>,
    #[serde(default)]
    pub(super) input: Value,
    pub(in crate::cli) output: Option<Value>,
    pub(super) error: Option<WorkflowError>,
    pub(super) started_at: Option<Time>,
    pub(super) finished_at: Option<Time>,
    #[serde(default)]
    pub(super) paused_ms: i64,
    pub(super) paused_since: Option<Time>,
    pub(super) continued: Option<Continued>,
    pub(super) moved: Option<Moved>,
    #[serde(default)]
    pub(super) tasks: Vec<Task>,
    #[serde(default)]
    pub(super) proposals: Vec<Proposal>,
    #[serde(default)]
    pub(super) acts: Vec<Permitted>,
    pub(super) restarted_from: Option<Uuid>,
    pub(super) restarted_as: Option<Uuid>,
    #[serde(default)]
    pub(super) unacknowledged: bool,
    pub(super) acknowledged: Option<Acknowledged>,
}

/// Who acknowledged that its work did not happen.
#[derive(Deserialize)]
pub(super) struct Acknowledged {
    pub(super) by: String,
    pub(super) at: Time,
    pub(super) reason: Option<String>,
}

/// Whether an act can be done now.
#[derive(Deserialize)]
pub(super) struct Permitted {
    pub(super) act: String,
    pub(super) permitted: bool,
}

/// Where its history begins anew.
#[derive(Deserialize)]
pub(super) struct Continued {
    pub(super) at: Time,
    pub(super) tasks: u64,
    pub(super) records: u64,
}

/// From which version it came.
#[derive(Deserialize)]
pub(super) struct Moved {
    pub(super) at: Time,
    pub(super) from: String,
}

/// A step.
#[derive(Deserialize)]
pub(super) struct Task {
    pub(super) reference: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) attempts: u32,
    #[serde(default)]
    pub(super) iteration: Vec<u32>,
    pub(super) compensates: Option<String>,
    /// What it asks a person.
    pub(super) task: Option<Uuid>,
    pub(super) started_at: Time,
    pub(super) finished_at: Option<Time>,
    pub(super) error: Option<WorkflowError>,
}

impl Run {
    /// A run that was read otherwise: from an archive, or by the engine of this process.
    pub(in crate::cli) fn of(view: &RunView) -> anyhow::Result<Self> {
        Ok(client::read(serde_json::to_value(view)?)?)
    }

    pub(in crate::cli) fn read(value: Value) -> Result<Self, Failure> {
        client::read(value)
    }

    /// Whether it goes no further by itself.
    pub(super) fn is_settled(&self) -> bool {
        self.finished_at.is_some() || self.attention.is_some()
    }
}
