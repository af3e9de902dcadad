//! Progress of bulk acts, the result of each run, and the buttons that pause, resume and stop them.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use super::shown::{self, Card, Line, Tab};
use crate::dashboard::Dashboard;
use crate::dashboard::parts::form::Form;
use crate::dashboard::parts::page::{Frame, NoPage, render};
use crate::dashboard::run::Flash;
use crate::dashboard::run::act;
use crate::dashboard::signed_in::{SignedIn, may_act};
use crate::engine::runs::bulk::{BulkError, BulkView};
use crate::http::ApiError;
use crate::http::access::session::Caller;
use crate::store::runs::bulk::{self, Steer};

/// Number of bulk acts on a page.
const CARDS: i64 = 50;

/// Number of runs on a page.
const LINES: i64 = 100;

#[derive(Template)]
#[template(path = "bulks.html")]
struct ListPage {
    frame: Frame,
    cards: Vec<Card>,
    more: Option<String>,
    paged: bool,
}

/// Position in the list of bulk acts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Place {
    before: Option<Uuid>,
}

/// `GET /bulk`
pub async fn list(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(place): Query<Place>,
) -> Result<Response, NoPage> {
    let mut found = bulk::list(&dashboard.pool, place.before, CARDS + 1).await?;
    let limit = usize::try_from(CARDS).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    let more = found.last().filter(|_| more).map(|last| format!("/bulk?before={}", last.id));
    let cards = found.into_iter().map(|row| Card::of(BulkView::of(row))).collect();
    let frame = Frame::of(&caller, "attention");
    Ok(render(StatusCode::OK, &ListPage { frame, cards, more, paged: place.before.is_some() }))
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct BulkPage {
    frame: Frame,
    flash: Option<Flash>,
    card: Card,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    here: String,
    first: String,
    more: Option<String>,
    paged: bool,
}

/// Filter and position in the runs of a bulk act, and the act just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part {
    result: String,
    after: i32,
    done: String,
}

/// `GET /bulk/{id}`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<Uuid>,
    Query(part): Query<Part>,
) -> Result<Response, NoPage> {
    let flash = match part.done.as_str() {
        "pause" => Some("Paused. No further run is acted on until someone resumes it."),
        "resume" => Some("Resumed. Its acts are recorded with your name from now on."),
        "stop" => Some("Stopped. The remaining runs stay as they are."),
        _ => None,
    };
    page(&dashboard, &caller, id, &part, flash.map(|text| Flash::done(text.to_owned()))).await
}

async fn page(
    dashboard: &Dashboard,
    caller: &Caller,
    id: Uuid,
    part: &Part,
    flash: Option<Flash>,
) -> Result<Response, NoPage> {
    let missing = || NoPage::not_found(format!("There is no bulk act {id}."));
    let card = Card::of(BulkView::of(bulk::find(&dashboard.pool, id).await?.ok_or_else(missing)?));
    let result = Some(part.result.as_str()).filter(|result| !result.is_empty());
    let mut found = bulk::items(&dashboard.pool, id, result, part.after.max(0), LINES + 1).await?;
    let limit = usize::try_from(LINES).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    let first = shown::address(id, &part.result, 0);
    let page = BulkPage {
        frame: Frame::of(caller, "attention"),
        tabs: shown::tabs(&card, &part.result),
        more: found.last().filter(|_| more).map(|last| shown::address(id, &part.result, last.place)),
        lines: found.into_iter().map(|row| Line::of(row.into())).collect(),
        here: shown::address(id, &part.result, part.after),
        paged: part.after > 0,
        first,
        card,
        flash,
    };
    let status = page.flash.as_ref().map_or(StatusCode::OK, Flash::status);
    Ok(render(status, &page))
}

/// The form that pauses, resumes or stops a bulk act.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    csrf: String,
    reason: String,
}

/// `POST /bulk/{id}/{act}`
pub async fn steer(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path((id, name)): Path<(Uuid, String)>,
    Form(said): Form<Said>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &said.csrf).await?;
    let steer: Steer = name.parse().map_err(|_| NoPage::not_found(format!("Unknown action {name}.")))?;
    let refused = |status, why| Some(Flash::refused(status, why));
    // Only stopping needs a reason of its own: pausing and resuming continue under the reason of the bulk act.
    let needs_reason = steer == Steer::Stop || !said.reason.is_empty();
    let reason = match needs_reason.then(|| act::reason(&said.reason)).transpose() {
        Ok(reason) => reason,
        Err(why) => {
            let flash = refused(StatusCode::UNPROCESSABLE_ENTITY, why);
            return page(&dashboard, &caller, id, &Part::default(), flash).await;
        }
    };
    match dashboard.engine.steer_bulk(id, steer, caller.identity(), reason.as_deref()).await {
        Ok(_) => Ok(Redirect::to(&format!("/bulk/{id}?done={}", steer.as_str())).into_response()),
        Err(error @ BulkError::Ended { .. }) => {
            let flash = refused(StatusCode::CONFLICT, format!("Not done: {error}."));
            page(&dashboard, &caller, id, &Part::default(), flash).await
        }
        Err(error) => Err(NoPage::from(ApiError::from(error))),
    }
}
