//! The status of a run, and why it needs attention.

use serde::{Deserialize, Serialize};

/// Status of a run (DESIGN.md, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Accepted, but not started.
    Pending,
    /// A node drives it.
    Running,
    /// Waiting for a timer, a retry or an event.
    Waiting,
    /// Suspended by a person.
    Suspended,
    /// Undoing completed steps.
    Compensating,
    /// Closed with success.
    Completed,
    /// Closed after a fault, with all steps undone.
    Compensated,
    /// Closed by a person.
    Cancelled,
    /// Stopped by an error.
    Faulted,
}

impl Status {
    /// Name in the API and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Suspended => "suspended",
            Self::Compensating => "compensating",
            Self::Completed => "completed",
            Self::Compensated => "compensated",
            Self::Cancelled => "cancelled",
            Self::Faulted => "faulted",
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = UnknownName;

    fn from_str(s: &str) -> Result<Self, UnknownName> {
        let known = [
            Self::Pending,
            Self::Running,
            Self::Waiting,
            Self::Suspended,
            Self::Compensating,
            Self::Completed,
            Self::Compensated,
            Self::Cancelled,
            Self::Faulted,
        ];
        let found = known.into_iter().find(|status| status.as_str() == s);
        found.ok_or_else(|| UnknownName::of(s, &known.map(Self::as_str)))
    }
}

/// A text is not one of the known names.
#[derive(Debug, thiserror::Error)]
#[error("{name:?} is not one of {known}")]
pub struct UnknownName {
    name: String,
    known: String,
}

impl UnknownName {
    /// Creates the error for a text, with the names that are known.
    #[must_use]
    pub fn of(name: &str, known: &[&str]) -> Self {
        Self { name: name.to_owned(), known: known.join(", ") }
    }
}

/// Why a run needs attention. The runs that have one are the dead-letter queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// Nothing caught an error.
    Faulted,
    /// An undo failed permanently.
    CompensationStuck,
    /// The run crashed its nodes repeatedly, or cannot be recorded.
    Poison,
    /// It is unknown whether the target acted, and the request must not be sent twice.
    UnknownOutcome,
}

impl Attention {
    /// Name in the API and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Faulted => "faulted",
            Self::CompensationStuck => "compensation_stuck",
            Self::Poison => "poison",
            Self::UnknownOutcome => "unknown_outcome",
        }
    }
}
