//! How far an execution has come: one shape per kind of task, from the kind's module in [`crate::task`].

use serde::{Deserialize, Serialize};

use crate::{
    Branch, CallPhase, CallProgress, ChildProgress, Cursor, ExtendedProgress, FaultClass, ForProgress, ListenProgress,
    ParallelFor, Time, TryPhase, TryProgress, WorkflowError,
};

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

impl Progress {
    /// Whether only a timer or a message moves it.
    pub(crate) fn is_waiting(&self) -> bool {
        match self {
            Self::Wait { .. } => true,
            Self::Call(call) => matches!(call.phase, CallPhase::Backoff { .. } | CallPhase::Unsettled { .. }),
            Self::Try(t) => matches!(t.phase, TryPhase::Backoff { .. }),
            _ => self.awaits_message(),
        }
    }

    /// Whether only a message moves it.
    pub(crate) fn awaits_message(&self) -> bool {
        match self {
            Self::Listen(listen) => listen.awaits_event(),
            Self::Child(child) => child.awaits_message(),
            _ => false,
        }
    }

    /// Whether it waits for something that is not the run's own: time, an event, another run.
    pub(crate) fn waits_outside(&self) -> bool {
        matches!(self, Self::Child(_) | Self::Listen(_) | Self::Wait { .. })
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
