//! What an operator does to a run.

use std::sync::Arc;

use serde_json::Value;

use super::close::close_faulted;
use super::tries::rewind;
use super::{Applied, finish};
use crate::{
    Act, CallPhase, CancelMode, CompensationEnd, Execution, ExecutionId, Progress, Role, Run, Stop, Time, TryPhase,
};
use stepwell_language::dsl::Definition;

pub(super) fn operator_acted(definition: &Definition, run: &mut Run, act: &Act, past_pivot: bool, at: Time) -> Applied {
    match act {
        Act::Retry { input, .. } => {
            (run.attention, run.error) = (None, run.error.take().filter(|_| run.compensation.is_some()));
            run.deadline = None;
            forget_passed_deadlines(run, at);
            let failed = run.failed().map(|e| e.id);
            // What failed inside a task that is about to end waits for that, and not for a person.
            let again = |e: &&Execution| {
                matches!(e.progress, Progress::Failed { .. }) && (Some(e.id) == failed || !run.is_held_inside(e))
            };
            let rewound: Vec<ExecutionId> = run.open.iter().filter(again).map(|e| e.id).collect();
            for id in &rewound {
                rewind(definition, run, *id);
            }
            for execution in run
                .open
                .iter_mut()
                .filter(|e| !matches!(e.progress, Progress::Failed { .. }) || rewound.contains(&e.id))
            {
                // Another input is meant for the step that the run shows as failed, not for each failed branch.
                let input = input.as_ref().filter(|_| failed == Some(execution.id));
                retry(execution, input, at);
            }
        }
        Act::Skip { .. } => {
            // A timeout of the whole run that struck does not strike again at what comes next.
            let stopped_at = run.clock(at);
            run.deadline = run.deadline.filter(|deadline| *deadline > stopped_at);
            forget_passed_deadlines(run, at);
            (run.attention, run.error) = (None, run.error.take().filter(|_| run.compensation.is_some()));
        }
        Act::Cancel { compensate } => {
            let undo = *compensate == CancelMode::Compensate;
            run.stop = Some(Stop { undo, end: CompensationEnd::Cancelled, fault: false, past_pivot: false });
            (run.attention, run.suspended) = (None, false);
            drop_failed_questions(definition, run);
        }
        Act::Compensate => {
            // A run that was over is undone when its parent is.
            (run.finished_at, run.output) = (None, None);
            run.stop = Some(Stop { undo: true, end: CompensationEnd::Compensated, fault: false, past_pivot });
            (run.attention, run.suspended) = (None, false);
            drop_failed_questions(definition, run);
        }
        Act::Suspend => run.suspended = true,
        Act::Resume => run.suspended = false,
        // It has a record of its own.
        Act::Move { .. } => return Err("a move is no act of this record"),
        Act::Edit { .. } => return Err("an edit is recorded as a retry with the input that came out"),
        Act::Rewind { .. } => return Err("a run that goes back has a record of its own"),
        Act::Restart { .. } => return Err("a run that starts again has a record of its own"),
        Act::Acknowledge => return Err("a run that is acknowledged stays as it ended"),
        Act::Dismiss => {
            run.attention = None;
            finish(run, at)?;
        }
    }
    Ok(())
}

/// A question that failed is asked once more before the run ends, or not at all.
fn drop_failed_questions(definition: &Definition, run: &mut Run) {
    let failed = |e: &Execution| matches!(e.progress, Progress::Failed { .. });
    let of_failed = run.open.iter().filter(|e| failed(e)).map(|e| run.top_of(e.id));
    let questions: Vec<ExecutionId> =
        of_failed.filter(|top| run.execution(*top).is_some_and(|e| matches!(e.role, Role::Reconcile(_)))).collect();
    for question in questions {
        close_faulted(definition, run, question);
    }
}

/// A timeout that struck does not strike again at once when a person lets the run continue.
fn forget_passed_deadlines(run: &mut Run, at: Time) {
    let stopped_at = run.clock(at);
    for execution in &mut run.open {
        execution.deadline = execution.deadline.filter(|deadline| *deadline > stopped_at);
    }
}

pub(super) fn retry(execution: &mut Execution, input: Option<&Value>, at: Time) {
    let attempts = execution.attempts();
    let failed = matches!(execution.progress, Progress::Failed { .. });
    match &mut execution.progress {
        Progress::Failed { .. } => execution.progress = Progress::NotStarted { attempts },
        Progress::Call(call) if matches!(call.phase, CallPhase::Backoff { .. }) => {
            call.phase = CallPhase::Backoff { until: at };
            (call.failures, call.first_failure_at) = (0, None);
            (call.throttles, call.first_throttled_at) = (0, None);
        }
        Progress::Try(progress) if matches!(progress.phase, TryPhase::Backoff { .. }) => {
            progress.phase = TryPhase::Backoff { until: at };
        }
        _ => {}
    }
    if let (true, Some(input)) = (failed, input) {
        execution.raw_input = Arc::new(input.clone());
    }
}
