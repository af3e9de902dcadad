//! What can happen to a run: everything that enters the machine.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ExecutionId, RunId, Time, WorkflowError, stored};
use stepwell_language::dsl::{ActRule, Definition};

/// Something that happened. [`super::decide()`] turns it into records and effects, or rejects it.
#[derive(Debug, Clone)]
pub enum Fact {
    /// The run begins.
    Started(Box<Started>),
    /// A call ended, one way or the other.
    CallEnded {
        /// Whose call.
        execution: ExecutionId,
        /// Which attempt.
        attempt: u32,
        /// How it ended.
        outcome: Box<CallOutcome>,
    },
    /// The child run of a task exists now.
    ChildStarted {
        /// The run.
        child: RunId,
    },
    /// The child run of a task cannot start.
    ChildRefused {
        /// Which run it would have been.
        child: RunId,
        /// Why.
        error: WorkflowError,
    },
    /// Another part of Stepwell tells the run something.
    Message {
        /// What.
        message: Message,
        /// Who: a source, or another run.
        actor: Actor,
    },
    /// The time has come to look at timers: whatever is due at `now` fires.
    TimerDue,
    /// Go on with pure work.
    Continue,
    /// Another node owned the run before: calls that it had begun have an unknown outcome.
    TakenOver,
    /// The run crashed its nodes repeatedly, or cannot be recorded: park it.
    Poisoned {
        /// Why, for a person.
        detail: String,
    },
    /// A person or a program acts on the run.
    Operator {
        /// What to do.
        act: Act,
        /// Who.
        actor: Actor,
        /// Why.
        reason: Option<String>,
        /// Who else said so.
        approval: Option<Approval>,
    },
}

/// What other parts of Stepwell tell a run. Stored until the run has taken it in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// An event that a `listen` waits for.
    Event {
        /// The `listen`.
        execution: ExecutionId,
        /// Which of its filters the event fits: the first that still wants it takes it.
        filters: Vec<u16>,
        /// The whole CloudEvent as JSON.
        event: Arc<Value>,
    },
    /// A child run has ended.
    ChildEnded {
        /// The run.
        child: RunId,
        /// How.
        outcome: ChildOutcome,
    },
    /// No run with the same key comes before this one any more.
    Turn {},
    /// The parent run no longer wants this one.
    Stop {
        /// Whether to undo first what was done.
        undo: bool,
    },
    /// A child run has stopped at a fault that nothing in it caught.
    ChildFaulted {
        /// The run.
        child: RunId,
        /// The fault.
        error: WorkflowError,
        /// The record that reports it.
        fault: u32,
    },
    /// A run above catches the fault that this record reported: if the run is still there, it ends as faulted without needing
    /// attention.
    FaultCaught {
        /// Which record.
        fault: u32,
    },
}

/// How a child run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildOutcome {
    /// Well.
    Completed {
        /// Its output.
        output: Arc<Value>,
        /// Whether it has done something that it knows how to undo.
        undoable: bool,
    },
    /// Everything was undone.
    Compensated {
        /// What led to it.
        error: Option<WorkflowError>,
    },
    /// By a person.
    Cancelled,
    /// By a fault that a person dismissed.
    Faulted {
        /// Which.
        error: Option<WorkflowError>,
    },
}

/// The run, and the task in it, that started another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The run.
    pub run: RunId,
    /// The execution of its `run` task.
    pub execution: ExecutionId,
    /// Whether it waits for the end.
    pub awaits: bool,
    /// Generations above, itself included.
    pub depth: u32,
}

/// How a run begins.
#[derive(Debug, Clone)]
pub struct Started {
    /// The raw input.
    pub input: Arc<Value>,
    /// The run that started it.
    pub parent: Option<Parent>,
    /// The accepted event that caused it.
    pub event: Option<uuid::Uuid>,
    /// Who or what started it.
    pub actor: Actor,
    /// Which systems its calls reach: `sandbox`, `production`.
    pub environment: Option<String>,
    /// Whether its first steps are decided at once.
    pub begin: Begin,
    /// Set when it may not begin yet: it is suspended until someone lets it continue.
    pub hold: Option<Hold>,
}

/// A freeze that a new run meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Which one.
    pub freeze: uuid::Uuid,
    /// Who froze.
    pub actor: Actor,
    /// Why, as the run shows it.
    pub reason: String,
}

/// When a new run begins with its first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// In the same decision: the node that accepted it drives it.
    Now,
    /// When a node claims it.
    Later,
}

/// Who caused a record: a node, a person, an API token or a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(pub String);

impl Actor {
    /// The engine itself.
    #[must_use]
    pub fn engine() -> Self {
        Self("engine".to_owned())
    }

