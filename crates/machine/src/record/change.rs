//! What a record says: everything that can happen to a run, in the past tense.

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
    /// The run started.
    #[serde(rename = "run.started")]
    RunStarted {
        /// Raw input.
        input: Arc<Value>,
        /// Transformed input, if `input.from` changed it.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        transformed: Option<Arc<Value>>,
        /// Business key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// The event that started it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Uuid>,
        /// The run that started it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<Parent>,
        /// When the workflow's `timeout` expires.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Time>,
        /// Environment of the systems that its calls reach.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
        /// Whether it waits for its turn among the runs with its key.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        queued: bool,
    },
    /// The run continued as new. The record contains its whole state, so folding may begin here.
    #[serde(rename = "run.continued")]
    RunContinued(Box<crate::Continuation>),
    /// The run moved to another version of its workflow. Its journal was replayed there, and the record contains the
    /// result, so folding begins here.
    #[serde(rename = "run.moved")]
    RunMoved(Box<crate::Moved>),
    /// A person restarted a run. This record is in the journals of both runs.
    #[serde(rename = "run.restarted")]
    RunRestarted {
        /// In the new run: the closed run whose work it does again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<crate::RunId>,
        /// In the closed run: the new run.
        #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
        successor: Option<crate::RunId>,
        /// The reason given, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A person makes the run continue from an earlier step; later steps are undone first.
    #[serde(rename = "run.rewinding")]
    RunRewinding(Box<crate::Rewinding>),
    /// The run is at the earlier step.
    #[serde(rename = "run.rewound")]
    RunRewound {},
    /// The run's turn has come. Its `timeout` counts from now.
    #[serde(rename = "run.admitted")]
    RunAdmitted {},
    /// A task started that does not end at once. For a call: attempt 1 is about to be sent.
    #[serde(rename = "task.started", with = "super::opening")]
    TaskStarted {
        /// The execution.
        execution: ExecutionId,
        /// Its place in the definition and in time.
        beginning: Beginning,
        /// The state that it starts with.
        opening: Opening,
        /// When the task's `timeout` expires.
        deadline: Option<Time>,
    },
    /// A `for` started its next iteration.
    #[serde(rename = "iteration.started")]
    IterationStarted {
        /// Execution of the `for`.
        execution: ExecutionId,
        /// Index of the item, from 0.
        index: u32,
    },
    /// The tasks of `listen.foreach` have completed for an event.
    #[serde(rename = "iteration.completed")]
    IterationCompleted {
        /// Execution of the `listen`.
        execution: ExecutionId,
        /// Item of the task's output.
        output: Arc<Value>,
        /// The new context, if `foreach.export` changed it.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        context: Option<Arc<Value>>,
    },
    /// A task with extensions continues with its next part.
    #[serde(rename = "segment.started")]
    SegmentStarted {
        /// Execution of the task with extensions.
        execution: ExecutionId,
        /// Index of the part, from 0.
        segment: u16,
    },
    /// A `listen` took an event.
    #[serde(rename = "event.consumed")]
    EventConsumed {
        /// Execution of the `listen`.
        execution: ExecutionId,
        /// Number of the matching filter, from 0; those of `until` come last.
        filter: u16,
        /// The CloudEvent as JSON.
        event: Arc<Value>,
        /// Values that correlations are bound to from now on.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        bound: BTreeMap<String, Value>,
        /// Whether it needs no more events.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        enough: bool,
    },
    /// The run that a `run` task starts exists.
    #[serde(rename = "child.started")]
    ChildStarted {
        /// Execution of the `run` task.
        execution: ExecutionId,
    },
    /// The run that a `run` task waits for faulted. It needs attention unless a `try` of this run catches the error.
    #[serde(rename = "child.faulted")]
    ChildFaulted {
        /// Execution of the `run` task.
        execution: ExecutionId,
        /// The error.
        error: WorkflowError,
        /// Number of the child's record that reports it.
        fault: u32,
        /// Whether a `try` of this run catches it.
        caught: bool,
    },
    /// The run that a `run` task waits for closed.
    #[serde(rename = "child.ended")]
    ChildEnded {
        /// Execution of the `run` task.
        execution: ExecutionId,
        /// How it closed.
        outcome: ChildOutcome,
    },
    /// Another attempt of a call is about to be sent.
    #[serde(rename = "attempt.started")]
    AttemptStarted {
        /// The execution.
        execution: ExecutionId,
        /// The request, if it differs from that of the first attempt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<Arc<CallRequest>>,
    },
    /// An attempt failed. If `retry_at` is set, another follows.
    #[serde(rename = "attempt.failed")]
    AttemptFailed {
        /// The execution.
        execution: ExecutionId,
        /// The error as the workflow sees it.
        error: WorkflowError,
        /// Class of the fault.
        class: FaultClass,
        /// Whether the target may have acted.
        effect: TargetEffect,
        /// The response, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response: Option<ResponseSummary>,
        /// When the next attempt is due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Time>,
        /// Until when the target may still act, if the effect is unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settles_at: Option<Time>,
    },
    /// The run stopped waiting for an attempt that may change something, because of a timeout, a race that another
    /// branch won, or a fault elsewhere. Whether the target acts is unknown.
    #[serde(rename = "attempt.abandoned")]
    AttemptAbandoned {
        /// The execution.
        execution: ExecutionId,
        /// Until when the target may still act.
        settles_at: Time,
    },
    /// A caught error or a won race waits for calls in other branches whose outcome must be known first. Nothing else
    /// inside the task continues.
    #[serde(rename = "task.held")]
    TaskHeld {
        /// Execution of the `try` or `fork` around them.
        execution: ExecutionId,
    },
    /// It is unknown whether the target acted, and sending the request again could do harm, so the target is asked.
    #[serde(rename = "outcome.unknown")]
    OutcomeUnknown {
        /// Execution of the call.
        execution: ExecutionId,
        /// The error that made the outcome unknown.
        error: WorkflowError,
        /// Class of the error; `None` in records of versions that sent again at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<FaultClass>,
        /// When the next attempt is due if the target did not act. If this is absent and a class is given, there is
        /// none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Time>,
    },
    /// A task completed. `beginning` is set if it began in the same instant (`set`, `switch`).
    #[serde(rename = "task.completed")]
    TaskCompleted {
        /// The execution.
        execution: ExecutionId,
        /// Set for tasks without a `task.started`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beginning: Option<Beginning>,
        /// Transformed output.
        output: Arc<Value>,
        /// The new context, if `export` changed it.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        context: Option<Arc<Value>>,
        /// Response of a call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response: Option<ResponseSummary>,
        /// The event that an `emit` sent.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
        emitted: Option<Arc<Value>>,
        /// Name of the case that a `switch` took.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
        /// Whether a task inside executed `end`, so that the lists around it are finished too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ended: bool,
    },
    /// `if` was not true, or a person skipped the task.
    #[serde(rename = "task.skipped")]
    TaskSkipped {
        /// The execution.
        execution: ExecutionId,
        /// Set for tasks without a `task.started`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beginning: Option<Beginning>,
        /// The raw input, or the output that the person gave.
        output: Arc<Value>,
    },
    /// A task failed before it could start, or timed out. Everything inside it ended with it.
    #[serde(rename = "task.faulted")]
    TaskFaulted {
        /// The execution.
        execution: ExecutionId,
        /// Set for tasks without a `task.started`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beginning: Option<Beginning>,
        /// The error.
        error: WorkflowError,
        /// Class of the fault; permanent if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<FaultClass>,
    },
    /// A `try` caught an error. Everything inside it ended as faulted.
    #[serde(rename = "error.caught")]
    ErrorCaught {
        /// Execution of the `try`.
        execution: ExecutionId,
        /// The error.
        error: WorkflowError,
        /// What the `try` does next.
        then: Caught,
    },
    /// A `try` runs its body again.
    #[serde(rename = "round.started")]
    RoundStarted {
        /// Execution of the `try`.
        execution: ExecutionId,
        /// Number of earlier runs of the body, so from 1.
        round: u32,
    },
    /// Nothing caught the error. The run stopped at this task, which stays open for a person.
    #[serde(rename = "run.faulted")]
    RunFaulted {
        /// The execution that failed; `None` if the run's own input or output did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        execution: Option<ExecutionId>,
        /// The error.
        error: WorkflowError,
        /// Why it needs attention.
        attention: Attention,
    },
    /// Nothing caught the error. The run will be undone once calls in progress in other branches have ended.
    #[serde(rename = "run.stopping")]
    RunStopping {
        /// The execution that failed; `None` if the run's own input or output did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        execution: Option<ExecutionId>,
        /// The error.
        error: WorkflowError,
    },
    /// Compensation started.
    #[serde(rename = "compensation.started")]
    CompensationStarted {
        /// The error that led to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<WorkflowError>,
        /// Executions to undo, in this order.
        plan: Vec<ExecutionId>,
        /// How the run closes afterwards.
        end: CompensationEnd,
    },
    /// The `if` of an undo was not true, or a person skipped it.
    #[serde(rename = "compensation.skipped")]
    UndoSkipped {
        /// The execution that is not undone.
        execution: ExecutionId,
    },
    /// An undo failed permanently.
    #[serde(rename = "compensation.stuck")]
    CompensationStuck {
        /// The execution that undoes.
        execution: ExecutionId,
        /// The error.
        error: WorkflowError,
    },
    /// The run completed.
    #[serde(rename = "run.completed")]
    RunCompleted {
        /// The workflow's transformed output.
        output: Arc<Value>,
    },
    /// After a fault, all steps were undone.
    #[serde(rename = "run.compensated")]
    RunCompensated {},
    /// The run was cancelled.
    #[serde(rename = "run.cancelled")]
    RunCancelled {},
    /// The run crashed its nodes repeatedly, or cannot be recorded.
    #[serde(rename = "run.poisoned")]
    RunPoisoned {
        /// Why, for people.
        detail: String,
    },
    /// Another node continued with the run.
    #[serde(rename = "run.taken_over")]
    RunTakenOver {},
    /// A person or program acted on the run.
    #[serde(rename = "operator.acted")]
    OperatorActed {
        /// The act.
        #[serde(flatten)]
        act: crate::Act,
        /// The reason given, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Milliseconds for which the run was paused, if the act lets it continue. For readers only; folding uses `at`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paused_ms: Option<u64>,
        /// Whether a person compensates although the pivot may have been passed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        past_pivot: bool,
        /// Who approved the act, if the definition reserves it for two people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<crate::Actor>,
        /// The reason given for the approval, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval_reason: Option<String>,
    },
}

/// What a `try` does about a caught error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caught {
    /// Run the body again at this time.
    Retry(Time),
    /// Run `catch.do`.
    Handle,
    /// Continue after the `try`; its output is its input.
    Pass,
}

/// How a run closes after all steps were undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompensationEnd {
    /// As compensated, after a fault or `compensate`.
    Compensated,
    /// As cancelled, after `cancel`.
    Cancelled,
    /// It does not close, but continues from an earlier step.
    Rewound,
}
