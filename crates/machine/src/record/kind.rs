//! The journal's name for each change.

use crate::Change;

impl Change {
    /// Records an act without an approval, or one that the engine does.
    #[must_use]
    pub fn acted(act: crate::Act, reason: Option<String>) -> Self {
        let (approved_by, approval_reason) = (None, None);
        Self::OperatorActed { act, reason, paused_ms: None, past_pivot: false, approved_by, approval_reason }
    }

    /// Returns the journal's `kind`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run.started",
            Self::RunContinued(_) => "run.continued",
            Self::RunMoved(_) => "run.moved",
            Self::RunRestarted { .. } => "run.restarted",
            Self::RunRewinding(_) => "run.rewinding",
            Self::RunRewound {} => "run.rewound",
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
