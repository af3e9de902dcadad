//! The shape of a valid definition.
//!
//! A [`Definition`] is only ever made by [`crate::dsl::build`], so whoever holds one may rely on it:
//! every name resolves, every expression is parsed, every `then` has a target. Tasks live in one arena
//! and refer to each other by [`TaskId`]; functions are unfolded at their call sites, so a task has exactly one
//! place in the tree and one reference.

mod call;
mod event;
mod fault;
mod process;
mod reach;

pub use call::*;
pub use event::*;
pub use fault::*;
pub use process::*;

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
    pub gathering: Option<Gathering>,
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
        let gathered = self.gathering.iter().flat_map(|gathering| &gathering.strategy.filters);
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

/// The fewest records after which a run may go on as new.
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
    /// A run with so many records goes on as new between two tasks of the top-level `do`.
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
    /// Undoing what was done.
    Compensate,
    /// Holding the run.
    Suspend,
    /// Letting a held run go on.
    Resume,
    /// Leaving a faulted run as it is.
    Dismiss,
}

impl ActRule {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Retry,
        Self::Skip,
        Self::Edit,
        Self::Cancel,
        Self::Compensate,
        Self::Suspend,
        Self::Resume,
        Self::Dismiss,
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

/// One node of a definition.
#[derive(Debug)]
pub struct Task {
    /// Its name in its list.
    pub name: String,
    /// JSON pointer of the task: `/do/0/createCustomer`. Tasks of a function stand below the call that uses it.
    pub reference: String,
    /// The task as JSON: `$task.definition`.
    pub definition: Arc<Value>,
    /// Position in the source, for messages.
    pub position: Position,
    /// Run only when true; seen on the raw input.
    pub condition: Option<Expression>,
    /// `input`
    pub input: InputSpec,
    /// `output`
    pub output: OutputSpec,
    /// `export`
    pub export: OutputSpec,
    /// `timeout.after`
    pub timeout: Option<DurationSpec>,
    /// `then`
    pub then: Flow,
    /// `metadata`, the part that means something.
    pub metadata: TaskMetadata,
    /// Whether a backward `then` may bring the run here again, so that entries must be counted.
    pub reentrant: bool,
    /// What it does.
    pub kind: TaskKind,
}

impl Task {
    /// One that says nothing beside what it does.
    pub fn plain(name: String, reference: String, source: (Arc<Value>, Position), kind: TaskKind) -> Self {
        let (definition, position) = source;
        Self {
            name,
            reference,
            definition,
            position,
            condition: None,
            input: InputSpec::default(),
            output: OutputSpec::default(),
            export: OutputSpec::default(),
            timeout: None,
            then: Flow::default(),
            metadata: TaskMetadata::default(),
            reentrant: false,
            kind,
        }
    }
}

/// Line and column, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A task's `metadata`.
#[derive(Debug, Default)]
pub struct TaskMetadata {
    /// How the task is undone.
    pub compensate: Option<Compensate>,
    /// Point of no return: once done, later faults never compensate.
    pub pivot: bool,
    /// `Resend::Never` where the author said `idempotent: false`.
    pub resend: Resend,
    /// Determines the outcome of a call if it is unknown: asks the target. A null output means "not applied".
    pub reconcile: Option<TaskId>,
    /// JSON pointers into input and output whose values are masked wherever they are shown.
    pub sensitive: Vec<String>,
    /// What people see in place of the name.
    pub title: Option<String>,
    /// Of a `raise`, `class: person`: a person decides before anything is undone.
    pub asks_person: bool,
}

/// `metadata.compensate`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compensate {
    /// Knowingly not compensatable.
    None,
    /// The task that undoes this one.
    Task(TaskId),
}

/// Whether a call may be sent again while its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resend {
    /// Yes, under the same idempotency key.
    #[default]
    SameKey,
    /// No: reconcile, or park.
    Never,
}

/// What a task does. Kinds that are not here are refused at validation.
#[derive(Debug)]
pub enum TaskKind {
    /// `do`
    Do(TaskList),
    /// `call: http`, directly or as the single task of a function; or `call: openapi`.
    Call(Box<CallTask>),
    /// `call` of a function whose body is more than one HTTP call: the body runs as a child.
    Function {
        /// Name as written.
        name: String,
        /// `with`, evaluated on the call's input: the input of the body.
        arguments: Template,
        /// The function's task, unfolded for this call site.
        body: TaskId,
    },
    /// `for`
    For(Box<ForTask>),
    /// `fork`
    Fork(ForkTask),
    /// A task with what `use.extensions` puts before and after it.
    Extended(Vec<Segment>),
    /// `emit`
    Emit(Box<EmitTask>),
    /// `listen`
    Listen(Box<ListenTask>),
    /// `run: workflow`
    Run(Box<RunTask>),
    /// `set`
    Set(Template),
    /// `switch`
    Switch(Vec<Case>),
    /// `try`
    Try(Box<TryTask>),
    /// `raise`
    Raise(Box<ErrorTemplate>),
    /// `wait`
    Wait(DurationSpec),
}

