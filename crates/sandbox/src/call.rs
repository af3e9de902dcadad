//! A call to a system and its answer, as plain data.
//!
//! CRM and ERP are functions from a [`Call`] and their records to an [`Answer`]. They neither wait nor touch the
//! connection, so a write is applied completely or not at all, whatever a fault does to the answer afterwards.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

/// One of the two systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// The CRM, which resembles Salesforce.
    Crm,
    /// The ERP, which resembles NetSuite.
    Erp,
}

impl System {
    /// Returns the name that paths use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crm => "crm",
            Self::Erp => "erp",
        }
    }
}

/// A call whose body was read completely.
pub struct Call {
    pub system: System,
    pub method: Method,
    /// The path as sent.
    pub path: String,
    /// The decoded segments of the path without the mount point. A trailing slash adds no segment.
    pub segments: Vec<String>,
    /// The query string as sent.
    pub query_text: String,
    /// The decoded query parameters.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// Scheme, host and mount point as the caller used them. Absolute links begin with it.
    pub base: String,
    pub now: DateTime<Utc>,
}

impl Call {
    /// Returns a header; `None` if it is absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.query, name)
    }

    /// Returns the token of an `Authorization: Bearer` header.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Whether a `Prefer` header contains this preference.
    #[must_use]
    pub fn prefers(&self, preference: &str) -> bool {
        let all = self.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(preference))
    }
}

/// Returns the first value of a query parameter.
#[must_use]
pub fn parameter<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Splits a path into its decoded segments.
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

/// Parses a query string.
#[must_use]
pub fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// The answer of a system.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    /// Headers other than the content type.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub payload: Payload,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub enum Payload {
    /// No body, as after most writes.
    Empty,
    /// A content type and JSON.
    Json(&'static str, Value),
    /// A content type and any other text.
    Text(String, String),
}

impl Answer {
    /// Creates an answer without a body.
    #[must_use]
    pub const fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), payload: Payload::Empty }
    }

    /// Creates an answer with a JSON body.
    #[must_use]
    pub const fn json(status: StatusCode, content_type: &'static str, body: Value) -> Self {
        Self { status, headers: Vec::new(), payload: Payload::Json(content_type, body) }
    }

    /// Adds a header. A value that is not a valid header value is ignored.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Returns the content type and the bytes of the body.
    #[must_use]
    pub fn content(&self) -> (Option<String>, Bytes) {
        match &self.payload {
            Payload::Empty => (None, Bytes::new()),
            Payload::Json(content_type, body) => (Some((*content_type).to_owned()), body.to_string().into()),
            Payload::Text(content_type, body) => (Some(content_type.clone()), body.clone().into()),
        }
    }

    /// Converts it to a response whose body `shape` makes from the bytes.
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
