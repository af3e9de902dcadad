//! Received events: the list, and the page of one event with its contents and outcome.

mod runs;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{TimeDelta, Utc};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::Dashboard;
use super::parts::badge::{self, Badge};
use super::parts::form::Form;
use super::parts::page::{Frame, NoPage, render};
use super::parts::pretty::{self, Pretty};
use super::run::Flash;
use super::run::act;
use super::signed_in::{SignedIn, may_act};
use crate::engine::{AcceptError, Accepted, ReplayError};
use crate::http::ApiError;
use crate::http::access::session::Caller;
use crate::hub::source::redelivery::{self, Difference, Redelivery};
use crate::store::acts::By;
use crate::store::events::attention::{self, EventAct, Unmatched};
use crate::store::events::{self, EventFilter, EventRow};
use crate::store::runs::commit::START_TYPE;
use crate::words::{Moment, age};
use runs::EventRun;

/// Number of events on a page.
const LINES: usize = 50;

/// Maximum length of a value in a difference.
const VALUE_CHARS_MAX: usize = 80;

/// Period over which unmatched events are counted.
const UNMATCHED_SINCE: TimeDelta = TimeDelta::hours(24);

/// Maximum number of sources and types of unmatched events.
const UNMATCHED_SHOWN: i64 = 50;

/// Filter and position in the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    outcome: String,
    /// `any`: only events that need attention.
    attention: String,
    source: String,
    after: String,
}

/// The act that was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
}

/// The form of an act.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    csrf: String,
    reason: String,
}

struct Line {
    id: Uuid,
    event_id: String,
    source: String,
    kind: String,
    outcome: Badge,
    attention: bool,
    runs: usize,
    received: Moment,
    age: String,
}

/// Another list to switch to.
struct Tab {
    label: &'static str,
    href: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "events.html")]
struct EventsPage {
    frame: Frame,
    tabs: Vec<Tab>,
    only_attention: bool,
    /// Counts of unmatched events by source and type, each with the URL of its list. Only in the list of unmatched
    /// events.
    unmatched: Vec<(Unmatched, String)>,
    lines: Vec<Line>,
    older: Option<String>,
    paged: bool,
}

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage {
    frame: Frame,
    id: Uuid,
    event_id: String,
    source: String,
    kind: String,
    outcome: Badge,
    meaning: &'static str,
    received: Moment,
    runs: Vec<EventRun>,
    /// What `detail` describes.
    about: &'static str,
    detail: Option<Pretty>,
    attributes: Pretty,
    headers: Vec<(String, String)>,
    body: Pretty,
    redeliveries: Vec<Again>,
    flash: Option<Flash>,
    attention: bool,
    can_replay: bool,
    acts: Vec<Act>,
}

/// An act on the event.
struct Act {
    what: &'static str,
    event: Option<Uuid>,
    at: Moment,
    actor: String,
    reason: String,
}

/// Deliveries with the id of the event but another body.
struct Again {
    last: Moment,
    deliveries: i32,
    differences: Vec<Change>,
}

/// A difference of the other body, with the first and the later value.
struct Change {
    pointer: String,
    first: String,
    then: String,
}

/// `GET /events`
pub async fn list(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let outcome = Some(asked.outcome.as_str())
        .filter(|o| matches!(*o, "run" | "resumed" | "gathered" | "unmatched" | "rejected"));
    let source = Some(asked.source.as_str()).filter(|source| !source.is_empty());
    let only_attention = asked.attention == "any";
    let filter = EventFilter {
        outcome: outcome.map(str::to_owned),
        source: source.map(str::to_owned),
        attention: only_attention,
        ..EventFilter::default()
    };
    let place = Place { outcome, source, only_attention };
    let after = asked.after.parse::<Uuid>().ok();
    let limit = i64::try_from(LINES).expect("a page is small");
    let found = events::page(&dashboard.pool, &filter, after, limit).await?;
    let older = found.next.map(|last| place.address(&last.to_string()));
    let lines = found.rows.into_iter().map(line).collect();
    let unmatched = match outcome {
        Some("unmatched") => {
            attention::unmatched(&dashboard.pool, Utc::now() - UNMATCHED_SINCE, UNMATCHED_SHOWN).await?
        }
        _ => Vec::new(),
    };
    let listed = |found: Unmatched| {
        let there = Place { source: Some(&found.source), ..place }.address("");
        (found, there)
    };
    let page = EventsPage {
        frame: Frame::of(&caller, "events"),
        tabs: tabs(place),
        only_attention,
        unmatched: unmatched.into_iter().map(listed).collect(),
        lines,
        older,
        paged: after.is_some(),
    };
    Ok(render(StatusCode::OK, &page))
}

