//! Freezes: what is held back, by whom and why; the form that begins one, and the button that ends it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use super::Dashboard;
use super::parts::badge::{self, Badge};
use super::parts::form::Form;
use super::parts::page::{Frame, NoPage, render};
use super::run::Flash;
use super::run::act;
use super::signed_in::{SignedIn, may_act};
use crate::engine::FreezeError;
use crate::http::access::session::Caller;
use crate::machine::Time;
use crate::store::acts::By;
use crate::store::runs::freezes::{self, Freeze, Holds, NewFreeze};
use crate::words::Moment;

/// Freezes on a page.
const LINES: usize = 50;

struct Line {
    id: Uuid,
    state: Badge,
    names: Vec<String>,
    /// What of a paused workflow waits; none of a freeze.
    pauses: Option<&'static str>,
    reason: String,
    actor: String,
    since: Moment,
    until: Option<Moment>,
    ended: Option<(Moment, String)>,
    waiting: i64,
    is_open: bool,
}

#[derive(Template)]
#[template(path = "freezes.html")]
struct FreezesPage {
    frame: Frame,
    flash: Option<Flash>,
    filled: Filled,
    workflows: Vec<String>,
    connections: Vec<String>,
    lines: Vec<Line>,
    more: Option<String>,
    paged: bool,
}

/// Place in the list, and what an act led to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    before: Option<Uuid>,
    done: String,
}

/// A filled form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    csrf: String,
    /// `workflow NAMESPACE/NAME` or `connection NAME`.
    what: String,
    /// `events`, `starts` or `steps`.
    holds: String,
    /// As the browser gives it: a time of UTC without its offset; empty for none.
    until: String,
    reason: String,
}

/// `GET /freezes`
pub async fn list(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let flash = match asked.done.as_str() {
        "start" => Some("Frozen. Events are still accepted; the runs they start wait here."),
        "end" => Some("Freeze ended. The waiting runs continue in order of arrival."),
        _ => None,
    };
    let flash = flash.map(|text| Flash::done(text.to_owned()));
    page(&dashboard, &caller, asked.before, flash, Filled::default()).await
}

/// `POST /freezes`
pub async fn start(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let read = read(&form);
    let (workflows, connections, until, holds, reason) = match read {
        Ok(read) => read,
        Err(why) => return refused(&dashboard, &caller, form, why).await,
    };
    let by = caller.actor();
    let by = By { actor: &by, reason: Some(&reason) };
    let new = NewFreeze { workflows: &workflows, connections: &connections, until, holds };
    match dashboard.engine.freeze(&new, by).await {
        Ok(_) => Ok(Redirect::to("/freezes?done=start").into_response()),
        Err(FreezeError::Invalid(why)) => refused(&dashboard, &caller, form, format!("Not frozen: {why}.")).await,
        Err(FreezeError::Store(error)) => Err(error.into()),
    }
}

/// `POST /freezes/{id}/end`
pub async fn end(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<Uuid>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let reason = match act::reason(&form.reason) {
        Ok(reason) => reason,
        Err(why) => return refused(&dashboard, &caller, Filled::default(), why).await,
    };
    let by = caller.actor();
    let ended = dashboard.engine.end_freeze(id, By { actor: &by, reason: Some(&reason) }).await?;
    ended.ok_or_else(|| NoPage::not_found(format!("There is no freeze {id}.")))?;
    Ok(Redirect::to("/freezes?done=end").into_response())
}

type Asking = (Vec<String>, Vec<String>, Option<Time>, Holds, String);

fn read(form: &Filled) -> Result<Asking, String> {
    let reason = act::reason(&form.reason)?;
    let (workflows, connections) = match form.what.split_once(' ') {
        Some(("workflow", name)) => (vec![name.to_owned()], Vec::new()),
        Some(("connection", name)) => (Vec::new(), vec![name.to_owned()]),
        _ => return Err("Choose a workflow or a connection to freeze.".to_owned()),
    };
    let until = match form.until.trim() {
        "" => None,
        text => Some(
            chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
                .or_else(|_| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
                .map_err(|_| format!("{text:?} is not a time; use the format 2026-12-01T06:00."))?
                .and_utc(),
        ),
    };
    let holds = match form.holds.as_str() {
        "" => Holds::Events,
        text => text.parse().map_err(|_| "Choose what to hold back.".to_owned())?,
    };
    Ok((workflows, connections, until, holds, reason))
}

async fn refused(dashboard: &Dashboard, caller: &Caller, form: Filled, why: String) -> Result<Response, NoPage> {
    page(dashboard, caller, None, Some(Flash::refused(StatusCode::UNPROCESSABLE_ENTITY, why)), form).await
}

async fn page(
    dashboard: &Dashboard,
    caller: &Caller,
    before: Option<Uuid>,
    flash: Option<Flash>,
    filled: Filled,
) -> Result<Response, NoPage> {
    let asked = i64::try_from(LINES + 1).unwrap_or(i64::MAX);
    let mut found = freezes::list(&dashboard.pool, before, asked).await?;
    let more = found.len() > LINES;
    found.truncate(LINES);
    let more = found.last().filter(|_| more).map(|last| format!("/freezes?before={}", last.id));
    let deployed = dashboard.engine.deployed();
    let workflows = deployed.definitions.keys().map(|(namespace, name)| format!("{namespace}/{name}")).collect();
    let called = deployed.definitions.values().flatten().flat_map(|definition| definition.connections());
    let connections: std::collections::BTreeSet<String> = called.filter(|name| name != "hub").collect();
    let status = flash.as_ref().map_or(StatusCode::OK, Flash::status);
    let page = FreezesPage {
        frame: Frame::of(caller, "freezes"),
        flash,
        filled,
        workflows,
        connections: connections.into_iter().collect(),
        lines: found.into_iter().map(line).collect(),
        more,
        paged: before.is_some(),
    };
    Ok(render(status, &page))
}

fn line(freeze: Freeze) -> Line {
    let state = match (freeze.ended_at, freeze.waiting) {
        (None, _) => Badge { label: "Frozen", ..badge::of_run("suspended") },
        (Some(_), 0) => Badge { label: "Ended", ..badge::of_run("completed") },
        (Some(_), _) => Badge { label: "Releasing", ..badge::of_run("running") },
    };
    let connections = freeze.connections.into_iter().map(|name| format!("workflows that call {name}"));
    Line {
        id: freeze.id,
        state,
        names: freeze.workflows.into_iter().chain(connections).collect(),
        pauses: match freeze.holds.as_str() {
            "starts" => Some("every new run"),
            "steps" => Some("every new run, and the next step of runs in progress"),
            _ => None,
        },
        reason: freeze.reason,
        actor: freeze.actor,
        since: freeze.created_at.into(),
        until: freeze.until.map(Moment::from),
        ended: freeze.ended_at.map(|at| (at.into(), freeze.ended_by.unwrap_or_default())),
        waiting: freeze.waiting,
        is_open: freeze.ended_at.is_none(),
    }
}
