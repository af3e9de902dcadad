//! The CloudEvents abuse protection: a sender asks by `OPTIONS` whether it may send here, so that nobody can direct
//! events at a server that never asked for them.
//!
//! A callback URL in the request is never called: that would let strangers direct our own calls, the very abuse that
//! the handshake prevents.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::http::App;
use crate::http::problem::ApiError;
use crate::hub::Hub;

const REQUEST_ORIGIN: &str = "webhook-request-origin";
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWED_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");

const METHODS: HeaderValue = HeaderValue::from_static("OPTIONS, POST");

/// `OPTIONS /hooks/{source}`
pub async fn hook(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let hub = Arc::clone(&app.hub.borrow());
    if !hub.sources.contains_key(&name) {
        return Err(ApiError::NotFound(format!("no source {name:?} is configured")));
    }
    Ok(consent(&hub, &headers))
}

/// `OPTIONS /events`
pub async fn events(State(app): State<App>, headers: HeaderMap) -> Response {
    consent(&app.hub.borrow(), &headers)
}

/// An unwanted origin gets an answer without consent, as does a plain `OPTIONS`.
fn consent(hub: &Hub, headers: &HeaderMap) -> Response {
    let asked = headers.get(REQUEST_ORIGIN).filter(|asked| is_wanted(hub, asked));
    match asked {
        None => (StatusCode::NO_CONTENT, [(ALLOW, METHODS)]).into_response(),
        Some(asked) => {
            // No rate is agreed: overload is answered with 503 and Retry-After.
            let any = HeaderValue::from_static("*");
            let consent = [(ALLOW, METHODS), (ALLOWED_ORIGIN, asked.clone()), (ALLOWED_RATE, any)];
            (StatusCode::OK, consent).into_response()
        }
    }
}

fn is_wanted(hub: &Hub, asked: &HeaderValue) -> bool {
    match (&hub.origins, asked.to_str()) {
        (None, _) => true,
        (Some(origins), Ok(asked)) => origins.iter().any(|origin| origin.eq_ignore_ascii_case(asked)),
        (Some(_), Err(_)) => false,
    }
}
