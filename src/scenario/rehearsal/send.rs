//! Calls that leave the node: their number within the step, the fault that the schedule has for them, and when the
//! answer arrives.

use std::time::Duration;

use super::pending::{Arrival, OnItsWay, PendingInput};
use super::schedule::Fault;
use super::step;
use super::target::Reaction;
use super::trace::Sending;
use super::{Halt, LATENCY, Rehearsal};
use crate::connect::Offline;
use crate::dsl::OwnAuthentication;
use crate::machine::{CallFailure, CallOutcome, CallRequest, Effect, ExecutionId, time_after};

impl Rehearsal<'_> {
    pub(super) fn send(
        &mut self,
        execution: ExecutionId,
        attempt: u32,
        request: &CallRequest,
        authentication: Option<&OwnAuthentication>,
    ) -> Result<(), Halt> {
        let connections = self.stage.connections;
        let offline = match connections.offline(request, authentication) {
            Ok(offline) => offline,
            // Such a call never leaves a node.
            Err(failure) => {
                self.never_sent(execution, attempt, *failure);
                return Ok(());
            }
        };
        let mut sending = self.sending(execution, request);
        if sending.fault == Some(Fault::Late) {
            let timeout = offline.timeout();
            let outcome = Box::new(offline.late());
            self.answer_later(timeout, PendingInput::Answer { execution, attempt, outcome });
            let arrival = Arrival {
                sending: self.sendings.len(),
                request: request.clone(),
                authentication: authentication.cloned(),
            };
            let settles = timeout + connections.settles_after(request);
            self.answer_later(settles.saturating_sub(LATENCY), PendingInput::Arrival(Box::new(arrival)));
            self.sendings.push(sending);
            return Ok(());
        }
        let reaction = self.react(&sending, request, &offline)?;
        if let Some(reaction) = &reaction {
            (sending.status, sending.acted) = (reaction.status, reaction.acted);
        }
        match (sending.fault, reaction) {
            (Some(Fault::CrashBefore | Fault::CrashAfter), _) | (_, None) => self.dies = true,
            (_, Some(reaction)) => {
                let at = time_after(self.now, LATENCY.max(reaction.after));
                let outcome = Box::new(reaction.outcome);
                self.on_their_way.push(OnItsWay { at, what: PendingInput::Answer { execution, attempt, outcome } });
            }
        }
        self.sendings.push(sending);
        Ok(())
    }

    fn answer_later(&mut self, after: Duration, what: PendingInput) {
        self.on_their_way.push(OnItsWay { at: time_after(self.now, after), what });
    }

    /// Delivers a request to its target although the run no longer waits for the answer.
    pub(super) fn arrives(&mut self, arrival: &Arrival) -> Result<(), Halt> {
        let connections = self.stage.connections;
        let Ok(offline) = connections.offline(&arrival.request, arrival.authentication.as_ref()) else { return Ok(()) };
        let reaction = self
            .targets
            .react(&self.sendings[arrival.sending], &arrival.request, &offline, self.now)
            .map_err(Halt::Problem)?;
        let sending = &mut self.sendings[arrival.sending];
        (sending.status, sending.acted) = (reaction.status, reaction.acted);
        Ok(())
    }

    /// Fails a call that cannot be sent.
    pub(super) fn never_sent(&mut self, execution: ExecutionId, attempt: u32, failure: CallFailure) {
        let outcome = Box::new(CallOutcome::Failed(failure));
        let what = PendingInput::Answer { execution, attempt, outcome };
        self.on_their_way.push(OnItsWay { at: self.now, what });
    }

    fn sending(&mut self, execution: ExecutionId, request: &CallRequest) -> Sending {
        let definition = self.stage.definition;
        let task = self.run.execution(execution).map(|execution| definition.task(execution.task));
        let step = task.map(|task| step::name(definition, &task.reference)).unwrap_or_default();
        let number = self.numbers.entry(step.clone()).or_default();
        *number += 1;
        Sending {
            fault: self.schedule.at(&step, *number),
            number: *number,
            step,
            method: request.method.clone(),
            uri: request.uri.clone(),
            query: request.query.clone(),
            body: request.body.clone(),
            idempotency_key: request.idempotency_key.clone(),
            commit: self.commits,
            status: None,
            acted: false,
        }
    }

    /// Returns the target's reaction to a sending, or `None` if the node dies before it.
    fn react(
        &mut self,
        sending: &Sending,
        request: &CallRequest,
        offline: &Offline<'_>,
    ) -> Result<Option<Reaction>, Halt> {
        let refused = |status: http::StatusCode| {
            let mut response = http::Response::new(bytes::Bytes::new());
            *response.status_mut() = status;
            let outcome = offline.answered(response, LATENCY);
            Some(Reaction { outcome, after: LATENCY, status: Some(status.as_u16()), acted: false })
        };
        match sending.fault {
            Some(Fault::CrashBefore) => return Ok(None),
            Some(Fault::Transient | Fault::Outage) => return Ok(refused(http::StatusCode::SERVICE_UNAVAILABLE)),
            Some(Fault::Permanent) => return Ok(refused(http::StatusCode::BAD_REQUEST)),
            Some(Fault::CrashAfter | Fault::LostReply | Fault::Late) | None => {}
        }
        let reaction = self.targets.react(sending, request, offline, self.now).map_err(Halt::Problem)?;
        if sending.fault == Some(Fault::LostReply) {
            return Ok(Some(Reaction { outcome: offline.lost(), ..reaction }));
        }
        Ok(Some(reaction))
    }
}

/// Whether an effect is written in the transaction of its decision, and so survives a crash right after it.
pub(super) fn is_written(effect: &Effect) -> bool {
    match effect {
        Effect::Listen { .. } | Effect::Unlisten { .. } | Effect::Emit { .. } | Effect::Tell { .. } => true,
        Effect::Call { .. } | Effect::Abort { .. } | Effect::StartChild { .. } | Effect::Continue => false,
    }
}
