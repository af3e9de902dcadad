//! The structure of a valid definition.
//!
//! Only [`crate::dsl::build`] makes a [`Definition`], so its users can rely on this: every name is resolved, every
//! expression is parsed, every `then` has a target. Tasks live in one arena and refer to each other by [`TaskId`].
//! Functions are expanded at their call sites, so each task has exactly one place in the tree and one reference.

mod call;
mod event;
mod fault;
mod process;
mod question;
mod reach;
mod task;

pub use call::*;
pub use event::*;
pub use fault::*;
pub use process::*;
pub use question::*;
pub use task::*;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::dsl::mapping::Mapping;
use stepwell_expr::{Expression, Template};

/// Index of a task in [`Definition::tasks`]. Building the same source text gives the same ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct TaskId(pub u32);

/// Tasks that run one after the other.
pub type TaskList = Vec<TaskId>;

/// The identity of a version: namespace, name and semantic version. A run is pinned to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct WorkflowRef {
    /// `document.namespace`
    pub namespace: String,
    /// `document.name`
    pub name: String,
    /// `document.version`
    pub version: String,
}

impl std::fmt::Display for WorkflowRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}:{}", self.namespace, self.name, self.version)
    }
}

/// An immutable version of a workflow, ready to run.
#[derive(Debug)]
pub struct Definition {
    /// Its namespace, name and version.
    pub workflow: WorkflowRef,
    /// `document.title`, for people.
    pub title: Option<String>,
    /// `document.summary`, Markdown for people.
    pub summary: Option<String>,
    /// The document as JSON: `$workflow.definition`.
    pub document: Arc<Value>,
    /// `document.metadata`.
    pub metadata: WorkflowMetadata,
    /// The workflow's own `input`.
    pub input: InputSpec,
    /// The workflow's own `output`.
    pub output: OutputSpec,
    /// `timeout.after`: the longest duration of a run.
    pub timeout: Option<DurationSpec>,
    /// The timing of a scheduled workflow.
    pub timing: Option<crate::dsl::timing::Timing>,
    /// `schedule.on`: each event that matches one of these filters starts a run.
    pub triggers: Vec<EventFilter>,
    /// `schedule.on` with several events that start a run together.
    pub join: Option<EventJoin>,
    /// The mappings whose functions it calls, as they were at deployment.
    pub mappings: Vec<Arc<Mapping>>,
    /// The top-level `do`.
    pub root: TaskList,
    /// All tasks, including function bodies and compensations.
    pub tasks: Vec<Task>,
    /// Task ids by task reference, to read a journal.
    pub by_reference: HashMap<String, TaskId>,
}

impl Definition {
    /// Returns a task. The id must come from this definition.
    #[must_use]
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id.0 as usize]
    }

    /// Returns the event sources that can start runs, as far as its filters name them literally.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        let gathered = self.join.iter().flat_map(|join| &join.strategy.filters);
        let filters = self.triggers.iter().chain(gathered);
        filters.flat_map(|filter| &filter.with).filter_map(|(name, wanted)| match wanted {
            Wanted::Text(source) if name == "source" => Some(source.as_str()),
            _ => None,
        })
    }

    /// Returns the task inside its extensions, or `id` itself if the task is not extended.
    #[must_use]
    pub fn extended(&self, id: TaskId) -> TaskId {
        match &self.task(id).kind {
            TaskKind::Extended(segments) => {
                let own = segments.iter().find(|segment| segment.part == Part::Task);
                own.and_then(|segment| segment.tasks.first().copied()).unwrap_or(id)
            }
            _ => id,
        }
    }

    /// Whether any task has a compensation.
    #[must_use]
    pub fn is_saga(&self) -> bool {
        self.tasks.iter().any(|t| matches!(t.metadata.compensate, Some(Compensate::Task(_))))
    }
}

/// Smallest allowed value of `history.records`.
pub const HISTORY_RECORDS_MIN: u32 = 100;

/// Largest allowed value of `history.records`.
pub const HISTORY_RECORDS_MAX: u32 = 1_000_000;

/// `document.metadata`, the keys that Stepwell knows.
#[derive(Debug, Default)]
pub struct WorkflowMetadata {
    /// The business key, evaluated on the workflow's transformed input.
    pub key: Option<Template>,
    /// Whether runs with the same key run one at a time, in commit order.
    pub serialize: bool,
    /// What follows an unhandled fault.
    pub on_fault: OnFault,
    /// Number of records after which a run continues as new, between two tasks of the top-level `do`.
    pub history: Option<u32>,
    /// Person or team responsible for the workflow.
    pub owner: Option<String>,
    /// JSON pointers of values that are masked wherever they are shown.
    pub sensitive: Vec<String>,
    /// Acts on its runs that need two people.
    pub two_people: BTreeSet<ActRule>,
}

/// Acts on a run, as `acts` of a workflow's metadata names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActRule {
    /// Any retry.
    Retry,
    /// Any skip.
    Skip,
    /// A retry with an edited input, or a skip with an output.
    Edit,
    /// Any cancel.
    Cancel,
    /// Compensating the completed steps.
    Compensate,
    /// Suspending the run.
    Suspend,
    /// Resuming a suspended run.
    Resume,
    /// Dismissing a faulted run.
    Dismiss,
    /// Moving a run to another version.
    Move,
}

impl ActRule {
    /// All acts.
    pub const ALL: [Self; 9] = [
        Self::Retry,
        Self::Skip,
        Self::Edit,
        Self::Cancel,
        Self::Compensate,
        Self::Suspend,
        Self::Resume,
        Self::Dismiss,
        Self::Move,
    ];

    /// Returns the key in `acts`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Skip => "skip",
            Self::Edit => "edit",
            Self::Cancel => "cancel",
            Self::Compensate => "compensate",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Dismiss => "dismiss",
            Self::Move => "move",
        }
    }
}

/// What follows an unhandled fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFault {
    /// Compensate the completed steps in reverse order.
    Compensate,
    /// Stop and ask for attention.
    #[default]
    Park,
}

/// `input`: validation and transformation of an input.
#[derive(Debug, Default)]
pub struct InputSpec {
    /// Validates the raw input.
    pub schema: Option<Schema>,
    /// Transforms the raw input.
    pub from: Option<Template>,
}

/// `output` and `export`, which have the same structure.
#[derive(Debug, Default)]
pub struct OutputSpec {
    /// Transforms the raw output.
    pub r#as: Option<Template>,
    /// Validates the transformed output.
    pub schema: Option<Schema>,
}

/// A compiled JSON Schema.
pub struct Schema {
    /// The schema as written.
    pub document: Value,
    /// The compiled validator.
    pub validator: jsonschema::Validator,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schema").field("document", &self.document).finish_non_exhaustive()
    }
}
