//! Errors as RFC 9457 problem details.
//!
//! [`ApiError`] is the only error type of handlers. Its response carries a [`Problem`] as an extension. [`finish`], the
//! outermost layer, writes the body, since only that layer knows the request's path. It also turns the bare errors of
//! libraries (404, 405, 413, ...) into problems, so that every error has the same shape.

mod from;

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::access::refusals::Attempt;
use crate::machine::compare::FieldChange;
use crate::machine::{Misfit, SchemaViolation};
use crate::redact::{Known, Redactor};
use crate::store::access::Scope;

/// Media type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Default `Retry-After` of a 503.
pub const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(2);

/// One mistake in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputError {
    /// JSON pointer into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// Likely fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Line in the source text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in the source text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl InputError {
    /// Creates an error with a place and a message.
    #[must_use]
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), hint: None, line: None, column: None }
    }
}

impl From<SchemaViolation> for InputError {
    fn from(violation: SchemaViolation) -> Self {
        Self::new(violation.pointer, violation.message)
    }
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 400: the request is malformed.
    #[error("{0}")]
    BadRequest(String, Vec<InputError>),
    /// 401: no credentials.
    #[error("{0}")]
    Unauthorized(String),
    /// 401: invalid credentials. Recorded for administrators.
    #[error("{1}")]
    Refused(Attempt, String),
    /// 403: reserved for Stepwell itself.
    #[error("{0}")]
    Reserved(String),
    /// 403: the credentials lack a scope.
    #[error("this needs the scope {0}, which {1} does not have")]
    MissingScope(Scope, String),
    /// 403: a definition with a schedule, deployed without the scope to start runs.
    #[error(
        "{workflow} has a schedule, which starts runs by itself: deploying it needs the scopes deploy and operate, which \
         {actor} does not have; create a token with both: `stepwell token create --name NAME --scopes deploy,operate`"
    )]
    SchedulesRuns {
        /// The definition.
        workflow: String,
        /// The caller.
        actor: String,
    },
    /// 403: the act needs a second person, and the caller is not one.
    #[error("{0}")]
    SecondPerson(String),
    /// 403: the task is assigned to other people.
    #[error("{0}")]
    NotAssigned(String),
    /// 403: a cookie-authenticated request that did not come from one of our pages.
    #[error("{0}")]
    CrossSite(String),
    /// 404
    #[error("{0}")]
    NotFound(String),
    /// 410: the run was archived and deleted; the text is the archive's file name.
    #[error("run {0} was archived and removed: stepwell runs show {0} --archive {1}, in the folder of archives")]
    Archived(uuid::Uuid, String),
    /// 405
    #[error("method not allowed; see the `Allow` header")]
    MethodNotAllowed,
    /// 408: the body arrived too slowly.
    #[error("the body did not arrive in time")]
    Timeout,
    /// 503: we did not answer in time. Not a 4xx, which senders of webhooks treat as final.
    #[error("the request was not answered in time; it is unknown whether it took effect: send the same request again")]
    Overdue,
    /// 409
    #[error("{0}")]
    Conflict(String),
    /// 409: the run does not match the version to which it should move.
    #[error("{0}")]
    DoesNotFit(Box<Misfit>),
    /// 429 with `Retry-After`.
    #[error("{0}")]
    TooMany(String, Duration),
    /// 413
    #[error("the body exceeds the limit of {0} bytes")]
    TooLarge(usize),
    /// 415
    #[error("{0}")]
    UnsupportedMediaType(String),
    /// 422: well-formed but invalid.
    #[error("{0}")]
    Unprocessable(String, Vec<InputError>),
    /// 422 for an event, which is stored as rejected.
    #[error(
        "event {event} does not match the input schema of the workflow that it would start; it is stored as rejected"
    )]
    EventRefused {
        /// Our id of the event.
        event: uuid::Uuid,
        /// What is wrong with its data.
        errors: Vec<InputError>,
    },
    /// 503 with `Retry-After`.
    #[error("{0}")]
    Unavailable(String, Duration),
    /// 500: a bug. The cause is logged, not shown.
    #[error("internal error; see the log")]
    Internal,
}

/// The error body that [`finish`] writes.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// `urn:stepwell:problem:<slug>`
    pub r#type: String,
    /// Short text, the same for every error of this `type`.
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Explanation of this particular error.
    pub detail: String,
    /// Path of the request.
    pub instance: String,
    /// Stored event that was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<uuid::Uuid>,
    /// Mistakes in the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<InputError>,
    /// Step at which a run does not fit another version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Fields in which that step's call differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
}

