//! Calls of one run that are on their way. They end with it: what is dropped here is aborted.

use std::future::poll_fn;
use std::task::Poll;

use futures::future::BoxFuture;

use crate::machine::{CallOutcome, ExecutionId, Fact};

/// Few at a time, so that they are looked at one after the other; small while empty, for there are as many as runs.
#[derive(Default)]
pub(super) struct Calls(Vec<Call>);

struct Call {
    execution: ExecutionId,
    attempt: u32,
    outcome: BoxFuture<'static, Box<CallOutcome>>,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn begin(
        &mut self,
        execution: ExecutionId,
        attempt: u32,
        outcome: impl Future<Output = Box<CallOutcome>> + Send + 'static,
    ) {
        self.0.reserve_exact(1);
        self.0.push(Call { execution, attempt, outcome: Box::pin(outcome) });
    }

    pub(super) fn abort(&mut self, execution: ExecutionId, attempt: u32) {
        self.0.retain(|call| (call.execution, call.attempt) != (execution, attempt));
    }

    /// Waits for the end of one of them.
    pub(super) async fn ended(&mut self) -> Fact {
        poll_fn(|context| {
            let ended = self.0.iter_mut().enumerate().find_map(|(i, call)| match call.outcome.as_mut().poll(context) {
                Poll::Ready(outcome) => Some((i, outcome)),
                Poll::Pending => None,
            });
            let Some((i, outcome)) = ended else { return Poll::Pending };
            let Call { execution, attempt, .. } = self.0.remove(i);
            Poll::Ready(Fact::CallEnded { execution, attempt, outcome })
        })
        .await
    }
}
