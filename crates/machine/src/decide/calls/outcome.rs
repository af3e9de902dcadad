//! The one rule that says what follows when a run stops waiting for a call.

use crate::{Attention, Time};

/// All that matters when a run stops waiting for an attempt that did not end well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    /// The target acted, only its answer is of no use.
    pub(crate) acted: bool,
    /// This attempt or an earlier one may have acted.
    pub(crate) in_doubt: bool,
    /// The author said `idempotent: false`.
    pub(crate) sent_once: bool,
    /// It is the point of no return, or part of it.
    pub(crate) pivot: bool,
    /// Its author declared `reconcile`: the target can be asked for the outcome.
    pub(crate) can_ask: bool,
    /// The run is ending: it begins nothing more.
    pub(crate) run_ends: bool,
    /// When the connection's retries allow another attempt.
    pub(crate) retry_at: Option<Time>,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
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
    /// The rule. Whether it holds for the run is for [`crate::decide()`] to say; nothing else decides what follows.
    pub(crate) fn next(self) -> Next {
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
}
