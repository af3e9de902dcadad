//! One call to a system as plain data, and its answer.
//!
//! CRM and ERP are functions from a [`Call`] and their records to an [`Answer`]. Because they neither wait nor touch the
//! connection, a write is either applied in full or not at all, whatever faults do to the answer afterwards.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

/// Which of the two systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// The one like Salesforce.
    Crm,
    /// The one like NetSuite.
    Erp,
}

impl System {
    /// Its name in paths.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crm => "crm",
            Self::Erp => "erp",
        }
    }
}

/// A call, read in full.
pub struct Call {
    /// To which system.
    pub system: System,
    /// Its method.
    pub method: Method,
    /// The path as sent.
    pub path: String,
    /// The path without mount point, split at slashes, each part decoded; an empty last part (a trailing slash) is dropped.
    pub segments: Vec<String>,
    /// The query as sent.
    pub query_text: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// Scheme, host and mount point, as the caller wrote them: what absolute links start with.
    pub base: String,
    /// When it arrived.
    pub now: DateTime<Utc>,
}

impl Call {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A query parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.query, name)
    }

    /// The token of an `Authorization: Bearer` header.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Whether a `Prefer` header names this preference.
    #[must_use]
    pub fn prefers(&self, preference: &str) -> bool {
        let all = self.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(preference))
    }
}

/// The value of a query parameter.
#[must_use]
pub fn parameter<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Splits a path at its slashes and decodes the parts.
#[must_use]
pub fn segments(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = path
        .split('/')
        .skip(1)
        .map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    while parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    parts
}

/// Splits and decodes a query.
#[must_use]
pub fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// What a system answers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Headers beside the content type.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body.
    pub payload: Payload,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub enum Payload {
    /// None, as after most writes.
    Empty,
    /// JSON with the system's own content type.
    Json(&'static str, Value),
    /// Anything else.
    Text(String, String),
}

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub const fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), payload: Payload::Empty }
    }

    /// An answer with JSON.
    #[must_use]
    pub const fn json(status: StatusCode, content_type: &'static str, body: Value) -> Self {
        Self { status, headers: Vec::new(), payload: Payload::Json(content_type, body) }
    }

    /// With one more header; values that no header may hold are left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Its bytes as they go over the wire, with their content type.
    #[must_use]
    pub fn content(&self) -> (Option<String>, Bytes) {
        match &self.payload {
            Payload::Empty => (None, Bytes::new()),
            Payload::Json(content_type, body) => (Some((*content_type).to_owned()), body.to_string().into()),
            Payload::Text(content_type, body) => (Some(content_type.clone()), body.clone().into()),
        }
    }

    /// As a response whose body is made from the content by `shape`.
    #[must_use]
    pub fn into_response_with(self, shape: impl FnOnce(Bytes) -> Body) -> Response {
        let (content_type, content) = self.content();
        let length = content.len();
        let mut response = Response::new(shape(content));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.extend(self.headers);
        if let Some(value) = content_type.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.entry(header::CONTENT_TYPE).or_insert(value);
        }
        if self.status != StatusCode::NO_CONTENT {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        response
    }
}
