//! The shape of a valid definition.
//!
//! A [`Definition`] is only ever made by [`crate::dsl::build`], so whoever holds one may rely on it:
//! every name resolves, every expression is parsed, every `then` has a target. Tasks live in one arena
//! and refer to each other by [`TaskId`]; functions are unfolded at their call sites, so a task has exactly one
//! place in the tree and one reference.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::authentication::Authentication;
use crate::expr::{Expression, Template};
use crate::openapi;

/// Where a task stands in [`Definition::tasks`]. Stable for one source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

/// `document.metadata`, the part that means something.
#[derive(Debug, Default)]
pub struct WorkflowMetadata {
    /// Business key, evaluated on the workflow's transformed input.
    pub key: Option<Template>,
    /// Whether runs with one key run one at a time, in the order in which they were committed.
    pub serialize: bool,
    /// What an unhandled fault leads to.
    pub on_fault: OnFault,
    /// Who to ask.
    pub owner: Option<String>,
    /// JSON pointers whose values are masked wherever people look.
    pub sensitive: Vec<String>,
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
    /// Asks the target what became of a call whose outcome is unknown. A null output means "not applied".
    pub reconcile: Option<TaskId>,
    /// JSON pointers into input and output whose values are masked wherever people look.
    pub sensitive: Vec<String>,
    /// What people see in place of the name.
    pub title: Option<String>,
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
    /// What each iteration runs.
    pub body: TaskList,
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

/// `emit`: the attributes of a CloudEvent and its data.
#[derive(Debug)]
pub struct EmitTask {
    /// `source`, `type` and others, by name; each gives a text.
    pub attributes: Vec<(String, Template)>,
    /// `data`
    pub data: Option<Template>,
}

/// `listen`
#[derive(Debug)]
pub struct ListenTask {
    /// For which events, and when it is enough.
    pub strategy: EventStrategy,
    /// What of an event is taken.
    pub read: Read,
    /// What is done with each event, one after the other.
    pub each: Option<EachEvent>,
}

/// `schedule.on` with `all` or `until`: events that start one run together.
#[derive(Debug)]
pub struct Gathering {
    /// Which events, and when it is enough.
    pub strategy: EventStrategy,
    /// Hash of what the document says: a version that says the same goes on with what was gathered.
    pub signature: String,
}

/// Which events are taken, and when it is enough.
#[derive(Debug)]
pub struct EventStrategy {
    /// How many of the events.
    pub take: Take,
    /// Which events; none means all.
    pub filters: Vec<EventFilter>,
    /// When `any` has taken enough; without it the first event is enough.
    pub until: Option<Until>,
}

/// What an event does to what was taken before it.
#[derive(Debug)]
pub enum Step<'a> {
    /// It is not wanted.
    Refused,
    /// It is taken, and enough or not.
    Taken {
        /// Nothing more is waited for.
        enough: bool,
    },
    /// It is taken, and enough if this holds on the array of all that was taken.
    Depends(&'a Expression),
}

impl EventStrategy {
    /// A filter by its number: those of the strategy first, then those of `until`.
    #[must_use]
    pub fn filter(&self, number: usize) -> Option<&EventFilter> {
        self.filters.iter().chain(self.until_filters()).nth(number)
    }

    /// The filters whose events end the waiting and are not taken.
    #[must_use]
    pub fn until_filters(&self) -> &[EventFilter] {
        match &self.until {
            Some(Until::Events { filters, .. }) => filters,
            _ => &[],
        }
    }

    /// Whether events of this filter only end the waiting. An empty `any` takes whatever comes under number 0.
    #[must_use]
    pub fn is_until(&self, number: usize) -> bool {
        number >= self.filters.len().max(1)
    }

    /// What an event of this filter does when events of the filters `met` came before.
    #[must_use]
    pub fn step(&self, met: &BTreeSet<u16>, number: u16) -> Step<'_> {
        let is_until = self.is_until(usize::from(number));
        let (take, first, count) = match &self.until {
            Some(Until::Events { take, filters }) if is_until => (*take, self.filters.len(), filters.len()),
            _ => (self.take, 0, self.filters.len()),
        };
        if take == Take::All && met.contains(&number) {
            return Step::Refused;
        }
        match (take, &self.until) {
            (Take::All, _) => {
                let others = met.iter().filter(|n| (first..first + count).contains(&usize::from(**n))).count();
                Step::Taken { enough: others + 1 == count }
            }
            (Take::Any, Some(Until::Condition(condition))) => Step::Depends(condition),
            (Take::Any, Some(Until::Events { .. })) => Step::Taken { enough: is_until },
            _ => Step::Taken { enough: true },
        }
    }
}

/// An event consumption strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// `one`
    One,
    /// `any`
    Any,
    /// `all`: one event for each filter.
    All,
}

/// What ends the waiting for `any`.
#[derive(Debug)]
pub enum Until {
    /// True on the array of what was taken so far.
    Condition(Expression),
    /// Events that are not taken themselves.
    Events {
        /// How many of them.
        take: Take,
        /// Which.
        filters: Vec<EventFilter>,
    },
}

