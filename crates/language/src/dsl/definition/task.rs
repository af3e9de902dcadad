//! Tasks: what each kind has.

use super::*;

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
    /// A call whose recorded answer counts for any request that it would make: a run that moves to this version may differ there.
    pub safe: bool,
    /// Determines the outcome of a call if it is unknown: asks the target. A null output means "not applied".
    pub reconcile: Option<TaskId>,
    /// JSON pointers into input and output whose values are masked wherever they are shown.
    pub sensitive: Vec<String>,
    /// What people see in place of the name.
    pub title: Option<String>,
    /// Of a `raise`, `class: person`: a person decides before anything is undone.
    pub asks_person: bool,
    /// Of a `listen`: what a person is asked, whose answer it waits for.
    pub question: Option<Box<Question>>,
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
    pub fn is_parallel(&self) -> bool {
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
