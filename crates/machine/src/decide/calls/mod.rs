//! Calls: what follows from how an attempt ended.

mod outcome;
pub(crate) mod pivot;
pub(crate) mod retry;
mod send;

use std::sync::Arc;

use serde_json::Value;

use super::Stop;
use crate::decide::{Decider, Halt};
use crate::{
    Attention, CallFailure, CallOutcome, Change, ErrorKind, Execution, ExecutionId, FaultClass, Impact, Progress,
    Rejected, ResponseSummary, Role, TargetEffect, Time, WorkflowError, time_after,
};
use outcome::{Ended, Next};
use stepwell_language::dsl::Resend;

/// How an attempt of a call failed.
pub(crate) struct FailedAttempt {
    pub(crate) error: WorkflowError,
    pub(crate) class: FaultClass,
    pub(crate) effect: TargetEffect,
    pub(crate) settles_at: Option<Time>,
    pub(crate) response: Option<ResponseSummary>,
    /// When the connection's retries allow another one.
    pub(crate) retry_at: Option<Time>,
}

impl FailedAttempt {
    /// The target acted, and its answer is of no use.
    pub(crate) fn of_no_use(error: WorkflowError, response: Option<ResponseSummary>) -> Self {
        let (class, effect) = (FaultClass::Permanent, TargetEffect::Acted);
        Self { error, class, effect, settles_at: None, response, retry_at: None }
    }
}