impl ApiError {
    /// Status, slug of the type, and title.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        use ApiError as E;
        match self {
            E::BadRequest(..) => (StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read"),
            E::Unauthorized(_) | E::Refused(..) => (StatusCode::UNAUTHORIZED, "unauthorized", "Authentication failed"),
            E::MissingScope(..) | E::SchedulesRuns { .. } => {
                (StatusCode::FORBIDDEN, "missing-scope", "Permission denied")
            }
            E::Reserved(_) => (StatusCode::FORBIDDEN, "reserved", "Only Stepwell itself may send this"),
            E::SecondPerson(_) => (StatusCode::FORBIDDEN, "second-person", "Another person must approve this"),
            E::NotAssigned(_) => (StatusCode::FORBIDDEN, "not-assigned", "Someone else decides this"),
            E::CrossSite(_) => (StatusCode::FORBIDDEN, "cross-site", "The request did not come from a Stepwell page"),
            E::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            E::Archived(..) => (StatusCode::GONE, "archived", "Archived"),
            E::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
            E::Timeout => (StatusCode::REQUEST_TIMEOUT, "timeout", "The request took too long"),
            E::Overdue => (StatusCode::SERVICE_UNAVAILABLE, "overdue", "Not answered in time"),
            E::DoesNotFit(_) => (StatusCode::CONFLICT, "does-not-fit", "The run does not fit this version"),
            E::Conflict(_) => (StatusCode::CONFLICT, "conflict", "Not allowed in this state"),
            E::TooMany(..) => (StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"),
            E::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            E::UnsupportedMediaType(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type")
            }
            E::Unprocessable(..) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The input is not valid"),
            E::EventRefused { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "event-refused", "The event is not valid"),
            E::Unavailable(..) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Try again later"),
            E::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }

    /// HTTP status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// The attempt to record, if the request was refused.
    #[must_use]
    pub fn attempt(&self) -> Option<Attempt> {
        match self {
            Self::Refused(attempt, _) => Some(attempt.clone()),
            Self::MissingScope(_, who) => Some(Attempt::Scope(who.clone())),
            _ => None,
        }
    }

    /// 400 about one place.
    #[must_use]
    pub fn bad_input(pointer: &str, message: impl std::fmt::Display) -> Self {
        let message = message.to_string();
        let detail = if pointer.is_empty() { message.clone() } else { format!("{pointer}: {message}") };
        Self::BadRequest(detail, vec![InputError::new(pointer, message)])
    }

    /// 503 with the default delay.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::Unavailable(detail.into(), RETRY_AFTER_DEFAULT)
    }

    fn problem(self) -> Problem {
        let (status, slug, title) = self.kind();
        let detail = self.to_string();
        let (mut event, mut errors, mut step, mut fields) = (None, Vec::new(), None, Vec::new());
        match self {
            Self::BadRequest(_, wrong) | Self::Unprocessable(_, wrong) => errors = wrong,
            Self::EventRefused { event: refused, errors: wrong } => (event, errors) = (Some(refused), wrong),
            Self::DoesNotFit(misfit) => (step, fields) = (misfit.step, misfit.fields),
            _ => {}
        }
        let (r#type, status) = (format!("urn:stepwell:problem:{slug}"), status.as_u16());
        Problem { r#type, title, status, detail, instance: String::new(), event, errors, step, fields }
    }
}

impl Problem {
    /// Masks secrets: errors often repeat the input.
    fn hide(&mut self, redactor: &Redactor) {
        let places =
            self.errors.iter_mut().flat_map(|e| [&mut e.pointer, &mut e.message].into_iter().chain(&mut e.hint));
        for text in places.chain([&mut self.detail, &mut self.instance]) {
            *text = redactor.text(std::mem::take(text));
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        match &self {
            Self::Unauthorized(_) | Self::Refused(..) => {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"stepwell\""));
            }
            Self::MissingScope(..) | Self::SchedulesRuns { .. } => {
                let scope = if let Self::MissingScope(scope, _) = &self { *scope } else { Scope::Operate };
                let challenge = format!("Bearer realm=\"stepwell\", error=\"insufficient_scope\", scope=\"{scope}\"");
                response.headers_mut().extend(HeaderValue::try_from(challenge).map(|v| (WWW_AUTHENTICATE, v)));
            }
            Self::Unavailable(_, after) | Self::TooMany(_, after) => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
            }
            Self::Overdue => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_DEFAULT.as_secs()));
            }
            _ => {}
        }
        if let Some(attempt) = self.attempt() {
            response.extensions_mut().insert(attempt);
        }
        response.extensions_mut().insert(self.problem());
        response
    }
}

/// Writes the body of every error. The outermost layer of the router.
pub async fn finish(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    write(&path, next.run(request).await)
}

fn write(path: &str, mut response: Response) -> Response {
    let known = response.extensions_mut().remove::<Problem>();
    let Some(mut problem) = known.or_else(|| library_error(&response)) else { return response };
    path.clone_into(&mut problem.instance);
    problem.hide(&Known::of_process().all());
    let body = serde_json::to_vec(&problem).expect("a problem is plain data");
    let (mut head, _) = response.into_parts();
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, body.into())
}

/// Describes an error response that a library sent without a body of ours.
fn library_error(response: &Response) -> Option<Problem> {
    let status = response.status();
    let plain = response.headers().get(CONTENT_TYPE).is_none_or(|t| t.as_bytes().starts_with(b"text/plain"));
    if !plain || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => ApiError::NotFound("there is nothing at this URL".into()).problem(),
        StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed.problem(),
        StatusCode::REQUEST_TIMEOUT => ApiError::Timeout.problem(),
        _ => Problem {
            r#type: "about:blank".into(),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: format!("the request was answered with {status}"),
            instance: String::new(),
            event: None,
            errors: Vec::new(),
            step: None,
            fields: Vec::new(),
        },
    })
}

#[cfg(test)]
mod tests;
