//! The effects of calls: which are sent, which no longer count.

use std::sync::Arc;

use crate::decide::Stop;
use crate::decide::{Decider, Halt};
use crate::task::Unrecorded;
use crate::{Effect, ExecutionId, FaultClass, Progress, Run};

impl Decider<'_> {
    /// Sends a call's current attempt once this decision is committed.
    pub(crate) fn send(&mut self, id: ExecutionId) -> Result<(), Stop> {
        match self.values().unrecorded_of(id) {
            Ok(unrecorded) => {
                self.send_with(id, unrecorded);
                Ok(())
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => self.raise(id, halt.into_error(), FaultClass::Permanent),
        }
    }

    /// The same, with what was computed before.
    pub(crate) fn send_with(&mut self, id: ExecutionId, unrecorded: Unrecorded) {
        let Some(execution) = self.run.execution(id) else { return };
        let Progress::Call(call) = &execution.progress else { return };
        let (attempt, request) = (call.attempt, Arc::clone(&call.request));
        let Unrecorded { authentication, document } = unrecorded;
        self.effects.push(Effect::Call { execution: id, attempt, request, authentication, document });
    }

    /// A call that began and was given up in the same decision is never sent.
    pub(crate) fn forget_calls_that_no_longer_count(&mut self) {
        let run = &self.run;
        self.effects.retain(|effect| effect.counts_in(run));
    }

    /// What listened before and does no more is no longer looked at when events come.
    pub(crate) fn stop_listening(&mut self, before: &Run) {
        for listen in before.open.iter().filter(|e| e.is_listening()) {
            if !self.run.execution(listen.id).is_some_and(crate::Execution::is_listening) {
                self.effects.push(Effect::Unlisten { execution: listen.id });
            }
        }
    }

    pub(crate) fn abort_calls_that_no_longer_count(&mut self, before: &Run, answered: Option<ExecutionId>) {
        for call in before.open.iter().filter(|e| e.is_in_flight() && Some(e.id) != answered) {
            let same = |e: &crate::Execution| e.is_in_flight() && e.attempts() == call.attempts();
            if !self.run.execution(call.id).is_some_and(same) {
                self.effects.insert(0, Effect::Abort { execution: call.id, attempt: call.attempts() });
            }
        }
    }
}
