//! What is known of what a call did at its target, and the one rule that says what follows when a run stops waiting for it.
//!
//! A call may be tried several times, and each attempt may have acted. A refusal speaks for its own attempt only: what an earlier
//! one did stays unknown until the target was asked about it. An attempt that nobody waits for any more may act later, so
//! "it is not there" counts only once the connection's settle time has passed.

use super::{Attention, Time};

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

/// All that matters when a run stops waiting for an attempt that did not end well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    /// The target acted, only its answer is of no use.
    pub(super) acted: bool,
    /// This attempt or an earlier one may have acted.
    pub(super) in_doubt: bool,
    /// The author said `idempotent: false`.
    pub(super) sent_once: bool,
    /// It is the point of no return, or part of it.
    pub(super) pivot: bool,
    /// Its author declared `reconcile`: the target can be asked for the outcome.
    pub(super) can_ask: bool,
    /// The run is ending: it begins nothing more.
    pub(super) run_ends: bool,
    /// When the connection's retries allow another attempt.
    pub(super) retry_at: Option<Time>,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Another attempt, under the same key.
    Resend(Time),
    /// Ask the target what it did.
    Ask,
    /// A person decides.
    Park(Attention),
    /// The error goes to the nearest catch.
    Raise,
    /// The end of the run says what happens to it: it is undone, or left.
    Leave,
}

impl Ended {
    /// The rule. Whether it holds for the run is for [`super::decide()`] to say; nothing else decides what follows.
    pub(super) fn next(self) -> Next {
        let must_know = self.in_doubt && if self.run_ends { self.pivot } else { self.sent_once };
        match self.retry_at {
            _ if self.acted && self.run_ends => Next::Leave,
            // It has been done: sending it again would do it twice, and past a pivot nothing is undone.
            _ if self.acted && (self.sent_once || self.pivot) => Next::Park(Attention::Faulted),
            _ if self.acted => Next::Raise,
            Some(at) if !self.run_ends && !must_know => Next::Resend(at),
            _ if self.in_doubt && self.can_ask => Next::Ask,
            _ if must_know => Next::Park(Attention::UnknownOutcome),
            _ if self.run_ends => Next::Leave,
            // A pivot in doubt is raised too: a `try` may know better, and uncaught it parks.
            _ => Next::Raise,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Time = Time::UNIX_EPOCH;

    fn ended() -> Ended {
        Ended {
            acted: false,
            in_doubt: true,
            sent_once: false,
            pivot: false,
            can_ask: false,
            run_ends: false,
            retry_at: None,
        }
    }

    /// Every combination, in the order of the fields.
    fn all() -> impl Iterator<Item = Ended> {
        (0_u32..128).map(|bits| {
            let bit = |n: u32| bits & (1 << n) != 0;
            Ended {
                acted: bit(0),
                in_doubt: bit(1),
                sent_once: bit(2),
                pivot: bit(3),
                can_ask: bit(4),
                run_ends: bit(5),
                retry_at: bit(6).then_some(NOON),
            }
        })
    }

    #[test]
    fn what_must_be_sent_once_is_never_sent_again_nor_raised_while_in_doubt() {
        for ended in all().filter(|e| e.sent_once && (e.in_doubt || e.acted)) {
            let next = ended.next();
            assert!(!matches!(next, Next::Resend(_) | Next::Raise), "{ended:?} {next:?}");
        }
    }

    #[test]
    fn nothing_is_sent_by_a_run_that_ends() {
        for ended in all().filter(|e| e.run_ends) {
            assert!(!matches!(ended.next(), Next::Resend(_)), "{ended:?}");
        }
    }

    #[test]
    fn a_pivot_in_doubt_never_counts_as_not_done() {
        for ended in all().filter(|e| e.pivot && e.in_doubt && e.run_ends && !e.acted) {
            assert!(matches!(ended.next(), Next::Ask | Next::Park(_)), "{ended:?}");
        }
    }

    #[test]
    fn a_target_is_asked_only_where_there_is_doubt() {
        for ended in all().filter(|e| !e.in_doubt) {
            assert_ne!(ended.next(), Next::Ask, "{ended:?}");
        }
    }

    #[test]
    fn the_usual_cases() {
        let at = NOON;
        let retried = Ended { retry_at: Some(at), ..ended() };
        assert_eq!(retried.next(), Next::Resend(at));
        assert_eq!(ended().next(), Next::Raise);
        assert_eq!(Ended { sent_once: true, ..retried }.next(), Next::Park(Attention::UnknownOutcome));
        assert_eq!(Ended { sent_once: true, can_ask: true, ..retried }.next(), Next::Ask);
        assert_eq!(Ended { sent_once: true, in_doubt: false, ..retried }.next(), Next::Resend(at));
        assert_eq!(Ended { run_ends: true, ..retried }.next(), Next::Leave);
        assert_eq!(Ended { pivot: true, run_ends: true, ..retried }.next(), Next::Park(Attention::UnknownOutcome));
    }

    #[test]
    fn doubt_about_a_part_is_doubt_about_the_whole_and_lasts_longest() {
        let (early, late) = (NOON, NOON + chrono::TimeDelta::seconds(9));
        let perhaps = |settles_at| Impact::Perhaps { settles_at };
        assert_eq!(perhaps(early).and(perhaps(late)), perhaps(late));
        assert_eq!(Impact::Acted.and(perhaps(early)), perhaps(early));
        assert_eq!(Impact::None.and(Impact::Acted), Impact::Acted);
        assert!(!Impact::None.and(Impact::None).is_any());
    }
}
