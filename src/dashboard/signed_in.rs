//! Access to pages: callers without a session are sent to the sign-in page and back.

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

/// A caller who may at least read.
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

/// Checks that the caller may act: they have the scope, still have it after a slow body, and the form belongs to their
/// session.
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
        // A redirect would put the sign-in page into the middle of the current one.
        return (StatusCode::UNAUTHORIZED, [("hx-redirect", sign_in)]).into_response();
    }
    if parts.method == Method::GET && came_from_elsewhere(&parts.headers, dashboard) {
        return try_once_more();
    }
    Redirect::to(&sign_in).into_response()
}

/// Whether the caller followed a link on another site (a chat, a ticket), so that the browser withheld the strict
/// cookie.
fn came_from_elsewhere(headers: &HeaderMap, dashboard: &Dashboard) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    matches!(site, Some("cross-site" | "same-site")) && dashboard.access.cookies().find(headers).is_none()
}

/// Loads the same URL again, this time from this site, so that the browser sends the cookie if it has one.
fn try_once_more() -> Response {
    Html("<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0\"><title>Stepwell</title>")
        .into_response()
}
