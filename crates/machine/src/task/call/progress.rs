//! Where a call stands, and what its records change: attempts that begin and fail, and what a target says about one of unknown outcome.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::apply::{Applied, GONE};
use crate::decide::Ready;
use crate::{
    CallRequest, Execution, ExecutionId, FaultClass, Impact, Progress, Run, TargetEffect, Time, WorkflowError, stored,
};

const NOT_A_CALL: &str = "the execution is not a call";

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
        /// When it is asked again.
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

pub(crate) fn sending(request: &Arc<CallRequest>) -> CallProgress {
    CallProgress {
        request: Arc::clone(request),
        attempt: 1,
        failures: 0,
        first_failure_at: None,
        throttles: 0,
        first_throttled_at: None,
        failure: None,
        phase: CallPhase::InFlight,
        reconciled: None,
        unacted: None,
    }
}

fn call_mut(run: &mut Run, id: ExecutionId) -> Result<&mut CallProgress, &'static str> {
    match &mut run.execution_mut(id).ok_or(GONE)?.progress {
        Progress::Call(call) => Ok(call),
        _ => Err(NOT_A_CALL),
    }
}

pub(crate) fn attempt_started(run: &mut Run, id: ExecutionId, request: Option<&Arc<CallRequest>>) -> Applied {
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

pub(crate) fn attempt_failed(
    run: &mut Run,
    id: ExecutionId,
    (class, answered, error): (FaultClass, bool, &WorkflowError),
    impact: Impact,
    retry_at: Option<Time>,
    at: Time,
) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let Progress::Call(call) = &mut execution.progress else { return Err(NOT_A_CALL) };
    call.phase = retry_at.map_or(CallPhase::Ended, |until| CallPhase::Backoff { until });
    call.failure = Some(Box::new((error.clone(), class)));
    call.reconciled = None;
    match class {
        // What was held back here was not put off by the target.
        FaultClass::Throttled if !answered => {}
        FaultClass::Throttled => {
            call.throttles += 1;
            call.first_throttled_at.get_or_insert(at);
        }
        _ => {
            call.failures += 1;
            call.first_failure_at.get_or_insert(at);
        }
    }
    if !is_read(&call.request.method) {
        execution.impact = execution.impact.and(impact);
    }
    Ok(())
}

/// What an attempt with this effect did.
pub(crate) fn impact(effect: TargetEffect, settles_at: Time) -> Impact {
    match effect {
        TargetEffect::None => Impact::None,
        TargetEffect::Acted => Impact::Acted,
        TargetEffect::Unknown => Impact::Perhaps { settles_at },
    }
}

pub(crate) fn attempt_abandoned(run: &mut Run, id: ExecutionId, settles_at: Time) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let Progress::Call(call) = &mut execution.progress else { return Err(NOT_A_CALL) };
    call.phase = CallPhase::Ended;
    execution.impact = execution.impact.and(Impact::Perhaps { settles_at });
    Ok(())
}

/// The target is asked about a call, perhaps once more.
pub(crate) fn asked(run: &mut Run, of: ExecutionId) {
    if let Ok(call) = call_mut(run, of)
        && let CallPhase::Unsettled { error, .. } = &call.phase
    {
        call.phase = CallPhase::Reconciling { error: error.clone() };
    }
}

/// Whether a request with this method changes nothing at its target.
pub(crate) fn is_read(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// The target answered the question about a call. Null means that it did not act, but only once the settle time has passed.
pub(crate) fn reconciled(run: &mut Run, of: ExecutionId, output: &Arc<Value>, at: Time) -> Applied {
    if run.execution(of).is_none() {
        let compensation = run.compensation.as_mut().ok_or(GONE)?;
        // What is not there needs no undo; of what is there the undo sees what the target says.
        match output.is_null() {
            true => compensation.remove(of),
            false => compensation.told(of, output),
        }
        return Ok(());
    }
    let execution = run.execution_mut(of).ok_or(GONE)?;
    let settles_at = execution.impact.settles_at();
    let Progress::Call(call) = &mut execution.progress else { return Err(NOT_A_CALL) };
    if let (true, Some(until), CallPhase::Reconciling { error }) =
        (output.is_null(), settles_at.filter(|until| at < *until), &call.phase)
    {
        call.phase = CallPhase::Unsettled { until, error: error.clone() };
        return Ok(());
    }
    // What is there may be of an earlier attempt, and another one still on its way: that doubt stays.
    if output.is_null() {
        execution.impact = Impact::None;
    }
    let again = call.unacted.as_ref().filter(|_| output.is_null()).and_then(|unacted| unacted.retry_at);
    (call.phase, call.reconciled) = match again {
        Some(until) => (CallPhase::Backoff { until }, None),
        None => (CallPhase::Ended, Some(Arc::clone(output))),
    };
    Ok(())
}

impl Execution {
    pub(crate) fn changes_target(&self) -> bool {
        match &self.progress {
            Progress::Call(call) => !is_read(&call.request.method),
            Progress::Child(_) => true,
            _ => false,
        }
    }
}

/// The outcome is not known: the target is asked.
pub(crate) fn outcome_unknown(
    run: &mut Run,
    id: ExecutionId,
    error: &WorkflowError,
    class: Option<FaultClass>,
    retry_at: Option<Time>,
) -> Applied {
    let call = call_mut(run, id)?;
    call.phase = CallPhase::Reconciling { error: error.clone() };
    call.unacted = class.map(|class| Box::new(Unacted { error: error.clone(), class, retry_at }));
    Ok(())
}

/// A due attempt, or the end of a call without further ones.
pub(crate) fn ready(call: &CallProgress, now: Time, id: ExecutionId) -> Option<Ready> {
    match &call.phase {
        CallPhase::Backoff { until } => (*until <= now).then_some(Ready::Attempt(id)),
        CallPhase::Ended => Some(Ready::Resolve(id)),
        _ => None,
    }
}
