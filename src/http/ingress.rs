//! What comes from outside: webhooks and CloudEvents.
//!
//! The order is the promise: an unknown source, an oversized body and a bad signature are answered before anything is
//! parsed or stored; a 2xx is said only after the engine has committed.
//!
//! `POST /events` takes `Authorization: Bearer` with the scope `operate`. Without it the request must carry the
//! signature headers of one of the configured sources, over the body as sent, and be signed with that source's secret.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, http::StatusCode};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::json;

use super::App;
use super::answer;
use super::limits;
use super::problem::{ApiError, InputError};
use super::session;
use crate::engine::IncomingEvent;
use crate::store::access::Scope;

/// Events of one batch.
const BATCH_MAX: usize = 500;

/// What ingress asks of the hub.
pub trait Sources: Send + Sync {
    /// Whether a source of this name is configured.
    fn knows(&self, source: &str) -> bool;

    /// Checks the signature of a webhook and reads its event.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn receive(&self, source: &str, headers: &HeaderMap, body: &Bytes) -> Result<IncomingEvent, Refusal>;

    /// Checks that one of the sources signed a body.
    ///
    /// # Errors
    /// [`Refusal::Signature`] if none did.
    fn signed(&self, headers: &HeaderMap, body: &Bytes) -> Result<(), Refusal>;

    /// Reads CloudEvents of any mode.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn cloud_events(&self, headers: &HeaderMap, body: &Bytes) -> Result<CloudEvents, Refusal>;
}

/// What a request to `/events` held.
#[derive(Debug)]
pub enum CloudEvents {
    /// Binary or structured mode.
    One(Box<IncomingEvent>),
    /// Batched mode.
    Batch(Vec<IncomingEvent>),
}

/// Why a request is not an event. Nothing is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Missing, wrong or too old.
    Signature(String),
    /// Not the JSON, or not the event, that it should be.
    Body {
        /// For the sender.
        detail: String,
        /// Where.
        pointer: String,
    },
    /// A media type that is none of ours.
    MediaType(String),
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Signature(detail) => Self::Unauthorized(detail),
            Refusal::Body { detail, pointer } => {
                Self::BadRequest(detail.clone(), vec![InputError::new(pointer, detail)])
            }
            Refusal::MediaType(detail) => Self::UnsupportedMediaType(detail),
        }
    }
}

/// `POST /hooks/{source}`
pub async fn hook(
    State(app): State<App>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let sources = Arc::clone(&app.sources.borrow());
    if !sources.knows(&source) {
        return Err(ApiError::NotFound(format!("no source {source:?} is configured")));
    }
    let received = app.ingress_budget.read(&headers, body).await?;
    // Only now: a sender that is slow with its body must not take a place from others.
    let _place = limits::place(&app.ingress_places)?;
    let mut event = sources.receive(&source, &headers, &received.bytes)?;
    event.headers = kept(&headers);
    answer::one(app.engine.accept(event).await)
}

/// `POST /events`
pub async fn events(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let sources = Arc::clone(&app.sources.borrow());
    // A token is checked before the body is read; a signature can only be checked after.
    let by_token = match session::bearer(&headers)? {
        Some(token) => {
            app.access.by_token(token).await?.require(Scope::Operate)?;
            true
        }
        None => false,
    };
    let received = app.ingress_budget.read(&headers, body).await?;
    let _place = limits::place(&app.ingress_places)?;
    if !by_token {
        sources.signed(&headers, &received.bytes)?;
    }
    match sources.cloud_events(&headers, &received.bytes)? {
        CloudEvents::One(mut event) => {
            event.headers = kept(&headers);
            answer::one(app.engine.accept(*event).await)
        }
        CloudEvents::Batch(batch) => accept_batch(&app, &headers, batch).await,
    }
}

/// One after the other, since events with one key must start in the order in which they were sent.
async fn accept_batch(app: &App, headers: &HeaderMap, batch: Vec<IncomingEvent>) -> Result<Response, ApiError> {
    if batch.len() > BATCH_MAX {
        let detail = format!("a batch has at most {BATCH_MAX} events, this one has {}", batch.len());
        return Err(ApiError::Unprocessable(detail.clone(), vec![InputError::new("", detail)]));
    }
    let headers = structured(kept(headers));
    let mut answers = Vec::with_capacity(batch.len());
    for mut event in batch {
        event.headers.clone_from(&headers);
        let id = event.event_id.clone();
        answers.push(answer::entry(&id, app.engine.accept(event).await)?);
    }
    Ok((StatusCode::ACCEPTED, Json(json!({ "events": answers }))).into_response())
}

/// An event of a batch is kept as if it had come alone.
fn structured(mut headers: Vec<(String, String)>) -> Vec<(String, String)> {
    headers.retain(|(name, _)| name != "content-type" && name != "content-length");
    headers.push(("content-type".to_owned(), "application/cloudevents+json".to_owned()));
    headers
}

/// Parts of header names whose values are secrets, or prove one.
const SECRET_PARTS: [&str; 9] =
    ["authorization", "cookie", "signature", "token", "secret", "password", "api-key", "apikey", "hmac"];

/// Longest header value that is kept.
const HEADER_BYTES_MAX: usize = 1_024;

/// The headers that are stored with an event: no credentials, signatures or cookies.
fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let name = name.as_str();
        if SECRET_PARTS.iter().any(|part| name.contains(part)) {
            continue;
        }
        let Ok(value) = value.to_str() else { continue };
        let end = value.len().min(HEADER_BYTES_MAX);
        match kept.iter_mut().find(|(n, _)| n == name) {
            Some((_, before)) if before.len() + end < HEADER_BYTES_MAX => {
                *before = format!("{before}, {}", &value[..end])
            }
            Some(_) => {}
            None => kept.push((name.to_owned(), value[..end].to_owned())),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credential_is_kept_with_an_event() {
        let mut headers = HeaderMap::new();
        for name in [
            "authorization",
            "proxy-authorization",
            "cookie",
            "webhook-signature",
            "x-hub-signature-256",
            "x-api-key",
            "x-gitlab-token",
            "x-shopify-hmac-sha256",
        ] {
            headers.insert(name, "hunter2".parse().unwrap());
        }
        headers.append("webhook-id", "msg_1".parse().unwrap());
        headers.append("accept", "a".parse().unwrap());
        headers.append("accept", "b".parse().unwrap());
        headers.insert("x-long", "x".repeat(5000).parse().unwrap());
        let kept = kept(&headers);
        assert!(!format!("{kept:?}").contains("hunter2"), "{kept:?}");
        assert!(kept.contains(&("webhook-id".into(), "msg_1".into())));
        assert!(kept.contains(&("accept".into(), "a, b".into())));
        assert!(kept.iter().all(|(_, value)| value.len() <= HEADER_BYTES_MAX));
    }
}
