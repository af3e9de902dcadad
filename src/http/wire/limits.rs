//! Layers that every request passes: concurrency limit, deadline, panic handler, security headers.
//!
//! Each group of routes has its own concurrency limit. When webhooks use up theirs, the API, the pages and above all
//! the health checks still answer.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, Method};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::http::app::Settings;
use crate::http::problem::ApiError;
use crate::telemetry;

/// Concurrency limit and deadline of a group of routes.
#[derive(Clone)]
pub struct Gate {
    /// `None` if the handler itself takes the place.
    places: Option<Arc<Semaphore>>,
    deadline: Duration,
}

impl Gate {
    /// At most `concurrency` requests at once, each with this deadline.
    #[must_use]
    pub fn new(concurrency: usize, deadline: Duration) -> Self {
        Self { places: Some(Arc::new(Semaphore::new(concurrency))), deadline }
    }

    /// Any number of requests, each with this deadline.
    #[must_use]
    pub fn deadline(deadline: Duration) -> Self {
        Self { places: None, deadline }
    }
}

/// Runs a request if a place is free, within the deadline.
pub async fn admit(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let _place = match gate.places.as_deref().map(place).transpose() {
        Ok(place) => place,
        Err(full) => return full.into_response(),
    };
    match tokio::time::timeout(gate.deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::Overdue.into_response(),
    }
}

/// Takes a place.
///
/// # Errors
/// 503 while all are taken.
pub fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, ApiError> {
    places.try_acquire().map_err(|_| ApiError::unavailable("too many requests at once"))
}

/// Counts the answers to senders of events.
pub async fn count_ingress(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    telemetry::ingress_answered(response.status().as_u16(), begun.elapsed());
    response
}

/// Counts requests by route.
pub async fn count(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    telemetry::http_answered(&method, route, response.status().as_u16());
    response
}

/// Answers a request whose handler panicked. The panic hook has logged it.
#[expect(clippy::needless_pass_by_value, reason = "the layer asks for this signature")]
pub fn caught(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("unknown"), "a handler panicked");
    ApiError::Internal.into_response()
}

/// Default security headers. The dashboard's pages set their own policy.
const HARDENING: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Makes browsers use only TLS for this host for a year after a visit over TLS.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the security headers that the response does not set.
pub async fn harden(State(settings): State<Arc<Settings>>, request: Request, next: Next) -> Response {
    // Nobody needs TRACE, and proxies have leaked headers through it.
    if request.method() == Method::TRACE {
        return ApiError::MethodNotAllowed.into_response();
    }
    let mut response = next.run(request).await;
    for (name, value) in HARDENING {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    if settings.strict_transport {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
    response
}
