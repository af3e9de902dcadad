//! Runs that other runs start.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::Runs;
use super::starts::Origin;
use crate::engine::{StartError, StartRequest};
use crate::machine::{Actor, ChildRequest, ErrorKind, Fact, Parent, WorkflowError};

impl Runs {
    /// Starts a child run, whatever it takes: asked twice, it is started once.
    ///
    /// No `async fn`: its future would hold itself, since starting a run leads to driving one.
    pub(super) fn start_child(
        self: Arc<Self>,
        parent: Parent,
        request: Arc<ChildRequest>,
    ) -> futures::future::BoxFuture<'static, Fact> {
        Box::pin(async move {
            let mut pause = Duration::from_millis(50);
            loop {
                let start = StartRequest {
                    namespace: request.namespace.clone(),
                    name: request.name.clone(),
                    version: request.version.clone(),
                    input: (*request.input).clone(),
                    idempotency_key: Some(request.run.to_string()),
                    actor: Actor(format!("run:{}", parent.run)),
                };
                let child = request.run;
                match self.start_as(child, Some(parent), start, Origin::Api).await {
                    // A conflict says that it was started before.
                    Ok(_) | Err(StartError::Conflict { .. }) => return Fact::ChildStarted { child },
                    Err(StartError::Unavailable(why)) => {
                        warn!(run.id = %parent.run, %child, why, "a child run cannot start yet, trying again");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(Duration::from_secs(5));
                    }
                    Err(error) => return Fact::ChildRefused { child, error: refusal(&error) },
                }
            }
        })
    }
}

fn refusal(error: &StartError) -> WorkflowError {
    match error {
        StartError::Refused(violations) => {
            let places = violations.iter().take(5).map(|v| format!("{}: {}", v.pointer, v.message));
            let places = places.collect::<Vec<_>>().join("; ");
            WorkflowError::standard(ErrorKind::Validation, "child's schema refuses the input", places)
        }
        other => WorkflowError::standard(ErrorKind::Configuration, "child run cannot start", other.to_string()),
    }
}
