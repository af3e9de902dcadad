//! An open execution of a task: its task, its role and its progress.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decide::error_value;
use crate::{
    CallPhase, CallProgress, ChildPhase, Coordinates, ExecutionId, Impact, Progress, Role, Time, TryPhase, Visits,
    stored,
};
use stepwell_language::dsl::{TaskId, TaskKind};

/// An open execution of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Ordinal of the execution.
    pub id: ExecutionId,
    /// Execution of the composite around it.
    pub parent: Option<ExecutionId>,
    /// Task that it executes.
    pub task: TaskId,
    /// Coordinates of the execution.
    pub coordinates: Coordinates,
    /// What the execution is for.
    pub role: Role,
    /// Input before `input.from`.
    #[serde(with = "stored::shared")]
    pub raw_input: Arc<Value>,
    /// Transformed input, the value of `$input`.
    #[serde(with = "stored::shared")]
    pub input: Arc<Value>,
    /// Time at which it began.
    pub started_at: Time,
    /// When its `timeout` expires.
    pub deadline: Option<Time>,
    /// What its calls, including those inside it, did at their targets.
    pub impact: Impact,
    /// Whether nothing inside may start, because it ends as soon as the outcome of its calls is known.
    pub held: bool,
    /// Visits of the tasks inside it at its beginning, restored before they run again so that they get the same
    /// identities.
    #[serde(with = "stored::pairs")]
    pub visits: Visits,
    /// Its current state.
    pub progress: Progress,
}

impl Execution {
    /// Whether its call is in progress.
    #[must_use]
    pub fn is_in_flight(&self) -> bool {
        matches!(&self.progress, Progress::Call(call) if call.phase == CallPhase::InFlight)
    }

    /// Whether its outcome is unknown and its target is asked now or later, or has just answered that it acted.
    #[must_use]
    pub fn is_asked_about(&self) -> bool {
        let Progress::Call(call) = &self.progress else { return false };
        matches!(call.phase, CallPhase::Reconciling { .. } | CallPhase::Unsettled { .. }) || self.is_found()
    }

    /// Whether its target answered that it acted: the call will complete, but that is not recorded yet.
    pub(crate) fn is_found(&self) -> bool {
        matches!(&self.progress, Progress::Call(CallProgress { phase: CallPhase::Ended, reconciled: Some(answer), .. })
            if !answer.is_null())
    }

    /// Whether its child run is being started.
    #[must_use]
    pub fn starts_child(&self) -> bool {
        matches!(&self.progress, Progress::Child(child) if child.phase == ChildPhase::Starting)
    }

    /// Whether it waits for events.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        matches!(&self.progress, Progress::Listen(listen) if !listen.enough)
    }

    pub(super) fn awaits_message(&self) -> bool {
        match &self.progress {
            Progress::Listen(listen) => !listen.enough && listen.cursor.is_none(),
            Progress::Child(child) => matches!(child.phase, ChildPhase::Running | ChildPhase::Undoing),
            _ => false,
        }
    }

    /// Returns the number of attempts begun; 1 for tasks that are not calls.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match &self.progress {
            Progress::Call(call) => call.attempt,
            Progress::Child(child) => child.request.attempt,
            Progress::NotStarted { attempts } | Progress::Failed { attempts, .. } => *attempts,
            _ => 1,
        }
    }

    /// Returns the value of a variable that this execution defines for the tasks of this iteration.
    pub(crate) fn local(&self, kind: &TaskKind, name: &str, iteration: &[u32]) -> Option<Value> {
        match (&self.progress, kind) {
            (Progress::Try(progress), TaskKind::Try(task)) if task.catch.variable == name => match &progress.phase {
                TryPhase::Handler { error } => Some(error_value(error)),
                _ => None,
            },
            (Progress::For(progress), TaskKind::For(task)) => {
                let index = progress.index? as usize;
                if task.each == name {
                    return progress.items.get(index).cloned();
                }
                (task.at == name).then(|| index.into())
            }
            (Progress::ParallelFor(progress), TaskKind::For(task)) => {
                let index = *iteration.get(self.coordinates.iteration.len())?;
                if task.each == name {
                    return progress.items.get(index as usize).cloned();
                }
                (task.at == name).then(|| index.into())
            }
            (Progress::Listen(progress), TaskKind::Listen(task)) => {
                let index = progress.outputs.len();
                let each = task.each.as_ref().filter(|_| progress.cursor.is_some())?;
                if each.item == name {
                    return progress.taken.get(index).map(|item| (**item).clone());
                }
                (each.at == name).then(|| index.into())
            }
            _ => None,
        }
    }

    /// Returns when it continues by itself, ignoring its `timeout`.
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
