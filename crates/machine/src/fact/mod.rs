//! Facts: everything that can happen to a run.

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
    /// The run starts.
    Started(Box<Started>),
    /// A call ended.
    CallEnded {
        /// Execution of the call.
        execution: ExecutionId,
        /// Number of the attempt, from 1.
        attempt: u32,
        /// How it ended.
        outcome: Box<CallOutcome>,
    },
    /// The child run of a task exists.
    ChildStarted {
        /// Id of the child run.
        child: RunId,
    },
    /// The child run of a task cannot start.
    ChildRefused {
        /// Id that the child run would have had.
        child: RunId,
        /// Why it cannot start.
        error: WorkflowError,
    },
    /// A message from another part of Stepwell.
    Message {
        /// The message.
        message: Message,
        /// Who sends it: a source, or another run.
        actor: Actor,
    },
    /// A timer may be due: everything due at `now` fires.
    TimerDue,
    /// Continue with pure work.
    Continue,
    /// Another node owned the run before: calls it had started have an unknown outcome.
    TakenOver,
    /// The run crashed its nodes repeatedly, or cannot be recorded: park it.
    Poisoned {
        /// Why, for people.
        detail: String,
    },
    /// A person or a program acts on the run.
    Operator {
        /// The act.
        act: Act,
        /// Who acts.
        actor: Actor,
        /// The reason given, if any.
        reason: Option<String>,
        /// Approval of a second person.
        approval: Option<Approval>,
    },
}

/// A message to a run from another part of Stepwell. Stored until the run has handled it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// An event that a `listen` waits for.
    Event {
        /// Execution of the `listen`.
        execution: ExecutionId,
        /// Numbers of the filters that the event matches: the first that still needs an event takes it.
        filters: Vec<u16>,
        /// The CloudEvent as JSON.
        event: Arc<Value>,
    },
    /// A child run has closed.
    ChildEnded {
        /// Id of the child run.
        child: RunId,
        /// How it closed.
        outcome: ChildOutcome,
    },
    /// The run's turn among the runs with its key has come.
    Turn {},
    /// The parent run no longer needs this one.
    Stop {
        /// Whether to undo completed steps first.
        undo: bool,
    },
    /// A child run has faulted with an error that it did not catch.
    ChildFaulted {
        /// Id of the child run.
        child: RunId,
        /// The error.
        error: WorkflowError,
        /// Number of the record that reports it.
        fault: u32,
    },
    /// The run is closed, and another one does its work again.
    Restarted {
        /// Id of the new run.
        run: RunId,
        /// The reason given, if any.
        reason: Option<String>,
    },
    /// An ancestor catches the error that this record reported: if the run is still open, it closes as faulted and
    /// needs no attention.
    FaultCaught {
        /// Number of the record.
        fault: u32,
    },
}

/// How a child run closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildOutcome {
    /// It completed.
    Completed {
        /// Output of the child run.
        output: Arc<Value>,
        /// Whether it has steps that can be undone.
        undoable: bool,
    },
    /// All its steps were undone.
    Compensated {
        /// The error that led to it.
        error: Option<WorkflowError>,
    },
    /// A person cancelled it.
    Cancelled,
    /// It faulted, and a person dismissed it.
    Faulted {
        /// The error.
        error: Option<WorkflowError>,
    },
}

/// The run and task that started another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Id of the parent run.
    pub run: RunId,
    /// Execution of its `run` task.
    pub execution: ExecutionId,
    /// Whether the task waits for the child to close.
    pub awaits: bool,
    /// Number of ancestors, including the parent.
    pub depth: u32,
}

/// How a run starts.
#[derive(Debug, Clone)]
pub struct Started {
    /// The raw input.
    pub input: Arc<Value>,
    /// The run that started it.
    pub parent: Option<Parent>,
    /// The event that started it, if any.
    pub event: Option<uuid::Uuid>,
    /// Who or what started it.
    pub actor: Actor,
    /// Environment of the systems that its calls reach, such as `sandbox` or `production`.
    pub environment: Option<String>,
    /// Whether its first steps are decided at once.
    pub begin: Begin,
    /// Set if it must not begin yet: it is suspended until someone resumes it.
    pub hold: Option<Hold>,
    /// The closed run whose work it does again.
    pub restarts: Option<Restarts>,
}

/// Marks a run as a restart of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restarts {
    /// Id of the closed run.
    pub run: RunId,
    /// The reason given, if any.
    pub reason: Option<String>,
}

/// A freeze that holds a new run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Id of the freeze.
    pub freeze: uuid::Uuid,
    /// Who began the freeze.
    pub actor: Actor,
    /// The reason, as the run shows it.
    pub reason: String,
}

/// When a new run executes its first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// In the same decision: the accepting node drives it.
    Now,
    /// Once a node claims it.
    Later,
}

/// Adds a duration to a time, for tests and the simulator. Saturates at the latest time.
#[must_use]
pub fn time_after(now: Time, duration: Duration) -> Time {
    chrono::Duration::from_std(duration).ok().and_then(|d| now.checked_add_signed(d)).unwrap_or(Time::MAX_UTC)
}
