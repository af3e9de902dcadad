//! Whether a node is starting, serving or shutting down. Load balancers see it at `/readyz` and react a moment later,
//! so a node keeps serving for a while during its shutdown and refuses no request that is already on its way.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::CONNECTION;
use http::{HeaderValue, Version};
use tokio::sync::watch;

use crate::http::App;
use crate::http::problem::ApiError;

/// Phase of a node's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Serves pages and the API, but its workflows are not deployed yet: events would find none.
    Starting,
    /// Takes new work.
    Serving,
    /// Asked to stop: still serves, but tells load balancers to send nothing more.
    Leaving,
}

impl Phase {
    /// A phase that never changes, as a receiver.
    #[must_use]
    pub fn always(self) -> watch::Receiver<Self> {
        watch::channel(self).1
    }
}

impl App {
    pub(in crate::http) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Checks that the node accepts events.
    ///
    /// # Errors
    /// 503 while the node is starting.
    pub(in crate::http) fn takes_events(&self) -> Result<(), ApiError> {
        match self.phase() {
            Phase::Starting => Err(ApiError::unavailable("the node is starting: its workflows are not deployed yet")),
            Phase::Serving | Phase::Leaving => Ok(()),
        }
    }
}

/// During shutdown, closes each HTTP/1 connection after its answer: a client that reuses it would send its next request
/// just as it closes. HTTP/2 has a frame for this, sent at the end.
pub(in crate::http) async fn end_connections(State(app): State<App>, request: Request, next: Next) -> Response {
    let keeps_by_itself = request.version() >= Version::HTTP_2;
    let mut response = next.run(request).await;
    if app.phase() == Phase::Leaving && !keeps_by_itself {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