/// `GET /events/{id}`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<String>,
    Query(asked): Query<Done>,
) -> Result<Response, NoPage> {
    let flash = match asked.done.as_str() {
        "dismiss" => Some("Dismissed. The event no longer needs attention."),
        "replay" => Some("This event is the replay. It was matched against what is deployed now."),
        _ => None,
    };
    page(&dashboard, &caller, parse_id(&id)?, flash.map(|text| Flash::done(text.to_owned()))).await
}

/// `POST /events/{id}/{act}`
pub async fn perform(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path((id, name)): Path<(String, String)>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let id = parse_id(&id)?;
    let refused = async |status, text| page(&dashboard, &caller, id, Some(Flash::refused(status, text))).await;
    let reason = match act::reason(&form.reason) {
        Ok(reason) => reason,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
    };
    let actor = caller.actor();
    let by = By { actor: &actor, reason: Some(&reason) };
    let to = |event: Uuid| Redirect::to(&format!("/events/{event}?done={name}")).into_response();
    let done = match name.as_str() {
        "replay" => dashboard.engine.replay(id, by).await.map(|accepted| to(new(&accepted))),
        "dismiss" => dashboard.engine.dismiss_event(id, by).await.map(|()| to(id)),
        _ => return Err(NoPage::not_found(format!("Unknown action {name}."))),
    };
    match done {
        Ok(there) => Ok(there),
        Err(ReplayError::Unknown(_)) => Err(unknown(&id.to_string())),
        Err(error @ (ReplayError::Impossible(_) | ReplayError::NotAccepted(AcceptError::Conflict { .. }))) => {
            refused(StatusCode::CONFLICT, format!("Not done: {error}.")).await
        }
        Err(ReplayError::NotAccepted(error)) => Err(NoPage::from(ApiError::from(error))),
        Err(ReplayError::Store(error)) => Err(error.into()),
    }
}

/// Returns the event that a replay created.
fn new(accepted: &Accepted) -> Uuid {
    match accepted {
        Accepted::Started { event, .. }
        | Accepted::Duplicate { event, .. }
        | Accepted::Unmatched { event }
        | Accepted::Refused { event, .. } => *event,
    }
}

fn unknown(id: &str) -> NoPage {
    NoPage::not_found(format!("There is no event {id}."))
}

fn parse_id(id: &str) -> Result<Uuid, NoPage> {
    id.parse().map_err(|_| unknown(id))
}

async fn page(dashboard: &Dashboard, caller: &Caller, id: Uuid, flash: Option<Flash>) -> Result<Response, NoPage> {
    let event = events::find(&dashboard.pool, id).await?.ok_or_else(|| unknown(&id.to_string()))?;
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let body = serde_json::from_slice(&event.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&event.body).into_owned()));
    let runs = runs::of_event(&dashboard.pool, id, &event.row.runs).await?;
    let redeliveries = redelivery::of_event(&dashboard.pool, &event).await?.into_iter().map(again).collect();
    let acts = attention::acts_on(&dashboard.pool, id).await?.into_iter().map(done).collect();
    let detail = event.detail.map(|detail| read(detail.get()));
    let is_refused = detail.as_ref().is_some_and(|detail| !detail["errors"].is_null());
    let page = EventPage {
        frame: Frame::of(caller, "events"),
        id,
        outcome: outcome(&event.row.outcome),
        meaning: meaning(&event.row.outcome),
        received: event.row.received_at.into(),
        event_id: event.row.event_id,
        source: event.row.source,
        runs,
        about: if is_refused { "Why it was rejected" } else { "How it was read" },
        detail: detail.map(|detail| pretty::json(&detail)),
        attributes: pretty::json(&read(event.attributes.get())),
        headers: pretty::pairs(&read(event.headers.get())),
        body: pretty::json(&body),
        redeliveries,
        attention: event.row.attention,
        can_replay: event.row.r#type != START_TYPE,
        kind: event.row.r#type,
        acts,
        flash,
    };
    let status = page.flash.as_ref().map_or(StatusCode::OK, Flash::status);
    Ok(render(status, &page))
}