/// `for`
#[derive(Debug)]
pub struct ForTask {
    /// The variable that holds the item, without `$`.
    pub each: String,
    /// The variable that holds its index, from 0, without `$`.
    pub at: String,
    /// Yields the array to go through, seen on the task's transformed input.
    pub items: Expression,
    /// Seen before each iteration on what the one before it left; the loop ends when it is not true.
    pub condition: Option<Expression>,
    /// How many iterations are open at once. One after the other (1), each is given what the one before it left; side by side, each is
    /// given the task's input, and `body` is one task around the list.
    pub concurrency: u32,
    /// What each iteration runs.
    pub body: TaskList,
}

impl ForTask {
    /// Whether iterations run side by side.
    #[must_use]
    pub fn is_side_by_side(&self) -> bool {
        self.concurrency > 1
    }
}

/// `fork`
#[derive(Debug)]
pub struct ForkTask {
    /// They begin at once, each with the task's transformed input.
    pub branches: TaskList,
    /// What the output is, and whether one branch ends the others.
    pub join: Join,
}

/// One part of a task that is extended. They run one after the other.
#[derive(Debug)]
pub struct Segment {
    /// Which part.
    pub part: Part,
    /// Only if true; seen on what the part is given.
    pub when: Option<Expression>,
    /// The tasks; for [`Part::Task`] the extended one alone.
    pub tasks: TaskList,
}

/// A part of a task that is extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `before`: gets the task's raw input; its output is dropped, unless it says `exit`: then it is the task's.
    Before,
    /// The task itself.
    Task,
    /// `after`: gets the task's output; its own is dropped.
    After,
}

/// `run: workflow`
#[derive(Debug)]
pub struct RunTask {
    /// Namespace of the workflow.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Exact version; none is the latest when the run starts.
    pub version: Option<String>,
    /// Its input; without it the task's transformed input.
    pub input: Option<Template>,
    /// Whether the task waits for its end.
    pub awaits: bool,
}

/// How a `fork` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// When all branches have; the output is the array of theirs.
    All,
    /// With the first branch (`compete: true`); its output is the output.
    First,
}

impl TaskKind {
    /// The tasks directly inside, in the order in which they are written. Compensations and queries stand beside a task,
    /// not inside it.
    #[must_use]
    pub fn nested(&self) -> Vec<TaskId> {
        match self {
            Self::Do(list) => list.clone(),
            Self::Function { body, .. } => vec![*body],
            Self::Try(task) => task.body.iter().chain(task.catch.handler.iter().flatten()).copied().collect(),
            Self::For(task) => task.body.clone(),
            Self::Fork(task) => task.branches.clone(),
            Self::Listen(task) => task.each.iter().flat_map(|each| &each.body).copied().collect(),
            Self::Extended(segments) => segments.iter().flat_map(|segment| &segment.tasks).copied().collect(),
            Self::Call(_)
            | Self::Emit(_)
            | Self::Run(_)
            | Self::Set(_)
            | Self::Switch(_)
            | Self::Raise(_)
            | Self::Wait(_) => Vec::new(),
        }
    }

    /// The lists directly inside, within each of which `then` moves.
    #[must_use]
    pub fn lists(&self) -> Vec<&[TaskId]> {
        match self {
            Self::Do(list) => vec![list],
            Self::Try(task) => {
                [Some(task.body.as_slice()), task.catch.handler.as_deref()].into_iter().flatten().collect()
            }
            Self::For(task) => vec![&task.body],
            Self::Listen(task) => task.each.iter().map(|each| each.body.as_slice()).collect(),
            Self::Extended(segments) => {
                let added = segments.iter().filter(|segment| segment.part != Part::Task);
                added.map(|segment| segment.tasks.as_slice()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// One case of `switch`; without a condition it is the default.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// `when`, seen on the task's transformed input.
    pub when: Option<Expression>,
    /// `then`
    pub then: Flow,
}

/// A duration as an object, an ISO 8601 text, or an expression that yields the latter.
#[derive(Debug)]
pub enum DurationSpec {
    /// Known at deploy.
    Fixed(Duration),
    /// Computed on the task's input: ISO 8601 text.
    Computed(Expression),
}

/// What comes after a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Flow {
    /// The next task in the list.
    #[default]
    Continue,
    /// End this list.
    Exit,
    /// End the run.
    End,
    /// Go to the task at this index of the same list.
    To(usize),
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
