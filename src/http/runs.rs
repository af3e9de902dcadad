//! Runs: list, show, journal.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::App;
use super::problem::ApiError;
use super::query::{PAGING, Page, Params, RUN_FILTERS};
use super::session::Reader;
use crate::dsl::WorkflowRef;
use crate::machine::view::RunView;
use crate::machine::{RunId, Time};
use crate::store::journal::{self, JournalRow};
use crate::store::lanes::{self, Place};
use crate::store::listing::{self, RunRow};

/// A run in a list: what its row knows, without folding its journal.
#[derive(Serialize)]
pub struct RunItem {
    id: RunId,
    workflow: WorkflowRef,
    status: String,
    attention: Option<String>,
    key: Option<String>,
    event: Option<Uuid>,
    parent: Option<Uuid>,
    task: Option<String>,
    created_at: Time,
    finished_at: Option<Time>,
    wake_at: Option<Time>,
}

impl From<RunRow> for RunItem {
    fn from(row: RunRow) -> Self {
        Self {
            id: row.id,
            workflow: row.workflow,
            status: row.status,
            attention: row.attention,
            key: row.key,
            event: row.event,
            parent: row.parent,
            task: row.task,
            created_at: row.created_at,
            finished_at: row.finished_at,
            wake_at: row.wake_at,
        }
    }
}

/// `GET /api/v1/runs`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<RunItem>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&RUN_FILTERS, &PAGING, &["sort"]])?;
    let (filter, limit, after) = (params.run_filter()?, params.limit()?, params.cursor_id('r')?);
    let rows = listing::runs(app.engine.reader(), &filter, after, limit + 1).await?;
    Ok(Json(Page::of('r', limit, rows, |row| row.id.to_string())))
}

/// A run, and where it stands among those with its key if they wait for each other.
#[derive(Serialize)]
pub struct Shown {
    #[serde(flatten)]
    run: RunView,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<Place>,
}

/// `GET /api/v1/runs/{id}`
pub async fn show(State(app): State<App>, _: Reader, Path(id): Path<String>) -> Result<Json<Shown>, ApiError> {
    let id = run_id(&id)?;
    let run = app.engine.view(id).await?.ok_or_else(|| no_run(id))?;
    let queue = lanes::place(app.engine.reader(), id).await?;
    Ok(Json(Shown { run, queue }))
}

/// A record of the journal (CONTRACT.md).
#[derive(Serialize)]
pub struct JournalItem {
    seq: i32,
    at: Time,
    kind: String,
    task: Option<String>,
    attempt: Option<i32>,
    actor: String,
    data: Box<RawValue>,
    hash: String,
}

impl From<JournalRow> for JournalItem {
    fn from(row: JournalRow) -> Self {
        Self {
            seq: row.seq,
            at: row.at,
            kind: row.kind,
            task: row.task,
            attempt: row.attempt,
            actor: row.actor,
            data: row.data,
            hash: hex::encode(row.hash),
        }
    }
}

/// `GET /api/v1/runs/{id}/journal`
pub async fn journal(
    State(app): State<App>,
    _: Reader,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<JournalItem>>, ApiError> {
    let id = run_id(&id)?;
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let limit = params.limit()?;
    let after = params.cursor('j')?.map(|c| c.parse::<i32>()).transpose();
    let after = after.map_err(|_| ApiError::bad_input("?cursor", "must be what `next` of this list held"))?;
    let pool = app.engine.reader();
    let masks = app.engine.masks(id).await?.ok_or_else(|| no_run(id))?;
    let mut rows = journal::read(pool, id, after.unwrap_or(0), limit + 1).await?;
    if !masks.is_empty() {
        for row in &mut rows {
            row.data = masks.raw_fact(&row.data);
        }
    }
    Ok(Json(Page::of('j', limit, rows, |row| row.seq.to_string())))
}

/// The id in a path. What is no id is an id of no run.
pub(super) fn run_id(text: &str) -> Result<RunId, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound(format!("no run {text:?}")))
}

pub(super) fn no_run(id: RunId) -> ApiError {
    ApiError::NotFound(format!("no run {id}"))
}
