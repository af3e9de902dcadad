//! Acts in sentences about people.

use crate::{Act, CancelMode};

impl Act {
    /// What someone wants, after `wants to`.
    #[must_use]
    pub fn wanted(&self) -> &'static str {
        match self {
            Self::Retry { input: Some(_), .. } => "retry it with a different input",
            Self::Retry { input: None, .. } => "retry it",
            Self::Edit { .. } => "retry it with its input changed",
            Self::Rewind { .. } => "retry it from an earlier step",
            Self::Skip { .. } if self.edits() => "skip the step with a replacement output",
            Self::Skip { .. } => "skip the step",
            Self::Cancel { compensate: CancelMode::Compensate } => "cancel it and undo completed steps",
            Self::Cancel { compensate: CancelMode::Abandon } => "cancel it without undoing completed steps",
            Self::Compensate => "undo completed steps",
            Self::Suspend => "suspend it",
            Self::Resume => "resume it",
            Self::Dismiss => "dismiss it",
            Self::Move { .. } => "move it to another version",
            Self::Restart { .. } => "start it again",
            Self::Acknowledge => "acknowledge it",
        }
    }

    /// What someone did, after their name.
    #[must_use]
    pub fn told(&self) -> &'static str {
        match self {
            Self::Retry { input: Some(_), .. } => "retried it with a different input",
            Self::Retry { input: None, .. } => "retried it",
            Self::Edit { .. } => "retried it with its input changed",
            Self::Rewind { .. } => "retried it from an earlier step",
            Self::Skip { .. } => "skipped the step",
            Self::Cancel { compensate: CancelMode::Compensate } => "cancelled it and undid completed steps",
            Self::Cancel { compensate: CancelMode::Abandon } => "cancelled it without undoing completed steps",
            Self::Compensate => "asked to undo completed steps",
            Self::Suspend => "suspended it",
            Self::Resume => "resumed it",
            Self::Dismiss => "dismissed it",
            Self::Move { .. } => "moved it to another version",
            Self::Restart { .. } => "started it again",
            Self::Acknowledge => "acknowledged it",
        }
    }
}
