//! The progress of an execution: one type per kind of task.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rpds::VectorSync;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{CallRequest, ChildRequest, Cursor, FaultClass, Time, WorkflowError, stored};
use stepwell_language::dsl::Flow;

/// The progress of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Progress {
    /// A person retries it: it starts again with the same identity.
    #[serde(rename = "Unbegun")]
    NotStarted {
        /// Number of earlier attempts.
        attempts: u32,
    },
    /// A `do`, or a function's body as a list of one task.
    List(Cursor),
    /// A `try`.
    Try(Box<TryProgress>),
    /// A `for` with one iteration at a time.
    For(Box<ForProgress>),
    /// A `for` with several iterations at once.
    #[serde(rename = "SideBySide")]
    ParallelFor(Box<ParallelFor>),
    /// A task with extensions.
    Extended(Box<ExtendedProgress>),
    /// A `listen`.
    Listen(Box<ListenProgress>),
    /// A `run: workflow`, or its undo.
    Child(ChildProgress),
    /// A `fork`.
    Fork(Vec<Branch>),
    /// A `call`.
    Call(CallProgress),
    /// A `wait`.
    Wait {
        /// Time at which it ends.
        until: Time,
    },
    /// It failed and nothing caught the error: it stays open for a person.
    Failed {
        /// The error.
        error: WorkflowError,
        /// Class of the fault.
        class: FaultClass,
        /// Number of attempts.
        attempts: u32,
    },
}

/// Progress of a `for` with one iteration at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForProgress {
    /// The items, as an array.
    #[serde(with = "stored::shared")]
    pub items: Arc<Value>,
    /// Index of the current item; `None` before the first.
    pub index: Option<u32>,
    /// Position in the iteration; `Finished` between two iterations.
    pub cursor: Cursor,
}

/// Progress of a `for` whose iterations run in parallel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParallelFor {
    /// The items, as an array.
    #[serde(with = "stored::shared")]
    pub items: Arc<Value>,
    /// Number of iterations begun, which is the index of the next one.
    pub begun: u32,
    /// Number of iterations that ended.
    pub done: u32,
    /// Outputs of iterations, by index.
    pub outputs: IterationOutputs,
    /// Output of the whole run, if an iteration executed `end`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub ended: Option<Arc<Value>>,
}

/// Outputs of iterations, by index. Copies share memory.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct IterationOutputs(#[serde(with = "stored::lists")] VectorSync<Option<Arc<Value>>>);

impl IterationOutputs {
    /// Stores the output of an iteration.
    pub fn put(&mut self, index: u32, output: Arc<Value>) {
        while self.0.len() <= index as usize {
            self.0.push_back_mut(None);
        }
        self.0.set_mut(index as usize, Some(output));
    }

    /// Returns all outputs in order.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.0.iter().flatten().map(|output| (**output).clone()).collect()
    }
}

/// Progress of a task with extensions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtendedProgress {
    /// Index of the current part; `None` before the first.
    pub segment: Option<u16>,
    /// Position in the part; `Finished` between two parts.
    pub cursor: Cursor,
    /// Whether the part executed `exit`.
    pub exited: bool,
    /// Output and flow directive of the task itself, once it has completed.
    pub done: Option<(Arc<Value>, Flow)>,
}

/// Progress of a `listen`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ListenProgress {
    /// Numbers of the filters that have their event.
    pub met: BTreeSet<u16>,
    /// Values that correlations are bound to.
    pub bound: BTreeMap<String, Value>,
    /// Events taken, in order of arrival.
    pub taken: VectorSync<Arc<Value>>,
    /// Whether it needs no more events.
    pub enough: bool,
    /// Outputs of `foreach` for the first of these events.
    pub outputs: VectorSync<Arc<Value>>,
    /// Position in `foreach` for the next event; `None` between two events.
    pub cursor: Option<Cursor>,
    /// Id of the question to a person. Only the answer to this question is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Uuid>,
}

/// Progress of a `run` task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildProgress {
    /// The run that it starts.
    pub request: Arc<ChildRequest>,
    /// State of that run, as far as this one knows.
    pub phase: ChildPhase,
    /// Whether that run completed and has steps that can be undone.
    pub undoable: bool,
    /// The fault of that run, if it was reported.
    pub fault: Option<ReportedFault>,
}

/// A fault of a child run, identified by record numbers in both journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedFault {
    /// Number of the record of this run that reports it.
    pub own: u32,
    /// Number of the record of the child that reports it.
    pub of_child: u32,
}

