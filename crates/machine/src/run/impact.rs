//! What is known about the effects of calls at their targets, and about the pivot.
//!
//! A call may be tried several times, and each attempt may have acted. A refusal only covers its own attempt; the
//! effect of an earlier one stays unknown until the target is asked. An abandoned attempt may still act later, so the
//! answer "not found" counts only after the connection's settle time.

use crate::Time;

/// What an execution, including everything inside it, did at its targets, over all attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Impact {
    /// It did not act.
    #[default]
    None,
    /// It acted, and nothing is in progress any more.
    Acted,
    /// It may have acted, and may still act until this time.
    Perhaps {
        /// From then on, the target's answers are reliable.
        settles_at: Time,
    },
}

impl Impact {
    /// Combines the effects of two parts. If one is in doubt, so is the whole.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Perhaps { settles_at: a }, Self::Perhaps { settles_at: b }) => {
                Self::Perhaps { settles_at: a.max(b) }
            }
            (doubt @ Self::Perhaps { .. }, _) | (_, doubt @ Self::Perhaps { .. }) => doubt,
            (Self::Acted, _) | (_, Self::Acted) => Self::Acted,
            (Self::None, Self::None) => Self::None,
        }
    }

    /// Whether there may be something to undo.
    #[must_use]
    pub fn is_any(self) -> bool {
        self != Self::None
    }

    /// Returns until when it may still act, if that is in doubt.
    #[must_use]
    pub fn settles_at(self) -> Option<Time> {
        match self {
            Self::Perhaps { settles_at } => Some(settles_at),
            Self::None | Self::Acted => None,
        }
    }
}

/// The position of a run relative to its pivot, the point of no return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
pub enum Pivot {
    /// The pivot is not passed.
    #[default]
    Ahead,
    /// An attempt with unknown outcome may have passed it. Counts as passed until a person says otherwise.
    Perhaps,
    /// The pivot is passed.
    Passed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubt_about_a_part_is_doubt_about_the_whole_and_lasts_longest() {
        let (early, late) = (Time::UNIX_EPOCH, Time::UNIX_EPOCH + chrono::TimeDelta::seconds(9));
        let perhaps = |settles_at| Impact::Perhaps { settles_at };
        assert_eq!(perhaps(early).and(perhaps(late)), perhaps(late));
        assert_eq!(Impact::Acted.and(perhaps(early)), perhaps(early));
        assert_eq!(Impact::None.and(Impact::Acted), Impact::Acted);
        assert!(!Impact::None.and(Impact::None).is_any());
    }
}
