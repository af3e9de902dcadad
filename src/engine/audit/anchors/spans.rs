//! Days and hours of ids (UTC): an id is a UUIDv7, so the runs of an hour are a range of ids.

use chrono::{DurationRound as _, TimeDelta};
use uuid::Uuid;

use crate::machine::Time;

/// A day or an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) from: Time,
    pub(super) until: Time,
}

impl Span {
    pub(super) fn day_of(at: Time) -> Self {
        Self::of(at, TimeDelta::days(1))
    }

    pub(super) fn hour_of(at: Time) -> Self {
        Self::of(at, TimeDelta::hours(1))
    }

    fn of(at: Time, long: TimeDelta) -> Self {
        let from = at.duration_trunc(long).unwrap_or(at);
        Self { from, until: from + long }
    }

    pub(super) fn is_day(self) -> bool {
        self.until - self.from > TimeDelta::hours(1)
    }

    /// `2026-11-30`, or `2026-11-30T09`.
    pub(super) fn name(self) -> String {
        self.from.format(if self.is_day() { "%Y-%m-%d" } else { "%Y-%m-%dT%H" }).to_string()
    }

    /// The span of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (text, is_day) =
            if name.len() == 10 { (format!("{name}T00:00:00Z"), true) } else { (format!("{name}:00:00Z"), false) };
        let at: Time = text.parse().ok()?;
        let span = if is_day { Self::day_of(at) } else { Self::hour_of(at) };
        (span.name() == name).then_some(span)
    }

    pub(super) fn after(self) -> Uuid {
        floor(self.from)
    }

    pub(super) fn before(self) -> Uuid {
        floor(self.until)
    }
}

/// The smallest UUIDv7 of an instant.
pub(super) fn floor(at: Time) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// The instant of an id.
pub(super) fn instant(id: Uuid) -> Time {
    let millis = i64::try_from(id.as_u128() >> 80).unwrap_or(i64::MAX);
    Time::from_timestamp_millis(millis).unwrap_or(Time::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_found_again_by_its_name_and_holds_its_ids() {
        let at: Time = "2026-11-30T09:17:03.5Z".parse().unwrap();
        for span in [Span::day_of(at), Span::hour_of(at)] {
            assert_eq!(Span::named(&span.name()), Some(span));
            let id = floor(at);
            assert!(span.after() <= id && id < span.before());
        }
        assert_eq!(instant(floor(at)), at);
        assert_eq!(Span::named("2026-11-31"), None);
        assert_eq!(Span::named("yesterday"), None);
    }
}
