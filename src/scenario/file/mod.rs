//! What a scenario file says, once it was read without a mistake.

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
use crate::machine::{Act, RunId, Time, WorkflowError};
use crate::memory::Memory;
use crate::sandbox::Profile;
use crate::sandbox::faults::Fault as SandboxFault;

/// A file of scenarios: `closed-won.scenarios.yaml`.
#[derive(Debug)]
pub struct ScenarioFile {
    /// Its name as given.
    pub file: String,
    /// The definition that it is about, beside it.
    pub definition: String,
    /// In the order of the file.
    pub scenarios: Vec<Scenario>,
    /// What must hold however a run goes.
    pub invariants: Vec<Invariant>,
}

/// One run and what is expected of it.
#[derive(Debug)]
pub struct Scenario {
    /// Unique in its file.
    pub name: String,
    /// Its line in the file.
    pub line: u32,
    /// Its run's id: keys and delays come from it.
    pub run: RunId,
    /// What the run is given.
    pub input: Value,
    /// The profiles of the sandbox that it is for; empty is all.
    pub profiles: Vec<&'static Profile>,
    /// When it begins.
    pub now: Time,
    /// The sandbox CRM and ERP, where the scenario uses them.
    pub sandbox: Option<SandboxSetup>,
    /// Operations of the hub's memory before the run begins.
    pub memory: Vec<Remembered>,
    /// Answers by step or request, in the order of the file.
    pub calls: Vec<(CallPattern, Vec<MockAnswer>)>,
    /// What people do, in order.
    pub acts: Vec<PlannedAct>,
    /// Events that come, in order.
    pub events: Vec<PlannedEvent>,
    /// How runs go that the workflow starts, by step.
    pub runs: Vec<(String, Vec<PlayedRun>)>,
    /// What must come of it.
    pub expect: Expect,
}

impl Scenario {
    /// Whether it is for a profile.
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
    /// So long after the run began; without it, once the run waits for events and nothing else is under way.
    pub after: Option<Duration>,
}

/// How a run goes that the workflow starts.
#[derive(Debug, Clone)]
pub struct PlayedRun {
    /// Its end.
    pub end: RunEnd,
    /// So long after it began.
    pub after: Duration,
}

/// How such a run ends.
#[derive(Debug, Clone)]
pub enum RunEnd {
    /// Well.
    Completed {
        /// Its output.
        output: Value,
        /// Whether it did something that it knows how to undo.
        undoable: bool,
    },
    /// It was undone.
    Compensated(Option<WorkflowError>),
    /// It failed.
    Faulted(Option<WorkflowError>),
    /// A person ended it.
    Cancelled,
    /// It cannot start.
    Refused(Option<WorkflowError>),
}

/// What a person does to the run.
#[derive(Debug, Clone)]
pub struct PlannedAct {
    /// As at the API.
    pub act: Act,
    /// So long after the run began; without it, once the run asks for a person.
    pub after: Option<Duration>,
}

/// An operation of the hub's memory before the run begins.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// `links/judge`
    pub path: String,
    /// What it is given.
    pub body: Value,
    /// Where that stands in the file.
    pub position: Position,
}

impl Remembered {
    /// Finds what its operation does not take, where these mappings call their sides so.
    #[must_use]
    pub fn mistake(&self, file: &str, sides: &BTreeMap<String, Arc<Sides>>) -> Option<Mistake> {
        let memory = Memory::of(&Arc::default(), sides.clone());
        let refusal = memory.parse(&self.path, self.body.to_string().as_bytes()).err()?;
        Some(at(file, self.position, refusal.detail))
    }
}

/// What the sandbox is like before the run begins.
#[derive(Debug, Default)]
pub struct SandboxSetup {
    /// Requests that bring it there.
    pub before: Vec<SandboxRequest>,
    /// Settings of the sandbox, as `POST /settings` takes them.
    pub settings: Option<Value>,
    /// Faults in force from then on.
    pub faults: Vec<SandboxFault>,
}

/// A request to the sandbox.
#[derive(Debug)]
pub struct SandboxRequest {
    /// Upper case.
    pub method: http::Method,
    /// From `/crm/` or `/erp/` on.
    pub path: String,
    /// JSON.
    pub body: Option<Value>,
}

/// Which calls answers are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallPattern {
    /// Of a step, as `rehearsal::step::name` names it.
    Step(String),
    /// Of a method and a URI; `*` in it stands for any characters.
    Request {
        /// Upper case.
        method: String,
        /// As in the definition: `connection://erp/orders/*`.
        uri: String,
    },
}

/// How a mocked target answers one call.
#[derive(Debug, Clone)]
pub struct MockAnswer {
    /// Which calls it answers: a predicate over the call as `.calls` of an outcome shows it. Without one it answers all.
    pub when: Option<Expression>,
    /// What comes back.
    pub reply: MockReply,
    /// After how long.
    pub delay: Duration,
    /// How many calls it answers. The last answer that a call fits answers all further ones too.
    pub times: u32,
}

/// What comes back from a mocked target.
#[derive(Debug, Clone)]
pub enum MockReply {
    /// An answer.
    Answer {
        /// HTTP status.
        status: http::StatusCode,
        /// Names and values.
        headers: http::HeaderMap,
        /// JSON, or text where it is a text and the content type says so.
        body: Value,
    },
    /// The connection is reset before the target acts.
    Reset,
    /// The target acts, and the connection is reset before its answer comes.
    LostReply,
    /// Nothing comes until the connection's timeout.
    Timeout,
}

/// What must come of a scenario. What is absent is not looked at.
#[derive(Debug, Default)]
pub struct Expect {
    /// A status of runs, or `refused` for input that the workflow does not take.
    pub status: Option<String>,
    /// Why it needs attention.
    pub attention: Option<String>,
    /// The run's output: equal, with `${ }` as predicates.
    pub output: Option<Template>,
    /// The error that stopped it: the fields that are named.
    pub error: Option<Template>,
    /// Steps in the order in which they were sent.
    pub calls: Option<Vec<String>>,
    /// `KIND` or `KIND STEP` of records that come in this order, others between them.
    pub journal: Vec<String>,
    /// Predicates over the whole outcome, as those of invariants.
    pub holds: Vec<Expression>,
    /// Statuses that a run may end in when something goes wrong, by the kind of what does; `same` is the status and output
    /// that it has when nothing does.
    pub under_faults: BTreeMap<FaultKind, Vec<String>>,
}

/// Kinds of faults that a scenario says something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// A node dies, before or after the target acted.
    Crash,
    /// One refusal for now.
    Transient,
    /// The target acted and nobody heard of it.
    LostReply,
    /// A refusal for good.
    Permanent,
    /// Refusals for now without an end.
    Outage,
}

impl FaultKind {
    /// All with their names in files.
    pub const NAMES: [(&str, Self); 5] = [
        ("crash", Self::Crash),
        ("transient", Self::Transient),
        ("lostReply", Self::LostReply),
        ("permanent", Self::Permanent),
        ("outage", Self::Outage),
    ];
}

/// What must hold however a run goes.
#[derive(Debug)]
pub struct Invariant {
    /// A sentence.
    pub name: String,
    /// True for outcomes that are sound.
    pub holds: Expression,
    /// Whether it must hold after each change at a target, or only at the end.
    pub always: bool,
}
