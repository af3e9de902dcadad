//! Carries out what a committed decision asks for.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::{Driver, Stay};
use crate::connect::carrying;
use crate::machine::{CallOutcome, Effect, Fact, Parent};

impl Driver {
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) -> Stay {
        for effect in effects {
            match effect {
                Effect::Call { execution, attempt, request, authentication, document } => {
                    let context = Arc::clone(&self.runs.context);
                    let (node, mailbox) = (Arc::clone(&self.node), Arc::clone(&self.mailbox));
                    self.calls.begin(execution, attempt, async move {
                        // A node whose lease may be over makes no further call: another may be making it.
                        node.lease_holds().await;
                        let authentication = authentication.as_ref();
                        let connections = &context.connections;
                        // On the heap: a caller that passes a future on reserves space for it again.
                        let call: BoxFuture<'_, CallOutcome> = match &document {
                            None => Box::pin(connections.call(&request, authentication)),
                            Some(document) => Box::pin(connections.call_operation(&request, document, authentication)),
                        };
                        let (outcome, rooms) = carrying(call).await;
                        mailbox.occupy(rooms);
                        let outcome = Box::new(outcome);
                        Fact::CallEnded { execution, attempt, outcome }
                    });
                }
                Effect::StartChild { execution, request } => {
                    let parent =
                        Parent { run: self.driven.run.id, execution, awaits: request.awaits, depth: request.depth };
                    let runs = Arc::clone(&self.runs);
                    self.calls.begin(execution, request.attempt, runs.start_child(parent, request));
                }
                // Written with the decision.
                Effect::Listen { .. } | Effect::Unlisten { .. } | Effect::Emit { .. } | Effect::Tell { .. } => {}
                Effect::Abort { execution, attempt } => self.calls.abort(execution, attempt),
                Effect::Continue => self.goes_on = true,
            }
        }
        Stay::Here
    }
}
