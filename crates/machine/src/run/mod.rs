//! The state of an open run: the result of applying its records in order.
//!
//! A decision copies the run at constant cost, because copies share large values and everything that grows. Only what
//! is still needed is kept: open executions, steps that may have to be undone, and the counters that give each
//! execution its identity.

mod cause;
mod clock;
mod done;
mod execution;
mod impact;
mod nesting;
mod progress;
pub mod snapshot;
mod waits;

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Attention, CompensationEnd, ExecutionId, Parent, RunId, Status, Time, WorkflowError, stored};
use stepwell_language::dsl::TaskId;

pub use cause::Cause;
pub use clock::Pauses;
pub use done::{Compensation, Done, DoneSteps};
pub use execution::Execution;
pub use impact::{Impact, Pivot};
pub use progress::*;

/// The state of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Id, a UUIDv7.
    pub id: RunId,
    /// Number of the last record applied.
    pub seq: u32,
    /// Number of the record with which it last continued as new, from which folding may begin; 0 if it never did.
    #[serde(default)]
    pub base: u32,
    /// Current status.
    pub status: Status,
    /// Why it needs attention.
    pub attention: Option<Attention>,
    /// Business key.
    pub key: Option<String>,
    /// The event that started it.
    pub event: Option<Uuid>,
    /// The run that started it.
    pub parent: Option<Parent>,
    /// Raw input.
    #[serde(with = "stored::shared")]
    pub raw_input: Arc<Value>,
    /// Transformed input.
    #[serde(with = "stored::shared")]
    pub input: Arc<Value>,
    /// Value of `$context`.
    #[serde(with = "stored::shared")]
    pub context: Arc<Value>,
    /// Output, once completed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub output: Option<Arc<Value>>,
    /// The error that stopped it.
    pub error: Option<WorkflowError>,
    /// Number of the record that reports that error.
    pub fault: Option<u32>,
    /// Time of the first record.
    pub started_at: Option<Time>,
    /// Time of the last record, once closed.
    pub finished_at: Option<Time>,
    /// When the workflow's `timeout` expires.
    pub deadline: Option<Time>,
    /// Position in the top-level `do`.
    pub root: Cursor,
    /// Open executions, in the order in which they started.
    pub open: Vec<Execution>,
    /// Ordinal of the next execution.
    pub next_execution: ExecutionId,
    /// Visits of each task, by task and loop indices.
    #[serde(with = "stored::pairs")]
    pub visits: Visits,
    /// Steps that may have to be undone, in order of completion.
    pub undo: DoneSteps,
    /// Whether closed executions have passed the pivot.
    pub pivot: Pivot,
    /// Set if the run closes once no call is in progress.
    pub stop: Option<Stop>,
    /// Whether a person suspended it.
    pub suspended: bool,
    /// Whether it closed without undoing completed steps, because a person wanted that.
    #[serde(default)]
    pub abandoned: bool,
    /// Its pauses.
    pub pauses: Pauses,
    /// Whether it waits for its turn among the runs with its key.
    pub queued: bool,
    /// Environment of the systems that its calls reach, such as `sandbox` or `production`.
    pub environment: Option<String>,
    /// Set once compensation has started.
    pub compensation: Option<Box<Compensation>>,
    /// The earlier step from which it continues after compensation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewind: Option<Arc<crate::Rewinding>>,
    /// Idempotency keys that steps keep from the version that the run moved from.
    #[serde(default, skip_serializing_if = "Keys::is_empty", with = "stored::pairs")]
    pub keys: Keys,
}

/// Idempotency keys by task, visit and loop indices. Copies share memory.
pub type Keys = RedBlackTreeMapSync<(TaskId, u32, Vec<u32>), String>;

/// Visits of tasks, by task and loop indices. Copies share memory.
pub type Visits = RedBlackTreeMapSync<(TaskId, Vec<u32>), u32>;

/// Position in a list of tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// What happens next.
    pub next: Next,
    /// Raw input of the next task, or the output of the list.
    #[serde(with = "stored::shared")]
    pub data: Arc<Value>,
}

/// What happens next in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// The task at this index starts.
    Task(usize),
    /// One of the tasks is open.
    Busy,
    /// The list has finished, at its end or by `exit`.
    Finished,
    /// The list has finished, and so have the lists around it (`end`).
    Ended,
}

impl Cursor {
    /// Returns the position at the first task of a list.
    #[must_use]
    pub fn first(data: Arc<Value>) -> Self {
        Self { next: Next::Task(0), data }
    }
}

/// A request to close the run once no call is in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Whether to undo completed steps first.
    pub undo: bool,
    /// How the run closes.
    pub end: CompensationEnd,
    /// Whether an uncaught error is the cause, and not a person: it waits for calls of other branches to end.
    pub fault: bool,
    /// Whether a person requested it although the pivot may have been passed.
    pub past_pivot: bool,
}

impl Run {
    /// Returns a run before its first record.
    #[must_use]
    pub fn new(id: RunId) -> Self {
        let null = Arc::new(Value::Null);
        Self {
            id,
            seq: 0,
            base: 0,
            status: Status::Pending,
            attention: None,
            key: None,
            event: None,
            parent: None,
            raw_input: Arc::clone(&null),
            input: Arc::clone(&null),
            context: Arc::new(Value::Object(serde_json::Map::new())),
            output: None,
            error: None,
            fault: None,
            started_at: None,
            finished_at: None,
            deadline: None,
            root: Cursor { next: Next::Busy, data: null },
            open: Vec::new(),
            next_execution: 0,
            visits: Visits::default(),
            undo: DoneSteps::default(),
            pivot: Pivot::Ahead,
            stop: None,
            suspended: false,
            abandoned: false,
            pauses: Pauses::default(),
            queued: false,
            environment: None,
            compensation: None,
            rewind: None,
            keys: Keys::default(),
        }
    }

    /// Returns a run before the record with which it continued as new, from which folding begins.
    #[must_use]
    pub fn before(id: RunId, base: u32) -> Self {
        Self { seq: base.saturating_sub(1), ..Self::new(id) }
    }

    /// Whether it has closed for good.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.finished_at.is_some()
    }

    /// Whether it is stopped until a person acts.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        self.attention.is_some()
    }

    /// Returns the open execution with this ordinal.
    #[must_use]
    pub fn execution(&self, id: ExecutionId) -> Option<&Execution> {
        self.open.iter().find(|e| e.id == id)
    }

    pub(crate) fn execution_mut(&mut self, id: ExecutionId) -> Option<&mut Execution> {
        self.open.iter_mut().find(|e| e.id == id)
    }
}
