//! Schedules: the list, and the page of one with its next firings, past acts, and possible acts.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono_tz::Tz;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::Dashboard;
use super::parts::badge::{self, Badge};
use super::parts::form::Form;
use super::parts::page::{Frame, NoPage, render};
use super::run::Flash;
use super::run::act;
use super::signed_in::{SignedIn, may_act};
use crate::dsl::timing;
use crate::engine::{Schedule, ScheduleAct, ScheduleActed, StartError};
use crate::http::access::session::Caller;
use crate::machine::{RunId, Time};
use crate::store::schedules::{self, ActRow};
use crate::words::Moment;

/// Number of schedules on a page.
const LINES: usize = 50;
/// Number of upcoming firings shown.
const UPCOMING: usize = 10;
/// Number of acts shown.
const ACTS_SHOWN: i64 = 20;

/// A time in the schedule's time zone, and in UTC.
struct Firing {
    moment: Moment,
    local: String,
}

struct Line {
    href: String,
    workflow: String,
    rhythm: String,
    zone: String,
    standing: Badge,
    next: Option<Firing>,
    last: Option<Firing>,
}

#[derive(Template)]
#[template(path = "schedules.html")]
struct SchedulesPage {
    frame: Frame,
    lines: Vec<Line>,
    more: Option<String>,
    paged: bool,
}

struct Done {
    at: Moment,
    text: String,
    actor: String,
    reason: Option<String>,
    run: Option<RunId>,
}

/// The form of an act.
struct Offer {
    act: &'static str,
    label: &'static str,
    help: &'static str,
    class: &'static str,
}

#[derive(Template)]
#[template(path = "schedule.html")]
struct SchedulePage {
    frame: Frame,
    flash: Option<Flash>,
    started: Option<RunId>,
    schedule: Schedule,
    line: Line,
    missed: &'static str,
    upcoming: Vec<Firing>,
    paused: Option<Moment>,
    offers: Vec<Offer>,
    acts: Vec<Done>,
}

/// Position in the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    after: String,
}

/// The act that was just done, and the run that it started.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Told {
    done: String,
    run: Option<RunId>,
}

/// The form of an act.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    csrf: String,
    reason: String,
}

/// `GET /schedules`
pub async fn list(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let after = asked.after.split_once('/').map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
    let paged = after.is_some();
    let after = after.as_ref().map(|(namespace, name)| (namespace.as_str(), name.as_str()));
    let mut found = dashboard.engine.schedules(after, i64::try_from(LINES + 1).unwrap_or(i64::MAX), 1).await?;
    let more = found.len() > LINES;
    found.truncate(LINES);
    let last = found.last().filter(|_| more).map(|s| format!("{}/{}", s.namespace, s.name));
    let more = last.map(|last| format!("/schedules?after={}", encoded(&last)));
    let lines = found.iter().map(line).collect();
    Ok(render(StatusCode::OK, &SchedulesPage { frame: Frame::of(&caller, "schedules"), lines, more, paged }))
}

/// `GET /schedules/{namespace}/{name}`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(workflow): Path<(String, String)>,
    Query(told): Query<Told>,
) -> Result<Response, NoPage> {
    let flash = said(&told.done).map(|text| Flash::done(text.to_owned()));
    page(&dashboard, &caller, &workflow, flash, told.run).await
}

/// `POST /schedules/{namespace}/{name}/{act}`
pub async fn perform(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path((namespace, name, act)): Path<(String, String, String)>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let what: ScheduleAct = act.parse().map_err(|_| NoPage::not_found(format!("Unknown action {act}.")))?;
    let workflow = (namespace, name);
    let refused = |status, why| page(&dashboard, &caller, &workflow, Some(Flash::refused(status, why)), None);
    let reason = match act::reason(&form.reason) {
        Ok(reason) => reason,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
    };
    let here = address(&workflow.0, &workflow.1);
    match dashboard.engine.act_on_schedule(&workflow.0, &workflow.1, what, &caller.actor(), Some(&reason)).await {
        Ok(ScheduleActed::Done) => Ok(Redirect::to(&format!("{here}?done={act}")).into_response()),
        Ok(ScheduleActed::Started(run)) => Ok(Redirect::to(&format!("{here}?done={act}&run={run}")).into_response()),
        Ok(ScheduleActed::Unknown) => Err(unknown(&workflow)),
        Err(error @ StartError::Refused(_)) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, format!("Not done: {error}.")).await
        }
        Err(error) => Err(NoPage::from(crate::http::ApiError::from(error))),
    }
}

