//! Tasks, one structure per kind.

use super::*;

/// One task of a definition.
#[derive(Debug)]
pub struct Task {
    /// The task's name in its list.
    pub name: String,
    /// JSON pointer of the task: `/do/0/createCustomer`. Tasks of a function are below the call that uses it.
    pub reference: String,
    /// The task as JSON: `$task.definition`.
    pub definition: Arc<Value>,
    /// Position in the source, for messages.
    pub position: Position,
    /// `if`: the task runs only if this is true on its raw input.
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
    /// `metadata`, the keys that Stepwell knows.
    pub metadata: TaskMetadata,
    /// Whether a backward `then` may reach the task again, so that its entries must be counted.
    pub reentrant: bool,
    /// What the task does.
    pub kind: TaskKind,
}

impl Task {
    /// Creates a task with only a name and a kind.
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

/// A line and column of a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

/// A task's `metadata`.
#[derive(Debug, Default)]
pub struct TaskMetadata {
    /// How the task is compensated.
    pub compensate: Option<Compensate>,
    /// Whether the task is the pivot: once it has completed, later faults never compensate.
    pub pivot: bool,
    /// Whether a call may be sent again while its outcome is unknown: `idempotent: false` gives [`Resend::Never`].
    pub resend: Resend,
    /// Whether the recorded answer of a call counts for any request, so that a run may move to a version that sends a
    /// different one.
    pub safe: bool,
    /// The task that asks the target for the outcome of a call if it is unknown. A null output means "not applied".
    pub reconcile: Option<TaskId>,
    /// JSON pointers into input and output of values that are masked wherever they are shown.
    pub sensitive: Vec<String>,
    /// The title that people see instead of the name.
    pub title: Option<String>,
    /// `class: person` of a `raise`: a person decides before anything is compensated.
    pub asks_person: bool,
    /// The question of a `listen` that waits for a person's answer.
    pub question: Option<Box<Question>>,
}

/// `metadata.compensate`: how a task is compensated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compensate {
    /// `none`: the author states that the task needs no compensation.
    None,
    /// The task that compensates this one.
    Task(TaskId),
}

/// Whether a call may be sent again while its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resend {
    /// Yes, with the same idempotency key.
    #[default]
    SameKey,
    /// No: ask the target, or park the run.
    Never,
}

/// What a task does. Other kinds are refused when a definition is built.
#[derive(Debug)]
pub enum TaskKind {
    /// `do`: tasks that run one after the other.
    Do(TaskList),
    /// `call: http`, directly or as the only task of a function; `call: openapi`; or a program.
    Call(Box<CallTask>),
    /// `call` of a function that is more than a single HTTP call. Its body runs as a child task.
    Function {
        /// Name as written in the definition.
        name: String,
        /// `with`, evaluated on the call's input. It is the input of the body.
        arguments: Template,
        /// The function's task, expanded for this call site.
        body: TaskId,
    },
    /// `for`
    For(Box<ForTask>),
    /// `fork`
    Fork(ForkTask),
    /// A task with the tasks that `use.extensions` adds before and after it.
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

/// `for`: a loop over the items of an array.
#[derive(Debug)]
pub struct ForTask {
    /// The variable for the item, without `$`.
    pub each: String,
    /// The variable for the item's index, from 0, without `$`.
    pub at: String,
    /// Returns the array to iterate over. Evaluated on the task's transformed input.
    pub items: Expression,
    /// `while`: evaluated before each iteration on the output of the previous one. The loop ends when it is not true.
    pub condition: Option<Expression>,
    /// How many iterations may be open at once. With 1, each iteration receives the output of the previous one. With
    /// more, each receives the task's input, and `body` is a single task around the list.
    pub concurrency: u32,
    /// The tasks of each iteration.
    pub body: TaskList,
}

impl ForTask {
    /// Whether iterations run in parallel.
    #[must_use]
    pub fn is_parallel(&self) -> bool {
        self.concurrency > 1
    }
}

/// `fork`: tasks that run in parallel.
#[derive(Debug)]
pub struct ForkTask {
    /// The branches. They start together, each with the task's transformed input.
    pub branches: TaskList,
    /// When the fork ends, and with which output.
    pub join: Join,
}

/// One part of an extended task. The parts run one after the other.
#[derive(Debug)]
pub struct Segment {
    /// Which part this is.
    pub part: Part,
    /// The part runs only if this is true on its input.
    pub when: Option<Expression>,
    /// The tasks; for [`Part::Task`] only the extended task.
    pub tasks: TaskList,
}

/// The parts of an extended task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `before`: receives the task's raw input. Its output is discarded, unless it ends with `exit`: then it becomes
    /// the task's output.
    Before,
    /// The extended task itself.
    Task,
    /// `after`: receives the task's output. Its own output is discarded.
    After,
}

/// `run: workflow`: starts a child run.
#[derive(Debug)]
pub struct RunTask {
    /// Namespace of the child workflow.
    pub namespace: String,
    /// Name of the child workflow.
    pub name: String,
    /// Exact version; `None`: the latest one when the child starts.
    pub version: Option<String>,
    /// Input of the child run; `None`: the task's transformed input.
    pub input: Option<Template>,
    /// Whether the task waits for the child run to end.
    pub awaits: bool,
}

/// When a `fork` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// When all branches have ended. The output is the array of their outputs.
    All,
    /// When the first branch has ended (`compete: true`). Its output is the output.
    First,
}

impl TaskKind {
    /// Returns the tasks directly inside, in document order. Compensations and queries are not included: they are
    /// outside the flow.
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

    /// Returns the lists directly inside. `then` only moves within a list.
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

/// One case of `switch`. A case without a condition is the default.
#[derive(Debug)]
pub struct Case {
    /// The name of the case.
    pub name: String,
    /// `when`, evaluated on the task's transformed input; `None`: the default case.
    pub when: Option<Expression>,
    /// `then`: where the run continues.
    pub then: Flow,
}

/// A duration: an object, an ISO 8601 text, or an expression that returns such a text.
#[derive(Debug)]
pub enum DurationSpec {
    /// Known at deployment.
    Fixed(Duration),
    /// Computed from the task's input; returns an ISO 8601 text.
    Computed(Expression),
}

/// Where a run continues after a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Flow {
    /// With the next task of the list.
    #[default]
    Continue,
    /// After the end of this list.
    Exit,
    /// Nowhere: the run ends.
    End,
    /// With the task at this index of the same list.
    To(usize),
}
