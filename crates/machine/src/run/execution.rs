//! One execution of a task that has not ended: what it executes, what it is for, how far it has come.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    CallPhase, CallProgress, ChildPhase, Coordinates, ExecutionId, Impact, Progress, Role, Time, TryPhase, Visits,
    stored,
};
use stepwell_language::dsl::TaskId;

/// An execution that has not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Its ordinal.
    pub id: ExecutionId,
    /// The composite that it runs in.
    pub parent: Option<ExecutionId>,
    /// What it executes.
    pub task: TaskId,
    /// Which one of its kind.
    pub coordinates: Coordinates,
    /// What it is for.
    pub role: Role,
    /// Before `input.from`.
    #[serde(with = "stored::shared")]
    pub raw_input: Arc<Value>,
    /// `$input`
    #[serde(with = "stored::shared")]
    pub input: Arc<Value>,
    /// When it began.
    pub started_at: Time,
    /// When its `timeout` strikes.
    pub deadline: Option<Time>,
    /// What it, or something in it, did at its targets.
    pub impact: Impact,
    /// What is inside begins nothing more, because it ends as soon as the outcome of its calls is known.
    pub held: bool,
    /// How often what stands inside it had been entered when it began: what runs again repeats the same identities.
    #[serde(with = "stored::pairs")]
    pub visits: Visits,
    /// Its progress.
    pub progress: Progress,
}

impl Execution {
    /// Whether its call is on its way.
    #[must_use]
    pub fn is_in_flight(&self) -> bool {
        matches!(&self.progress, Progress::Call(call) if call.phase == CallPhase::InFlight)
    }

    /// Whether its outcome is unknown and its target is asked, now or later, or has just said that it acted.
    #[must_use]
    pub fn is_asked_about(&self) -> bool {
        let Progress::Call(call) = &self.progress else { return false };
        matches!(call.phase, CallPhase::Reconciling { .. } | CallPhase::Unsettled { .. }) || self.is_found()
    }

    /// Whether its target was asked and said what it did: the call ends well, which is still to be recorded.
    pub(crate) fn is_found(&self) -> bool {
        matches!(&self.progress, Progress::Call(CallProgress { phase: CallPhase::Ended, reconciled: Some(answer), .. })
            if !answer.is_null())
    }

    /// Whether the start of its child run is on its way.
    #[must_use]
    pub fn starts_child(&self) -> bool {
        matches!(&self.progress, Progress::Child(child) if child.phase == ChildPhase::Starting)
    }

    pub(super) fn awaits_message(&self) -> bool {
        self.progress.awaits_message()
    }

    /// Attempts begun; 1 for what is not a call.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match &self.progress {
            Progress::Call(call) => call.attempt,
            Progress::Child(child) => child.request.attempt,
            Progress::NotStarted { attempts } | Progress::Failed { attempts, .. } => *attempts,
            _ => 1,
        }
    }

    /// When it continues by itself, its `timeout` left out.
    pub(super) fn timer(&self) -> Option<Time> {
        match &self.progress {
            Progress::Wait { until }
            | Progress::Call(CallProgress {
                phase: CallPhase::Backoff { until } | CallPhase::Unsettled { until, .. },
                ..
            }) => Some(*until),
            Progress::Try(t) => match t.phase {
                TryPhase::Backoff { until } => Some(until),
                _ => None,
            },
            _ => None,
        }
    }
}
