//! What an operator does to a run.

use std::sync::Arc;

use serde_json::Value;

use super::{Applied, finish, rewind};
use crate::dsl::Definition;
use crate::machine::{Act, CallPhase, CancelMode, CompensationEnd, Execution, Progress, Run, Stop, Time, TryPhase};

pub(super) fn operator_acted(definition: &Definition, run: &mut Run, act: &Act, at: Time) -> Applied {
    match act {
        Act::Retry { input } => {
            (run.attention, run.error) = (None, run.error.take().filter(|_| run.compensation.is_some()));
            run.deadline = None;
            let failed = run.failed().map(|e| e.id);
            let again = |e: &&Execution| matches!(e.progress, Progress::Failed { .. });
            for id in run.open.iter().filter(again).map(|e| e.id).collect::<Vec<_>>() {
                rewind(definition, run, id);
            }
            for execution in &mut run.open {
                // Another input is meant for the step that the run shows as failed, not for each failed branch.
                let input = input.as_ref().filter(|_| failed == Some(execution.id));
                retry(execution, input, at);
            }
        }
        Act::Skip { .. } => {
            // A timeout of the whole run that struck does not strike again at what comes next.
            let stopped_at = run.clock(at);
            run.deadline = run.deadline.filter(|deadline| *deadline > stopped_at);
            (run.attention, run.error) = (None, run.error.take().filter(|_| run.compensation.is_some()));
        }
        Act::Cancel { compensate } => {
            let undo = *compensate == CancelMode::Compensate;
            run.stop = Some(Stop { undo, end: CompensationEnd::Cancelled, fault: false });
            run.attention = None;
        }
        Act::Compensate => {
            // A run that was over is undone when its parent is.
            (run.finished_at, run.output) = (None, None);
            run.stop = Some(Stop { undo: true, end: CompensationEnd::Compensated, fault: false });
            run.attention = None;
        }
        Act::Suspend => run.suspended = true,
        Act::Resume => run.suspended = false,
        Act::Dismiss => {
            run.attention = None;
            finish(run, at)?;
        }
    }
    Ok(())
}

pub(super) fn retry(execution: &mut Execution, input: Option<&Value>, at: Time) {
    let attempts = execution.attempts();
    let failed = matches!(execution.progress, Progress::Failed { .. });
    match &mut execution.progress {
        Progress::Failed { .. } => execution.progress = Progress::Unbegun { attempts },
        Progress::Call(call) if matches!(call.phase, CallPhase::Backoff { .. }) => {
            call.phase = CallPhase::Backoff { until: at };
            (call.failures, call.first_failure_at) = (0, None);
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
