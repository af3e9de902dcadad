//! The contents of a scenario file.

pub(super) mod around;
pub(super) mod expectation;
pub(super) mod read;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::dsl::mapping::Sides;
use crate::dsl::mistake::at;
use crate::dsl::{Mistake, Position};
use crate::expr::{Expression, Template};
use crate::machine::{Act, Actor, RunId, Time, WorkflowError};
use crate::memory::Memory;
use crate::sandbox::Profile;
use crate::sandbox::faults::Fault as SandboxFault;

/// A file of scenarios: `closed-won.scenarios.yaml`.
#[derive(Debug)]
pub struct ScenarioFile {
    /// File name as given.
    pub file: String,
    /// File name of the definition under test, in the same folder.
    pub definition: String,
    /// Scenarios in file order.
    pub scenarios: Vec<Scenario>,
    /// Invariants that every run must satisfy.
    pub invariants: Vec<Invariant>,
}

/// A run and the expected result.
#[derive(Debug)]
pub struct Scenario {
    /// Name, unique in its file.
    pub name: String,
    /// Line in the file.
    pub line: u32,
    /// Run id, from which idempotency keys and random delays are derived.
    pub run: RunId,
    /// Input of the run.
    pub input: Value,
    /// Sandbox profiles that the scenario applies to; empty: all.
    pub profiles: Vec<&'static Profile>,
    /// When the run begins.
    pub now: Time,
    /// Setup of the sandbox CRM and ERP, if the scenario uses them.
    pub sandbox: Option<SandboxSetup>,
    /// Operations on the hub's memory before the run begins.
    pub memory: Vec<Remembered>,
    /// Mocked answers by step or request, in file order.
    pub calls: Vec<(CallPattern, Vec<MockAnswer>)>,
    /// Acts of people, in order.
    pub acts: Vec<PlannedAct>,
    /// Events from outside, in order.
    pub events: Vec<PlannedEvent>,
    /// People's answers to tasks, in order.
    pub tasks: Vec<PlannedTask>,
    /// How runs started by the workflow end, by step.
    pub runs: Vec<(String, Vec<PlayedRun>)>,
    /// The expected result.
    pub expect: Expect,
}

impl Scenario {
    /// Whether the scenario applies to a profile.
    #[must_use]
    pub fn is_for(&self, profile: &Profile) -> bool {
        self.profiles.is_empty() || self.profiles.iter().any(|wanted| wanted.name == profile.name)
    }
}

/// An event from outside.
#[derive(Debug, Clone)]
pub struct PlannedEvent {
    /// The whole CloudEvent.
    pub event: Arc<Value>,
    /// Time after the start of the run. `None`: once the run waits for events and nothing else is in flight.
    pub after: Option<Duration>,
}

/// A person's answer to a task.
#[derive(Debug, Clone)]
pub struct PlannedTask {
    /// Step of the task; `None`: the step that is waiting.
    pub step: Option<String>,
    /// The answer.
    pub answer: Value,
    /// Person who answers.
    pub by: Actor,
    /// Reason given.
    pub reason: Option<String>,
    /// Time after the start of the run. `None`: once the run waits for the answer and nothing else is in flight.
    pub after: Option<Duration>,
}

/// How a run started by the workflow goes.
#[derive(Debug, Clone)]
pub struct PlayedRun {
    /// How it ends.
    pub end: RunEnd,
    /// Time from the start of that run to its end.
    pub after: Duration,
}

/// How a started run ends.
#[derive(Debug, Clone)]
pub enum RunEnd {
    /// Successfully.
    Completed {
        /// Output of that run.
        output: Value,
        /// Whether it has done something that can be compensated.
        undoable: bool,
    },
    /// It was compensated.
    Compensated(Option<WorkflowError>),
    /// It failed.
    Faulted(Option<WorkflowError>),
    /// A person cancelled it.
    Cancelled,
    /// It could not start.
    Refused(Option<WorkflowError>),
}

/// A person's act on the run.
#[derive(Debug, Clone)]
pub struct PlannedAct {
    /// The act, as in the API.
    pub act: Act,
    /// Time after the start of the run. `None`: once the run needs attention.
    pub after: Option<Duration>,
}

/// An operation on the hub's memory before the run begins.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// Path such as `links/judge`.
    pub path: String,
    /// Input of the operation.
    pub body: Value,
    /// Position in the file.
    pub position: Position,
}

