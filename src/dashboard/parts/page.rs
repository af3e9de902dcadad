//! What every page has around its content, and the page that says why there is no other.

use askama::Template;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use http::header::ACCEPT;
use http::{HeaderMap, StatusCode, Uri};

use super::assets;
use crate::http::ApiError;
use crate::http::access::refusals::Attempt;
use crate::http::access::session::Caller;
use crate::http::query::check_address;
use crate::store::StoreError;
use crate::store::access::Scope;

/// Frame of a page.
pub struct Frame {
    /// Who is signed in; empty on pages for nobody in particular.
    pub user: String,
    /// For the forms of this page.
    pub csrf: String,
    /// Whether acts are offered at all.
    pub operates: bool,
    /// Which systems runs reach: colors the top of each page.
    pub environment: String,
    /// Which entry of the navigation is the current one.
    pub section: &'static str,
}

impl Frame {
    /// The frame of a page for a caller.
    #[must_use]
    pub fn of(caller: &Caller, section: &'static str) -> Self {
        Self {
            user: caller.name().to_owned(),
            csrf: caller.csrf_token(),
            operates: caller.allows(Scope::Operate),
            environment: caller.environment.clone().unwrap_or_default(),
            section,
        }
    }

    /// The frame of a page for nobody in particular.
    #[must_use]
    pub fn of_nobody() -> Self {
        Self { user: String::new(), csrf: String::new(), operates: false, environment: String::new(), section: "" }
    }

    /// Address of a file in `web/static`.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// What a link of the navigation carries to say that it is the current one.
    #[must_use]
    pub fn current(&self, section: &str) -> &'static str {
        if self.section == section { "page" } else { "false" }
    }
}

/// Renders a template into an answer.
#[must_use]
pub fn render(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Why there is no page to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPage {
    /// HTTP status.
    pub status: StatusCode,
    /// In a few words.
    pub title: &'static str,
    /// What to do about it.
    pub text: String,
    /// What was tried without the right to it.
    pub attempt: Option<Attempt>,
}

impl NoPage {
    /// There is no page at this address.
    #[must_use]
    pub fn not_found(text: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, title: "Not found", text: text.into(), attempt: None }
    }
}

impl From<ApiError> for NoPage {
    fn from(error: ApiError) -> Self {
        let title = match &error {
            ApiError::MissingScope(..) => "Not allowed",
            ApiError::CrossSite(_) => "Cross-site request",
            ApiError::NotFound(_) => "Not found",
            ApiError::Unavailable(..) => "Temporarily unavailable",
            ApiError::TooMany(..) => "Too many requests",
            _ => "The request failed",
        };
        let text = crate::words::capitalized(&error.to_string());
        Self { status: error.status(), title, text: format!("{text}."), attempt: error.attempt() }
    }
}

impl From<StoreError> for NoPage {
    fn from(error: StoreError) -> Self {
        ApiError::from(error).into()
    }
}

/// What is at no address: a page for browsers, a problem for programs.
pub async fn nowhere(headers: HeaderMap, uri: Uri) -> Response {
    if wants_page(&headers) && !uri.path().starts_with("/api/") {
        return NoPage::not_found("There is no page at this address.").into_response();
    }
    // A bare status becomes a problem on its way out.
    StatusCode::NOT_FOUND.into_response()
}

/// Refuses an address that no page and no filter can have, with a page for browsers and a problem for programs.
pub async fn sound_address(request: Request, next: Next) -> Response {
    match check_address(request.uri()) {
        Ok(()) => next.run(request).await,
        Err(refused) if wants_page(request.headers()) => NoPage::from(refused).into_response(),
        Err(refused) => refused.into_response(),
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

#[derive(Template)]
#[template(path = "no_page.html")]
struct NoPageTemplate<'a> {
    frame: Frame,
    reason: &'a NoPage,
}

impl IntoResponse for NoPage {
    fn into_response(self) -> Response {
        let mut answer = render(self.status, &NoPageTemplate { frame: Frame::of_nobody(), reason: &self });
        if let Some(attempt) = self.attempt {
            answer.extensions_mut().insert(attempt);
        }
        answer
    }
}
