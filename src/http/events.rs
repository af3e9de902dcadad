//! Received events: list, show, and replay.
//!
//! A replay is a new event with the old one's content: its id is `<id>#replay-<n>`, so that dedupe takes it for what it is,
//! and its headers say what it replays, who asked, and why. It is matched against what is deployed now. Two replays at once
//! get the same number and are one event.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::PgPool;
use uuid::Uuid;

use super::App;
use super::answer;
use super::body;
use super::problem::ApiError;
use super::query::{PAGING, Page, Params};
use super::session::{Operator, Reader};
use crate::engine::{IncomingEvent, OtherBytes};
use crate::hub::redelivery;
use crate::store::acts::By;
use crate::store::commit::START_TYPE;
use crate::store::events::{self, EventFilter, EventRow, StoredEvent};

/// Filters of the list.
const FILTERS: [&str; 7] = ["source", "type", "outcome", "event_id", "since", "until", "sort"];

/// Replays of one event.
const REPLAYS_MAX: usize = 100;

/// `GET /api/v1/events`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<EventRow>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&FILTERS, &PAGING])?;
    let text = |name: &str| params.text(name).map(str::to_owned);
    let outcome = text("outcome");
    if outcome.as_deref().is_some_and(|o| !["run", "resumed", "gathered", "unmatched", "rejected"].contains(&o)) {
        return Err(ApiError::bad_input("?outcome", "must be run, resumed, gathered, unmatched or rejected"));
    }
    let filter = EventFilter {
        source: text("source"),
        r#type: text("type"),
        outcome,
        event_id: text("event_id"),
        since: params.time("since")?,
        until: params.time("until")?,
        order: params.order()?,
    };
    let (limit, after) = (params.limit()?, params.cursor_id('e')?);
    let rows = events::list(app.engine.reader(), &filter, after, limit + 1).await?;
    Ok(Json(Page::of('e', limit, rows, |row| row.id.to_string())))
}

/// `GET /api/v1/events/{id}`
pub async fn show(State(app): State<App>, _: Reader, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let event = found(&app, &id).await?;
    let mut view = serde_json::to_value(&event.row).map_err(|_| ApiError::Internal)?;
    let raw = |text: &RawValue| serde_json::from_str(text.get()).unwrap_or(Value::Null);
    view["attributes"] = raw(&event.attributes);
    view["headers"] = raw(&event.headers);
    view["detail"] = event.detail.as_deref().map_or(Value::Null, raw);
    if let Some(data) = event.data.as_deref() {
        view["data"] = raw(data);
    }
    // As sent where it is JSON; whatever else came is shown so that nothing of it is lost.
    match body::json(&event.body) {
        Ok(body) => view["body"] = body,
        Err(_) => view["body_base64"] = STANDARD.encode(&event.body).into(),
    }
    let redeliveries = redelivery::of_event(app.engine.reader(), &event).await?;
    view["redeliveries"] = serde_json::to_value(redeliveries).map_err(|_| ApiError::Internal)?;
    Ok(Json(view))
}

/// `POST /api/v1/events/{id}/replay`
pub async fn replay(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let reason = app.read_reason(&caller, &headers, body).await?;
    let stored = found(&app, &id).await?;
    let by = By { actor: &caller.actor(), reason: reason.as_deref() };
    let event = again(app.engine.reader(), &stored, by).await?;
    answer::one(app.engine.accept(event).await)
}

/// A stored event as it is to be accepted once more.
///
/// # Errors
/// It is no event but a start through the API, it was replayed too often, or its body cannot be read any more.
pub async fn again(pool: &PgPool, stored: &StoredEvent, by: By<'_>) -> Result<IncomingEvent, ApiError> {
    if stored.row.r#type == START_TYPE {
        return Err(ApiError::Conflict("this is a start through the API, not an event; start the run again".into()));
    }
    let event_id = next_replay(pool, &stored.row).await?;
    let mut event = incoming(stored, event_id)?;
    event.headers.push(("stepwell-replay-of".into(), stored.row.id.to_string()));
    event.headers.push(("stepwell-replayed-by".into(), by.actor.0.clone()));
    if let Some(reason) = by.reason {
        event.headers.push(("stepwell-replay-reason".into(), reason.to_owned()));
    }
    Ok(event)
}

/// The first number that was not used yet, of the event that was first received.
async fn next_replay(pool: &PgPool, row: &EventRow) -> Result<String, ApiError> {
    let original = row.event_id.split("#replay-").next().unwrap_or(&row.event_id);
    let candidates: Vec<String> = (1..=REPLAYS_MAX).map(|n| format!("{original}#replay-{n}")).collect();
    let known = events::known_ids(pool, &row.source, &candidates).await?;
    let free = candidates.into_iter().find(|candidate| !known.contains(candidate));
    free.ok_or_else(|| ApiError::Conflict(format!("the event was replayed {REPLAYS_MAX} times")))
}

/// The event as it came in, under another id.
fn incoming(stored: &StoredEvent, event_id: String) -> Result<IncomingEvent, ApiError> {
    let unreadable = |_| ApiError::Internal;
    let mut attributes: BTreeMap<String, String> = serde_json::from_str(stored.attributes.get()).map_err(unreadable)?;
    attributes.insert("id".into(), event_id.clone());
    let headers: BTreeMap<String, String> = serde_json::from_str(stored.headers.get()).map_err(unreadable)?;
    Ok(IncomingEvent {
        source: stored.row.source.clone(),
        event_id,
        r#type: stored.row.r#type.clone(),
        attributes: attributes.into_iter().collect(),
        data: match &stored.data {
            Some(data) => serde_json::from_str(data.get()).map_err(unreadable)?,
            None => body::json(&stored.body)?,
        },
        data_is_body: stored.data.is_none(),
        body: stored.body.clone().into(),
        // What was said of an earlier replay is not true of this one.
        headers: headers.into_iter().filter(|(name, _)| !name.starts_with("stepwell-")).collect(),
        // Its number was counted when it first came.
        counted: None,
        note: None,
        other_bytes: OtherBytes::Conflict,
    })
}

async fn found(app: &App, id: &str) -> Result<StoredEvent, ApiError> {
    let unknown = || ApiError::NotFound(format!("no event {id:?}"));
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    events::find(app.engine.reader(), id).await?.ok_or_else(unknown)
}
