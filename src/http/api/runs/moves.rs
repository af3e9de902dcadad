//! `POST /api/v1/runs/{id}/move`: continues a run under another version of its workflow, or says why it cannot.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Serialize;

use super::acts::{acted, reason};
use super::run_id;
use crate::http::App;
use crate::http::access::session::Operator;
use crate::http::problem::ApiError;
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::machine::Act;
use crate::machine::moves::Preview;
use crate::store::access::Scope;

/// What a move would do.
#[derive(Serialize)]
struct DryRun {
    dry_run: bool,
    #[serde(flatten)]
    preview: Preview,
}

/// `POST /api/v1/runs/{id}/move`
pub async fn move_run(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let id = run_id(&id)?;
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let mut members = Members::of_body(&received.bytes, &["to", "reason", "dry_run"])?;
    let reason = reason(&mut members)?;
    let to = members.text("to")?.filter(|to| !to.is_empty());
    let to = to.ok_or_else(|| wrong("to", "is needed: the version to which the run is to move"))?;
    let dry_run = members.flag("dry_run")?.unwrap_or(false);
    // Only the preview has the step and fields of the first difference: the node that makes the move refuses with a
    // plain text.
    let preview = app.engine.preview_move(id, &to, &caller.actor()).await?;
    if dry_run {
        return Ok(Json(DryRun { dry_run, preview }).into_response());
    }
    let outcome = app.engine.act(id, Act::Move { to }, caller.actor(), reason).await;
    acted(&app, id, outcome).await
}