    /// Whether it is a person with a row in `users`, signed in or by a token of theirs. A token of a program, or anyone who can
    /// open the database, proves nobody's name.
    #[must_use]
    pub fn is_user(&self) -> bool {
        self.0.starts_with("user:")
    }

    /// The end of a freeze, as what lets the runs go on that it held back.
    #[must_use]
    pub fn freeze(id: uuid::Uuid) -> Self {
        Self(format!("{FREEZE}{id}"))
    }

    fn is_freeze(&self) -> bool {
        self.0.starts_with(FREEZE)
    }
}

/// No name of a caller begins with it.
const FREEZE: &str = "freeze:";

/// The second person's part in an act that one person may not do alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who approved it.
    pub by: Actor,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The step where the run stood still for a person when the act was proposed, with its execution: where it stands elsewhere
    /// now, nothing happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

impl Approval {
    /// The end of a freeze. It lets go on only what the freeze held back.
    #[must_use]
    pub fn of_freeze(id: uuid::Uuid) -> Self {
        Self { by: Actor::freeze(id), reason: None, step: None }
    }

    /// Why it does not make an act one of two people, if it does not.
    pub(super) fn flaw(&self, act: &Act, proposer: &Actor) -> Option<&'static str> {
        match act {
            Act::Resume if self.by.is_freeze() => None,
            _ if self.by == *proposer => Some("the user who proposes it cannot approve it"),
            _ if !self.by.is_user() => Some("only a user can approve it"),
            _ => None,
        }
    }
}

/// What an operator can do to a run (CONTRACT.md, `POST /api/v1/runs/{id}/{act}`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// From the failed step.
    Retry {
        /// Replaces what the step is given.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        input: Option<Value>,
        /// The step that is meant, by its reference, with `#` and its execution where it has several: where the run stands at
        /// another one, nothing happens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
    },
    /// Pass over the failed step.
    Skip {
        /// Stands in for its output.
        #[serde(default)]
        output: Value,
        /// As of [`Self::Retry`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
    },
    /// End the run once no call is in progress.
    Cancel {
        /// Whether to undo what was done first.
        compensate: CancelMode,
    },
    /// Undo what was done.
    Compensate,
    /// Begin no new step.
    Suspend,
    /// Go on after `Suspend`.
    Resume,
    /// Attention is no longer needed; a faulted run stays faulted.
    Dismiss,
    /// Go on under another version of the workflow.
    Move {
        /// Which.
        to: String,
    },
}

impl Act {
    /// Its name in paths, journal kinds and buttons.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::Skip { .. } => "skip",
            Self::Cancel { .. } => "cancel",
            Self::Compensate => "compensate",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Dismiss => "dismiss",
            Self::Move { .. } => "move",
        }
    }

    /// Whether it gives a step another value than its own: a retry with an input, a skip with an output.
    #[must_use]
    pub fn edits(&self) -> bool {
        match self {
            Self::Retry { input, .. } => input.is_some(),
            Self::Skip { output, .. } => !output.is_null(),
            _ => false,
        }
    }

    /// The rule of a definition that reserves it for two people, if one does.
    #[must_use]
    pub fn reserved_by(&self, definition: &Definition) -> Option<ActRule> {
        let own = match self {
            Self::Retry { .. } => ActRule::Retry,
            Self::Skip { .. } => ActRule::Skip,
            Self::Cancel { .. } => ActRule::Cancel,
            Self::Compensate => ActRule::Compensate,
            Self::Suspend => ActRule::Suspend,
            Self::Resume => ActRule::Resume,
            Self::Dismiss => ActRule::Dismiss,
            Self::Move { .. } => ActRule::Move,
        };
        let reserved = &definition.metadata.two_people;
        let edit = Some(ActRule::Edit).filter(|_| self.edits());
        Some(own).into_iter().chain(edit).find(|rule| reserved.contains(rule))
    }

    /// The step that it names, where it can name one.
    pub(super) fn step(&self) -> Option<&str> {
        match self {
            Self::Retry { step, .. } | Self::Skip { step, .. } => step.as_deref(),
            _ => None,
        }
    }
}

/// `cancel`'s `compensate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelMode {
    /// Leave what was done.
    Abandon,
    /// Undo it, then end as cancelled.
    Compensate,
}

/// How one attempt of a call ended.
#[derive(Debug, Clone)]
pub enum CallOutcome {
    /// A success in the sense of the call's `redirect` rule and the connection's rules.
    Succeeded {
        /// The task's raw output, in the shape that the request's `output` asked for.
        output: Arc<Value>,
        /// For the journal.
        response: ResponseSummary,
    },
    /// Anything else.
    Failed(CallFailure),
}

