//! Requests from other systems: webhooks and CloudEvents.
//!
//! An unknown source, an oversized body and a bad signature are refused before anything is parsed or stored. A 2xx is
//! sent only after the engine has committed.
//!
//! `POST /events` takes `Authorization: Bearer` with the scope `operate`. Without a token, the request must carry the
//! signature of a source with `events: true`. A signature is valid only for its own source: whatever the events name as
//! theirs, they become events of the signing source (`bind`), so no sender can speak for another. And it proves only
//! what it covers: no scheme signs the `ce-` headers of binary mode, so that mode requires a token.

pub(super) mod answer;
pub(super) mod handshake;
pub(super) mod soap;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{OriginalUri, Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;

use super::App;
use super::access::peer::Visitor;
use super::access::refusals::Attempt;
use super::access::session;
use super::problem::{ApiError, InputError};
use super::wire::limits;
use crate::engine::{IncomingEvent, OtherBytes};
use crate::hub::scheme::{Delivery, Verified};
use crate::hub::source::cloudevents::{self, BadEvent, Mode};
use crate::hub::{AnswerKind, EVENTS_MAX, Hub, ReceiveError, Received, Source, check_id};
use crate::store::access::Scope;
use crate::telemetry;

impl From<ReceiveError> for ApiError {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::BadSignature(why) | ReceiveError::Stale(why) => Self::Refused(Attempt::Signature, why),
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
    app.takes_events()?;
    let hub = Arc::clone(&app.hub.borrow());
    let Some(source) = hub.sources.get(&name) else {
        let mut unknown = ApiError::NotFound(format!("no source {name:?} is configured")).into_response();
        unknown.extensions_mut().insert(Attempt::Source);
        return Ok(unknown);
    };
    let read = app.ingress_budget.read_from(&name, visitor.peer, &headers, body).await?;
    // Taken only now, so that a sender with a slow body does not block others.
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
    app.takes_events()?;
    // A token is checked before the body is read; a signature can be checked only afterwards.
    let caller = match session::bearer(&headers)? {
        Some(token) => Some(app.access.by_token(token, visitor.peer).await?),
        None => None,
    };
    // Senders with a token and senders yet to be verified have separate shares of the memory.
    let received = match &caller {
        Some(caller) => {
            caller.require(Scope::Operate)?;
            visitor.prove();
            let received = app.ingress_budget.read_from("token", visitor.peer, &headers, body).await?;
            app.access.confirm(caller, Scope::Operate).await?;
            received
        }
        None => app.ingress_budget.read_from("/events", visitor.peer, &headers, body).await?,
    };
    let _place = limits::place(&app.ingress_places)?;
    let mode = Mode::of(&headers);
    let hub = Arc::clone(&app.hub.borrow());
    let events = if caller.is_some() {
        let mut events = cloudevents::read(&headers, &received.bytes)?;
        for event in &mut events {
            if let Some(source) = hub.sources.get(&event.source) {
                source.shape(event)?;
            }
        }
        events
    } else {
        let (url, now) = (hub.address(&uri), app.engine.now());
        let delivery = Delivery { method: &method, url: &url, headers: &headers, body: &received.bytes, now };
        let (source, verified) = proved(&hub, delivery, mode)?;
        visitor.prove();
        if let Some(name) = source.scheme.credential_header() {
            headers.remove(name);
        }
        let events = cloudevents::read(&headers, &received.bytes)?;
        refuse_reserved(&events)?;
        events.into_iter().map(|event| bind(event, source, &verified, mode)).collect::<Result<_, _>>()?
    };
    refuse_reserved(&events)?;
    if mode == Mode::Batched {
        return accept_batch(&app, events, 0).await;
    }
    let event = events.into_iter().next().ok_or_else(|| bad_body("the request contains no event".to_owned()))?;
    answer::one(app.engine.accept(event).await)
}

/// Finds the source whose signature the request carries: one with `events: true`, in a mode that its signature covers.
fn proved<'h>(hub: &'h Hub, delivery: Delivery<'_>, mode: Mode) -> Result<(&'h Source, Verified), ApiError> {
    let opted_in = hub.sources.values().filter(|source| source.events);
    let found = opted_in.into_iter().find_map(|source| Some((source, source.verify(delivery).ok()?)));
    let (source, verified) = found.ok_or_else(|| {
        let what = "send `Authorization: Bearer TOKEN` with the scope operate, or authenticate as a source that has \
                    `events: true` in hub.yaml";
        ApiError::Refused(Attempt::Signature, what.to_owned())
    })?;
    if mode == Mode::Binary {
        let why = format!(
            "the authentication of source {} does not cover the `ce-` headers of binary mode, so anyone could change them: \
             send application/cloudevents+json, or a bearer token with the scope operate",
            source.name
        );
        return Err(ApiError::Refused(Attempt::Signature, why));
    }
    Ok((source, verified))
}

/// Makes an event one of the verified source, under the signed id. The ids of a batch are in its body, which is signed
/// as a whole. The event's own source is kept as the attribute `claimedsource`.
fn bind(mut event: IncomingEvent, source: &Source, verified: &Verified, mode: Mode) -> Result<IncomingEvent, ApiError> {
    let claimed = std::mem::replace(&mut event.source, source.name.clone());
    let signed_id = verified.event_id.as_ref().filter(|_| mode == Mode::Structured && source.scheme.signs_id());
    if let Some(id) = signed_id {
        check_id(id).map_err(bad_body)?;
        event.event_id.clone_from(id);
    }
    event.attributes.retain(|(name, _)| !["id", "source", "claimedsource"].contains(&name.as_str()));
    event.attributes.extend([
        ("id".to_owned(), event.event_id.clone()),
        ("source".to_owned(), event.source.clone()),
        ("claimedsource".to_owned(), claimed),
    ]);
    event.other_bytes = OtherBytes::Duplicate;
    source.shape(&mut event)?;
    Ok(event)
}

/// Refuses sources and types reserved for Stepwell, whatever the caller's scopes.
fn refuse_reserved(events: &[IncomingEvent]) -> Result<(), ApiError> {
    match events.iter().find(|event| event.is_reserved()) {
        Some(event) => Err(ApiError::Reserved(format!(
            "event {:?} has the source {:?} and the type {:?}, which are reserved for Stepwell: use a source of your own",
            event.event_id, event.source, event.r#type
        ))),
        None => Ok(()),
    }
}

/// One after another, since events with the same key must start runs in the order sent.
async fn accept_batch(app: &App, batch: Vec<IncomingEvent>, filtered: usize) -> Result<Response, ApiError> {
    if batch.len() > EVENTS_MAX {
        let detail = format!("a batch has at most {EVENTS_MAX} events, but this one has {}", batch.len());
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

#[cfg(test)]
mod tests;
