//! What arrived from outside: the list of events, and one with what was received and what became of it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use chrono::Utc;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::Dashboard;
use super::badge::{self, Badge};
use super::page::{Frame, NoPage, render};
use super::pretty::{self, Pretty};
use super::signed_in::SignedIn;
use crate::hub::redelivery::{self, Difference, Redelivery};
use crate::machine::RunId;
use crate::store::events::{self, EventFilter, EventRow};
use crate::words::{Moment, age};

/// Lines on a page.
const LINES: usize = 50;

/// Longest value shown of a difference.
const VALUE_CHARS_MAX: usize = 80;

/// Filter and place in the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    outcome: String,
    after: String,
}

struct Line {
    id: Uuid,
    event_id: String,
    source: String,
    kind: String,
    outcome: Badge,
    runs: usize,
    received: Moment,
    age: String,
}

/// A list that one can switch to.
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
    runs: Vec<RunId>,
    /// What the detail is about.
    about: &'static str,
    detail: Option<Pretty>,
    attributes: Pretty,
    headers: Vec<(String, String)>,
    body: Pretty,
    redeliveries: Vec<Again>,
}

/// Deliveries under the event's id with another body.
struct Again {
    last: Moment,
    deliveries: i32,
    differences: Vec<Place>,
}

/// Where the other body differs, and what stood there and stands there then.
struct Place {
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
    let filter = EventFilter { outcome: outcome.map(str::to_owned), ..EventFilter::default() };
    let after = asked.after.parse::<Uuid>().ok();
    let limit = i64::try_from(LINES + 1).expect("a page is small");
    let mut rows = events::list(&dashboard.pool, &filter, after, limit).await?;
    let more = rows.len() > LINES;
    rows.truncate(LINES);
    let older = rows.last().filter(|_| more).map(|last| address(outcome, &last.id.to_string()));
    let lines = rows.into_iter().map(line).collect();
    let frame = Frame::of(&caller, "events");
    Ok(render(StatusCode::OK, &EventsPage { frame, tabs: tabs(outcome), lines, older, paged: after.is_some() }))
}

/// `GET /events/{id}`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<String>,
) -> Result<Response, NoPage> {
    let unknown = || NoPage::not_found(format!("There is no event {id}. It may be past its retention."));
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let event = events::find(&dashboard.pool, id).await?.ok_or_else(unknown)?;
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let body = serde_json::from_slice(&event.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&event.body).into_owned()));
    let redeliveries = redelivery::of_event(&dashboard.pool, &event).await?.into_iter().map(again).collect();
    let page = EventPage {
        frame: Frame::of(&caller, "events"),
        id,
        outcome: outcome(&event.row.outcome),
        meaning: meaning(&event.row.outcome),
        received: event.row.received_at.into(),
        event_id: event.row.event_id,
        source: event.row.source,
        kind: event.row.r#type,
        runs: event.row.runs,
        about: if event.row.outcome == "rejected" { "Why it was rejected" } else { "How it was read" },
        detail: event.detail.map(|detail| pretty::json(&read(detail.get()))),
        attributes: pretty::json(&read(event.attributes.get())),
        headers: pairs(&read(event.headers.get())),
        body: pretty::json(&body),
        redeliveries,
    };
    Ok(render(StatusCode::OK, &page))
}

fn again(one: Redelivery) -> Again {
    let text = |value: Option<Value>| value.map_or_else(|| "–".to_owned(), |value| shortened(&value.to_string()));
    let place = |d: Difference| Place { pointer: d.pointer, first: text(d.first), then: text(d.then) };
    let differences = one.differences.into_iter().map(place).collect();
    Again { last: one.last_at.into(), deliveries: one.deliveries, differences }
}

/// Enough of a value to tell two of them apart.
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
        "resumed" => Badge { label: "Awaited", ..badge::of_run("completed") },
        "gathered" => Badge { label: "Waiting for others", ..badge::of_run("waiting") },
        "rejected" => Badge { label: "Rejected", ..badge::of_run("faulted") },
        _ => Badge { label: "Unmatched", ..badge::of_run("cancelled") },
    }
}

fn meaning(outcome: &str) -> &'static str {
    match outcome {
        "run" => "A workflow waits for such events, so a run began.",
        "resumed" => "Runs were waiting for it and went on.",
        "gathered" => "It starts a run together with other events, which have not all come yet.",
        "rejected" => "A workflow waits for such events, but its input schema refuses this one. No run began.",
        _ => "It was kept, but no workflow waits for such events.",
    }
}

fn tabs(chosen: Option<&str>) -> Vec<Tab> {
    let all = [
        (None, "All"),
        (Some("run"), "Started a run"),
        (Some("resumed"), "Awaited"),
        (Some("gathered"), "Waiting for others"),
        (Some("unmatched"), "Unmatched"),
        (Some("rejected"), "Rejected"),
    ];
    all.into_iter().map(|(o, label)| Tab { label, href: address(o, ""), current: o == chosen }).collect()
}

fn address(outcome: Option<&str>, after: &str) -> String {
    let parts = [("outcome", outcome.unwrap_or_default()), ("after", after)];
    let parts = parts.into_iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> =
        parts.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect();
    if query.is_empty() { "/events".to_owned() } else { format!("/events?{}", query.join("&")) }
}

/// Names and values, from an object or from a list of pairs.
fn pairs(headers: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match headers {
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        Value::Array(list) => list.iter().filter_map(|pair| Some((text(pair.get(0)?), text(pair.get(1)?)))).collect(),
        _ => Vec::new(),
    }
}
