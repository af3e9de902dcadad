//! The shape of a valid definition.
//!
//! A [`Definition`] is only ever made by [`crate::dsl::build`], so whoever holds one may rely on it:
//! every name resolves, every expression is parsed, every `then` has a target. Tasks live in one arena
//! and refer to each other by [`TaskId`]; functions are unfolded at their call sites, so a task has exactly one
//! place in the tree and one reference.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::authentication::Authentication;
use crate::expr::{Expression, Template};

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
    /// Events that start a run (`schedule.on`), any one of which does.
    pub triggers: Vec<EventFilter>,
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
    /// `call: http`, directly or as the single task of a function.
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
    /// `set`
    Set(Template),
    /// `switch`
    Switch(Vec<Case>),
    /// `try`
    Try(Box<TryTask>),
    /// `raise`
    Raise(ErrorTemplate),
    /// `wait`
    Wait(DurationSpec),
}

/// An HTTP call, and the function that it came from if it did.
#[derive(Debug)]
pub struct CallTask {
    /// Set when this is a call of a function that is one HTTP call.
    pub function: Option<FunctionLayer>,
    /// The request.
    pub http: HttpCall,
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
    pub authentication: Option<Authentication>,
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

/// `schedule.on`: attributes of a CloudEvent that must match.
#[derive(Debug, Default)]
pub struct EventFilter {
    /// `with`: attribute name to the exact text it must have.
    pub with: Vec<(String, Value)>,
    /// `with.data`: true lets the event pass; seen on the event's data.
    pub data: Option<Expression>,
}
