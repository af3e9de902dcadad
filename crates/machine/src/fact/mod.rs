//! What can happen to a run: everything that enters the machine.

mod act;
mod call;
mod rejected;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ExecutionId, RunId, Time, WorkflowError};

pub use act::{Act, Actor, Approval, CancelMode};
pub use call::{CallFailure, CallOutcome, CallRetry, FaultClass, ResponseSummary, TargetEffect};
pub use rejected::{Rejected, SchemaViolation};

/// Something that happened. [`crate::decide()`] turns it into records and effects, or rejects it.
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
    /// The run has ended, and another one does its work again.
    Restarted {
        /// That one.
        run: RunId,
        /// Why.
        reason: Option<String>,
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
    /// The ended run whose work it does again.
    pub restarts: Option<Restarts>,
}

/// A run does the work of another one again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restarts {
    /// The run that has ended.
    pub run: RunId,
    /// Why.
    pub reason: Option<String>,
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

/// Used by tests and the simulator to say "now".
#[must_use]
pub fn time_after(now: Time, duration: Duration) -> Time {
    chrono::Duration::from_std(duration).ok().and_then(|d| now.checked_add_signed(d)).unwrap_or(Time::MAX_UTC)
}