fn done(act: EventAct) -> Act {
    Act {
        what: if act.act == "event.replay" { "Replayed" } else { "Dismissed" },
        event: act.event,
        at: act.at.into(),
        actor: act.actor,
        reason: act.reason.unwrap_or_default(),
    }
}

fn again(one: Redelivery) -> Again {
    let text = |value: Option<Value>| value.map_or_else(|| "–".to_owned(), |value| shortened(&value.to_string()));
    let place = |d: Difference| Change { pointer: d.pointer, first: text(d.first), then: text(d.then) };
    let differences = one.differences.into_iter().map(place).collect();
    Again { last: one.last_at.into(), deliveries: one.deliveries, differences }
}

/// Shortens a value; the rest is enough to tell two values apart.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn line(row: EventRow) -> Line {
    Line {
        id: row.id,
        outcome: outcome(&row.outcome),
        attention: row.attention,
        runs: row.runs.len(),
        received: row.received_at.into(),
        age: age(row.received_at, Utc::now()),
        event_id: row.event_id,
        source: row.source,
        kind: row.r#type,
    }
}

fn outcome(outcome: &str) -> Badge {
    match outcome {
        "run" => Badge { label: "Started a run", ..badge::of_run("completed") },
        "resumed" => Badge { label: "Resumed a run", ..badge::of_run("completed") },
        "gathered" => Badge { label: "Waiting for others", ..badge::of_run("waiting") },
        "rejected" => Badge { label: "Rejected", ..badge::of_run("faulted") },
        _ => Badge { label: "Unmatched", ..badge::of_run("cancelled") },
    }
}

fn meaning(outcome: &str) -> &'static str {
    match outcome {
        "run" => "A workflow subscribes to such events, so it started a run.",
        "resumed" => "Runs were waiting for it and continued.",
        "gathered" => "It starts a run together with other events, some of which have not arrived yet.",
        "rejected" => "A workflow subscribes to such events, but its input schema rejected this one. No run started.",
        _ => "It was stored, but no workflow subscribes to such events.",
    }
}

/// Selects a list.
#[derive(Clone, Copy)]
struct Place<'p> {
    outcome: Option<&'p str>,
    source: Option<&'p str>,
    only_attention: bool,
}

impl Place<'_> {
    fn address(self, after: &str) -> String {
        let attention = if self.only_attention { "any" } else { "" };
        let parts = [
            ("outcome", self.outcome.unwrap_or_default()),
            ("attention", attention),
            ("source", self.source.unwrap_or_default()),
            ("after", after),
        ];
        let parts = parts.into_iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> =
            parts.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect();
        if query.is_empty() { "/events".to_owned() } else { format!("/events?{}", query.join("&")) }
    }
}

fn tabs(chosen: Place<'_>) -> Vec<Tab> {
    let all = [
        (None, "All"),
        (Some("run"), "Started a run"),
        (Some("resumed"), "Resumed a run"),
        (Some("gathered"), "Waiting for others"),
        (Some("unmatched"), "Unmatched"),
        (Some("rejected"), "Rejected"),
    ];
    let tab = |only_attention, outcome, label| {
        let there = Place { outcome, source: None, only_attention };
        let current = (outcome, only_attention) == (chosen.outcome, chosen.only_attention);
        Tab { label, href: there.address(""), current }
    };
    let outcomes = all.into_iter().map(|(outcome, label)| tab(false, outcome, label));
    std::iter::once(tab(true, None, "Needs attention")).chain(outcomes).collect()
}
