//! What comes from outside: webhooks and CloudEvents.
//!
//! The order is the promise: an unknown source, an oversized body and a bad signature are answered before anything is
//! parsed or stored; a 2xx is said only after the engine has committed.
//!
//! `POST /events` takes `Authorization: Bearer` with the scope `operate`. Without it the request must carry the
//! signature headers of one of the configured sources, over the body as sent, and be signed with that source's secret.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{OriginalUri, Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;

use super::body::media_type;
use super::peer::Visitor;
use super::problem::{ApiError, InputError};
use super::{App, answer, limits, session, soap};
use crate::engine::{IncomingEvent, OtherBytes};
use crate::hub::cloudevents::{self, BadEvent};
use crate::hub::scheme::Delivery;
use crate::hub::{AnswerKind, EVENTS_MAX, Hub, ReceiveError, Received, Source};
use crate::store::access::Scope;
use crate::telemetry;

impl From<ReceiveError> for ApiError {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::BadSignature(why) | ReceiveError::Stale(why) => Self::Unauthorized(why),
            ReceiveError::BadBody(why) => bad_body(why),
        }
    }
}

impl From<BadEvent> for ApiError {
    fn from(error: BadEvent) -> Self {
        match error {
            BadEvent::Unsupported(why) => Self::UnsupportedMediaType(why),
            BadEvent::Malformed(why) => bad_body(why),
        }
    }
}

fn bad_body(why: String) -> ApiError {
    ApiError::BadRequest(why.clone(), vec![InputError::new("", why)])
}

/// `POST /hooks/{source}`
pub async fn hook(
    State(app): State<App>,
    Path(name): Path<String>,
    visitor: Visitor,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let hub = Arc::clone(&app.hub.borrow());
    let unknown = || ApiError::NotFound(format!("no source {name:?} is configured"));
    let source = hub.sources.get(&name).ok_or_else(unknown)?;
    let read = app.ingress_budget.read_from(&name, visitor.peer, &headers, body).await?;
    // Only now: a sender that is slow with its body must not take a place from others.
    let _place = limits::place(&app.ingress_places)?;
    let url = hub.address(&uri);
    let now = app.engine.now();
    let delivery = Delivery { method: &method, url: &url, headers: &headers, body: &read.bytes, now };
    let Received { events, filtered, passed_over } = source.receive(delivery)?;
    visitor.prove();
    if filtered > 0 {
        telemetry::events_filtered(&name, filtered);
    }
    if !passed_over.is_empty() {
        app.engine.pass_over(&name, &passed_over).await?;
    }
    match source.answer() {
        AnswerKind::One => match events.into_iter().next() {
            Some(event) => answer::one(app.engine.accept(event).await),
            None => Ok(answer::filtered()),
        },
        AnswerKind::Each => accept_batch(&app, events, filtered).await,
        AnswerKind::Acknowledgement => Ok(soap::accept_all(&app, events).await),
    }
}

/// `POST /events`
pub async fn events(
    State(app): State<App>,
    visitor: Visitor,
    method: Method,
    OriginalUri(uri): OriginalUri,
    mut headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    // A token is checked before the body is read; a signature can only be checked after.
    let token = session::bearer(&headers)?;
    if let Some(token) = token {
        app.access.by_token(token).await?.require(Scope::Operate)?;
        visitor.prove();
    }
    let by_proof = token.is_none();
    // Senders with a token and senders that are to be proved by their signature take no room from each other.
    let account = if by_proof { "/events" } else { "token" };
    let received = app.ingress_budget.read_from(account, visitor.peer, &headers, body).await?;
    let _place = limits::place(&app.ingress_places)?;
    if by_proof {
        let hub = Arc::clone(&app.hub.borrow());
        let (url, now) = (hub.address(&uri), app.engine.now());
        let delivery = Delivery { method: &method, url: &url, headers: &headers, body: &received.bytes, now };
        let source = signed(&hub, delivery)?;
        visitor.prove();
        if let Some(name) = source.scheme.credential_header() {
            headers.remove(name);
        }
    }
    let mut events = cloudevents::read(&headers, &received.bytes)?;
    let hub = Arc::clone(&app.hub.borrow());
    for event in &mut events {
        if by_proof {
            event.other_bytes = OtherBytes::Duplicate;
        }
        if let Some(source) = hub.sources.get(&event.source) {
            source.shape(event)?;
        }
    }
    if media_type(&headers).is_some_and(|kind| kind == "application/cloudevents-batch+json") {
        return accept_batch(&app, events, 0).await;
    }
    let event = events.into_iter().next().ok_or_else(|| bad_body("the request holds no event".to_owned()))?;
    answer::one(app.engine.accept(event).await)
}

/// Any source will do: the signature tells which.
fn signed<'h>(hub: &'h Hub, delivery: Delivery<'_>) -> Result<&'h Source, ApiError> {
    hub.sources.values().find(|source| source.verify(delivery).is_ok()).ok_or_else(|| {
        let what = "send `Authorization: Bearer TOKEN` with the scope operate, or the signature of a configured source";
        ApiError::Unauthorized(what.into())
    })
}

/// One after the other, since events with one key must start in the order in which they were sent.
async fn accept_batch(app: &App, batch: Vec<IncomingEvent>, filtered: usize) -> Result<Response, ApiError> {
    if batch.len() > EVENTS_MAX {
        let detail = format!("a batch has at most {EVENTS_MAX} events, this one has {}", batch.len());
        return Err(ApiError::Unprocessable(detail.clone(), vec![InputError::new("", detail)]));
    }
    let mut answers = Vec::with_capacity(batch.len());
    for event in batch {
        let id = event.event_id.clone();
        answers.push(answer::entry(&id, app.engine.accept(event).await)?);
    }
    let mut told = json!({ "events": answers });
    if filtered > 0 {
        told["filtered"] = filtered.into();
    }
    Ok((StatusCode::ACCEPTED, Json(told)).into_response())
}
