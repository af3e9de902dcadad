//! Calls: attempts that begin and fail, and what a target says about one of unknown outcome.

use std::sync::Arc;

use serde_json::Value;

use super::{Applied, GONE, NOT_A_CALL};
use crate::machine::{
    CallPhase, CallProgress, CallRequest, Execution, ExecutionId, FaultClass, Progress, Run, TargetEffect, Time,
};

pub(super) fn sending(request: &Arc<CallRequest>) -> CallProgress {
    CallProgress {
        request: Arc::clone(request),
        attempt: 1,
        failures: 0,
        first_failure_at: None,
        phase: CallPhase::InFlight,
        reconciled: None,
        unacted: None,
    }
}

pub(super) fn call_mut(run: &mut Run, id: ExecutionId) -> Result<&mut CallProgress, &'static str> {
    match &mut run.execution_mut(id).ok_or(GONE)?.progress {
        Progress::Call(call) => Ok(call),
        _ => Err(NOT_A_CALL),
    }
}

pub(super) fn attempt_started(run: &mut Run, id: ExecutionId, request: Option<&Arc<CallRequest>>) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let attempts = execution.attempts();
    match (&mut execution.progress, request) {
        (Progress::Call(call), request) => {
            call.attempt += 1;
            (call.phase, call.reconciled, call.unacted) = (CallPhase::InFlight, None, None);
            if let Some(request) = request {
                call.request = Arc::clone(request);
            }
        }
        (progress, Some(request)) => {
            *progress = Progress::Call(CallProgress { attempt: attempts + 1, ..sending(request) })
        }
        (_, None) => return Err(NOT_A_CALL),
    }
    Ok(())
}

pub(super) fn attempt_failed(
    run: &mut Run,
    id: ExecutionId,
    class: FaultClass,
    effect: TargetEffect,
    retry_at: Option<Time>,
    at: Time,
) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let Progress::Call(call) = &mut execution.progress else { return Err(NOT_A_CALL) };
    call.phase = retry_at.map_or(CallPhase::Ended, |until| CallPhase::Backoff { until });
    if class != FaultClass::Throttled {
        call.failures += 1;
        call.first_failure_at.get_or_insert(at);
    }
    if effect == TargetEffect::Unknown && !is_read(&call.request.method) {
        execution.acted = true;
    }
    Ok(())
}

/// Whether a request with this method changes nothing at its target.
fn is_read(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// The target said what became of a call: null means that it never acted.
pub(super) fn reconciled(run: &mut Run, of: ExecutionId, output: &Arc<Value>) -> Applied {
    let execution = run.execution_mut(of).ok_or(GONE)?;
    if output.is_null() {
        execution.acted = false;
    }
    let Progress::Call(call) = &mut execution.progress else { return Err(NOT_A_CALL) };
    let again = call.unacted.as_ref().filter(|_| output.is_null()).and_then(|unacted| unacted.retry_at);
    (call.phase, call.reconciled) = match again {
        Some(until) => (CallPhase::Backoff { until }, None),
        None => (CallPhase::Ended, Some(Arc::clone(output))),
    };
    Ok(())
}

impl Execution {
    pub(super) fn changes_target(&self) -> bool {
        match &self.progress {
            Progress::Call(call) => !is_read(&call.request.method),
            Progress::Child(_) => true,
            _ => false,
        }
    }
}
