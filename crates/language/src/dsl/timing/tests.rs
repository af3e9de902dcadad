//! When patterns and intervals fire: around clock changes, at ends of months, and from arbitrary moments.

use super::*;

fn cron(pattern: &str, zone_name: &str) -> Timing {
    let repeat = Repeat::Cron(Box::new(parse_cron(pattern).unwrap()));
    Timing { repeat, zone: zone(zone_name).unwrap(), misfire: Misfire::Once }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Returns the firings between two moments.
fn firings(timing: &Timing, from: &str, until: &str) -> Vec<String> {
    let (mut now, until) = (at(from), at(until));
    let mut found = Vec::new();
    while let Some(next) = timing.next(at(from), now).filter(|next| *next < until) {
        assert!(next > now, "time does not advance at {now}");
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
    // Zurich, 25 October 2026: 03:00 becomes 02:00.
    let nightly = cron("30 2 * * *", "Europe/Zurich");
    let found = firings(&nightly, "2026-10-24T12:00:00Z", "2026-10-27T00:00:00Z");
    assert_eq!(found, ["10-25 00:30", "10-26 01:30"]);
    let york = cron("30 1 * * *", "America/New_York");
    let found = firings(&york, "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z");
    assert_eq!(found, ["11-01 05:30", "11-02 06:30"]);
}

#[test]
fn each_time_of_a_list_range_or_step_fires_once_when_the_clock_goes_forward() {
    // New York, 14 March 2027: 02:00 EST becomes 03:00 EDT, 07:00 UTC.
    for (pattern, found) in [
        ("0,30 2 14 3 *", &["03-14 07:00"][..]),
        ("10,40 2 14 3 *", &["03-14 07:00"]),
        ("0 2,3 14 3 *", &["03-14 07:00"]),
        ("30 1-3 14 3 *", &["03-14 06:30", "03-14 07:00", "03-14 07:30"]),
        ("0-10/5 2 14 3 *", &["03-14 07:00"]),
        ("15 30 1,2 14 3 *", &["03-14 06:30", "03-14 07:00"]),
        ("*/30 2 14 3 *", &[]),
    ] {
        let york = cron(pattern, "America/New_York");
        assert_eq!(firings(&york, "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z"), found, "{pattern}");
    }
    let zurich = cron("0,30 2 28 3 *", "Europe/Zurich");
    assert_eq!(firings(&zurich, "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z"), ["03-28 01:00"]);
}

#[test]
fn each_time_of_a_list_range_or_step_fires_once_when_the_clock_goes_back() {
    // New York, 7 November 2027: 02:00 EDT becomes 01:00 EST, 06:00 UTC.
    for (pattern, found) in [
        ("15 1 7 11 *", &["11-07 05:15"][..]),
        ("0,30 1 7 11 *", &["11-07 05:00", "11-07 05:30"]),
        ("0 1,2 7 11 *", &["11-07 05:00", "11-07 07:00"]),
        ("30 0-2 7 11 *", &["11-07 04:30", "11-07 05:30", "11-07 07:30"]),
        ("0-10/5 1 7 11 *", &["11-07 05:00", "11-07 05:05", "11-07 05:10"]),
        ("0,30 15 1 7 11 *", &["11-07 05:15", "11-07 05:15"]),
        ("*/30 1 7 11 *", &["11-07 05:00", "11-07 05:30", "11-07 06:00", "11-07 06:30"]),
    ] {
        let york = cron(pattern, "America/New_York");
        assert_eq!(firings(&york, "2027-11-01T00:00:00Z", "2027-12-01T00:00:00Z"), found, "{pattern}");
    }
    let hourly = cron("15 */1 7 11 *", "America/New_York");
    assert_eq!(firings(&hourly, "2027-11-01T00:00:00Z", "2027-12-01T00:00:00Z").len(), 25, "the day has 25 hours");
    let zurich = cron("0,30 2 31 10 *", "Europe/Zurich");
    assert_eq!(firings(&zurich, "2027-10-01T00:00:00Z", "2027-11-01T00:00:00Z"), ["10-31 00:00", "10-31 00:30"]);
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
fn an_invalid_pattern_is_refused_with_a_reason() {
    for wrong in ["", "* * * *", "61 * * * *", "0 0 30 2 *", "a b c d e", "* * * * * * *"] {
        assert!(parse_cron(wrong).is_err(), "{wrong}");
    }
    assert!(parse_cron("*/10 * * * * *").is_ok(), "six fields have seconds");
}

#[test]
fn a_day_of_the_month_and_a_day_of_the_week_are_alternatives() {
    // Every cron since 1979 combines the two fields with "or": the 13th, and each Friday.
    let either = cron("0 0 13 * 5", "UTC");
    let found = firings(&either, "2026-11-10T12:00:00Z", "2026-11-21T00:00:00Z");
    assert_eq!(found, ["11-13 00:00", "11-20 00:00"]);
    let found = firings(&either, "2026-10-10T12:00:00Z", "2026-10-17T00:00:00Z");
    assert_eq!(found, ["10-13 00:00", "10-16 00:00"]);
}

#[test]
fn the_last_firings_of_a_long_absence_are_found_without_counting_all() {
    let second = cron("* * * * * *", "UTC");
    let begin = at("2016-01-01T00:00:00Z");
    let last = second.last(begin, begin, at("2026-01-01T00:00:00.500Z"), 2);
    assert_eq!(last, [at("2025-12-31T23:59:59Z"), at("2026-01-01T00:00:00Z")]);
    let yearly = cron("0 0 1 1 *", "UTC");
    assert_eq!(yearly.last(begin, begin, at("2025-12-31T00:00:00Z"), 1), [at("2025-01-01T00:00:00Z")]);
    assert!(yearly.last(begin, at("2025-01-01T00:00:00Z"), at("2025-12-31T00:00:00Z"), 1).is_empty());
}

mod properties {
    use chrono::{Datelike, TimeZone, Timelike};
    use proptest::prelude::*;

    use super::*;

    const ZONES: [&str; 6] =
        ["UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"];

    fn field(low: u32, high: u32) -> impl Strategy<Value = String> {
        prop_oneof![
            2 => Just("*".to_owned()),
            3 => (low..=high).prop_map(|n| n.to_string()),
            1 => (2..=(high - low).min(20)).prop_map(|step| format!("*/{step}")),
            1 => (low..=high, low..=high).prop_map(|(a, b)| format!("{a},{b}")),
            1 => (low..=high, low..=high).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
            1 => (low..=high, low..=high, 2..5_u32).prop_map(|(a, b, step)| format!("{}-{}/{step}", a.min(b), a.max(b))),
        ]
    }

    /// Days up to the 28th only, so that each pattern matches every year.
    fn pattern() -> impl Strategy<Value = String> {
        (field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
            .prop_map(|(minute, hour, day, month, weekday)| format!("{minute} {hour} {day} {month} {weekday}"))
    }

    fn moment() -> impl Strategy<Value = DateTime<Utc>> {
        // From 2020 to 2035, at any millisecond.
        (1_577_836_800_000_i64..2_051_222_400_000).prop_map(|ms| Utc.timestamp_millis_opt(ms).unwrap())
    }

    /// Whether a number matches a field of the pattern, implemented naively.
    fn holds(field: &str, number: u32, low: u32) -> bool {
        field.split(',').any(|part| {
            let (range, step) = part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap()));
            let (from, to) = match range.split_once('-') {
                _ if range == "*" => (low, 59),
                Some((from, to)) => (from.parse().unwrap(), to.parse().unwrap()),
                None => (range.parse().unwrap(), range.parse().unwrap()),
            };
            (from..=to).contains(&number) && (number - from).is_multiple_of(step)
        })
    }

    fn matches(pattern: &str, at: DateTime<Utc>) -> bool {
        let fields: Vec<&str> = pattern.split(' ').collect();
        let day = holds(fields[2], at.day(), 1);
        let weekday = holds(fields[4], at.weekday().num_days_from_sunday(), 0);
        let days = if fields[2] == "*" || fields[4] == "*" { day && weekday } else { day || weekday };
        holds(fields[0], at.minute(), 0) && holds(fields[1], at.hour(), 0) && holds(fields[3], at.month(), 1) && days
    }

    /// Zones with clock changes: by an hour, by half an hour, at midnight, in the southern hemisphere, and around
    /// Ramadan.
    const CHANGING: [&str; 8] = [
        "Europe/Zurich",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Havana",
        "America/Santiago",
        "Pacific/Apia",
        "Africa/Casablanca",
        "Asia/Tehran",
    ];

    /// Returns the moments of a year at which the clock changes.
    fn changes(zone: Tz, year: i32) -> Vec<DateTime<Utc>> {
        let offset = |at: DateTime<Utc>| (at.with_timezone(&zone).naive_local() - at.naive_utc()).num_seconds();
        let begin = Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap();
        let halves = (0..365 * 48).map(|half| begin + chrono::Duration::minutes(30 * half));
        let changed = halves.filter(|at| offset(*at) != offset(*at - chrono::Duration::minutes(30)));
        changed.collect()
    }

    /// Implements the rules naively, minute by minute.
    fn by_brute_force(
        minute: &str,
        hour: &str,
        zone: Tz,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Vec<DateTime<Utc>> {
        let fits = |local: chrono::NaiveDateTime| holds(minute, local.minute(), 0) && holds(hour, local.hour(), 0);
        let local = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
        let step = chrono::Duration::minutes(1);
        let mut found = Vec::new();
        // Begin earlier: which of two equal local times is the second depends on the time before.
        let mut at = (from - chrono::Duration::hours(30)).with_second(0).unwrap().with_nanosecond(0).unwrap();
        let mut highest = local(at) - step;
        while at <= until {
            let now = local(at);
            let fires = if minute.starts_with('*') || hour.starts_with('*') {
                fits(now)
            } else {
                // Every local minute passed since the last step, including those that the clock skipped.
                let mut passed = highest + step;
                let mut any = false;
                while passed <= now {
                    any |= fits(passed);
                    passed += step;
                }
                any
            };
            highest = highest.max(now);
            if fires && at > from {
                found.push(at);
            }
            at += step;
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn the_next_firing_is_later_and_the_same_from_anywhere_before_it(
            pattern in pattern(), zone in 0..ZONES.len(), now in moment(), share in 0.0..1.0_f64,
        ) {
            let timing = cron(&pattern, ZONES[zone]);
            let next = timing.next(now, now).expect("each of these patterns comes each year");
            prop_assert!(next > now);
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any moment in between")]
            let between = now + chrono::Duration::milliseconds(((next - now).num_milliseconds() as f64 * share) as i64);
            if between < next {
                prop_assert_eq!(timing.next(now, between), Some(next), "from {}", between);
            }
        }

        #[test]
        fn the_next_firing_is_the_first_minute_that_matches(pattern in pattern(), now in moment()) {
            let next = cron(&pattern, "UTC").next(now, now).unwrap();
            prop_assert!(matches(&pattern, next) && next.second() == 0, "{} does not match", next);
            let mut minute = now + chrono::Duration::minutes(1);
            minute = minute.with_second(0).unwrap().with_nanosecond(0).unwrap();
            // Check each minute of ten days from the start, and of the last day before the firing.
            for from in [minute, next - chrono::Duration::days(1)] {
                let mut at = from.max(minute).with_second(0).unwrap();
                for _ in 0..14_400 {
                    if at >= next { break; }
                    prop_assert!(!matches(&pattern, at), "{} fits and was passed over for {}", at, next);
                    at += chrono::Duration::minutes(1);
                }
            }
        }

        /// Checks each second, and each local second that is skipped or repeated, in the days around a clock change.
        #[test]
        fn around_a_change_of_the_clock_it_fires_as_the_rules_say(
            minute in field(0, 59), hour in field(0, 23), zone in 0..CHANGING.len(), year in 2000..2040_i32, change in 0..4_usize,
        ) {
            let zone_name = CHANGING[zone];
            let Some(at) = changes(super::zone(zone_name).unwrap(), year).into_iter().nth(change) else { return Ok(()) };
            let timing = cron(&format!("{minute} {hour} * * *"), zone_name);
            let (from, until) = (at - chrono::Duration::hours(30), at + chrono::Duration::hours(30));
            let expected = by_brute_force(&minute, &hour, timing.zone, from, until);
            let mut found = Vec::new();
            let mut now = from;
            while let Some(next) = timing.next(from, now).filter(|next| *next <= until) {
                prop_assert!(next > now);
                found.push(next);
                now = next;
            }
            prop_assert_eq!(found, expected, "{} {} in {} around {}", minute, hour, zone_name, at);
        }

        #[test]
        fn a_rate_keeps_to_its_anchor(anchor in moment(), seconds in 1..1_000_000_u64, now in moment()) {
            let repeat = Repeat::Every(Duration::from_secs(seconds));
            let timing = Timing { repeat, zone: Tz::UTC, misfire: Misfire::All };
            let next = timing.next(anchor, now).unwrap();
            let interval = i64::try_from(seconds).unwrap() * 1_000;
            prop_assert!(next > now && (next - anchor).num_milliseconds() % interval == 0);
            prop_assert!(next - now.max(anchor) <= chrono::Duration::milliseconds(interval));
        }

        #[test]
        fn looking_back_finds_what_looking_forward_passes(
            pattern in pattern(), zone in 0..ZONES.len(), until in moment(), hours in 1..200_i64, count in 1..5_usize,
        ) {
            let timing = cron(&pattern, ZONES[zone]);
            let after = until - chrono::Duration::hours(hours);
            let mut forward = Vec::new();
            let mut at = after;
            while let Some(next) = timing.next(after, at).filter(|next| *next <= until) {
                forward.push(next);
                at = next;
            }
            let tail = &forward[forward.len().saturating_sub(count)..];
            prop_assert_eq!(timing.last(after, after, until, count), tail);
        }
    }
}
