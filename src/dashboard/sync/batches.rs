//! Batches: the progress of each pass over many records, its failed rows, and the button that retries them.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use crate::dashboard::Dashboard;
use crate::dashboard::parts::badge::{self, Badge};
use crate::dashboard::parts::form::Form;
use crate::dashboard::parts::page::{Frame, NoPage, render};
use crate::dashboard::run::Flash;
use crate::dashboard::run::act;
use crate::dashboard::signed_in::{SignedIn, may_act};
use crate::engine::{BatchView, Retried};
use crate::http::access::session::Caller;
use crate::store::acts::By;
use crate::store::sync::batches::{self, FailedShown};
use crate::words::{Moment, duration, millis_between, rate, thousands};

/// Maximum number of batches read, of all names together.
const LOOKED_AT: i64 = 200;
/// Number of earlier passes shown per name.
const EARLIER: usize = 5;
/// Number of failed rows shown per name.
const ROWS: i64 = 50;
/// Length at which texts are cut.
const SHOWN_CHARS_MAX: usize = 240;

/// A pass.
struct Pass {
    id: Uuid,
    badge: Badge,
    mode: String,
    run: Uuid,
    since: Moment,
    /// Progress, such as `4,200 of 50,000`.
    progress: String,
    done: i64,
    total: Option<i64>,
    failed: String,
    is_running: bool,
    /// Rate, such as `1,250 a second`.
    rate: Option<String>,
    /// Remaining time, such as `36 s`.
    rest: Option<String>,
    took: String,
}

/// A failed row.
struct Line {
    key: String,
    /// The input needed to retry it, if it says more than the key.
    row: Option<String>,
    message: String,
    attempts: i32,
    since: Moment,
    last: Moment,
}

/// All passes of a name.
struct Group {
    name: String,
    workflow: Option<String>,
    latest: Pass,
    earlier: Vec<Pass>,
    rows: Vec<Line>,
    /// Number of all failed rows.
    waiting: i64,
    waiting_text: String,
}

#[derive(Template)]
#[template(path = "batches.html")]
struct BatchesPage {
    frame: Frame,
    flash: Option<Flash>,
    groups: Vec<Group>,
    /// Announced to screen readers when it changes.
    announce: String,
}

/// The act that was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    started: Option<Uuid>,
}

/// The form that retries failed rows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    csrf: String,
    reason: String,
}

/// `GET /batches`
pub async fn list(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let flash = asked.started.map(|run| Flash::done(format!("Run {run} retries the failed rows.")));
    page(&dashboard, &caller, flash).await
}

/// `POST /batches/{id}/retry`
pub async fn retry(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<Uuid>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let refused = |status, why| page(&dashboard, &caller, Some(Flash::refused(status, why)));
    let reason = match act::reason(&form.reason) {
        Ok(reason) => reason,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
    };
    let by = caller.actor();
    match dashboard.engine.retry_batch(id, By { actor: &by, reason: Some(&reason) }).await {
        Ok(Retried::Started(run)) => Ok(Redirect::to(&format!("/batches?started={run}")).into_response()),
        Ok(Retried::Unknown) => Err(NoPage::not_found(format!("There is no batch {id}."))),
        Ok(Retried::Refused(why)) => refused(StatusCode::CONFLICT, format!("Not done: {why}.")).await,
        Err(error) => refused(StatusCode::SERVICE_UNAVAILABLE, format!("Not done: {error}.")).await,
    }
}

async fn page(dashboard: &Dashboard, caller: &Caller, flash: Option<Flash>) -> Result<Response, NoPage> {
    let found = batches::list(&dashboard.pool, None, None, None, LOOKED_AT).await?;
    let mut groups: Vec<Group> = Vec::new();
    for batch in found.into_iter().map(BatchView::from) {
        match groups.iter_mut().find(|group| group.name == batch.name) {
            Some(group) if group.earlier.len() < EARLIER => group.earlier.push(pass(batch)),
            Some(_) => {}
            None => groups.push(group(dashboard, batch).await?),
        }
    }
    let running = groups.iter().filter(|group| group.latest.is_running);
    let announce = running.map(|group| format!("{}: {}", group.name, group.latest.progress)).collect::<Vec<_>>();
    let status = flash.as_ref().map_or(StatusCode::OK, Flash::status);
    let frame = Frame::of(caller, "batches");
    Ok(render(status, &BatchesPage { frame, flash, groups, announce: announce.join(". ") }))
}

async fn group(dashboard: &Dashboard, latest: BatchView) -> Result<Group, NoPage> {
    let waiting = batches::count_failed(&dashboard.pool, &latest.name, None).await?;
    let rows = if waiting > 0 { batches::failed(&dashboard.pool, &latest.name, None, ROWS).await? } else { Vec::new() };
    Ok(Group {
        name: latest.name.clone(),
        workflow: latest.workflow.clone(),
        latest: pass(latest),
        earlier: Vec::new(),
        rows: rows.into_iter().map(line).collect(),
        waiting,
        waiting_text: thousands(waiting),
    })
}

fn pass(batch: BatchView) -> Pass {
    let of = batch.total.map(|total| format!(" of {}", thousands(total))).unwrap_or_default();
    Pass {
        id: batch.id,
        badge: badge::of_batch(batch.state),
        progress: format!("{}{of}", thousands(batch.done)),
        failed: thousands(batch.failed),
        is_running: batch.state == "running",
        rate: batch.rate.map(rate),
        rest: batch.rest_seconds.map(|seconds| duration(seconds.saturating_mul(1_000))),
        took: duration(millis_between(batch.began_at, batch.changed_at)),
        mode: batch.mode,
        run: batch.run,
        since: batch.began_at.into(),
        done: batch.done,
        total: batch.total,
    }
}

/// Shortens a text; the command line and the API return all of it.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn line(row: FailedShown) -> Line {
    let FailedShown { key, message, row, attempts, first_at, failed_at, .. } = row;
    let row = Some(row.to_string()).filter(|row| row != "null");
    let [row, message] = [row, Some(message)].map(|text| text.map(|text| shortened(&text)));
    let message = message.unwrap_or_default();
    Line { key, row, message, attempts, since: first_at.into(), last: failed_at.into() }
}
