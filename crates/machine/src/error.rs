//! Workflow errors: problem details (RFC 7807) as the language defines them.

use serde::{Deserialize, Serialize};

/// Prefix of the standard error types that Stepwell raises.
pub const STANDARD_PREFIX: &str = "https://serverlessworkflow.io/spec/1.0.0/errors/";

/// Prefixes that identify the same standard errors (`spec/PROFILE.md`); filters match any of them.
pub const KNOWN_PREFIXES: [&str; 3] = [
    STANDARD_PREFIX,
    "https://serverlessworkflow.io/dsl/errors/types/",
    "https://open-workflow-specification.org/spec/1.0.0/errors/",
];

/// An error that a task raised, as the workflow sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowError {
    /// URI of the error type.
    pub r#type: String,
    /// HTTP-like status.
    pub status: u16,
    /// Short text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What was attempted on what, and why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Reference of the task that raised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

/// The standard error types of the reference with their default status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Invalid configuration: 400.
    Configuration,
    /// Invalid data: 400.
    Validation,
    /// A failed expression: 400.
    Expression,
    /// Failed authentication: 401.
    Authentication,
    /// Missing permission: 403.
    Authorization,
    /// An expired timeout: 408.
    Timeout,
    /// A failed call: 500, or the actual HTTP status.
    Communication,
    /// Any other failure: 500.
    Runtime,
}

impl ErrorKind {
    /// Returns the last part of the type's URI.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Validation => "validation",
            Self::Expression => "expression",
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::Timeout => "timeout",
            Self::Communication => "communication",
            Self::Runtime => "runtime",
        }
    }

    /// Returns the default status of the reference.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Configuration | Self::Validation | Self::Expression => 400,
            Self::Authentication => 401,
            Self::Authorization => 403,
            Self::Timeout => 408,
            Self::Communication | Self::Runtime => 500,
        }
    }
}

impl WorkflowError {
    /// Creates a standard error with the default status of the reference.
    #[must_use]
    pub fn standard(kind: ErrorKind, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            r#type: format!("{STANDARD_PREFIX}{}", kind.name()),
            status: kind.status(),
            title: Some(title.into()),
            detail: Some(detail.into()),
            instance: None,
        }
    }

    /// Replaces the status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets the task that raised the error, unless it is set.
    #[must_use]
    pub fn at(mut self, reference: &str) -> Self {
        self.instance.get_or_insert_with(|| reference.to_owned());
        self
    }
}

/// Whether two error type URIs mean the same error under any of the known prefixes.
#[must_use]
pub fn same_error_type(a: &str, b: &str) -> bool {
    let short = |uri: &str| KNOWN_PREFIXES.iter().find_map(|p| uri.strip_prefix(p).map(str::to_owned));
    a == b || matches!((short(a), short(b)), (Some(x), Some(y)) if x == y)
}

/// Returns the target's own message in a detail such as `PUT https://... answered 429: request blocked`; any other
/// detail unchanged.
#[must_use]
pub fn own_words(detail: &str) -> &str {
    let after = |rest: &'_ str| rest.len() >= 3 && rest.as_bytes()[..3].iter().all(u8::is_ascii_digit);
    match detail.split_once(" answered ").filter(|(_, rest)| after(rest)) {
        Some((_, rest)) => rest[3..].strip_prefix(": ").map(str::trim).unwrap_or_default(),
        None => detail.trim(),
    }
}