impl Decider<'_> {
    pub(crate) fn call_ended(&mut self, id: ExecutionId, attempt: u32, outcome: CallOutcome) -> Result<(), Stop> {
        let stale = Rejected::Stale { execution: id, attempt };
        let counts = self.run.execution(id).is_some_and(|e| e.is_in_flight() && e.attempts() == attempt);
        if !counts {
            return Err(stale.into());
        }
        match outcome {
            CallOutcome::Succeeded { output, response } => self.call_succeeded(id, output, response),
            CallOutcome::Failed(failure) => self.call_failed(id, failure),
        }
    }

    pub(crate) fn call_succeeded(
        &mut self,
        id: ExecutionId,
        output: Arc<Value>,
        response: ResponseSummary,
    ) -> Result<(), Stop> {
        match self.values().outputs(id, &output) {
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Ok((transformed, context)) => {
                let body = (!Arc::ptr_eq(&output, &transformed) && *output != *transformed).then(|| (*output).clone());
                let response = Some(ResponseSummary { body, ..response });
                self.emit(
                    Some(id),
                    Change::TaskCompleted {
                        execution: id,
                        beginning: None,
                        output: transformed,
                        context,
                        response,
                        emitted: None,
                        case: None,
                        ended: false,
                    },
                );
                Ok(())
            }
            Err(halt) => {
                let response = Some(ResponseSummary { body: Some((*output).clone()), ..response });
                self.attempt_failed(id, FailedAttempt::of_no_use(halt.into_error(), response))
            }
        }
    }

    fn call_failed(&mut self, id: ExecutionId, failure: CallFailure) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let Progress::Call(call) = &execution.progress else { return Ok(()) };
        let clock = self.run.clock(self.now);
        let retry_at = retry::next_attempt(self.run.id, execution.id, call, &failure, self.now, clock);
        let CallFailure { error, class, effect, settles_after, response, .. } = failure;
        let settles_at = (effect == TargetEffect::Unknown).then(|| time_after(self.now, settles_after));
        self.attempt_failed(id, FailedAttempt { error, class, effect, settles_at, response, retry_at })
    }

    /// An attempt that is on its way is not waited for any more. Whether it acted is unknown.
    pub(crate) fn interrupt(
        &mut self,
        id: ExecutionId,
        error: WorkflowError,
        class: FaultClass,
        retry_at: Option<Time>,
    ) -> Result<(), Stop> {
        let settles_at = self.run.execution(id).map(|e| self.settles_at(e));
        let effect = TargetEffect::Unknown;
        self.attempt_failed(id, FailedAttempt { error, class, effect, settles_at, response: None, retry_at })
    }

    /// Calls that another node had begun have an unknown outcome: they are sent again under the same key, or asked about.
    pub(crate) fn interrupt_calls(&mut self) -> Result<(), Stop> {
        let in_flight: Vec<ExecutionId> = self.run.open.iter().filter(|e| e.is_in_flight()).map(|e| e.id).collect();
        if !in_flight.is_empty() {
            self.emit(None, Change::RunTakenOver {});
        }
        for id in in_flight {
            let detail = "the node that made the call stopped before its outcome was recorded";
            let error = WorkflowError::standard(ErrorKind::Runtime, "call interrupted", detail);
            self.interrupt(id, error, FaultClass::Throttled, Some(self.now))?;
        }
        Ok(())
    }

    /// Records that an attempt failed, and does what [`Ended::next`] says.
    pub(crate) fn attempt_failed(&mut self, id: ExecutionId, failed: FailedAttempt) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let task = self.definition.task(execution.task);
        let error = failed.error.at(&task.reference);
        let (class, effect) = (failed.class, failed.effect);
        let FailedAttempt { settles_at, response, retry_at, .. } = failed;
        let ended = self.ended(execution, effect, settles_at, retry_at);
        let next = ended.next();
        let again = matches!(next, Next::Resend(_)).then_some(retry_at).flatten();
        let ends = ended.run_ends;
        let failed = Change::AttemptFailed {
            execution: id,
            error: error.clone(),
            class,
            effect,
            response,
            retry_at: again,
            settles_at,
        };
        self.emit(Some(id), failed);
        self.follow(id, next, (error, class), retry_at.filter(|_| !ends))
    }

    /// Does what follows a failed attempt.
    fn follow(
        &mut self,
        id: ExecutionId,
        next: Next,
        (error, class): (WorkflowError, FaultClass),
        retry_at: Option<Time>,
    ) -> Result<(), Stop> {
        match next {
            Next::Resend(_) | Next::Leave => Ok(()),
            Next::Ask => {
                self.emit(Some(id), Change::OutcomeUnknown { execution: id, error, class: Some(class), retry_at });
                Ok(())
            }
            Next::Park(attention) => {
                self.park(id, error, attention);
                Ok(())
            }
            Next::Raise => self.raise(id, error, class),
        }
    }

    /// A call that was left because the run was about to end, and then it continued: the same rule is asked again.
    pub(crate) fn take_up(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let Progress::Call(call) = &execution.progress else { return Ok(()) };
        let failure = call.failure.as_deref().cloned().unwrap_or_else(|| {
            let detail = "the call has no attempt left and its outcome was not recorded";
            (WorkflowError::standard(ErrorKind::Runtime, "call ended without outcome", detail), FaultClass::Permanent)
        });
        let next = self.ended(execution, TargetEffect::None, None, None).next();
        self.follow(id, next, failure, None)
    }

    /// A person decides about a call. The run stops there.
    fn park(&mut self, id: ExecutionId, error: WorkflowError, attention: Attention) {
        let change = match self.run.track(id) {
            Role::Undo(_) => Change::CompensationStuck { execution: id, error },
            _ => Change::RunFaulted { execution: Some(id), error, attention },
        };
        self.emit(Some(id), change);
    }

    /// All that matters about an attempt with this effect.
    fn ended(
        &self,
        execution: &Execution,
        effect: TargetEffect,
        settles_at: Option<Time>,
        retry_at: Option<Time>,
    ) -> Ended {
        let metadata = &self.definition.task(execution.task).metadata;
        let changes = execution.changes_target();
        let step = self.run.track(execution.id) == Role::Step;
        // A run that is left as it is asks nobody what was done.
        let leaves = step && self.run.stop.is_some_and(|stop| !stop.undo);
        let doubt = |impact: Impact| impact.settles_at().is_some();
        Ended {
            acted: effect == TargetEffect::Acted && changes,
            in_doubt: doubt(execution.impact) || (changes && effect == TargetEffect::Unknown && settles_at.is_some()),
            sent_once: metadata.resend == Resend::Never,
            pivot: step && !leaves && pivot::belongs_to_pivot(self.definition, &self.run, execution),
            can_ask: !leaves && metadata.reconcile.is_some(),
            run_ends: step && self.run.stop.is_some() && self.run.compensation.is_none(),
            retry_at,
        }
    }

    /// Whether a call that nobody waits for any more is asked about or left to a person, and not raised.
    pub(crate) fn is_settled_by_others(&self, execution: &Execution) -> bool {
        let ended = self.ended(execution, TargetEffect::Unknown, Some(self.settles_at(execution)), None);
        matches!(ended.next(), Next::Ask | Next::Park(_))
    }

    /// Until when a call that is given up now may still act.
    pub(crate) fn settles_at(&self, execution: &Execution) -> Time {
        match &execution.progress {
            Progress::Call(call) => time_after(self.now, (self.settles_after)(&call.request)),
            _ => self.now,
        }
    }
}
