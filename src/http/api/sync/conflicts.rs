//! Conflicts between records of two systems: the list, and the choice of a side.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use http::HeaderMap;
use uuid::Uuid;

use crate::engine::{Conflict, Settled};
use crate::http::App;
use crate::http::access::session::{Operator, Reader};
use crate::http::api::runs::acts::reason;
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params};
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::store::access::Scope;

/// States of a conflict.
const STATES: [&str; 4] = ["open", "chosen", "settled", "gone"];

/// `GET /api/v1/conflicts`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Conflict>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING, &["state", "entity"]])?;
    let state = params.text("state").unwrap_or("open");
    if !STATES.contains(&state) {
        return Err(ApiError::bad_input("?state", format!("must be one of {}", STATES.join(", "))));
    }
    let (limit, before) = (params.limit()?, params.cursor_id('x')?);
    let rows = app.engine.conflicts(state, params.text("entity"), before, limit + 1).await?;
    Ok(Json(Page::of('x', limit, rows, |conflict| conflict.row.id.to_string())))
}

/// `GET /api/v1/conflicts/{id}`
pub async fn show(State(app): State<App>, _: Reader, Path(id): Path<String>) -> Result<Json<Conflict>, ApiError> {
    let id = parsed(&id)?;
    app.engine.conflict(id).await?.map(Json).ok_or_else(|| unknown(id))
}

/// `POST /api/v1/conflicts/{id}/settle`
pub async fn settle(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Conflict>, ApiError> {
    let id = parsed(&id)?;
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let mut members = Members::of_body(&received.bytes, &["side", "reason"])?;
    let side = members.text("side")?;
    let reason = reason(&mut members)?;
    let sides = app.engine.conflict(id).await?.ok_or_else(|| unknown(id))?.sides;
    let side = side
        .and_then(|side| sides.find(&side))
        .ok_or_else(|| wrong("side", format!("must say which side is right: {}", sides.names().join(" or "))))?;
    match app.engine.settle_conflict(id, side, &caller.actor(), reason.as_deref()).await? {
        Settled::Done(conflict) => Ok(Json(*conflict)),
        Settled::Unknown => Err(unknown(id)),
        Settled::Refused(why) => Err(ApiError::Conflict(format!("the conflict cannot be settled: {why}"))),
    }
}

fn parsed(id: &str) -> Result<Uuid, ApiError> {
    id.parse().map_err(|_| ApiError::NotFound(format!("no conflict {id:?}")))
}

fn unknown(id: Uuid) -> ApiError {
    ApiError::NotFound(format!("no conflict {id}"))
}
