//! Signing in and out. Opening a one-time link only shows a button, so that programs that prefetch links do not use it
//! up.
//!
//! Anyone can send requests here, so signing in shares no resources with the rest: it has its own small memory budget
//! for forms and its own few slots for looking up secrets. A peer that failed too often must wait. A valid secret is
//! accepted even then, so nobody can lock out others by failing from the same address.

use std::time::Duration;

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::Dashboard;
use super::parts::form::{self, Form};
use super::parts::page::{Frame, NoPage, render};
use super::signed_in::SignedIn;
use crate::http::ApiError;
use crate::http::access::peer::{Peer, Visitor};
use crate::http::access::refusals::Attempt;
use crate::http::access::session::{SESSION_LIFETIME, identify, same_origin};
use crate::http::access::throttle::Throttle;
use crate::http::wire::budget::Budget;
use crate::store::access::{self, Identity, TOKEN_PREFIX};
use crate::store::acts::By;

/// Lifetime of a session opened with a token; it also ends with its token.
const TOKEN_SESSION_LIFETIME: Duration = Duration::from_hours(1);

/// Maximum length of a secret that is looked up.
const SECRET_BYTES_MAX: usize = 128;

/// Memory in bytes for forms: in total, and per form.
const FORM_BYTES: (usize, usize) = (256 << 10, 8 << 10);

/// Maximum number of concurrent lookups of secrets.
const LOOKUPS_MAX: usize = 8;

/// Maximum number of concurrent lookups for all throttled peers together.
const LOOKUPS_OF_THROTTLED_MAX: usize = 1;

/// Allowed failures per peer: burst, and interval for one more.
const FAILURES: (u32, Duration) = (10, Duration::from_secs(6));

/// Allowed sessions per token: burst, and interval for one more.
const SESSIONS_OF_TOKEN: (u32, Duration) = (30, Duration::from_secs(10));

/// The resources for signing in, shared with nothing else.
pub(super) struct Door {
    forms: Budget,
    lookups: Semaphore,
    lookups_of_throttled: Semaphore,
    failures: Throttle<Peer>,
    sessions: Throttle<String>,
}

impl Default for Door {
    fn default() -> Self {
        Self {
            forms: Budget::for_strangers(FORM_BYTES.0, FORM_BYTES.1),
            lookups: Semaphore::new(LOOKUPS_MAX),
            lookups_of_throttled: Semaphore::new(LOOKUPS_OF_THROTTLED_MAX),
            failures: Throttle::new(FAILURES.0, FAILURES.1),
            sessions: Throttle::new(SESSIONS_OF_TOKEN.0, SESSIONS_OF_TOKEN.1),
        }
    }
}

/// Query parameters and form fields.
#[derive(Debug, Default, Deserialize)]
pub struct Link {
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    /// The one-time secret of the link; empty on the page that asks for one.
    token: String,
    next: String,
    refused: Option<String>,
}

/// `GET /login`
pub async fn show(
    State(dashboard): State<Dashboard>,
    visitor: Visitor,
    Query(link): Query<Link>,
    headers: HeaderMap,
) -> Response {
    let signed_in = identify(&dashboard.access, &Method::GET, &headers, visitor.peer).await.is_ok();
    if link.token.is_empty() && signed_in {
        return redirect(&link.next);
    }
    page(StatusCode::OK, link, None)
}

/// `POST /login`
pub async fn enter(State(dashboard): State<Dashboard>, visitor: Visitor, request: Request) -> Response {
    if !same_origin(request.headers()) {
        return NoPage::from(ApiError::CrossSite("sign in from Stepwell's own page".to_owned())).into_response();
    }
    // No slot is held before the form has arrived.
    let link: Link = match form::read(&dashboard.door.forms, request).await {
        Ok(link) => link,
        Err(error) => return NoPage::from(error).into_response(),
    };
    match open_session(&dashboard, visitor.peer, link.token.trim()).await {
        Ok(secret) => {
            visitor.prove();
            let mut response = redirect(&link.next);
            response.headers_mut().insert(SET_COOKIE, dashboard.access.cookies().set(&secret));
            response
        }
        Err(error @ (ApiError::Unauthorized(_) | ApiError::TooMany(..))) => {
            let link = Link { token: String::new(), next: link.next };
            let mut response = page(error.status(), link, Some(crate::words::capitalized(&error.to_string())));
            if let ApiError::TooMany(_, after) = error {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after.as_secs() + 1));
            }
            response.extensions_mut().insert(Attempt::Login);
            response
        }
        Err(error) => NoPage::from(error).into_response(),
    }
}

