//! Where a run stands, in a word, and why it needs a person.

use serde::{Deserialize, Serialize};

/// Status of a run (DESIGN.md, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Accepted, not begun.
    Pending,
    /// A node drives it.
    Running,
    /// Waits for a timer, a retry or an event.
    Waiting,
    /// A person said `suspend`.
    Suspended,
    /// Being undone.
    Compensating,
    /// Ended well.
    Completed,
    /// Ended, undone after a fault.
    Compensated,
    /// Ended by a person.
    Cancelled,
    /// Stopped by a fault.
    Faulted,
}

impl Status {
    /// As in API and database.
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

/// A text that is none of the known names.
#[derive(Debug, thiserror::Error)]
#[error("{name:?} is not one of {known}")]
pub struct UnknownName {
    name: String,
    known: String,
}

impl UnknownName {
    /// What was given instead of one of the known names.
    #[must_use]
    pub fn of(name: &str, known: &[&str]) -> Self {
        Self { name: name.to_owned(), known: known.join(", ") }
    }
}

/// Why a person is needed. The dead-letter queue is the runs that have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// A fault that nothing caught.
    Faulted,
    /// An undo failed for good.
    CompensationStuck,
    /// The run crashed its nodes repeatedly, or cannot be recorded.
    Poison,
    /// Whether the target acted cannot be known, and it must not be asked twice.
    UnknownOutcome,
}

impl Attention {
    /// As in API and database.
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
