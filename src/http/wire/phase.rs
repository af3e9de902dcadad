//! Whether a node comes up, serves, or is about to leave. Load balancers read it at `/readyz` and act a moment later, so a node
//! that leaves keeps serving for a while: nobody is refused who was sent here in good faith.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::CONNECTION;
use http::{HeaderValue, Version};
use tokio::sync::watch;

use crate::http::App;
use crate::http::problem::ApiError;

/// Where a node stands between its start and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It serves pages and the API, but what is to be deployed at its start is not deployed yet: events would find no workflow.
    Starting,
    /// It takes new work.
    Serving,
    /// It was asked to stop: it still serves, and tells load balancers to send nothing more.
    Leaving,
}

impl Phase {
    /// A phase that never changes.
    #[must_use]
    pub fn always(self) -> watch::Receiver<Self> {
        watch::channel(self).1
    }
}

impl App {
    pub(in crate::http) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Whether events may come in.
    ///
    /// # Errors
    /// 503 while the node comes up.
    pub(in crate::http) fn takes_events(&self) -> Result<(), ApiError> {
        match self.phase() {
            Phase::Starting => Err(ApiError::unavailable("the node is starting: its workflows are not deployed yet")),
            Phase::Serving | Phase::Leaving => Ok(()),
        }
    }
}

/// While the node leaves, each answer over HTTP/1 is the last one of its connection: a client that keeps connections would send its
/// next request in the moment in which they end. HTTP/2 has a frame for this, which is sent at the end.
pub(in crate::http) async fn end_connections(State(app): State<App>, request: Request, next: Next) -> Response {
    let keeps_by_itself = request.version() >= Version::HTTP_2;
    let mut response = next.run(request).await;
    if app.phase() == Phase::Leaving && !keeps_by_itself {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
