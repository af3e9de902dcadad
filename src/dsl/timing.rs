//! `schedule.cron`, `every` and `after`: when a workflow starts by itself.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// When a workflow starts by itself.
#[derive(Debug)]
pub struct Timing {
    /// What is repeated.
    pub repeat: Repeat,
    /// Where the clock of `cron` stands.
    pub zone: Tz,
    /// What becomes of firings that were missed.
    pub misfire: Misfire,
}

/// What is repeated.
#[derive(Debug)]
pub enum Repeat {
    /// `cron`: five fields, or six with seconds first.
    Cron(Box<croner::Cron>),
    /// `every`: at a fixed rate from the moment it was deployed, whatever became of the run before.
    Every(Duration),
    /// `after`: so long after the run before has ended; the first at once.
    After(Duration),
}

/// What becomes of firings that were missed because no node was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Misfire {
    /// Nothing: it goes on with the next one.
    Skip,
    /// One run for all that were missed.
    #[default]
    Once,
    /// One run for each.
    All,
}

impl Misfire {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
            Self::All => "all",
        }
    }
}

/// Reads a cron pattern of five fields, or of six with seconds first.
///
/// # Errors
/// What is wrong with it.
pub fn parse_cron(text: &str) -> Result<croner::Cron, String> {
    let fields = text.split_whitespace().count();
    if !text.starts_with('@') && !(5..=6).contains(&fields) {
        return Err(format!("a cron pattern has five fields, or six with seconds first; this one has {fields}"));
    }
    let cron = croner::Cron::from_str(text).map_err(|error| format!("this is no cron pattern: {error}"))?;
    let begin = DateTime::<Utc>::UNIX_EPOCH;
    cron.find_next_occurrence(&begin, false).map_err(|_| "this cron pattern never comes".to_owned())?;
    Ok(cron)
}

/// The time zone of this IANA name.
#[must_use]
pub fn zone(name: &str) -> Option<Tz> {
    Tz::from_str(name).ok()
}

/// All names of time zones.
pub fn zone_names() -> impl Iterator<Item = &'static str> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
}

impl Timing {
    /// The first firing after a moment; none for [`Repeat::After`], which depends on a run, and where there is none.
    ///
    /// A local time that does not exist on the day the clock goes forward fires once, right after the gap; one that comes
    /// twice when it goes back fires the first time. Intervals such as `*/15` go by elapsed time.
    #[must_use]
    pub fn next(&self, anchor: DateTime<Utc>, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match &self.repeat {
            Repeat::Cron(cron) => {
                let local = after.with_timezone(&self.zone);
                let mut next = cron.find_next_occurrence(&local, false).ok()?.to_utc();
                // Around a change of the clock a pattern may be found at the same instant again.
                if next <= after {
                    let later = (after + chrono::Duration::seconds(1)).with_timezone(&self.zone);
                    next = cron.find_next_occurrence(&later, true).ok()?.to_utc();
                }
                (next > after).then_some(next)
            }
            Repeat::Every(interval) => {
                let interval = chrono::Duration::from_std(*interval).ok().filter(|i| i.num_milliseconds() > 0)?;
                let elapsed = (after - anchor).num_milliseconds().max(0);
                let count = elapsed / interval.num_milliseconds() + 1;
                let offset = interval.num_milliseconds().checked_mul(count)?;
                anchor.checked_add_signed(chrono::Duration::milliseconds(offset))
            }
            Repeat::After(_) => None,
        }
    }