/// What of an event is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Read {
    /// Its data.
    #[default]
    Data,
    /// The whole event.
    Envelope,
    /// Its data as text.
    Raw,
}

/// `listen.foreach`
#[derive(Debug)]
pub struct EachEvent {
    /// The variable that holds the event, without `$`.
    pub item: String,
    /// The variable that holds its index, from 0, without `$`.
    pub at: String,
    /// What runs for each event.
    pub body: TaskList,
    /// Makes the item of the output.
    pub output: OutputSpec,
    /// Changes the context after each event.
    pub export: OutputSpec,
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

/// One request to another system, and the function that it came from if it did.
#[derive(Debug)]
pub struct CallTask {
    /// Set when this is a call of a function that is one HTTP call.
    pub function: Option<FunctionLayer>,
    /// The request.
    pub protocol: Protocol,
}

/// How a request is described.
#[derive(Debug)]
pub enum Protocol {
    /// `call: http`
    Http(HttpCall),
    /// `call: openapi`
    OpenApi(OpenApiCall),
}

impl Protocol {
    /// What the document says about authentication of this call.
    #[must_use]
    pub fn authentication(&self) -> Option<&CallAuthentication> {
        match self {
            Self::Http(call) => call.authentication.as_ref(),
            Self::OpenApi(call) => call.authentication.as_ref(),
        }
    }
}

/// What stands between a function's caller and its single HTTP call.
#[derive(Debug)]
pub struct FunctionLayer {
    /// Name as written: `netsuite.upsertCustomer`.
    pub name: String,
    /// `with`, evaluated on the caller's transformed input; the raw input of the function.
    pub arguments: Template,
    /// The function's own `input`.
    pub input: InputSpec,
    /// The function's own `output`, before the caller's.
    pub output: OutputSpec,
}

/// `call: http`'s arguments. Templates see the call's transformed input.
#[derive(Debug)]
pub struct HttpCall {
    /// Upper case; a template since the language allows an expression.
    pub method: Template,
    /// The endpoint: a URI template or an expression. `connection://NAME/path` goes through a connection.
    pub endpoint: Endpoint,
    /// An object of strings.
    pub headers: Option<Template>,
    /// An object of strings.
    pub query: Option<Template>,
    /// Any JSON; strings are sent as they are when the content type says so.
    pub body: Option<Template>,
    /// What the task's raw output is.
    pub output: HttpOutput,
    /// Whether 3xx is a success and redirects are followed.
    pub redirect: Redirect,
    /// `endpoint.authentication`, inline or by name.
    pub authentication: Option<CallAuthentication>,
}

/// How a call authenticates: as its document says, or with what it computes from its data.
#[derive(Debug)]
pub enum CallAuthentication {
    /// Known while the definition is built, but for the values of secrets.
    Policy(Authentication),
    /// `basic`, with an expression in it.
    Basic {
        /// User name.
        username: Credential,
        /// Password.
        password: Credential,
    },
    /// `bearer` with an expression.
    Bearer {
        /// The token.
        token: Credential,
    },
}

impl CallAuthentication {
    /// The scheme of the `Authorization` header that it leads to.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Basic { .. } | Self::Policy(Authentication::Basic { .. }) => "Basic",
            Self::Policy(Authentication::Digest { .. }) => "Digest",
            Self::Policy(Authentication::OAuth1(_)) => "OAuth",
            Self::Policy(Authentication::FromSecret { kind, .. }) if kind == "basic" => "Basic",
            Self::Policy(Authentication::FromSecret { kind, .. }) if kind == "digest" => "Digest",
            Self::Bearer { .. } | Self::Policy(_) => "Bearer",
        }
    }
}

/// One text of an authentication.
#[derive(Debug)]
pub enum Credential {
    /// A text, or a secret.
    Fixed(SecretTemplate),
    /// Computed on the call's transformed input, at each attempt; never recorded.
    Computed(Expression),
}

/// `call: openapi`'s arguments. Templates see the call's transformed input.
#[derive(Debug)]
pub struct OpenApiCall {
    /// Where the operation is described.
    pub document: OpenApiDocument,
    /// The operation's id.
    pub operation: String,
    /// Upper case; known while the definition is built only if the document is stored with it.
    pub method: Option<String>,
    /// Name to value: path, query, headers, cookies and body, as the document says.
    pub parameters: Template,
    /// What the task's raw output is.
    pub output: HttpOutput,
    /// Whether 3xx is a success and redirects are followed.
    pub redirect: Redirect,
    /// For the operation; the document has an authentication of its own.
    pub authentication: Option<CallAuthentication>,
}

/// Where an OpenAPI document comes from.
#[derive(Debug)]
pub enum OpenApiDocument {
    /// A file beside the definition, stored with it: `file://openapi/pets.yaml`.
    Stored {
        /// As the definition names it.
        uri: String,
        /// As it was on the day of the deployment.
        document: Arc<openapi::Document>,
    },
    /// Asked for at the moment of the call.
    Fetched {
        /// Where.
        endpoint: Endpoint,
        /// How to authenticate there.
        authentication: Option<CallAuthentication>,
    },
}

