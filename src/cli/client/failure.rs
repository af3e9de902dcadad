//! Why a call failed, formatted for people at a terminal.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Failure {
    /// The server refused the request.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// Nothing answered. The text says where, why, and what to do.
    #[error("{0}")]
    Away(String),
    /// The answer is not from Stepwell, or from an incompatible version.
    #[error("{0}")]
    Unreadable(String),
}

/// The printed fields of RFC 9457 problem details.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Problem {
    pub(in crate::cli) status: u16,
    pub(in crate::cli) r#type: String,
    title: String,
    pub(in crate::cli) detail: String,
    pub(in crate::cli) errors: Vec<Place>,
    /// Step at which a run does not fit another version.
    pub(in crate::cli) step: Option<String>,
    /// Fields in which that step's call differs.
    pub(in crate::cli) fields: Vec<Value>,
}

/// One mistake in the input.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Place {
    pub(in crate::cli) pointer: String,
    pub(in crate::cli) message: String,
    pub(in crate::cli) hint: Option<String>,
    pub(in crate::cli) line: Option<u32>,
    pub(in crate::cli) column: Option<u32>,
}

impl Problem {
    /// A problem with only a detail.
    pub(super) fn saying(detail: String) -> Self {
        Self { detail, ..Self::default() }
    }

    /// Whether it has this slug, the last part of its `type`.
    pub(in crate::cli) fn is(&self, slug: &str) -> bool {
        self.r#type.strip_prefix("urn:stepwell:problem:") == Some(slug)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = if self.detail.is_empty() { &self.title } else { &self.detail };
        f.write_str(said)?;
        let mut separator = ": ";
        for Place { pointer, message, .. } in self.errors.iter().filter(|place| !said.contains(&place.message)) {
            let colon = if pointer.is_empty() { "" } else { ": " };
            write!(f, "{separator}{pointer}{colon}{message}")?;
            separator = "; ";
        }
        Ok(())
    }
}

impl Failure {
    /// The problem, if the server refused the request.
    pub(in crate::cli) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            Self::Away(_) | Self::Unreadable(_) => None,
        }
    }

    /// Whether the resource was not found.
    pub(in crate::cli) fn is_missing(&self) -> bool {
        self.problem().is_some_and(|problem| problem.is("not-found"))
    }

    /// Converts to an error, replaced by `say` if the resource was not found.
    pub(in crate::cli) fn or_missing(self, say: impl FnOnce() -> String) -> anyhow::Error {
        if self.is_missing() { anyhow::Error::msg(say()) } else { self.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(problem: Value) -> String {
        Failure::Refused(serde_json::from_value(problem).unwrap()).to_string()
    }

    #[test]
    fn a_problem_is_told_with_each_place_that_is_wrong_once() {
        let two = serde_json::json!({
            "status": 422, "type": "urn:stepwell:problem:invalid", "title": "The input is not valid",
            "detail": "the input does not match the workflow's input schema",
            "errors": [{ "pointer": "/n", "message": "is missing" }, { "pointer": "", "message": "is too long" }],
        });
        assert_eq!(shown(two), "the input does not match the workflow's input schema: /n: is missing; is too long");
        let one = serde_json::json!({
            "detail": "reason is required: say why", "errors": [{ "pointer": "/reason", "message": "is required: say why" }],
        });
        assert_eq!(shown(one), "reason is required: say why");
        assert_eq!(shown(serde_json::json!({ "title": "Try again later", "later": "member" })), "Try again later");
    }
}
