//! People's notes on runs and on causes of attention.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};

use super::{acts, run_id};
use crate::engine::runs::handling;
use crate::http::App;
use crate::http::access::session::{Caller, Operator, Reader};
use crate::http::problem::ApiError;
use crate::http::query::{Page, Params};
use crate::http::wire::body::{Members, expect_json};
use crate::store::access::Scope;
use crate::store::acts::By;
use crate::store::runs::handling::{Note, Subject};

/// `GET /api/v1/runs/{id}/notes`
pub async fn of_run(
    State(app): State<App>,
    _: Reader,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Note>>, ApiError> {
    Params::read(query.as_deref(), &[])?;
    page(&app, Subject::Run(run_id(&id)?)).await
}

/// `GET /api/v1/attention/{fingerprint}/notes`
pub async fn of_cause(
    State(app): State<App>,
    _: Reader,
    Path(fingerprint): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Note>>, ApiError> {
    Params::read(query.as_deref(), &[])?;
    page(&app, Subject::Cause(&fingerprint)).await
}

/// `POST /api/v1/runs/{id}/notes`
pub async fn on_run(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    write(&app, &caller, Subject::Run(run_id(&id)?), &headers, body).await
}

/// `POST /api/v1/attention/{fingerprint}/notes`
pub async fn on_cause(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(fingerprint): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    write(&app, &caller, Subject::Cause(&fingerprint), &headers, body).await
}

async fn page(app: &App, subject: Subject<'_>) -> Result<Json<Page<Note>>, ApiError> {
    Ok(Json(Page { items: handling::notes(app.engine.reader(), subject).await?, next: None }))
}

async fn write(
    app: &App,
    caller: &Caller,
    subject: Subject<'_>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    expect_json(headers)?;
    let received = app.read_act(caller, Scope::Operate, headers, body).await?;
    let mut members = Members::of_body(&received.bytes, &["text"])?;
    let text = members.text("text")?.map(|text| acts::clean_reason(&text));
    let actor = caller.actor();
    handling::note(app.engine.reader(), subject, By { actor: &actor, reason: text.as_deref() }).await?;
    Ok((StatusCode::CREATED, page(app, subject).await?).into_response())
}
