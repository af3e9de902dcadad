//! What happens to firings whose time has passed. Pure: the policy, the time that is due, and now.

use std::collections::VecDeque;

use crate::dsl::timing::{Misfire, Repeat, Timing};
use crate::machine::Time;

/// A firing that is later than this was missed: no node was there.
const LATE_MAX: chrono::Duration = chrono::Duration::seconds(60);
/// Missed firings that are made up for; of more than these the oldest are dropped.
pub(super) const CATCH_UP_MAX: usize = 1_000;

/// Where a schedule whose time has come begins to fire: at the time that is due, or at a later one where its policy passes
/// over what was missed. None if nothing is left to fire.
///
/// The caller records the answer before it fires. What it starts then depends on the recorded time alone, so nodes whose
/// clocks differ, and a node that comes after a crash, start the same runs.
pub(super) fn first_to_fire(timing: &Timing, anchor: Time, due: Time, now: Time) -> Option<Time> {
    let missed_until = now - LATE_MAX;
    if due >= missed_until || matches!(timing.repeat, Repeat::After(_)) {
        return Some(due);
    }
    // The last ones that were missed, the one that is due among them.
    let last = |count| -> VecDeque<Time> { timing.last(anchor, due, missed_until, count) };
    match timing.misfire {
        Misfire::Skip => timing.next(anchor, missed_until),
        Misfire::Once => last(1).pop_back().or(Some(due)),
        Misfire::All => {
            let mut found = last(CATCH_UP_MAX);
            if found.len() < CATCH_UP_MAX { Some(due) } else { found.pop_front() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::UNIX_EPOCH + chrono::Duration::seconds(seconds)
    }

    fn every(seconds: u64, misfire: Misfire) -> Timing {
        let repeat = Repeat::Every(std::time::Duration::from_secs(seconds));
        Timing { repeat, zone: chrono_tz::Tz::UTC, misfire }
    }

    fn first(misfire: Misfire, due: i64, now: i64) -> i64 {
        first_to_fire(&every(100, misfire), at(0), at(due), at(now)).unwrap().timestamp()
    }

    #[test]
    fn a_firing_in_time_is_fired_whatever_the_policy() {
        for misfire in [Misfire::Skip, Misfire::Once, Misfire::All] {
            assert_eq!(first(misfire, 100, 101), 100);
            assert_eq!(first(misfire, 100, 160), 100, "what is only just late is no miss");
        }
    }

    #[test]
    fn missed_firings_follow_the_policy() {
        assert_eq!(first(Misfire::Skip, 100, 570), 600, "nothing is made up for");
        assert_eq!(first(Misfire::Skip, 100, 510), 500, "the last is only just late");
        assert_eq!(first(Misfire::Once, 100, 570), 500, "one for all five");
        assert_eq!(first(Misfire::Once, 100, 510), 400, "one for four, then the one that is only just late");
        assert_eq!(first(Misfire::All, 100, 570), 100);
    }

    #[test]
    fn once_means_the_latest_however_long_the_absence() {
        let year = 365 * 86_400;
        let found = first_to_fire(&every(1, Misfire::Once), at(0), at(1), at(year)).unwrap();
        assert_eq!(found, at(year - 60));
    }

    #[test]
    fn all_makes_up_for_a_thousand_and_drops_the_oldest() {
        let day = 86_400;
        let found = first_to_fire(&every(1, Misfire::All), at(0), at(1), at(day)).unwrap();
        assert_eq!(found, at(day - 60 - 999));
        let few = first_to_fire(&every(1, Misfire::All), at(0), at(1), at(1_000)).unwrap();
        assert_eq!(few, at(1));
    }

    #[test]
    fn deciding_again_after_a_crash_looks_only_at_what_was_missed_since() {
        let timing = every(100, Misfire::Once);
        let recorded = first_to_fire(&timing, at(0), at(100), at(570)).unwrap();
        assert_eq!(first_to_fire(&timing, at(0), recorded, at(580)), Some(recorded), "the same a moment later");
        assert_eq!(first_to_fire(&timing, at(0), recorded, at(970)), Some(at(900)), "one for what came since");
    }

    #[test]
    fn after_is_fired_however_late() {
        let repeat = Repeat::After(std::time::Duration::from_secs(5));
        let timing = Timing { repeat, zone: chrono_tz::Tz::UTC, misfire: Misfire::Skip };
        assert_eq!(first_to_fire(&timing, at(0), at(1), at(100_000)), Some(at(1)));
    }
}
