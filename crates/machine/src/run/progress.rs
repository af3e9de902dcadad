//! How far an execution has come: one shape per kind of task.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rpds::VectorSync;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{CallRequest, ChildRequest, Cursor, FaultClass, Time, WorkflowError, stored};
use stepwell_language::dsl::Flow;

/// Where an execution stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Progress {
    /// A person retries it: it begins again under the same identity.
    #[serde(rename = "Unbegun")]
    NotStarted {
        /// Attempts that it had.
        attempts: u32,
    },
    /// `do`, or a function's body as a list of one.
    List(Cursor),
    /// `try`
    Try(Box<TryProgress>),
    /// `for`
    For(Box<ForProgress>),
    /// `for`, several iterations at once
    #[serde(rename = "SideBySide")]
    ParallelFor(Box<ParallelFor>),
    /// A task with extensions.
    Extended(Box<ExtendedProgress>),
    /// `listen`
    Listen(Box<ListenProgress>),
    /// `run: workflow`, or its undo.
    Child(ChildProgress),
    /// `fork`
    Fork(Vec<Branch>),
    /// `call`
    Call(CallProgress),
    /// `wait`
    Wait {
        /// Its end.
        until: Time,
    },
    /// It failed and nothing caught it: it stays for a person.
    Failed {
        /// Why.
        error: WorkflowError,
        /// What kind of fault.
        class: FaultClass,
        /// Attempts that it had.
        attempts: u32,
    },
}

/// Where a `for` stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForProgress {
    /// An array.
    #[serde(with = "stored::shared")]
    pub items: Arc<Value>,
    /// The current item's index; none before the first.
    pub index: Option<u32>,
    /// Where the iteration stands. `Finished` between two of them.
    pub cursor: Cursor,
}

/// Progress of a `for` whose iterations run in parallel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParallelFor {
    /// An array.
    #[serde(with = "stored::shared")]
    pub items: Arc<Value>,
    /// Iterations begun, so the index of the next one.
    pub begun: u32,
    /// Iterations that ended.
    pub done: u32,
    /// What they left, by index.
    pub outputs: IterationOutputs,
    /// One of them said `end`: the whole run is done with this output.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub ended: Option<Arc<Value>>,
}

/// What iterations left, by index. Copies share what they hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct IterationOutputs(#[serde(with = "stored::lists")] VectorSync<Option<Arc<Value>>>);

impl IterationOutputs {
    /// Notes what an iteration left.
    pub fn put(&mut self, index: u32, output: Arc<Value>) {
        while self.0.len() <= index as usize {
            self.0.push_back_mut(None);
        }
        self.0.set_mut(index as usize, Some(output));
    }

    /// All of them in order.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.0.iter().flatten().map(|output| (**output).clone()).collect()
    }
}

/// Where a task with extensions stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtendedProgress {
    /// The part; none before the first.
    pub segment: Option<u16>,
    /// Where the part stands. `Finished` between two of them.
    pub cursor: Cursor,
    /// The part said `exit`.
    pub exited: bool,
    /// Once the task itself is done: its output, and where it said to go.
    pub done: Option<(Arc<Value>, Flow)>,
}

/// Where a `listen` stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ListenProgress {
    /// Filters that had their event, by number.
    pub met: BTreeSet<u16>,
    /// Values that correlations are bound to.
    pub bound: BTreeMap<String, Value>,
    /// What was taken, in the order in which it came.
    pub taken: VectorSync<Arc<Value>>,
    /// It waits for no more.
    pub enough: bool,
    /// What `foreach` made of the first of them.
    pub outputs: VectorSync<Arc<Value>>,
    /// Where `foreach` stands with the next one; none between two of them.
    pub cursor: Option<Cursor>,
    /// The question to a person whose answer it waits for: only the answer to this one is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Uuid>,
}

/// Where a `run` task stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildProgress {
    /// The run that it started.
    pub request: Arc<ChildRequest>,
    /// Where that run stands, as far as this one knows.
    pub phase: ChildPhase,
    /// It ended well and has done something that it knows how to undo.
    pub undoable: bool,
    /// It has stopped at a fault, which was passed on.
    pub fault: Option<ReportedFault>,
}

/// A fault of a child run, known by places in the journals of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedFault {
    /// Where this run's journal reports it.
    pub own: u32,
    /// Where the child's does.
    pub of_child: u32,
}

/// Where a child run stands, as far as its parent knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChildPhase {
    /// It may exist already.
    Starting,
    /// It exists.
    Running,
    /// It was told to undo what it did.
    Undoing,
    /// The decision that recorded its end says what follows.
    Ended,
}

/// Where a branch of a `fork` stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Branch {
    /// About to begin.
    #[serde(rename = "Unbegun")]
    NotStarted,
    /// Its task is open.
    Open,
    /// It ended with this output.
    Done(Arc<Value>),
    /// It said `end`: the whole run is done with this output.
    Ended(Arc<Value>),
}

/// Where a `try` stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TryProgress {
    /// In the body, or in the handler.
    pub cursor: Cursor,
    /// Which of the two, or between rounds.
    pub phase: TryPhase,
    /// Round that tasks of the body belong to.
    pub round: u32,
    /// Highest round of anything inside, so that rounds of nested tries never coincide.
    pub highest_round: u32,
    /// Rounds begun beyond the first.
    pub retries: u32,
    /// When its first error was caught.
    pub first_caught_at: Option<Time>,
    /// When the current round began.
    pub round_started_at: Time,
}

/// Part of a `try`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TryPhase {
    /// The body runs.
    Body,
    /// The body runs again later.
    Backoff {
        /// When.
        until: Time,
    },
    /// `catch.do` runs.
    Handler {
        /// What was caught.
        error: WorkflowError,
    },
}

/// Where a call stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallProgress {
    /// What is sent.
    pub request: Arc<CallRequest>,
    /// Attempts begun.
    pub attempt: u32,
    /// Attempts that failed since the last time a person said `retry`.
    pub failures: u32,
    /// The first of them.
    pub first_failure_at: Option<Time>,
    /// Attempts that the target put off.
    pub throttles: u32,
    /// The first of them.
    pub first_throttled_at: Option<Time>,
    /// How the last attempt that failed did, and of what class that was.
    pub failure: Option<Box<(WorkflowError, FaultClass)>>,
    /// Where the last attempt stands.
    pub phase: CallPhase,
    /// What the target answered to `reconcile`: null where it never acted.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub reconciled: Option<Arc<Value>>,
    /// What follows if the target never acted; from an unknown outcome on.
    pub unacted: Option<Box<Unacted>>,
}

/// What follows an attempt of unknown outcome if the target says that it never acted: what would have followed its failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unacted {
    /// The failure.
    pub error: WorkflowError,
    /// Its class.
    pub class: FaultClass,
    /// When the next attempt is due; none if it was the last one.
    pub retry_at: Option<Time>,
}

/// Where a call's last attempt stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CallPhase {
    /// Sent, or about to be.
    InFlight,
    /// Failed; the next is due at this time.
    Backoff {
        /// When.
        until: Time,
    },
    /// Outcome unknown; the target is being asked.
    Reconciling {
        /// The error that made it unknown.
        error: WorkflowError,
    },
    /// It is not there, but it may still come: the target is asked again.
    Unsettled {
        /// When.
        until: Time,
        /// The error that made it unknown.
        error: WorkflowError,
    },
    /// Failed without another attempt; the decision that recorded it says what follows.
    Ended,
}

impl Progress {
    /// Whether only a timer moves it.
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
