//! Runs: list, show, journal.

pub mod acts;
pub mod attention;
pub mod bulk;
pub(in crate::http) mod moves;
pub(in crate::http) mod notes;
pub(in crate::http) mod proposals;
pub mod stream;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::dsl::WorkflowRef;
use crate::engine::runs::proposals::Proposal;
use crate::http::App;
use crate::http::access::session::Reader;
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params, RUN_FILTERS, cursor};
use crate::machine::view::RunView;
use crate::machine::{RunId, Time, WorkflowError};
use crate::store::StoreError;
use crate::store::retention;
use crate::store::runs::journal::{self, JournalRow};
use crate::store::runs::listing::{self, RunRow};
use crate::store::runs::proposals::ProposalFilter;
use crate::store::runs::queues::{self, Place};
use crate::store::runs::restarts::{self, Links};
use crate::store::runs::unacknowledged::{self, Acknowledgement};
use crate::words::error_text;

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
    /// The task at which it stopped.
    stopped_at: Option<String>,
    error: Option<ShownError>,
    fingerprint: Option<String>,
    attention_at: Option<Time>,
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
            stopped_at: row.error.as_ref().and_then(|e| e.instance.clone().or_else(|| row.task.clone())),
            error: row.error.map(ShownError::from),
            fingerprint: row.fingerprint,
            attention_at: row.attention_at,
            task: row.task,
            created_at: row.created_at,
            finished_at: row.finished_at,
            wake_at: row.wake_at,
        }
    }
}

/// An error in a list, with what it says in one line.
#[derive(Serialize)]
pub struct ShownError {
    #[serde(flatten)]
    error: WorkflowError,
    cause: String,
}

impl From<WorkflowError> for ShownError {
    fn from(error: WorkflowError) -> Self {
        Self { cause: error_text(&error), error }
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
    let page = listing::page(app.engine.reader(), &filter, after, limit).await?;
    let next = page.next.map(|id| cursor('r', &id.to_string()));
    Ok(Json(Page { items: page.rows.into_iter().map(RunItem::from).collect(), next }))
}

/// A run, and where it stands among those with its key if they wait for each other.
#[derive(Serialize)]
pub struct Shown {
    #[serde(flatten)]
    run: RunView,
    #[serde(flatten)]
    links: Links,
    #[serde(flatten)]
    acknowledgement: Acknowledgement,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<Place>,
    /// Acts that wait for a second person.
    proposals: Vec<Proposal>,
    /// Where not all tasks are shown: how many there are, and the cursor of the next page.
    #[serde(flatten)]
    more: Option<MoreTasks>,
}

#[derive(Serialize)]
struct MoreTasks {
    tasks_total: usize,
    tasks_next: Option<String>,
}

/// Tasks shown unless a `limit` says otherwise.
const TASKS_MAX: usize = 1_000;

/// Proposals shown with a run; `GET /api/v1/proposals` has all.
const PROPOSALS_MAX: i64 = 100;

/// `GET /api/v1/runs/{id}`
pub async fn show(
    State(app): State<App>,
    _: Reader,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let id = run_id(&id)?;
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let limit = match params.text("limit") {
        Some(_) => usize::try_from(params.limit()?).unwrap_or(TASKS_MAX),
        None => TASKS_MAX,
    };
    let after = params.cursor('t')?.map(|c| c.parse::<usize>()).transpose();
    let after = after.map_err(|_| ApiError::bad_input("?cursor", "must be the `tasks_next` value of this run"))?;
    let mut run = match app.engine.view(id).await? {
        Some(run) => run,
        None => return Err(gone(&app, id).await?),
    };
    let queue = queues::place(app.engine.reader(), id).await?;
    let links = restarts::links(app.engine.reader(), id).await?;
    let acknowledgement = unacknowledged::of_run(app.engine.reader(), id).await?;
    let proposals = open_proposals(&app, id).await?;
    let more = cut_tasks(&mut run, after, limit);
    // A page may hold large values: other threads are for what others wait for.
    let shown = Shown { run, links, acknowledgement, queue, proposals, more };
    let written = tokio::task::spawn_blocking(move || Json(shown).into_response());
    written.await.map_err(|_| ApiError::Internal)
}

/// Acts on a run that wait for a second person.
pub(super) async fn open_proposals(app: &App, run: RunId) -> Result<Vec<Proposal>, ApiError> {
    let filter = ProposalFilter { run: Some(run), open: true, ..ProposalFilter::default() };
    Ok(app.engine.proposals(filter, PROPOSALS_MAX).await?)
}

/// Leaves the tasks of one page; says so where that is not all of them.
fn cut_tasks(run: &mut RunView, after: Option<usize>, limit: usize) -> Option<MoreTasks> {
    let (total, first) = (run.tasks.len(), after.unwrap_or(0));
    if after.is_none() && total <= limit {
        return None;
    }
    let last = first.saturating_add(limit).min(total);
    run.tasks.truncate(last);
    run.tasks.drain(..first.min(last));
    Some(MoreTasks { tasks_total: total, tasks_next: (last < total).then(|| cursor('t', &last.to_string())) })
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
    let after = after.map_err(|_| ApiError::bad_input("?cursor", "must be the `next` value of this list"))?;
    let pool = app.engine.reader();
    let Some(masks) = app.engine.masks(id).await? else { return Err(gone(&app, id).await?) };
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    let mut rows = journal::read(&mut connection, id, after.unwrap_or(0), limit + 1).await?;
    drop(connection);
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

/// Whether there never was such a run, or it is in an archive by now.
async fn gone(app: &App, id: RunId) -> Result<ApiError, ApiError> {
    let file = retention::archive_of(app.engine.reader(), id).await?;
    Ok(file.map_or_else(|| no_run(id), |file| ApiError::Archived(id, file)))
}

pub(super) fn no_run(id: RunId) -> ApiError {
    ApiError::NotFound(format!("no run {id}"))
}
