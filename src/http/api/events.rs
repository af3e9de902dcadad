//! Received events: list, show, replay, dismiss. For the meaning of a replay see `engine/events/replays`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{TimeDelta, Utc};
use http::HeaderMap;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::engine::ReplayError;
use crate::http::App;
use crate::http::access::session::{Operator, Reader};
use crate::http::ingress::answer;
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params, cursor};
use crate::http::wire::body;
use crate::hub::source::redelivery;
use crate::store::acts::By;
use crate::store::events::attention;
use crate::store::events::{self, EventFilter, EventRow, StoredEvent};

/// Filters of the list.
const FILTERS: [&str; 8] = ["source", "type", "outcome", "attention", "event_id", "since", "until", "sort"];

/// Default period for counting unmatched events.
const UNMATCHED_SINCE: TimeDelta = TimeDelta::hours(24);

/// Most combinations of source and type listed with unmatched events.
const UNMATCHED_SHOWN: i64 = 200;

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
    let attention = match params.text("attention") {
        None => false,
        Some("any") => true,
        Some(_) => return Err(ApiError::bad_input("?attention", "must be any")),
    };
    let filter = EventFilter {
        source: text("source"),
        attention,
        r#type: text("type"),
        outcome,
        event_id: text("event_id"),
        since: params.time("since")?,
        until: params.time("until")?,
        order: params.order()?,
    };
    let (limit, after) = (params.limit()?, params.cursor_id('e')?);
    let page = events::page(app.engine.reader(), &filter, after, limit).await?;
    let next = page.next.map(|id| cursor('e', &id.to_string()));
    Ok(Json(Page { items: page.rows, next }))
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
    // A body that is not JSON is shown as base64, so that nothing is lost.
    match body::json(&event.body) {
        Ok(body) => view["body"] = body,
        Err(_) => view["body_base64"] = STANDARD.encode(&event.body).into(),
    }
    let redeliveries = redelivery::of_event(app.engine.reader(), &event).await?;
    let acts = attention::acts_on(app.engine.reader(), event.row.id).await?;
    view["acts"] = serde_json::to_value(acts).map_err(|_| ApiError::Internal)?;
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
    let id = id_of(&id)?;
    match app.engine.replay(id, By { actor: &caller.actor(), reason: reason.as_deref() }).await {
        Ok(accepted) => answer::one(Ok(accepted)),
        Err(ReplayError::NotAccepted(error)) => answer::one(Err(error)),
        Err(error) => Err(refused(error)),
    }
}

/// `POST /api/v1/events/{id}/dismiss`
pub async fn dismiss(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<EventRow>, ApiError> {
    let reason = app.read_reason(&caller, &headers, body).await?;
    if reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(ApiError::bad_input("/reason", "is required: say why the event needs no further attention"));
    }
    let id = id_of(&id)?;
    let by = By { actor: &caller.actor(), reason: reason.as_deref() };
    app.engine.dismiss_event(id, by).await.map_err(refused)?;
    Ok(Json(found(&app, &id.to_string()).await?.row))
}

/// `GET /api/v1/events/unmatched`
pub async fn unmatched(State(app): State<App>, _: Reader, RawQuery(query): RawQuery) -> Result<Json<Value>, ApiError> {
    let params = Params::read(query.as_deref(), &[&["since"]])?;
    let since = params.time("since")?.unwrap_or_else(|| Utc::now() - UNMATCHED_SINCE);
    let items = attention::unmatched(app.engine.reader(), since, UNMATCHED_SHOWN).await?;
    Ok(Json(json!({ "since": since, "items": items })))
}

fn refused(error: ReplayError) -> ApiError {
    match error {
        ReplayError::Unknown(id) => ApiError::NotFound(format!("no event {id}")),
        ReplayError::Impossible(why) => ApiError::Conflict(why),
        ReplayError::NotAccepted(error) => error.into(),
        ReplayError::Store(error) => error.into(),
    }
}

async fn found(app: &App, id: &str) -> Result<StoredEvent, ApiError> {
    let id = id_of(id)?;
    events::find(app.engine.reader(), id).await?.ok_or_else(|| ApiError::NotFound(format!("no event {id}")))
}

fn id_of(text: &str) -> Result<Uuid, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound(format!("no event {text:?}")))
}