/// State of a child run, as far as its parent knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChildPhase {
    /// It is being started and may already exist.
    Starting,
    /// It exists.
    Running,
    /// It was told to undo its steps.
    Undoing,
    /// It closed. The decision that recorded this determines what follows.
    Ended,
}

/// Progress of a branch of a `fork`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Branch {
    /// It is about to start.
    #[serde(rename = "Unbegun")]
    NotStarted,
    /// Its task is open.
    Open,
    /// It ended with this output.
    Done(Arc<Value>),
    /// It executed `end`: the whole run ends with this output.
    Ended(Arc<Value>),
}

/// Progress of a `try`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TryProgress {
    /// Position in the body or in the handler.
    pub cursor: Cursor,
    /// Whether the body or the handler runs, or neither.
    pub phase: TryPhase,
    /// Round of the tasks in the body.
    pub round: u32,
    /// Highest round of anything inside, so that rounds of nested tries never collide.
    pub highest_round: u32,
    /// Number of rounds begun after the first.
    pub retries: u32,
    /// Time at which its first error was caught.
    pub first_caught_at: Option<Time>,
    /// Time at which the current round began.
    pub round_started_at: Time,
}

/// The part of a `try` that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TryPhase {
    /// The body runs.
    Body,
    /// The body runs again later.
    Backoff {
        /// Time at which it runs again.
        until: Time,
    },
    /// `catch.do` runs.
    Handler {
        /// The caught error.
        error: WorkflowError,
    },
}

/// Progress of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallProgress {
    /// The request.
    pub request: Arc<CallRequest>,
    /// Number of attempts begun.
    pub attempt: u32,
    /// Number of failed attempts since the last `retry` by a person.
    pub failures: u32,
    /// Time of the first of them.
    pub first_failure_at: Option<Time>,
    /// Number of attempts that the target throttled.
    pub throttles: u32,
    /// Time of the first of them.
    pub first_throttled_at: Option<Time>,
    /// Error and class of the last failed attempt.
    pub failure: Option<Box<(WorkflowError, FaultClass)>>,
    /// State of the last attempt.
    pub phase: CallPhase,
    /// The target's answer to `reconcile`; null if it did not act.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub reconciled: Option<Arc<Value>>,
    /// What follows if the target did not act; set once the outcome is unknown.
    pub unacted: Option<Box<Unacted>>,
}

/// What follows an attempt with unknown outcome if the target answers that it did not act: the same as after its
/// failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unacted {
    /// Error of the attempt.
    pub error: WorkflowError,
    /// Class of the error.
    pub class: FaultClass,
    /// When the next attempt is due; `None` if it was the last one.
    pub retry_at: Option<Time>,
}

/// State of the last attempt of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CallPhase {
    /// It was sent, or is about to be.
    InFlight,
    /// It failed, and the next one is due later.
    Backoff {
        /// When the next one is due.
        until: Time,
    },
    /// Its outcome is unknown, and the target is being asked.
    Reconciling {
        /// The error that made the outcome unknown.
        error: WorkflowError,
    },
    /// The target found nothing, but may still act: it is asked again.
    Unsettled {
        /// When it is asked again.
        until: Time,
        /// The error that made the outcome unknown.
        error: WorkflowError,
    },
    /// It failed and there is no other attempt. The decision that recorded this determines what follows.
    Ended,
}

impl Progress {
    /// Whether only a timer or a message moves it.
    pub(crate) fn is_waiting(&self) -> bool {
        match self {
            Self::Wait { .. } => true,
            Self::Call(call) => matches!(call.phase, CallPhase::Backoff { .. } | CallPhase::Unsettled { .. }),
            Self::Try(t) => matches!(t.phase, TryPhase::Backoff { .. }),
            Self::Listen(listen) => !listen.enough && listen.cursor.is_none(),
            Self::Child(child) => matches!(child.phase, ChildPhase::Running | ChildPhase::Undoing),
            _ => false,
        }
    }

    pub(crate) fn cursor(&self) -> Option<&Cursor> {
        match self {
            Self::List(cursor) => Some(cursor),
            Self::Try(t) => Some(&t.cursor),
            Self::For(progress) => Some(&progress.cursor),
            Self::Listen(progress) => progress.cursor.as_ref(),
            Self::Extended(progress) => Some(&progress.cursor),
            _ => None,
        }
    }

    pub(crate) fn cursor_mut(&mut self) -> Option<&mut Cursor> {
        match self {
            Self::List(cursor) => Some(cursor),
            Self::Try(t) => Some(&mut t.cursor),
            Self::For(progress) => Some(&mut progress.cursor),
            Self::Listen(progress) => progress.cursor.as_mut(),
            Self::Extended(progress) => Some(&mut progress.cursor),
            _ => None,
        }
    }
}
