//! The state of a run while it lives: what its records, applied in order, make of it.
//!
//! A decision copies the run, which costs the same however long it has been under way: copies share large values and everything that
//! grows. Only what is still needed is kept: open executions, what may have to be undone, and the counters that give each execution
//! its identity.

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

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// UUIDv7.
    pub id: RunId,
    /// Number of the last record applied.
    pub seq: u32,
    /// The record with which it last continued as new, from which folding may begin; 0 if it never did.
    #[serde(default)]
    pub base: u32,
    /// Its status.
    pub status: Status,
    /// Why it needs attention.
    pub attention: Option<Attention>,
    /// Business key.
    pub key: Option<String>,
    /// The accepted event.
    pub event: Option<Uuid>,
    /// The run that started it.
    pub parent: Option<Parent>,
    /// Raw input.
    #[serde(with = "stored::shared")]
    pub raw_input: Arc<Value>,
    /// Transformed input.
    #[serde(with = "stored::shared")]
    pub input: Arc<Value>,
    /// `$context`
    #[serde(with = "stored::shared")]
    pub context: Arc<Value>,
    /// Once completed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub output: Option<Arc<Value>>,
    /// What stopped it.
    pub error: Option<WorkflowError>,
    /// Place of the record that says so.
    pub fault: Option<u32>,
    /// First record.
    pub started_at: Option<Time>,
    /// Last record of a closed run.
    pub finished_at: Option<Time>,
    /// When the workflow's `timeout` strikes.
    pub deadline: Option<Time>,
    /// Where the top-level `do` stands.
    pub root: Cursor,
    /// Executions that have not ended, in the order in which they started.
    pub open: Vec<Execution>,
    /// Ordinal of the next execution.
    pub next_execution: ExecutionId,
    /// How often each task was entered, by task and loop indices.
    #[serde(with = "stored::pairs")]
    pub visits: Visits,
    /// What would have to be undone, in order of completion.
    pub undo: DoneSteps,
    /// Whether what has ended passed the point of no return.
    pub pivot: Pivot,
    /// It ends once no call is in progress.
    pub stop: Option<Stop>,
    /// A person said `suspend`.
    pub suspended: bool,
    /// It ended without undoing what it had begun, because a person wanted that.
    #[serde(default)]
    pub abandoned: bool,
    /// How long it stood still for people.
    pub pauses: Pauses,
    /// It waits for its turn among the runs with its key.
    pub queued: bool,
    /// Which systems its calls reach: `sandbox`, `production`.
    pub environment: Option<String>,
    /// Set once undoing began.
    pub compensation: Option<Box<Compensation>>,
    /// Where it goes back to once that is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewind: Option<Arc<crate::Rewinding>>,
    /// Idempotency keys that steps have from another version of the workflow, from which the run moved.
    #[serde(default, skip_serializing_if = "Keys::is_empty", with = "stored::pairs")]
    pub keys: Keys,
}

/// Idempotency keys by task, visit and loop indices. Copies share what they hold.
pub type Keys = RedBlackTreeMapSync<(TaskId, u32, Vec<u32>), String>;

/// Entries of tasks, by task and loop indices. Copies share what they hold.
pub type Visits = RedBlackTreeMapSync<(TaskId, Vec<u32>), u32>;

/// Where a list of tasks stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// What comes next.
    pub next: Next,
    /// Raw input of the next task, or the list's output.
    #[serde(with = "stored::shared")]
    pub data: Arc<Value>,
}

/// What comes next in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// Begin the task at this index.
    Task(usize),
    /// One of its tasks is open.
    Busy,
    /// Nothing: the list is done, by its end or `exit`.
    Finished,
    /// Nothing, and the lists around it are done too (`end`).
    Ended,
}

impl Cursor {
    /// At the first task of a list.
    #[must_use]
    pub fn first(data: Arc<Value>) -> Self {
        Self { next: Next::Task(0), data }
    }

    /// Whether its list has ended.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.next, Next::Finished | Next::Ended)
    }
}

/// The run ends once no call is in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Whether to undo first.
    pub undo: bool,
    /// How it ends.
    pub end: CompensationEnd,
    /// It is no wish of a person: a fault that nothing caught waits for calls of other branches to end.
    pub fault: bool,
    /// A person said so although the pivot may have been passed.
    pub past_pivot: bool,
}

impl Run {
    /// A run before its first record.
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

    /// A run before the record with which it continued as new: folding begins there, without the records before.
    #[must_use]
    pub fn before(id: RunId, base: u32) -> Self {
        Self { seq: base.saturating_sub(1), ..Self::new(id) }
    }

    /// Whether nothing can happen to it any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.finished_at.is_some()
    }

    /// Whether it is stopped until a person acts.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        self.attention.is_some()
    }

    /// The open execution with this ordinal.
    #[must_use]
    pub fn execution(&self, id: ExecutionId) -> Option<&Execution> {
        self.open.iter().find(|e| e.id == id)
    }

    pub(crate) fn execution_mut(&mut self, id: ExecutionId) -> Option<&mut Execution> {
        self.open.iter_mut().find(|e| e.id == id)
    }
}
