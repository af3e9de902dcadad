//! Workflows with a schedule: upcoming firings, and acts on them.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::engine::{Schedule, ScheduleAct, ScheduleActed};
use crate::http::App;
use crate::http::access::session::{Operator, Reader};
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params};
use crate::store::schedules::ActRow;

/// Default number of upcoming firings listed per schedule.
const UPCOMING: usize = 5;

/// Largest `upcoming`.
const UPCOMING_MAX: usize = 1_000;

/// Most acts shown with a schedule.
const ACTS_SHOWN: i64 = 20;

/// `GET /api/v1/schedules`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Schedule>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &["upcoming"]])?;
    let (limit, after) = (params.limit()?, params.cursor('s')?);
    let after = after.as_deref().and_then(|after| after.split_once('/'));
    let rows = app.engine.schedules(after, limit + 1, upcoming(&params)?).await?;
    Ok(Json(Page::of('s', limit, rows, |s| format!("{}/{}", s.namespace, s.name))))
}

/// A schedule, and people's acts on it.
#[derive(Debug, Serialize)]
pub struct Shown {
    #[serde(flatten)]
    schedule: Schedule,
    /// Latest first.
    acts: Vec<ActRow>,
}

/// `GET /api/v1/schedules/{namespace}/{name}`
pub async fn show(
    State(app): State<App>,
    _: Reader,
    Path((namespace, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Shown>, ApiError> {
    let params = Params::read(query.as_deref(), &[&["upcoming"]])?;
    found(&app, &namespace, &name, upcoming(&params)?).await
}

/// `POST /api/v1/schedules/{namespace}/{name}/{pause|resume|fire}`
pub async fn act(
    State(app): State<App>,
    Operator(caller): Operator,
    Path((namespace, name, act)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let act: ScheduleAct = act.parse().map_err(ApiError::NotFound)?;
    let reason = app.read_reason(&caller, &headers, body).await?;
    match app.engine.act_on_schedule(&namespace, &name, act, &caller.actor(), reason.as_deref()).await? {
        ScheduleActed::Unknown => Err(unknown(&namespace, &name)),
        ScheduleActed::Done => Ok(found(&app, &namespace, &name, UPCOMING).await?.into_response()),
        ScheduleActed::Started(run) => {
            let location = [(LOCATION, format!("/api/v1/runs/{run}"))];
            Ok((StatusCode::ACCEPTED, location, Json(json!({ "run": run }))).into_response())
        }
    }
}

fn upcoming(params: &Params) -> Result<usize, ApiError> {
    let expected = format!("must be a number from 1 to {UPCOMING_MAX}");
    match params.parsed("upcoming", &expected)?.unwrap_or(UPCOMING) {
        upcoming @ 1..=UPCOMING_MAX => Ok(upcoming),
        _ => Err(ApiError::bad_input("?upcoming", expected)),
    }
}

async fn found(app: &App, namespace: &str, name: &str, upcoming: usize) -> Result<Json<Shown>, ApiError> {
    let schedule = app.engine.schedule(namespace, name, upcoming).await?.ok_or_else(|| unknown(namespace, name))?;
    let acts = app.engine.schedule_acts(namespace, name, ACTS_SHOWN).await?;
    Ok(Json(Shown { schedule, acts }))
}

fn unknown(namespace: &str, name: &str) -> ApiError {
    ApiError::NotFound(format!("workflow {namespace}/{name} has no schedule"))
}
