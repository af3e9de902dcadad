//! Tokens and sessions: list, create, revoke. And the caller's own identity.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::runs::acts::reason;
use super::users::{name, read, scopes};
use crate::http::App;
use crate::http::access::session::{Administrator, Reader};
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params};
use crate::http::wire::body::wrong;
use crate::store::access::{self, NewToken, SessionRow, TokenRow};
use crate::store::acts::By;

/// Longest lifetime of a token that expires.
const DAYS_MAX: u64 = 36_500;

/// `GET /api/v1/me`
pub async fn me(Reader(caller): Reader) -> Json<Value> {
    let scopes: Vec<_> = access::Scope::ALL.into_iter().filter(|scope| caller.allows(*scope)).collect();
    Json(json!({ "actor": caller.actor().0, "name": caller.name(), "scopes": scopes }))
}

/// `GET /api/v1/tokens`
pub async fn tokens(
    State(app): State<App>,
    _: Administrator,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<TokenRow>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, before) = (params.limit()?, params.cursor_id('t')?);
    let rows = access::tokens(app.engine.reader(), before, limit + 1).await?;
    Ok(Json(Page::of('t', limit, rows, |row| row.id.to_string())))
}

/// `POST /api/v1/tokens`: the only answer that ever contains a token.
pub async fn create_token(
    State(app): State<App>,
    Administrator(caller): Administrator,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let known = ["name", "user", "scopes", "days", "reason"];
    let mut members = read(&app, &caller, &headers, body, &known).await?;
    let (name, scopes, user) = (name(&mut members)?, scopes(&mut members)?, members.text("user")?);
    let lifetime = match members.value("days") {
        None | Some(Value::Null) => None,
        Some(days) => {
            let days = days.as_u64().filter(|days| (1..=DAYS_MAX).contains(days));
            let days = days.ok_or_else(|| wrong("days", format!("must be a whole number from 1 to {DAYS_MAX}")))?;
            Some(Duration::from_hours(days * 24))
        }
    };
    let reason = reason(&mut members)?;
    let user = user.as_deref();
    if user.is_some_and(|user| user.parse::<access::Name>().is_err()) {
        return Err(wrong("user", "is not a valid user name"));
    }
    let new = NewToken { name: &name, user, scopes: &scopes, lifetime };
    let by = By { actor: &caller.actor(), reason: reason.as_deref() };
    let made = access::issue_token(app.engine.reader(), &new, by).await?;
    let (id, secret) = made.ok_or_else(|| wrong("user", "is not a user who may sign in"))?;
    let told = json!({ "id": id, "name": name.as_str(), "user": user, "scopes": scopes, "token": secret });
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

/// `DELETE /api/v1/tokens/{id}`
pub async fn revoke_token(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let reason = Params::read(query.as_deref(), &[&["reason"]])?.reason();
    let unknown = || ApiError::NotFound(format!("no valid token {id:?}"));
    let found: Uuid = id.parse().map_err(|_| unknown())?;
    let by = By { actor: &caller.actor(), reason: reason.as_deref() };
    let sessions = access::revoke_token(app.engine.reader(), found, by).await?.ok_or_else(unknown)?;
    Ok(Json(json!({ "ended": { "tokens": 1, "sessions": sessions } })))
}

/// `GET /api/v1/sessions`
pub async fn sessions(
    State(app): State<App>,
    _: Administrator,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<SessionRow>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, before) = (params.limit()?, params.cursor_id('n')?);
    let rows = access::sessions(app.engine.reader(), before, limit + 1).await?;
    Ok(Json(Page::of('n', limit, rows, |row| row.id.to_string())))
}

/// `DELETE /api/v1/sessions/{id}`
pub async fn end_session(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let reason = Params::read(query.as_deref(), &[&["reason"]])?.reason();
    let unknown = || ApiError::NotFound(format!("no session {id:?}"));
    let found: Uuid = id.parse().map_err(|_| unknown())?;
    let by = By { actor: &caller.actor(), reason: reason.as_deref() };
    if !access::end_session(app.engine.reader(), found, by).await? {
        return Err(unknown());
    }
    Ok(Json(json!({ "ended": { "sessions": 1 } })))
}
