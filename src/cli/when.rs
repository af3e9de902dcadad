//! Times and durations in flags, in the same formats everywhere: `2026-11-20T16:42:07Z`, `2026-11-20`, `90s`, `30m`,
//! `24h`, `7d`, `PT24H`.

use std::time::Duration;

use chrono::{NaiveDate, NaiveTime, Utc};

use crate::dsl::parse_duration;
use crate::machine::Time;

/// Advice for an invalid time.
const TIMES: &str = "use a time such as 2026-11-20T16:00:00Z or 2026-11-20, or a duration such as 24h or 7d";

/// Parses a time, or how long ago it was.
pub(super) fn past(text: &str) -> Result<Time, String> {
    moment(text, |ago| Utc::now().checked_sub_signed(ago))
}

/// Parses a time, or how far in the future it is.
pub(super) fn ahead(text: &str) -> Result<Time, String> {
    moment(text, |ahead| Utc::now().checked_add_signed(ahead))
}

/// Parses a day: the UTC day of a time, or of how long ago.
pub(super) fn day(text: &str) -> Result<NaiveDate, String> {
    past(text).map(|at| at.date_naive())
}

fn moment(text: &str, away: impl Fn(chrono::Duration) -> Option<Time>) -> Result<Time, String> {
    let time = text.parse::<Time>().ok();
    let day = || Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN).and_utc());
    let other = || away(chrono::Duration::from_std(span(text)?).ok()?);
    time.or_else(day).or_else(other).ok_or_else(|| TIMES.to_owned())
}

/// Parses a duration; a plain number means seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = || Some(Duration::from_secs(text.parse().ok()?));
    span(text).or_else(seconds).ok_or_else(|| "use a duration such as 90s, 30m, 24h or 7d".to_owned())
}

/// Parses a number of whole days; a plain number means days.
pub(super) fn days(text: &str) -> Result<u64, String> {
    let whole = |span: Duration| {
        (span.as_secs().is_multiple_of(86_400) && span.subsec_nanos() == 0).then_some(span.as_secs() / 86_400)
    };
    let days = text.parse().ok().or_else(|| whole(span(text)?)).filter(|days| *days > 0);
    days.ok_or_else(|| "use whole days, such as 90d".to_owned())
}

/// Parses `24h`, or ISO 8601 such as `PT24H`.
fn span(text: &str) -> Option<Duration> {
    let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    let short = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?.parse::<u64>().ok()?, seconds)));
    match short {
        Some((number, seconds)) => number.checked_mul(*seconds).map(Duration::from_secs),
        None => parse_duration(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_durations_are_written_alike() {
        let at = |text| past(text).unwrap().to_rfc3339();
        assert_eq!(at("2026-11-20T16:42:07+01:00"), "2026-11-20T15:42:07+00:00");
        assert_eq!(at("2026-11-20"), "2026-11-20T00:00:00+00:00");
        assert_eq!(day("2026-11-20T23:59:59Z").unwrap().to_string(), "2026-11-20");
        for (short, iso, seconds) in
            [("90s", "PT90S", 90), ("30m", "PT30M", 1_800), ("24h", "PT24H", 86_400), ("7d", "P7D", 604_800)]
        {
            assert_eq!(
                (duration(short), duration(iso)),
                (Ok(Duration::from_secs(seconds)), Ok(Duration::from_secs(seconds)))
            );
            let (before, after) = (past(short).unwrap(), ahead(iso).unwrap());
            let apart = (after - before).num_seconds();
            let twice = i64::try_from(seconds * 2).unwrap();
            assert!((twice..twice + 60).contains(&apart), "{short}: {apart}");
        }
        assert_eq!((duration("5"), days("30"), days("P30D")), (Ok(Duration::from_secs(5)), Ok(30), Ok(30)));
        for wrong in ["yesterday", "", "-1d", "24", "1w2"] {
            assert!(past(wrong).is_err(), "{wrong}");
        }
        for wrong in ["36h", "0", "0d", "99999999999999999999d"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }
}
