//! Records: the journal's rows. A run is exactly what its records, applied in order, make of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Actor, CallRequest, ChildOutcome, ChildRequest, ExecutionId, FaultClass, Listening, Parent, ResponseSummary,
    TargetEffect, Time, WorkflowError, stored,
};

/// One row of a run's journal. `seq` is its place, from 1.
#[derive(Debug, Clone)]
pub struct Record {
    /// Database time.
    pub at: Time,
    /// Who caused it.
    pub actor: Actor,
    /// Reference of the task that it is about.
    pub task: Option<Arc<str>>,
    /// Attempt that it is about, from 1.
    pub attempt: Option<u32>,
    /// What happened.
    pub change: Change,
    /// What was replaced in the values of the change, since it cannot be kept. The run does not depend on it.
    pub note: Option<String>,
}

impl Record {
    /// A change that follows from others, about no task in particular.
    #[must_use]
    pub fn of_engine(at: Time, change: Change) -> Self {
        Self { at, actor: Actor::engine(), task: None, attempt: None, change, note: None }
    }
}

/// Status of a run (DESIGN.md, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Accepted, not begun.
    Pending,
    /// A node drives it.
    Running,
    /// Waits for a timer, a retry or an event.
    Waiting,
    /// A person said `suspend`.
    Suspended,
    /// Being undone.
    Compensating,
    /// Ended well.
    Completed,
    /// Ended, undone after a fault.
    Compensated,
    /// Ended by a person.
    Cancelled,
    /// Stopped by a fault.
    Faulted,
}

impl Status {
    /// As in API and database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Suspended => "suspended",
            Self::Compensating => "compensating",
            Self::Completed => "completed",
            Self::Compensated => "compensated",
            Self::Cancelled => "cancelled",
            Self::Faulted => "faulted",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = UnknownName;

    fn from_str(s: &str) -> Result<Self, UnknownName> {
        let known = [
            Self::Pending,
            Self::Running,
            Self::Waiting,
            Self::Suspended,
            Self::Compensating,
            Self::Completed,
            Self::Compensated,
            Self::Cancelled,
            Self::Faulted,
        ];
        let found = known.into_iter().find(|status| status.as_str() == s);
        found.ok_or_else(|| UnknownName::of(s, &known.map(Self::as_str)))
    }
}

/// A text that is none of the known names.
#[derive(Debug, thiserror::Error)]
#[error("{name:?} is not one of {known}")]
pub struct UnknownName {
    name: String,
    known: String,
}

impl UnknownName {
    /// What was given instead of one of the known names.
    #[must_use]
    pub fn of(name: &str, known: &[&str]) -> Self {
        Self { name: name.to_owned(), known: known.join(", ") }
    }
}

/// Why a person is needed. The dead-letter queue is the runs that have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// A fault that nothing caught.
    Faulted,
    /// An undo failed for good.
    CompensationStuck,
    /// The run crashed its nodes repeatedly, or cannot be recorded.
    Poison,
    /// Whether the target acted cannot be known, and it must not be asked twice.
    UnknownOutcome,
}

impl Attention {
    /// As in API and database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Faulted => "faulted",
            Self::CompensationStuck => "compensation_stuck",
            Self::Poison => "poison",
            Self::UnknownOutcome => "unknown_outcome",
        }
    }
}

/// Identity of a task's execution (PROFILE.md): with the reference, unique in a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Coordinates {
    /// How often the task was entered before, by backward `then`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub visit: u32,
    /// Loop indices, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub iteration: Vec<u32>,
    /// Re-runs by `catch.retry` of the nearest `try`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub round: u32,
}

impl Coordinates {
    /// First visit, outside of loops, first round.
    #[must_use]
    pub fn is_first(&self) -> bool {
        *self == Self::default()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(b: &bool) -> bool {
    !*b
}

/// The beginning of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Beginning {
    /// The composite that it runs in; none at the top and for an undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ExecutionId>,
    /// Which one of its kind it is.
    #[serde(default, skip_serializing_if = "Coordinates::is_first")]
    pub coordinates: Coordinates,
    /// What the execution is for.
    #[serde(default, skip_serializing_if = "Role::is_step")]
    pub role: Role,
    /// Transformed input where `input.from` made it differ from the raw one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub input: Option<Arc<Value>>,
}

/// What an execution is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A step of the workflow.
    #[default]
    Step,
    /// Undoes the execution named.
    Undo(ExecutionId),
    /// Asks the outcome of the execution named.
    Reconcile(ExecutionId),
}

