//! The door of every page: who has no session is led to the sign-in page and back.

use axum::extract::FromRequestParts;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Dashboard;
use super::parts::page::NoPage;
use crate::http::ApiError;
use crate::http::access::peer::Visitor;
use crate::http::access::session::{Caller, identify};
use crate::store::access::Scope;

/// Someone who may at least read.
pub struct SignedIn(pub Caller);

impl FromRequestParts<Dashboard> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, dashboard: &Dashboard) -> Result<Self, Response> {
        let visitor = Visitor::of(parts);
        let mut caller = match identify(&dashboard.access, &parts.method, &parts.headers, visitor.peer).await {
            Ok(caller) => caller,
            Err(ApiError::Unauthorized(_)) => return Err(lead_to_sign_in(parts, dashboard)),
            Err(error @ ApiError::Refused(..)) => {
                let mut answer = lead_to_sign_in(parts, dashboard);
                if let Some(attempt) = error.attempt() {
                    answer.extensions_mut().insert(attempt);
                }
                return Err(answer);
            }
            Err(error) => return Err(NoPage::from(error).into_response()),
        };
        caller.require(Scope::Read).map_err(|e| NoPage::from(e).into_response())?;
        visitor.prove();
        caller.environment = Some(dashboard.environment.clone());
        Ok(Self(caller))
    }
}

/// Lets an act through: the caller has the scope, still has it after a body that took its time, and the form is of their session.
///
/// # Errors
/// 401 or 403 if not, 503 if the database is unavailable.
pub async fn may_act(dashboard: &Dashboard, caller: &Caller, csrf: &str) -> Result<(), NoPage> {
    caller.require(Scope::Operate)?;
    caller.check_csrf(csrf)?;
    Ok(dashboard.access.confirm(caller, Scope::Operate).await?)
}

fn lead_to_sign_in(parts: &Parts, dashboard: &Dashboard) -> Response {
    let wanted = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let next = if parts.method == Method::GET { wanted } else { "/" };
    let sign_in = format!("/login?next={}", utf8_percent_encode(next, NON_ALPHANUMERIC));
    if parts.headers.contains_key("hx-request") {
        // A redirect would put the sign-in page into the middle of this one.
        return (StatusCode::UNAUTHORIZED, [("hx-redirect", sign_in)]).into_response();
    }
    if parts.method == Method::GET && came_from_elsewhere(&parts.headers, dashboard) {
        return try_once_more();
    }
    Redirect::to(&sign_in).into_response()
}

/// A link on another site (a chat, a ticket): the browser kept the strict cookie to itself.
fn came_from_elsewhere(headers: &HeaderMap, dashboard: &Dashboard) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    matches!(site, Some("cross-site" | "same-site")) && dashboard.access.cookies().find(headers).is_none()
}

/// Loads the same address again, this time from a page of ours, which brings the cookie along if there is one.
fn try_once_more() -> Response {
    Html("<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0\"><title>Stepwell</title>")
        .into_response()
}
