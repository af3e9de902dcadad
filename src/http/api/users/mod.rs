//! Users: who may sign in, and their scopes. For administrators only. Each change reports the credentials that it
//! ended.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::runs::acts::reason;
use crate::http::App;
use crate::http::access::session::{Administrator, Caller};
use crate::http::problem::ApiError;
use crate::http::query::{PAGING, Page, Params};
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::store::access::{self, Changed, Created, Ended, LastAdmin, Name, Scope, UserChange, UserRow};
use crate::store::acts::By;

/// A user after a change, and what the change ended.
#[derive(Debug, Serialize)]
pub struct ChangedUser {
    /// `None` once deleted.
    user: Option<UserRow>,
    ended: Ended,
}

/// `GET /api/v1/users`
pub async fn list(
    State(app): State<App>,
    _: Administrator,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<UserRow>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, after) = (params.limit()?, params.cursor('u')?);
    let rows = access::users(app.engine.reader(), after.as_deref(), limit + 1).await?;
    Ok(Json(Page::of('u', limit, rows, |row| row.name.clone())))
}

/// `GET /api/v1/users/{name}`
pub async fn show(
    State(app): State<App>,
    _: Administrator,
    Path(name): Path<String>,
) -> Result<Json<UserRow>, ApiError> {
    let name = sound(&name)?;
    access::user(app.engine.reader(), name.as_str()).await?.map(Json).ok_or_else(|| unknown(&name))
}

/// `POST /api/v1/users`
pub async fn create(
    State(app): State<App>,
    Administrator(caller): Administrator,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let mut members = read(&app, &caller, &headers, body, &["name", "scopes", "reason"]).await?;
    let name = name(&mut members)?;
    let scopes = scopes(&mut members)?;
    let reason = reason(&mut members)?;
    let by = By { actor: &caller.actor(), reason: reason.as_deref() };
    let why = match access::create_user(app.engine.reader(), &name, &scopes, by).await? {
        Created::Done => {
            let user = access::user(app.engine.reader(), name.as_str()).await?;
            return Ok((StatusCode::CREATED, Json(user)).into_response());
        }
        Created::Taken => "the name is already taken (names are case-insensitive)",
        Created::TakenBefore => "it is the name of a deleted user, which journals record",
    };
    Err(ApiError::Conflict(format!("user {name} cannot be created: {why}; choose another name")))
}

/// `PATCH /api/v1/users/{name}`
pub async fn change(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ChangedUser>, ApiError> {
    let mut members = read(&app, &caller, &headers, body, &["scopes", "reason"]).await?;
    let change = UserChange::Scopes(scopes(&mut members)?);
    let reason = reason(&mut members)?;
    done(&app, &caller, &name, &change, reason.as_deref()).await
}

/// `POST /api/v1/users/{name}/{disable|enable|sign-out}`
pub async fn act(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Path((name, act)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ChangedUser>, ApiError> {
    let change = match act.as_str() {
        "disable" => Some(UserChange::Disable),
        "enable" => Some(UserChange::Enable),
        "sign-out" => None,
        _ => {
            let known = "a user can be disabled (disable), enabled (enable) or signed out everywhere (sign-out)";
            return Err(ApiError::NotFound(format!("{known}, not {act:?}")));
        }
    };
    let reason = reason(&mut read(&app, &caller, &headers, body, &["reason"]).await?)?;
    match change {
        Some(change) => done(&app, &caller, &name, &change, reason.as_deref()).await,
        None => sign_out(&app, &caller, &name, reason.as_deref()).await,
    }
}

/// `DELETE /api/v1/users/{name}`
pub async fn remove(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<ChangedUser>, ApiError> {
    let reason = Params::read(query.as_deref(), &[&["reason"]])?.reason();
    done(&app, &caller, &name, &UserChange::Delete, reason.as_deref()).await
}

async fn done(
    app: &App,
    caller: &Caller,
    name: &str,
    change: &UserChange,
    reason: Option<&str>,
) -> Result<Json<ChangedUser>, ApiError> {
    let (pool, name) = (app.engine.reader(), sound(name)?);
    let by = By { actor: &caller.actor(), reason };
    match access::change_user(pool, name.as_str(), change, LastAdmin::Keep, by).await? {
        Changed::Done(ended) => Ok(Json(ChangedUser { user: access::user(pool, name.as_str()).await?, ended })),
        Changed::Unknown => Err(unknown(&name)),
        Changed::LastAdmin => Err(ApiError::Conflict(format!(
            "user {name} was not changed: no other user has the scope admin. Give it to another user first; \
             `stepwell user` at the database can do it with --last-admin"
        ))),
    }
}

async fn sign_out(app: &App, caller: &Caller, name: &str, reason: Option<&str>) -> Result<Json<ChangedUser>, ApiError> {
    let (pool, name) = (app.engine.reader(), sound(name)?);
    let by = By { actor: &caller.actor(), reason };
    let sessions = access::end_sessions_of(pool, name.as_str(), by).await?.ok_or_else(|| unknown(&name))?;
    let ended = Ended { sessions, ..Ended::default() };
    Ok(Json(ChangedUser { user: access::user(pool, name.as_str()).await?, ended }))
}

/// Reads the members of an administrator's request.
pub(super) async fn read(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    body: Body,
    known: &[&str],
) -> Result<Members, ApiError> {
    expect_json(headers)?;
    let received = app.read_act(caller, Scope::Admin, headers, body).await?;
    Members::of_body(&received.bytes, known)
}

pub(super) fn name(members: &mut Members) -> Result<Name, ApiError> {
    let text = members.text("name")?.ok_or_else(|| wrong("name", "is needed"))?;
    text.parse().map_err(|bad: access::BadName| wrong("name", bad.to_string()))
}

/// Reads a non-empty list of scopes.
pub(super) fn scopes(members: &mut Members) -> Result<Vec<Scope>, ApiError> {
    let known = || wrong("scopes", format!("must be a list of {}", json!(Scope::ALL)));
    let Some(Value::Array(items)) = members.value("scopes") else { return Err(known()) };
    let scopes: Option<Vec<Scope>> = items.iter().map(|item| item.as_str()?.parse().ok()).collect();
    scopes.filter(|scopes| !scopes.is_empty()).ok_or_else(known)
}

/// Parses a user name; an invalid one belongs to no user and never reaches the database.
fn sound(name: &str) -> Result<Name, ApiError> {
    name.parse().map_err(|_| ApiError::NotFound(format!("no user {name:?}")))
}

fn unknown(name: &Name) -> ApiError {
    ApiError::NotFound(format!("no user {name}"))
}

#[cfg(test)]
mod tests;
