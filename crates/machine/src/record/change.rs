//! What a record says: each thing that can happen to a run, in the past tense.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Attention, Beginning, CallRequest, ChildOutcome, ExecutionId, FaultClass, Opening, Parent, ResponseSummary,
    TargetEffect, Time, WorkflowError, stored,
};

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
    RunContinued(Box<crate::Continuation>),
    /// The run moved to another version of its workflow: its journal was replayed there, and what came of that stands here. Folding
    /// begins with this record.
    #[serde(rename = "run.moved")]
    RunMoved(Box<crate::Moved>),
    /// A person started a run again: this record stands in the journals of both runs.
    #[serde(rename = "run.restarted")]
    RunRestarted {
        /// In the new run: the ended one whose work it does again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<crate::RunId>,
        /// In the ended run: the new one.
        #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
        successor: Option<crate::RunId>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A person lets the run continue from an earlier step: what must be undone is undone first.
    #[serde(rename = "run.rewinding")]
    RunRewinding(Box<crate::Rewinding>),
    /// The run stands at the earlier step.
    #[serde(rename = "run.rewound")]
    RunRewound {},
    /// It is the run's turn. Its `timeout` counts from now.
    #[serde(rename = "run.admitted")]
    RunAdmitted {},
    /// A task began that does not end at once. For a call: attempt 1 is about to be sent.
    #[serde(rename = "task.started", with = "super::opening")]
    TaskStarted {
        /// Which execution.
        execution: ExecutionId,
        /// Its place in the definition and in time.
        beginning: Beginning,
        /// What it begins with.
        opening: Opening,
        /// When the task's `timeout` strikes.
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
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
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
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
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
        act: crate::Act,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// How long the run stood still, where the act lets it continue. For readers; folding measures it by `at`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paused_ms: Option<u64>,
        /// A person says `compensate` although the point of no return may have been passed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        past_pivot: bool,
        /// Who approved it, where the definition reserves the act for two people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<crate::Actor>,
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
    /// It does not end: it continues from an earlier step.
    Rewound,
}
