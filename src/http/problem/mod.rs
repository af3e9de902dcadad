//! Errors as RFC 9457 problem details.
//!
//! [`ApiError`] is the only error of a handler. Its response carries a [`Problem`] as an extension; [`finish`], the
//! outermost layer, writes the body, since only there the request's path is known. The same layer turns the bare
//! answers of libraries (404, 405, 413, ...) into problems, so that no error leaves in another shape.

mod from;

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::access::refusals::Attempt;
use crate::redact::{Known, Redactor};
use crate::store::access::Scope;

/// Media type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// When a client should try again after a 503, unless something better is known.
pub const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(2);

/// One place in a request that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputError {
    /// JSON pointer into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
    /// The likely fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Line of a source text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column of a source text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl InputError {
    /// A message at a place.
    #[must_use]
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), hint: None, line: None, column: None }
    }
}

#[cfg(test)]
mod tests;
