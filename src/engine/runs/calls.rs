//! Calls of one run that are on their way, and starts of child runs. They end with it: what is dropped here is aborted.

use std::future::poll_fn;
use std::task::Poll;

use futures::future::BoxFuture;

use crate::machine::{ExecutionId, Fact};

/// Few at a time, so that they are looked at one after the other; small while empty, for there are as many as runs.
#[derive(Default)]
pub(super) struct Calls(Vec<Call>);

struct Call {
    execution: ExecutionId,
    attempt: u32,
    ended: BoxFuture<'static, Fact>,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn begin(
        &mut self,
        execution: ExecutionId,
        attempt: u32,
        ended: impl Future<Output = Fact> + Send + 'static,
    ) {
        self.0.reserve_exact(1);
        self.0.push(Call { execution, attempt, ended: Box::pin(ended) });
    }

    pub(super) fn abort(&mut self, execution: ExecutionId, attempt: u32) {
        self.0.retain(|call| (call.execution, call.attempt) != (execution, attempt));
    }

    /// Waits for the end of one of them.
    pub(super) async fn ended(&mut self) -> Fact {
        poll_fn(|context| {
            let ended = self.0.iter_mut().enumerate().find_map(|(i, call)| match call.ended.as_mut().poll(context) {
                Poll::Ready(fact) => Some((i, fact)),
                Poll::Pending => None,
            });
            let Some((i, fact)) = ended else { return Poll::Pending };
            self.0.remove(i);
            Poll::Ready(fact)
        })
        .await
    }
}