/// `POST /logout`
pub async fn leave(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Form(form): Form<Leaving>,
) -> Result<Response, NoPage> {
    caller.check_csrf(&form.csrf)?;
    if let Some(secret) = caller.session_secret() {
        access::delete_session(&dashboard.pool, secret, By::from(&caller.actor())).await?;
    }
    Ok(([(SET_COOKIE, dashboard.access.cookies().clear())], Redirect::to("/login")).into_response())
}

/// The form that signs out.
#[derive(Debug, Deserialize)]
pub struct Leaving {
    #[serde(default)]
    csrf: String,
}

fn page(status: StatusCode, link: Link, refused: Option<String>) -> Response {
    render(status, &SignInPage { frame: Frame::of_nobody(), token: link.token, next: link.next, refused })
}

/// Opens a session for the secret of a login link or token, and returns the session's secret.
///
/// A secret is looked up once and in the same way whether the peer is throttled or not; only the answer reveals whether
/// it is valid.
async fn open_session(dashboard: &Dashboard, peer: Peer, presented: &str) -> Result<String, ApiError> {
    let door = &dashboard.door;
    let waits = door.failures.wait(&peer);
    let places = if waits.is_some() { &door.lookups_of_throttled } else { &door.lookups };
    let too_many = |wait| ApiError::TooMany(too_many_failures(wait), wait);
    let _place = match (places.try_acquire(), waits) {
        (Ok(place), _) => place,
        (Err(_), Some(wait)) => return Err(too_many(wait)),
        (Err(_), None) => return Err(ApiError::unavailable("too many people are signing in at the moment")),
    };
    let Some((identity, lifetime)) = look_up(dashboard, presented).await? else {
        door.failures.count(peer);
        return Err(waits.map_or_else(|| ApiError::Unauthorized(UNKNOWN.to_owned()), too_many));
    };
    if presented.starts_with(TOKEN_PREFIX) {
        if let Some(wait) = door.sessions.wait(&identity.name) {
            let seconds = wait.as_secs() + 1;
            let detail = format!("this token has opened many sessions in a short time; try again in {seconds} seconds");
            return Err(ApiError::TooMany(detail, wait));
        }
        door.sessions.count(identity.name.clone());
    }
    Ok(access::create_session(&dashboard.pool, &identity, lifetime).await?)
}

const UNKNOWN: &str =
    "this link or token is not valid: it was used before, has expired, or was revoked. Ask for a new one.";

fn too_many_failures(wait: Duration) -> String {
    let seconds = wait.as_secs() + 1;
    format!("too many failed sign-ins from your address. Check the link or token, then try again in {seconds} seconds.")
}

async fn look_up(dashboard: &Dashboard, presented: &str) -> Result<Option<(Identity, Duration)>, ApiError> {
    if presented.is_empty() || presented.len() > SECRET_BYTES_MAX {
        return Ok(None);
    }
    let pool = &dashboard.pool;
    Ok(if presented.starts_with(TOKEN_PREFIX) {
        let found = access::find_token(pool, &access::secret_hash(presented)).await?;
        found.map(|identity| (identity, TOKEN_SESSION_LIFETIME))
    } else {
        access::redeem_login_link(pool, presented).await?.map(|identity| (identity, SESSION_LIFETIME))
    })
}

/// Characters that must be percent-encoded in a URL.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`');

fn redirect(next: &str) -> Response {
    Redirect::to(&utf8_percent_encode(local(next), ENCODED).to_string()).into_response()
}

/// Returns the page to go to next, which is always on this site.
fn local(next: &str) -> &str {
    let ours =
        next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && !next.contains(char::is_control);
    if ours && !next.starts_with("/login") { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_only_to_our_own_pages() {
        for elsewhere in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "",
            "runs",
            "/login?x",
            "/runs\0",
            "/runs\r\nset-cookie: a=b",
        ] {
            assert_eq!(local(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(local("/runs/1?after=2"), "/runs/1?after=2");
        let to = |next| redirect(next).headers()["location"].to_str().unwrap().to_owned();
        assert_eq!(to("/?q=Brückner & Söhne"), "/?q=Br%C3%BCckner%20&%20S%C3%B6hne");
        assert_eq!(to("/?q=a%20b"), "/?q=a%20b");
    }
}
