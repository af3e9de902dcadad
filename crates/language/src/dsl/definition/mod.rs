//! The shape of a valid definition.
//!
//! A [`Definition`] is only ever made by [`crate::dsl::build`], so code that holds one may rely on it:
//! every name resolves, every expression is parsed, every `then` has a target. Tasks live in one arena
//! and refer to each other by [`TaskId`]; functions are unfolded at their call sites, so a task has exactly one
//! place in the tree and one reference.

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

/// Where a task stands in [`Definition::tasks`]. Stable for one source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct TaskId(pub u32);

/// Tasks that run one after the other.
pub type TaskList = Vec<TaskId>;

/// Namespace, name and semantic version: what a run is pinned to.
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

/// One immutable version of a workflow, ready to run.
#[derive(Debug)]
pub struct Definition {
    /// What it is called.
    pub workflow: WorkflowRef,
    /// `document.title`, for people.
    pub title: Option<String>,
    /// `document.summary`, Markdown for people.
    pub summary: Option<String>,
    /// The document as JSON: `$workflow.definition`.
    pub document: Arc<Value>,
    /// What `document.metadata` says.
    pub metadata: WorkflowMetadata,
    /// The workflow's own `input`.
    pub input: InputSpec,
    /// The workflow's own `output`.
    pub output: OutputSpec,
    /// `timeout.after` of the whole run.
    pub timeout: Option<DurationSpec>,
    /// When it starts by itself.
    pub timing: Option<crate::dsl::timing::Timing>,
    /// Events that start a run (`schedule.on`), any one of which does.
    pub triggers: Vec<EventFilter>,
    /// Events that start a run together.
    pub join: Option<EventJoin>,
    /// The mappings whose functions it calls, as they were when it was deployed.
    pub mappings: Vec<Arc<Mapping>>,
    /// The top-level `do`.
    pub root: TaskList,
    /// Every task, functions' bodies and compensations included.
    pub tasks: Vec<Task>,
    /// From a task's reference to its id, to read a journal back.
    pub by_reference: HashMap<String, TaskId>,
}

impl Definition {
    /// The task with this id. Ids come only from the same definition.
    #[must_use]
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id.0 as usize]
    }

    /// The sources whose events start runs of it, as far as it names them.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        let gathered = self.join.iter().flat_map(|join| &join.strategy.filters);
        let filters = self.triggers.iter().chain(gathered);
        filters.flat_map(|filter| &filter.with).filter_map(|(name, wanted)| match wanted {
            Wanted::Text(source) if name == "source" => Some(source.as_str()),
            _ => None,
        })
    }

    /// The task that an extended one is about; the task itself if it is not extended.
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

    /// Whether any task says how it is undone.
    #[must_use]
    pub fn is_saga(&self) -> bool {
        self.tasks.iter().any(|t| matches!(t.metadata.compensate, Some(Compensate::Task(_))))
    }
}

/// The fewest records after which a run may continue as new.
pub const HISTORY_RECORDS_MIN: u32 = 100;

/// The most.
pub const HISTORY_RECORDS_MAX: u32 = 1_000_000;

/// `document.metadata`, the part that means something.
#[derive(Debug, Default)]
pub struct WorkflowMetadata {
    /// Business key, evaluated on the workflow's transformed input.
    pub key: Option<Template>,
    /// Whether runs with one key run one at a time, in the order in which they were committed.
    pub serialize: bool,
    /// What an unhandled fault leads to.
    pub on_fault: OnFault,
    /// A run with so many records continues as new between two tasks of the top-level `do`.
    pub history: Option<u32>,
    /// Who to ask.
    pub owner: Option<String>,
    /// JSON pointers whose values are masked wherever they are shown.
    pub sensitive: Vec<String>,
    /// Acts on its runs that one person may not do alone.
    pub two_people: BTreeSet<ActRule>,
}

/// Acts of people on a run, as `acts` of a workflow's metadata names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActRule {
    /// Every retry.
    Retry,
    /// Every skip.
    Skip,
    /// A retry with an input, a skip with an output: a person gives a step another value than its own.
    Edit,
    /// Every cancel.
    Cancel,
    /// Undoing completed steps.
    Compensate,
    /// Holding the run.
    Suspend,
    /// Resuming a held run.
    Resume,
    /// Dismissing a faulted run.
    Dismiss,
    /// Moving a run to another version.
    Move,
}

impl ActRule {
    /// All of them.
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

    /// As in definitions.
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

/// What an unhandled fault leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFault {
    /// Undo what was done, in reverse order.
    Compensate,
    /// Stop there and ask for a person.
    #[default]
    Park,
}

/// `input`
#[derive(Debug, Default)]
pub struct InputSpec {
    /// Checked on the raw input.
    pub schema: Option<Schema>,
    /// Transforms the raw input.
    pub from: Option<Template>,
}

/// `output`, and `export`, which has the same shape.
#[derive(Debug, Default)]
pub struct OutputSpec {
    /// Transforms the raw output.
    pub r#as: Option<Template>,
    /// Checked on the transformed output.
    pub schema: Option<Schema>,
}

/// A JSON Schema, compiled once.
pub struct Schema {
    /// The document as written.
    pub document: Value,
    /// The compiled check.
    pub validator: jsonschema::Validator,
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schema").field("document", &self.document).finish_non_exhaustive()
    }
}