/// What came back, for journal and dashboard. Secrets are masked already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResponseSummary {
    /// The URL that was really called.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// Selected, masked headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body where it is not the output itself.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub body: Option<Value>,
    /// How the body was read, where it is not what was sent: its encoding, and what was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// From send to last byte.
    pub duration_ms: u64,
}

/// Why an attempt failed, and what the connection says about trying again.
#[derive(Debug, Clone)]
pub struct CallFailure {
    /// As the workflow would see it.
    pub error: WorkflowError,
    /// What kind of fault it is.
    pub class: FaultClass,
    /// Whether the target may have acted.
    pub effect: TargetEffect,
    /// How long from now the target may still act, where that is unknown.
    pub settles_after: Duration,
    /// What came back, if anything did.
    pub response: Option<ResponseSummary>,
    /// The connection's policy.
    pub retry: CallRetry,
    /// `Retry-After`, or when the throttle ends.
    pub retry_after: Option<Duration>,
}

/// The class of a fault, from the connection's ordered rules over status and body (DESIGN.md, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultClass {
    /// Likely to pass: retried by the connection's policy.
    Transient,
    /// Refused until a later time: waits for it without using up retries.
    Throttled,
    /// The credentials were refused, after one renewal.
    Credentials,
    /// The record is there already.
    Duplicate,
    /// Trying again changes nothing.
    Permanent,
    /// Only a person can decide.
    Person,
}

impl FaultClass {
    /// As it is written in journals and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Throttled => "throttled",
            Self::Credentials => "credentials",
            Self::Duplicate => "duplicate",
            Self::Permanent => "permanent",
            Self::Person => "person",
        }
    }
}

/// Whether the target may have acted on a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetEffect {
    /// Nothing was sent, or the target refused it.
    None,
    /// It did; only its answer is of no use.
    Acted,
    /// It may have: timeout, reset, partial answer, 5xx.
    Unknown,
}

/// A connection's own retries, before a fault reaches the workflow. Full jitter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRetry {
    /// Attempts in all, the first included.
    pub attempts_max: u32,
    /// First delay.
    pub delay: Duration,
    /// The longest delay.
    pub delay_max: Duration,
    /// Growth.
    pub multiplier: f64,
    /// From the first failure; none after it.
    pub duration_max: Duration,
}

impl Default for CallRetry {
    fn default() -> Self {
        Self {
            attempts_max: 8,
            delay: Duration::from_millis(500),
            delay_max: Duration::from_mins(1),
            multiplier: 2.0,
            duration_max: Duration::from_hours(1),
        }
    }
}

/// Why a fact does not match the run's state. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The answer of an attempt that no longer counts.
    #[error("the answer of attempt {attempt} of execution {execution} arrived too late")]
    Stale {
        /// Whose call.
        execution: ExecutionId,
        /// Which attempt.
        attempt: u32,
    },
    /// An event, or the end of a child, that nothing in the run waits for any more.
    #[error("the run is not waiting for this {0}")]
    NotAwaited(&'static str),
    /// The run has ended.
    #[error("the run is {0} and accepts nothing more")]
    Closed(super::Status),
    /// The act does not match the state.
    #[error("cannot {act} a run that is {status}: {why}")]
    Forbidden {
        /// The act's name.
        act: &'static str,
        /// The run's status.
        status: super::Status,
        /// What would have to be so.
        why: &'static str,
    },
    /// The act names a step, and the run stands at another one.
    #[error("cannot {act} {meant}: the run is at {}", if at.is_empty() { "no step" } else { at })]
    StandsElsewhere {
        /// The act's name.
        act: &'static str,
        /// The step that was meant.
        meant: String,
        /// Where the run stands; empty if no step is open.
        at: String,
    },
    /// The run's definition reserves the act for two people.
    #[error("cannot {act} this run alone: its workflow says `acts: {{ {rule}: two }}`, and {why}")]
    NeedsSecond {
        /// The act's name.
        act: &'static str,
        /// The rule that reserves it.
        rule: &'static str,
        /// What is missing.
        why: &'static str,
    },
    /// The run cannot move: it does not fit its new version.
    #[error("{0}")]
    DoesNotFit(Box<super::Misfit>),
    /// The run has started already.
    #[error("the run has started already")]
    AlreadyStarted,
    /// Input that the workflow's schema refuses.
    #[error("the workflow's input schema refuses the input")]
    InputRefused(Vec<SchemaViolation>),
    /// The key cannot be computed.
    #[error("{0}")]
    KeyRefused(String),
}

/// One place where a value breaks a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaViolation {
    /// JSON pointer into the value.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

/// Used by tests and the simulator to say "now".
#[must_use]
pub fn time_after(now: Time, duration: Duration) -> Time {
    chrono::Duration::from_std(duration).ok().and_then(|d| now.checked_add_signed(d)).unwrap_or(Time::MAX_UTC)
}