impl Role {
    fn is_step(&self) -> bool {
        matches!(self, Self::Step)
    }
}

/// What happened, in the past tense. Serialized as the journal's `kind` and `data`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data")]
pub enum Change {
    /// The run began.
    #[serde(rename = "run.started")]
    RunStarted {
        /// Raw input.
        input: Arc<Value>,
        /// Transformed input where `input.from` made it differ.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        transformed: Option<Arc<Value>>,
        /// Business key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// The accepted event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Uuid>,
        /// The run that started it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<Parent>,
        /// When the workflow's `timeout` strikes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Time>,
        /// Which systems its calls reach.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
        /// It waits for its turn among the runs with its key.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        queued: bool,
    },
    /// The run continues as new: all that counts of it stands here, so folding may begin with this record.
    #[serde(rename = "run.continued")]
    RunContinued(Box<super::Continuation>),
    /// The run moved to another version of its workflow: its journal was replayed there, and what came of that stands here. Folding
    /// begins with this record.
    #[serde(rename = "run.moved")]
    RunMoved(Box<super::Moved>),
    /// It is the run's turn. Its `timeout` counts from now.
    #[serde(rename = "run.admitted")]
    RunAdmitted {},
    /// A task began that does not end at once. For a call: attempt 1 is about to be sent.
    #[serde(rename = "task.started")]
    TaskStarted {
        /// Which execution.
        execution: ExecutionId,
        /// Its place in the definition and in time.
        beginning: Beginning,
        /// What a function's body is given.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        arguments: Option<Arc<Value>>,
        /// The request of a call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<Arc<CallRequest>>,
        /// A `wait`'s end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
        /// The items that a `for` goes through.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        items: Option<Arc<Value>>,
        /// What a `listen` waits for, one for each filter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        listening: Option<Arc<Vec<Listening>>>,
        /// The run that a `run` task starts, or that its undo undoes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        child: Option<Arc<ChildRequest>>,
        /// When the task's `timeout` strikes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Time>,
    },
    /// A `for` begins with its next item.
    #[serde(rename = "iteration.started")]
    IterationStarted {
        /// The `for`.
        execution: ExecutionId,
        /// Which item, from 0.
        index: u32,
    },
    /// The tasks of `listen.foreach` are done for an event.
    #[serde(rename = "iteration.completed")]
    IterationCompleted {
        /// The `listen`.
        execution: ExecutionId,
        /// Item of the task's output.
        output: Arc<Value>,
        /// The new context where `foreach.export` changed it.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        context: Option<Arc<Value>>,
    },
    /// An extended task continues to its next part.
    #[serde(rename = "segment.started")]
    SegmentStarted {
        /// The extended task.
        execution: ExecutionId,
        /// Which of its parts, from 0.
        segment: u16,
    },
    /// A `listen` took an event.
    #[serde(rename = "event.consumed")]
    EventConsumed {
        /// The `listen`.
        execution: ExecutionId,
        /// Which of its filters the event fits, from 0; those of `until` come last.
        filter: u16,
        /// The whole CloudEvent.
        event: Arc<Value>,
        /// Values that correlations are bound to from now on.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        bound: BTreeMap<String, Value>,
        /// Whether it waits for no more.
        #[serde(default, skip_serializing_if = "is_false")]
        enough: bool,
    },
    /// The run that a `run` task asked for exists.
    #[serde(rename = "child.started")]
    ChildStarted {
        /// The `run` task.
        execution: ExecutionId,
    },
    /// The run that a `run` task waits for has stopped at a fault, and a person is needed there unless a `try` catches it here.
    #[serde(rename = "child.faulted")]
    ChildFaulted {
        /// The `run` task.
        execution: ExecutionId,
        /// The fault.
        error: WorkflowError,
        /// Which of that run's records reports it.
        fault: u32,
        /// Whether a `try` of this run catches it.
        caught: bool,
    },
    /// The run that a `run` task waits for has ended.
    #[serde(rename = "child.ended")]
    ChildEnded {
        /// The `run` task.
        execution: ExecutionId,
        /// How.
        outcome: ChildOutcome,
    },
    /// A further attempt of a call is about to be sent.
    #[serde(rename = "attempt.started")]
    AttemptStarted {
        /// Which execution.
        execution: ExecutionId,
        /// The request where it differs from the first attempt's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<Arc<CallRequest>>,
    },
    /// An attempt failed. With `retry_at` another follows.
    #[serde(rename = "attempt.failed")]
    AttemptFailed {
        /// Which execution.
        execution: ExecutionId,
        /// As the workflow would see it.
        error: WorkflowError,
        /// What kind of fault.
        class: FaultClass,
        /// Whether the target may have acted.
        effect: TargetEffect,
        /// What came back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response: Option<ResponseSummary>,
        /// When the next attempt is due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Time>,
        /// Until when the target may still act, where that is unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settles_at: Option<Time>,
    },
    /// The run stopped waiting for an attempt that changes something: a timeout of a task or of the run, a race that another branch
    /// won, a fault elsewhere. Whether the target acted, or will, is unknown.
    #[serde(rename = "attempt.abandoned")]
    AttemptAbandoned {
        /// Which execution.
        execution: ExecutionId,
        /// Until when the target may still act.
        settles_at: Time,
    },
    /// An error, or a race that is won, waits for calls beside it whose outcome must be known before they end. Nothing else
    /// inside the task continues.
    #[serde(rename = "task.held")]
    TaskHeld {
        /// The `try` or `fork` around them.
        execution: ExecutionId,
    },
    /// Whether the target acted cannot be known from here, and sending the request again could do harm: it is asked what it did.
    #[serde(rename = "outcome.unknown")]
    OutcomeUnknown {
        /// The call.
        execution: ExecutionId,
        /// What made it unknown.
        error: WorkflowError,
        /// Its class; none in records of versions that sent again at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<FaultClass>,
        /// When the next attempt is due if the target never acted; with a class and without this there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Time>,
    },
    /// A task ended well. `beginning` is there when it began in the same instant (`set`, `switch`).
    #[serde(rename = "task.completed")]
    TaskCompleted {
        /// Which execution.
        execution: ExecutionId,
        /// For tasks without a `task.started`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beginning: Option<Beginning>,
        /// Transformed output.
        output: Arc<Value>,
        /// The new context where `export` changed it.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        context: Option<Arc<Value>>,
        /// A call's response.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response: Option<ResponseSummary>,
        /// The event that an `emit` sent.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        emitted: Option<Arc<Value>>,
        /// Where `switch` went.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
        /// Something inside said `end`: the lists around it are done too.
        #[serde(default, skip_serializing_if = "is_false")]
        ended: bool,
    },
    /// `if` was not true, or an operator skipped it: the output stands in.
    #[serde(rename = "task.skipped")]
    TaskSkipped {
        /// Which execution.
        execution: ExecutionId,
        /// For tasks without a `task.started`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beginning: Option<Beginning>,
        /// Raw input, or what the operator gave.
        output: Arc<Value>,
    },
    /// A task failed before it could start, or ran into its `timeout`. Everything below it ended with it.
    #[serde(rename = "task.faulted")]
    TaskFaulted {
        /// Which execution.
        execution: ExecutionId,
        /// For tasks without a `task.started`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beginning: Option<Beginning>,
        /// What went wrong.
        error: WorkflowError,
        /// What kind of fault; permanent where nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<FaultClass>,
    },
    /// A `try` caught an error. Everything below it ended as faulted.
    #[serde(rename = "error.caught")]
    ErrorCaught {
        /// The `try`.
        execution: ExecutionId,
        /// What it caught.
        error: WorkflowError,
        /// What it does about it.
        then: Caught,
    },
    /// A `try`'s body begins again.
    #[serde(rename = "round.started")]
    RoundStarted {
        /// The `try`.
        execution: ExecutionId,
        /// From 1: how often the body was run before.
        round: u32,
    },
    /// Nothing caught the error: the run stopped at this task, which stays open for a person.
    #[serde(rename = "run.faulted")]
    RunFaulted {
        /// The execution that failed; none when the run's own input or output did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        execution: Option<ExecutionId>,
        /// What went wrong.
        error: WorkflowError,
        /// Why it needs attention.
        attention: Attention,
    },
    /// Nothing caught the error and the run will be undone, once calls of other branches that are on their way have ended.
    #[serde(rename = "run.stopping")]
    RunStopping {
        /// The execution that failed; none when the run's own input or output did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        execution: Option<ExecutionId>,
        /// What went wrong.
        error: WorkflowError,
    },
    /// Undoing began.
    #[serde(rename = "compensation.started")]
    CompensationStarted {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<WorkflowError>,
        /// Executions to undo, in the order in which that happens.
        plan: Vec<ExecutionId>,
        /// How the run ends afterwards.
        end: CompensationEnd,
    },
    /// An undo's `if` was not true, or an operator skipped it.
    #[serde(rename = "compensation.skipped")]
    UndoSkipped {
        /// The execution that is left as it is.
        execution: ExecutionId,
    },
    /// An undo failed for good.
    #[serde(rename = "compensation.stuck")]
    CompensationStuck {
        /// The undoing execution.
        execution: ExecutionId,
        /// What went wrong.
        error: WorkflowError,
    },
    /// The run ended well.
    #[serde(rename = "run.completed")]
    RunCompleted {
        /// The workflow's transformed output.
        output: Arc<Value>,
    },
    /// Everything was undone after a fault.
    #[serde(rename = "run.compensated")]
    RunCompensated {},
    /// The run was cancelled.
    #[serde(rename = "run.cancelled")]
    RunCancelled {},
    /// The run crashed its nodes repeatedly, or cannot be recorded.
    #[serde(rename = "run.poisoned")]
    RunPoisoned {
        /// For a person.
        detail: String,
    },
    /// Another node continued with the run.
    #[serde(rename = "run.taken_over")]
    RunTakenOver {},
    /// A person or program acted on the run.
    #[serde(rename = "operator.acted")]
    OperatorActed {
        /// What.
        #[serde(flatten)]
        act: super::Act,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// How long the run stood still, where the act lets it continue. For readers; folding measures it by `at`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paused_ms: Option<u64>,
        /// A person says `compensate` although the point of no return may have been passed.
        #[serde(default, skip_serializing_if = "is_false")]
        past_pivot: bool,
        /// Who approved it, where the definition reserves the act for two people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<super::Actor>,
        /// Why they did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval_reason: Option<String>,
    },
}

