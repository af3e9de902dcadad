//! Workflows that start by themselves: when, and whether they do.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use http::HeaderMap;

use super::App;
use super::body::{Members, expect_json};
use super::problem::ApiError;
use super::query::{PAGING, Page, Params};
use super::session::{Operator, Reader};
use crate::engine::Schedule;

/// Firings foretold in the list, and of one schedule.
const UPCOMING: usize = 5;

/// `GET /api/v1/schedules`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Schedule>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, after) = (params.limit()?, params.cursor('s')?);
    let after = after.as_deref().and_then(|after| after.split_once('/'));
    let rows = app.engine.schedules(None, after, limit + 1, UPCOMING).await?;
    Ok(Json(Page::of('s', limit, rows, |s| format!("{}/{}", s.namespace, s.name))))
}

/// `GET /api/v1/schedules/{namespace}/{name}`
pub async fn show(
    State(app): State<App>,
    _: Reader,
    Path((namespace, name)): Path<(String, String)>,
) -> Result<Json<Schedule>, ApiError> {
    found(&app, &namespace, &name).await
}

/// `POST /api/v1/schedules/{namespace}/{name}/{pause|resume}`
pub async fn act(
    State(app): State<App>,
    Operator(caller): Operator,
    Path((namespace, name, act)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Schedule>, ApiError> {
    expect_json(&headers)?;
    let received = app.budget.read(&headers, body).await?;
    let reason = Members::of_body(&received.bytes, &["reason"])?.text("reason")?;
    let (by, reason) = (caller.actor(), reason.as_deref());
    let done = match act.as_str() {
        "pause" => app.engine.pause_schedule(&namespace, &name, &by, reason).await?,
        "resume" => app.engine.resume_schedule(&namespace, &name, &by, reason).await?,
        _ => return Err(ApiError::NotFound(format!("a schedule can be paused and resumed; there is no {act:?}"))),
    };
    if !done {
        return Err(unknown(&namespace, &name));
    }
    found(&app, &namespace, &name).await
}

async fn found(app: &App, namespace: &str, name: &str) -> Result<Json<Schedule>, ApiError> {
    let mut rows = app.engine.schedules(Some((namespace, name)), None, 1, UPCOMING).await?;
    rows.pop().map(Json).ok_or_else(|| unknown(namespace, name))
}

fn unknown(namespace: &str, name: &str) -> ApiError {
    ApiError::NotFound(format!("no workflow {namespace}/{name} starts by itself"))
}