impl Remembered {
    /// Checks the operation's input; `sides` has the side names of the mappings.
    #[must_use]
    pub fn mistake(&self, file: &str, sides: &BTreeMap<String, Arc<Sides>>) -> Option<Mistake> {
        let memory = Memory::of(&Arc::default(), sides.clone());
        let refusal = memory.parse(&self.path, self.body.to_string().as_bytes()).err()?;
        Some(at(file, self.position, refusal.detail))
    }
}

/// State of the sandbox before the run begins.
#[derive(Debug, Default)]
pub struct SandboxSetup {
    /// Requests that create the initial records.
    pub before: Vec<SandboxRequest>,
    /// Settings of the sandbox, as for `POST /settings`.
    pub settings: Option<Value>,
    /// Faults active from the start of the run.
    pub faults: Vec<SandboxFault>,
}

/// A request to the sandbox.
#[derive(Debug)]
pub struct SandboxRequest {
    /// HTTP method, upper case.
    pub method: http::Method,
    /// Path, starting with `/crm/` or `/erp/`.
    pub path: String,
    /// JSON body.
    pub body: Option<Value>,
}

/// Selects the calls that mocked answers apply to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallPattern {
    /// Calls of a step, with its name from `rehearsal::step::name`.
    Step(String),
    /// Calls with this method and URI; `*` matches any characters.
    Request {
        /// HTTP method, upper case.
        method: String,
        /// URI as in the definition: `connection://erp/orders/*`.
        uri: String,
    },
}

/// How a mocked target answers a call.
#[derive(Debug, Clone)]
pub struct MockAnswer {
    /// Predicate over the call, in the form of an outcome's `.calls`; `None` matches every call.
    pub when: Option<Expression>,
    /// The answer.
    pub reply: MockReply,
    /// Time until the answer.
    pub delay: Duration,
    /// How many calls it answers. The last matching answer is also used for all further calls.
    pub times: u32,
}

/// A mocked target's answer.
#[derive(Debug, Clone)]
pub enum MockReply {
    /// An HTTP answer.
    Answer {
        /// HTTP status.
        status: http::StatusCode,
        /// Header names and values.
        headers: http::HeaderMap,
        /// JSON, or text if it is a string and the content type is not JSON.
        body: Value,
    },
    /// The connection is reset before the target acts.
    Reset,
    /// The target acts, then the connection is reset before its answer arrives.
    LostReply,
    /// Nothing arrives until the connection's timeout.
    Timeout,
}

/// The expected result. Absent fields are not checked.
#[derive(Debug, Default)]
pub struct Expect {
    /// Status of the run, or `refused` for input that the workflow does not accept.
    pub status: Option<String>,
    /// Why the run needs attention.
    pub attention: Option<String>,
    /// Output of the run; each `${ }` is a predicate.
    pub output: Option<Template>,
    /// Error that stopped the run; only the given fields are compared.
    pub error: Option<Template>,
    /// Steps in the order of their calls.
    pub calls: Option<Vec<String>>,
    /// Journal records, `KIND` or `KIND STEP`, in order; others may be in between.
    pub journal: Vec<String>,
    /// Predicates over the whole outcome, like invariants.
    pub holds: Vec<Expression>,
    /// By kind of fault: statuses in which a run may end under it. `same` means the status and output without faults.
    pub under_faults: BTreeMap<FaultKind, Vec<String>>,
}

/// Kinds of faults for which a scenario states an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// A node dies, before or after the target acts.
    Crash,
    /// A single temporary refusal.
    Transient,
    /// The target acts, but the answer is lost.
    LostReply,
    /// A permanent refusal.
    Permanent,
    /// Temporary refusals that never end.
    Outage,
}

impl FaultKind {
    /// All kinds with their names in files.
    pub const NAMES: [(&str, Self); 5] = [
        ("crash", Self::Crash),
        ("transient", Self::Transient),
        ("lostReply", Self::LostReply),
        ("permanent", Self::Permanent),
        ("outage", Self::Outage),
    ];
}

/// A condition that every run must satisfy.
#[derive(Debug)]
pub struct Invariant {
    /// Name: a sentence.
    pub name: String,
    /// True for valid outcomes.
    pub holds: Expression,
    /// Whether it must hold after each change at a target, or only at the end.
    pub always: bool,
}
