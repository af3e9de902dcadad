//! The frame around the content of every page, and the error page.

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

/// The frame of a page.
pub struct Frame {
    /// Name of the signed-in user; empty on pages without a session.
    pub user: String,
    /// CSRF token for the forms of the page.
    pub csrf: String,
    /// Whether the user may act.
    pub operates: bool,
    /// Environment of the systems that runs reach; sets the color at the top of the page.
    pub environment: String,
    /// Current entry of the navigation.
    pub section: &'static str,
}

impl Frame {
    /// Returns the frame of a page for a caller.
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

    /// Returns the frame of a page without a session.
    #[must_use]
    pub fn of_nobody() -> Self {
        Self { user: String::new(), csrf: String::new(), operates: false, environment: String::new(), section: "" }
    }

    /// Returns the URL of a file in `web/static`.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// Returns the `aria-current` value of a navigation link.
    #[must_use]
    pub fn current(&self, section: &str) -> &'static str {
        if self.section == section { "page" } else { "false" }
    }
}

/// Renders a template into a response.
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

/// The reason why a page cannot be shown, as an error page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPage {
    /// HTTP status of the response.
    pub status: StatusCode,
    /// Title in a few words.
    pub title: &'static str,
    /// What happened and what to do.
    pub text: String,
    /// What the caller attempted without permission.
    pub attempt: Option<Attempt>,
}

impl NoPage {
    /// Returns the error page for an unknown URL.
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

/// Answers unknown URLs: a page for browsers, a problem document for programs.
pub async fn nowhere(headers: HeaderMap, uri: Uri) -> Response {
    if wants_page(&headers) && !uri.path().starts_with("/api/") {
        return NoPage::not_found("There is no page at this address.").into_response();
    }
    // The bare status becomes a problem document on its way out.
    StatusCode::NOT_FOUND.into_response()
}

/// Refuses URLs that no page or filter can have: with a page for browsers, a problem document for programs.
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