async fn page(
    dashboard: &Dashboard,
    caller: &Caller,
    workflow: &(String, String),
    flash: Option<Flash>,
    started: Option<RunId>,
) -> Result<Response, NoPage> {
    let schedule = dashboard.engine.schedule(&workflow.0, &workflow.1, UPCOMING).await?;
    let schedule = schedule.ok_or_else(|| unknown(workflow))?;
    let acts = schedules::acts(&dashboard.pool, &workflow.0, &workflow.1, ACTS_SHOWN).await?;
    let frame = Frame::of(caller, "schedules");
    let zone = zone(&schedule);
    let status = flash.as_ref().map_or(StatusCode::OK, Flash::status);
    let page = SchedulePage {
        flash,
        started,
        line: line(&schedule),
        missed: match schedule.misfire {
            "skip" => "Skipped",
            "all" => "One run for each",
            _ => "One run for all",
        },
        upcoming: schedule.next.iter().map(|at| firing(*at, zone)).collect(),
        paused: schedule.paused_at.map(Moment::from),
        offers: if frame.operates { offers(&schedule) } else { Vec::new() },
        acts: acts.into_iter().map(done).collect(),
        frame,
        schedule,
    };
    Ok(render(status, &page))
}

fn unknown((namespace, name): &(String, String)) -> NoPage {
    NoPage::not_found(format!("Workflow {namespace}/{name} has no schedule."))
}

fn offers(schedule: &Schedule) -> Vec<Offer> {
    let switch = if schedule.paused_at.is_some() {
        let help = "Continues with its next time. Missed runs are not started.";
        Offer { act: "resume", label: "Resume", help, class: "primary" }
    } else {
        let help = "No scheduled run starts until someone resumes it. Runs in progress continue.";
        Offer { act: "pause", label: "Pause", help, class: "" }
    };
    let help = "A run starts now, with the current time as its scheduled time. The schedule does not change.";
    vec![switch, Offer { act: "fire", label: "Start a run now", help, class: "" }]
}

fn line(schedule: &Schedule) -> Line {
    let zone = zone(schedule);
    Line {
        href: address(&schedule.namespace, &schedule.name),
        workflow: format!("{}/{}", schedule.namespace, schedule.name),
        rhythm: format!("{} {}", schedule.kind, schedule.expression),
        zone: schedule.time_zone.clone(),
        standing: match (schedule.paused_at, schedule.next.is_empty()) {
            (Some(_), _) => Badge { label: "Paused", ..badge::of_run("suspended") },
            (None, true) => Badge { label: "Waits for its run", ..badge::of_run("waiting") },
            (None, false) => Badge { label: "Active", ..badge::of_run("running") },
        },
        next: schedule.next.first().map(|at| firing(*at, zone)),
        last: schedule.last.map(|at| firing(at, zone)),
    }
}

fn zone(schedule: &Schedule) -> Tz {
    timing::zone(&schedule.time_zone).unwrap_or(Tz::UTC)
}

fn firing(at: Time, zone: Tz) -> Firing {
    Firing { moment: at.into(), local: at.with_timezone(&zone).format("%a %-d %b %Y, %H:%M:%S %Z").to_string() }
}

fn done(row: ActRow) -> Done {
    let text = match row.act.as_str() {
        "pause" => "Paused",
        "resume" => "Resumed",
        _ => "Started a run",
    };
    Done { at: row.at.into(), text: text.to_owned(), actor: row.actor, reason: row.reason, run: row.run }
}

fn said(act: &str) -> Option<&'static str> {
    match act {
        "pause" => Some("Paused."),
        "resume" => Some("Resumed."),
        "fire" => Some("A run was started."),
        _ => None,
    }
}

fn address(namespace: &str, name: &str) -> String {
    format!("/schedules/{}/{}", encoded(namespace), encoded(name))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
