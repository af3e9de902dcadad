//! What is known of what calls did at their targets, and of the point of no return.
//!
//! A call may be tried several times, and each attempt may have acted. A refusal speaks for its own attempt only: what an earlier
//! one did stays unknown until the target was asked about it. An attempt that nobody waits for any more may act later, so
//! "it is not there" counts only once the connection's settle time has passed.

use crate::Time;

/// What an execution, or anything in it, did at its targets, over all attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Impact {
    /// Nothing.
    #[default]
    None,
    /// It acted, and nothing of it is on its way any more.
    Acted,
    /// It may have acted, and may still act until this time.
    Perhaps {
        /// From then on the target's answers are reliable.
        settles_at: Time,
    },
}

impl Impact {
    /// What two parts did together. Doubt about one is doubt about both.
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

    /// Until when it may still act, where that is in doubt.
    #[must_use]
    pub fn settles_at(self) -> Option<Time> {
        match self {
            Self::Perhaps { settles_at } => Some(settles_at),
            Self::None | Self::Acted => None,
        }
    }
}

/// Where a run stands towards its point of no return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize)]
pub enum Pivot {
    /// Before it.
    #[default]
    Ahead,
    /// An attempt of unknown outcome may have passed it. It counts as passed until a person says otherwise.
    Perhaps,
    /// Past it.
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