/// Where a call goes.
#[derive(Debug)]
pub enum Endpoint {
    /// `https://host/path/{id}` with simple RFC 6570 expansion over top-level names of the input.
    UriTemplate(String),
    /// `${ ... }` that yields the URI.
    Expression(Expression),
}

/// Text or `${ $secrets.NAME }`, resolved at the moment of use.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretTemplate {
    /// As written in the document.
    Literal(String),
    /// The name of a secret: environment variable `STEPWELL_SECRET_<NAME>`.
    Secret(String),
}

/// `with.output`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpOutput {
    /// Deserialized content.
    #[default]
    Content,
    /// Base64 of the content.
    Raw,
    /// Request, status, headers and content.
    Response,
}

/// `with.redirect`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Redirect {
    /// Only 200 to 299 is a success.
    #[default]
    IsError,
    /// Follow; 200 to 399 is a success.
    Follow,
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

/// `try`
#[derive(Debug)]
pub struct TryTask {
    /// What is attempted.
    pub body: TaskList,
    /// Which errors are caught and what follows.
    pub catch: Catch,
}

/// `catch`
#[derive(Debug, Default)]
pub struct Catch {
    /// `errors.with`: every property given must be equal.
    pub with: ErrorFilter,
    /// The variable that holds the error, without `$`; `error` unless said otherwise.
    pub variable: String,
    /// Only if true; sees the error as its variable and the try's input as `.`.
    pub when: Option<Expression>,
    /// Only if not true.
    pub except_when: Option<Expression>,
    /// Run the body again.
    pub retry: Option<RetryPolicy>,
    /// Run these instead, once there is no retry left.
    pub handler: Option<TaskList>,
}

/// `catch.errors.with`
#[derive(Debug, Default)]
pub struct ErrorFilter {
    /// Error type URI; any of the three known prefixes matches the same error.
    pub r#type: Option<String>,
    /// HTTP-like status.
    pub status: Option<u16>,
    /// JSON pointer of the task that raised it.
    pub instance: Option<String>,
    /// Exact title.
    pub title: Option<String>,
    /// Exact detail.
    pub detail: Option<String>,
}

/// `retry`
#[derive(Debug, Default)]
pub struct RetryPolicy {
    /// Only if true; sees the error.
    pub when: Option<Expression>,
    /// Only if not true; sees the error.
    pub except_when: Option<Expression>,
    /// Base delay.
    pub delay: Option<DurationSpec>,
    /// How delays grow.
    pub backoff: Backoff,
    /// Number of retries after the first try.
    pub count_max: Option<u32>,
    /// Longest time for one round of the body.
    pub attempt_duration: Option<DurationSpec>,
    /// Longest time from the first fault.
    pub duration_max: Option<DurationSpec>,
    /// Added to each delay, uniformly between the two.
    pub jitter: Option<(DurationSpec, DurationSpec)>,
}

/// `retry.backoff`
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Backoff {
    /// The same delay each time.
    #[default]
    Constant,
    /// delay * n
    Linear,
    /// delay * multiplier^(n-1), at most `max_delay`.
    Exponential {
        /// 2 unless said otherwise.
        multiplier: f64,
        /// No delay is longer.
        max_delay: Option<Duration>,
    },
}

/// A duration as an object, an ISO 8601 text, or an expression that yields the latter.
#[derive(Debug)]
pub enum DurationSpec {
    /// Known at deploy.
    Fixed(Duration),
    /// Computed on the task's input: ISO 8601 text.
    Computed(Expression),
}

/// `raise.error`, inline or by name.
#[derive(Debug)]
pub struct ErrorTemplate {
    /// Error type URI.
    pub r#type: Template,
    /// HTTP-like status.
    pub status: Template,
    /// Short text.
    pub title: Option<Template>,
    /// What happened this time.
    pub detail: Option<Template>,
}

/// What comes after a task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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

/// Which events: everything given must hold.
#[derive(Debug, Default)]
pub struct EventFilter {
    /// Attributes by name.
    pub with: Vec<(String, Wanted)>,
    /// `with.data`: true lets the event pass; seen on the event's data.
    pub data: Option<Expression>,
    /// What links an event to this run and no other.
    pub correlate: Vec<Correlation>,
}

impl EventFilter {
    /// Names of correlations that the first event's values bind.
    #[must_use]
    pub fn bindings(&self) -> BTreeSet<&str> {
        self.correlate.iter().filter(|c| c.expect.is_none()).map(|c| c.name.as_str()).collect()
    }
}

/// What an attribute of an event must be.
#[derive(Debug)]
pub enum Wanted {
    /// Exactly this text.
    Text(String),
    /// A text that this regular expression fits as a whole.
    Pattern(regex::Regex),
    /// The text that this gives when the listening begins.
    Computed(Expression),
}

/// `correlate.NAME`
#[derive(Debug)]
pub struct Correlation {
    /// Its name.
    pub name: String,
    /// Takes the value out of the event: seen on the whole event, and where that gives nothing, on its data.
    pub from: Expression,
    /// What the value must be (in a schedule a fixed value); without it the first event's value binds those after it.
    pub expect: Option<Template>,
}
