//! Freezes: what events start waits while someone closes the books.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use uuid::Uuid;

use crate::engine::FreezeError;
use crate::http::App;
use crate::http::access::session::{Operator, Reader};
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params};
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::store::access::Scope;
use crate::store::acts::By;
use crate::store::runs::freezes::{Freeze, Holds, NewFreeze};

/// Names of one freeze.
const NAMES_MAX: usize = 200;

/// `GET /api/v1/freezes`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Freeze>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, before) = (params.limit()?, params.cursor_id('z')?);
    let rows = app.engine.freezes(before, limit + 1).await?;
    Ok(Json(Page::of('z', limit, rows, |freeze: &Freeze| freeze.id.to_string())))
}

/// `POST /api/v1/freezes`
pub async fn create(
    State(app): State<App>,
    Operator(caller): Operator,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let mut members = Members::of_body(&received.bytes, &["workflows", "connections", "until", "holds", "reason"])?;
    let (workflows, connections) = (names(&mut members, "workflows")?, names(&mut members, "connections")?);
    let until = members.time("until")?;
    let holds = members.text("holds")?.map(|text| text.parse::<Holds>()).transpose();
    let holds = holds.map_err(|unknown| wrong("holds", unknown.to_string()))?.unwrap_or_default();
    let reason = super::runs::acts::reason(&mut members)?;
    let actor = caller.actor();
    let by = By { actor: &actor, reason: reason.as_deref() };
    let new = NewFreeze { workflows: &workflows, connections: &connections, until, holds };
    let freeze = app.engine.freeze(&new, by).await?;
    Ok((StatusCode::CREATED, Json(freeze)).into_response())
}

/// `POST /api/v1/freezes/{id}/end`
pub async fn end(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Freeze>, ApiError> {
    let unknown = || ApiError::NotFound(format!("no freeze {id:?}"));
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let reason = app.read_reason(&caller, &headers, body).await?;
    let actor = caller.actor();
    let by = By { actor: &actor, reason: reason.as_deref() };
    // Ending what has ended changes nothing.
    let (_, freeze) = app.engine.end_freeze(id, by).await?.ok_or_else(unknown)?;
    Ok(Json(freeze))
}

fn names(members: &mut Members, member: &str) -> Result<Vec<String>, ApiError> {
    let must = || wrong(member, format!("must be an array of at most {NAMES_MAX} names"));
    match members.value(member) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= NAMES_MAX => {
            items.into_iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(must)).collect()
        }
        Some(_) => Err(must()),
    }
}

impl From<FreezeError> for ApiError {
    fn from(error: FreezeError) -> Self {
        match error {
            FreezeError::Invalid(why) => Self::Unprocessable(why, Vec::new()),
            FreezeError::Store(error) => error.into(),
        }
    }
}
