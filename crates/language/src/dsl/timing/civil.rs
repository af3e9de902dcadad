//! When a cron pattern fires in a time zone with clock changes. The rules are those of Debian's cron(8).
//!
//! A pattern with fixed times (`30 2`, `0,30 1-3`) fires once for each of them: at the first of two moments with the
//! same local time, and right after the gap if the local time does not exist. A pattern with `*` in its seconds,
//! minutes or hours fires whenever the local clock matches.

use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, SubsecRound, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;

/// Most local times examined for one clock change: enough for a change by a day, second by second.
const LOOKED_AT_MAX: usize = 100_000;

/// Returns the first firing after a moment; `None` if there is none.
pub(super) fn next(cron: &Cron, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let local = after.with_timezone(&zone).naive_local().trunc_subsecs(0);
    if names_its_times(cron) {
        next_named(cron, zone, after, local)
    } else {
        next_by_elapsed_time(cron, zone, after, local)
    }
}

/// Whether a pattern has no `*` in its seconds, minutes or hours.
fn names_its_times(cron: &Cron) -> bool {
    let pattern = &cron.pattern;
    ![&pattern.seconds, &pattern.minutes, &pattern.hours].into_iter().any(|field| field.from_wildcard)
}

/// Later local times never fire earlier, so the first one that fires after the moment is the next.
fn next_named(cron: &Cron, zone: Tz, after: DateTime<Utc>, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    fitting(cron, local).find_map(|fits| {
        let fires = match zone.from_local_datetime(&fits) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
            LocalResult::None => end_of_gap(zone, fits)?,
        };
        (fires > after).then_some(fires)
    })
}

fn next_by_elapsed_time(cron: &Cron, zone: Tz, after: DateTime<Utc>, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let ahead = fitting(cron, local).find_map(|fits| match zone.from_local_datetime(&fits) {
        LocalResult::Single(at) => Some(at.to_utc()).filter(|at| *at > after),
        LocalResult::Ambiguous(first, second) => {
            [first, second].map(|at| at.to_utc()).into_iter().find(|at| *at > after)
        }
        LocalResult::None => None,
    });
    // Before the clock goes back, local times that have passed will occur again, perhaps before those ahead.
    let again = match zone.from_local_datetime(&local) {
        LocalResult::Ambiguous(first, second) if second > after => {
            let repeated = fitting(cron, local - (second - first)).take_while(|fits| *fits <= local);
            repeated
                .filter_map(|fits| zone.from_local_datetime(&fits).latest())
                .map(|at| at.to_utc())
                .find(|at| *at > after)
        }
        _ => None,
    };
    ahead.into_iter().chain(again).min()
}

/// Returns the local times after `local` that match the pattern. The pattern is evaluated in UTC, whose clock never
/// changes.
fn fitting(cron: &Cron, local: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
    let next = |at: &NaiveDateTime| {
        let found = cron.find_next_occurrence(&at.and_utc(), false).ok()?.naive_utc();
        (found > *at).then_some(found)
    };
    std::iter::successors(next(&local), next).take(LOOKED_AT_MAX)
}

/// Returns the moment at which the clock skipped a local time.
fn end_of_gap(zone: Tz, inside: NaiveDateTime) -> Option<DateTime<Utc>> {
    let exists = |back: i64| zone.from_local_datetime(&(inside - Duration::seconds(back))).latest();
    // Find the last existing second before it by doubling the step and then bisecting.
    let (mut missing, mut there) = (0, 1);
    while exists(there).is_none() {
        (missing, there) = (there, there * 2);
        if there > 2 * 86_400 {
            return None;
        }
    }
    while there - missing > 1 {
        let middle = i64::midpoint(missing, there);
        if exists(middle).is_some() { there = middle } else { missing = middle }
    }
    exists(there).map(|last| last.to_utc() + Duration::seconds(1))
}
