//! Signing in and out. Opening a one-time link shows a button: programs that look at links in advance use up none.

use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;

use super::Dashboard;
use super::page::{Frame, NoPage, render};
use super::signed_in::SignedIn;
use crate::http::ApiError;
use crate::http::refusals::Attempt;
use crate::http::session::{self, SESSION_LIFETIME, identify, same_origin};
use crate::store::StoreError;
use crate::store::access::{self, Identity, TOKEN_PREFIX};
use crate::store::acts::By;

/// A session that a token opened ends soon, and with its token.
const TOKEN_SESSION_LIFETIME: Duration = Duration::from_hours(1);

/// Longest secret that is looked at.
const SECRET_BYTES_MAX: usize = 128;

/// Parts of the address.
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
    /// The one-time secret of the link; empty for the page that asks for one.
    token: String,
    next: String,
    refused: bool,
}

/// `GET /login`
pub async fn show(State(dashboard): State<Dashboard>, Query(link): Query<Link>, headers: HeaderMap) -> Response {
    let signed_in = identify(&dashboard.access, &Method::GET, &headers).await.is_ok();
    if link.token.is_empty() && signed_in {
        return Redirect::to(local(&link.next)).into_response();
    }
    page(StatusCode::OK, link, Refusal::None)
}

/// `POST /login`
pub async fn enter(State(dashboard): State<Dashboard>, headers: HeaderMap, Form(link): Form<Link>) -> Response {
    if !same_origin(&headers) {
        return NoPage::from(ApiError::CrossSite("sign in from Stepwell's own page".to_owned())).into_response();
    }
    match open_session(&dashboard, link.token.trim()).await {
        Ok(Some(secret)) => {
            let cookie = session::set_cookie(&secret, dashboard.secure_cookies);
            ([(SET_COOKIE, cookie)], Redirect::to(local(&link.next))).into_response()
        }
        Ok(None) => {
            let link = Link { token: String::new(), next: link.next };
            let mut answer = page(StatusCode::UNAUTHORIZED, link, Refusal::Unknown);
            answer.extensions_mut().insert(Attempt::Login);
            answer
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
    Ok(([(SET_COOKIE, session::clear_cookie(dashboard.secure_cookies))], Redirect::to("/login")).into_response())
}

/// The form that signs out.
#[derive(Debug, Deserialize)]
pub struct Leaving {
    #[serde(default)]
    csrf: String,
}

enum Refusal {
    None,
    Unknown,
}

fn page(status: StatusCode, link: Link, refusal: Refusal) -> Response {
    let refused = matches!(refusal, Refusal::Unknown);
    render(status, &SignInPage { frame: Frame::of_nobody(), token: link.token, next: link.next, refused })
}

/// The secret of a new session, if what was presented is a login link's or a token's.
async fn open_session(dashboard: &Dashboard, presented: &str) -> Result<Option<String>, StoreError> {
    if presented.is_empty() || presented.len() > SECRET_BYTES_MAX {
        return Ok(None);
    }
    let pool = &dashboard.pool;
    let (identity, lifetime): (Option<Identity>, Duration) = if presented.starts_with(TOKEN_PREFIX) {
        (access::find_token(pool, &access::secret_hash(presented)).await?, TOKEN_SESSION_LIFETIME)
    } else {
        (access::redeem_login_link(pool, presented).await?, SESSION_LIFETIME)
    };
    match identity {
        Some(identity) => access::create_session(pool, &identity, lifetime).await.map(Some),
        None => Ok(None),
    }
}

/// Where to go afterwards: only ever to a page of ours.
fn local(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t']);
    if ours && !next.starts_with("/login") { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_only_to_our_own_pages() {
        for elsewhere in
            ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "", "runs", "/login?x"]
        {
            assert_eq!(local(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(local("/runs/1?after=2"), "/runs/1?after=2");
    }
}
