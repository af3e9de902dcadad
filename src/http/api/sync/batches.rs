//! Batches: their progress, failed rows, and retry of those rows.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::engine::{BatchView, Retried};
use crate::http::App;
use crate::http::access::session::{Operator, Reader};
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params};
use crate::store::acts::By;
use crate::store::sync::batches::FailedShown;

/// `GET /api/v1/batches`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<BatchView>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &["name"]])?;
    let (limit, before) = (params.limit()?, params.cursor_id('b')?);
    let rows = app.engine.batches(params.text("name"), before, limit + 1).await?;
    Ok(Json(Page::of('b', limit, rows, |row| row.id.to_string())))
}

/// `GET /api/v1/batches/{id}`
pub async fn show(State(app): State<App>, _: Reader, Path(id): Path<String>) -> Result<Json<BatchView>, ApiError> {
    found(&app, &id).await.map(Json)
}

/// `GET /api/v1/batches/{id}/rows`
pub async fn rows(
    State(app): State<App>,
    _: Reader,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<FailedShown>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, after) = (params.limit()?, params.cursor('r')?);
    let name = found(&app, &id).await?.name;
    let rows = app.engine.failed_rows(&name, after.as_deref(), limit + 1).await?;
    Ok(Json(Page::of('r', limit, rows, |row| row.key.clone())))
}

/// `POST /api/v1/batches/{id}/retry`
pub async fn retry(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let id = parsed(&id)?;
    let reason = app.read_reason(&caller, &headers, body).await?;
    match app.engine.retry_batch(id, By { actor: &caller.actor(), reason: reason.as_deref() }).await? {
        Retried::Started(run) => {
            let location = [(LOCATION, format!("/api/v1/runs/{run}"))];
            Ok((StatusCode::ACCEPTED, location, Json(json!({ "run": run }))).into_response())
        }
        Retried::Unknown => Err(unknown(&id.to_string())),
        Retried::Refused(why) => Err(ApiError::Conflict(format!("nothing to retry: {why}"))),
    }
}

async fn found(app: &App, id: &str) -> Result<BatchView, ApiError> {
    app.engine.batch(parsed(id)?).await?.ok_or_else(|| unknown(id))
}

fn parsed(id: &str) -> Result<Uuid, ApiError> {
    id.parse().map_err(|_| unknown(id))
}

fn unknown(id: &str) -> ApiError {
    ApiError::NotFound(format!("no batch {id:?}"))
}