    /// `cron`, `every` or `after`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.repeat {
            Repeat::Cron(_) => "cron",
            Repeat::Every(_) => "every",
            Repeat::After(_) => "after",
        }
    }

    /// The pattern, or the interval in ISO 8601.
    #[must_use]
    pub fn expression(&self) -> String {
        match &self.repeat {
            Repeat::Cron(cron) => cron.as_str().to_owned(),
            Repeat::Every(interval) | Repeat::After(interval) => format!("PT{}S", interval.as_secs_f64()),
        }
    }

    /// The same text for the same timing, another for another.
    #[must_use]
    pub fn signature(&self) -> String {
        format!("{} {} {}", self.kind(), self.expression(), self.zone.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cron(pattern: &str, zone_name: &str) -> Timing {
        let repeat = Repeat::Cron(Box::new(parse_cron(pattern).unwrap()));
        Timing { repeat, zone: zone(zone_name).unwrap(), misfire: Misfire::Once }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// The firings between two moments.
    fn firings(timing: &Timing, from: &str, until: &str) -> Vec<String> {
        let (mut now, until) = (at(from), at(until));
        let mut found = Vec::new();
        while let Some(next) = timing.next(at(from), now).filter(|next| *next < until) {
            assert!(next > now, "time stands still at {now}");
            found.push(next.format("%m-%d %H:%M").to_string());
            now = next;
        }
        found
    }

    #[test]
    fn a_local_time_that_does_not_exist_fires_once_after_the_gap() {
        // Zurich, 29 March 2026: 02:00 becomes 03:00. 02:30 would be 01:30 UTC.
        let nightly = cron("30 2 * * *", "Europe/Zurich");
        let found = firings(&nightly, "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z");
        assert_eq!(found, ["03-28 01:30", "03-29 01:00", "03-30 00:30"]);
        let york = cron("30 2 * * *", "America/New_York");
        let found = firings(&york, "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z");
        assert_eq!(found, ["03-08 07:00", "03-09 06:30"]);
    }

    #[test]
    fn a_local_time_that_comes_twice_fires_once() {
        // Zurich, 25 October 2026: 03:00 becomes 02:00 again.
        let nightly = cron("30 2 * * *", "Europe/Zurich");
        let found = firings(&nightly, "2026-10-24T12:00:00Z", "2026-10-27T00:00:00Z");
        assert_eq!(found, ["10-25 00:30", "10-26 01:30"]);
        let york = cron("30 1 * * *", "America/New_York");
        let found = firings(&york, "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z");
        assert_eq!(found, ["11-01 05:30", "11-02 06:30"]);
    }

    #[test]
    fn an_interval_goes_by_elapsed_time_over_a_change_of_the_clock() {
        let quarters = cron("*/30 * * * *", "Europe/Zurich");
        let spring = firings(&quarters, "2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z");
        assert_eq!(spring, ["03-29 00:30", "03-29 01:00", "03-29 01:30", "03-29 02:00", "03-29 02:30"]);
        let autumn = firings(&quarters, "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z");
        assert_eq!(autumn, ["10-25 00:30", "10-25 01:00", "10-25 01:30"]);
    }

    #[test]
    fn month_ends_and_leap_days_are_where_they_are() {
        let last = cron("0 0 L * *", "UTC");
        assert_eq!(firings(&last, "2028-01-31T12:00:00Z", "2028-04-01T00:00:00Z"), ["02-29 00:00", "03-31 00:00"]);
        let leap = cron("0 0 29 2 *", "UTC");
        assert_eq!(leap.next(at("2026-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z")), Some(at("2028-02-29T00:00:00Z")));
    }

    #[test]
    fn a_fixed_rate_does_not_drift() {
        let every = Timing { repeat: Repeat::Every(Duration::from_secs(90)), zone: Tz::UTC, misfire: Misfire::All };
        let anchor = at("2026-01-01T00:00:00.250Z");
        assert_eq!(every.next(anchor, anchor), Some(at("2026-01-01T00:01:30.250Z")));
        assert_eq!(every.next(anchor, at("2026-01-01T00:04:30.250Z")), Some(at("2026-01-01T00:06:00.250Z")));
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_a_reason() {
        for wrong in ["", "* * * *", "61 * * * *", "0 0 30 2 *", "a b c d e", "* * * * * * *"] {
            assert!(parse_cron(wrong).is_err(), "{wrong}");
        }
        assert!(parse_cron("*/10 * * * * *").is_ok(), "six fields have seconds");
    }
}