/// What a `try` does about an error it caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caught {
    /// Run the body again at this time.
    Retry(Time),
    /// Run `catch.do`.
    Handle,
    /// Go on after the `try`; its output is its input.
    Pass,
}

/// How a run ends after everything was undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompensationEnd {
    /// After a fault, or `compensate`.
    Compensated,
    /// After `cancel`.
    Cancelled,
}

impl Change {
    /// An act that one may do alone, or that the engine does.
    #[must_use]
    pub fn acted(act: super::Act, reason: Option<String>) -> Self {
        let (approved_by, approval_reason) = (None, None);
        Self::OperatorActed { act, reason, paused_ms: None, past_pivot: false, approved_by, approval_reason }
    }

    /// The journal's `kind`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run.started",
            Self::RunContinued(_) => "run.continued",
            Self::RunMoved(_) => "run.moved",
            Self::RunAdmitted {} => "run.admitted",
            Self::TaskStarted { .. } => "task.started",
            Self::IterationStarted { .. } => "iteration.started",
            Self::IterationCompleted { .. } => "iteration.completed",
            Self::SegmentStarted { .. } => "segment.started",
            Self::EventConsumed { .. } => "event.consumed",
            Self::ChildStarted { .. } => "child.started",
            Self::ChildFaulted { .. } => "child.faulted",
            Self::ChildEnded { .. } => "child.ended",
            Self::AttemptStarted { .. } => "attempt.started",
            Self::AttemptFailed { .. } => "attempt.failed",
            Self::AttemptAbandoned { .. } => "attempt.abandoned",
            Self::TaskHeld { .. } => "task.held",
            Self::OutcomeUnknown { .. } => "outcome.unknown",
            Self::TaskCompleted { .. } => "task.completed",
            Self::TaskSkipped { .. } => "task.skipped",
            Self::TaskFaulted { .. } => "task.faulted",
            Self::ErrorCaught { .. } => "error.caught",
            Self::RoundStarted { .. } => "round.started",
            Self::RunFaulted { .. } => "run.faulted",
            Self::RunStopping { .. } => "run.stopping",
            Self::CompensationStarted { .. } => "compensation.started",
            Self::UndoSkipped { .. } => "compensation.skipped",
            Self::CompensationStuck { .. } => "compensation.stuck",
            Self::RunCompleted { .. } => "run.completed",
            Self::RunCompensated {} => "run.compensated",
            Self::RunCancelled {} => "run.cancelled",
            Self::RunPoisoned { .. } => "run.poisoned",
            Self::RunTakenOver {} => "run.taken_over",
            Self::OperatorActed { .. } => "operator.acted",
        }
    }
}
