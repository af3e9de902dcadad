//! Durations: ISO 8601 texts and duration objects, exact and limited to 100 years.

use std::time::Duration;

const DURATION_MAX: Duration = Duration::from_hours(24 * 36_525);
const UNITS: [(&str, u64); 5] =
    [("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1_000), ("milliseconds", 1)];

/// Names of the units of a duration object.
pub const UNIT_NAMES: [&str; 5] = [UNITS[0].0, UNITS[1].0, UNITS[2].0, UNITS[3].0, UNITS[4].0];

/// Parses an ISO 8601 duration (`PT15M`, `P1DT2H`, `PT0.25S`).
///
/// # Errors
/// The text is not a duration, or is longer than 100 years.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let shown = super::mistake::shortened(text);
    let malformed = || format!("`{shown}` is not an ISO 8601 duration such as `PT15M` or `P1DT2H`");
    let rest = text.strip_prefix('P').ok_or_else(malformed)?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return Err(malformed()),
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return Err(malformed());
    }
    if date.contains(['Y', 'M']) {
        return Err(format!("`{shown}` has years or months, which have no fixed length; use days"));
    }
    let mut total = components(date, &[('W', 604_800), ('D', 86_400)]).ok_or_else(malformed)?;
    total += components(time, &[('H', 3_600), ('M', 60), ('S', 1)]).ok_or_else(malformed)?;
    within_bounds(total)
}

/// Sums components such as `12H30M`, in nanoseconds. The units must appear in the given order, each at most once.
fn components(text: &str, units: &[(char, u64)]) -> Option<u128> {
    let mut rest = text;
    let mut units = units.iter();
    let mut total = 0_u128;
    while !rest.is_empty() {
        let at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let unit = rest[at..].chars().next()?;
        let (_, seconds) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(nanoseconds(&rest[..at], *seconds)?)?;
        rest = &rest[at + unit.len_utf8()..];
    }
    Some(total)
}

fn nanoseconds(number: &str, seconds: u64) -> Option<u128> {
    const NANOSECONDS: u128 = 1_000_000_000;
    let (whole, fraction) = match number.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (number, ""),
    };
    let digits: String = fraction.chars().take(9).collect();
    let fraction: u128 = if digits.is_empty() { 0 } else { format!("{digits:0<9}").parse().ok()? };
    // More than twelve digits exceed any limit.
    let whole: u128 = if whole.len() <= 12 { whole.parse().ok()? } else { return Some(u128::MAX / 16) };
    Some((whole * NANOSECONDS + fraction) * u128::from(seconds))
}

/// Returns one entry of a duration object in nanoseconds; `None` for an unknown unit.
pub fn unit_nanoseconds(unit: &str, amount: u64) -> Option<u128> {
    let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Some(u128::from(amount) * u128::from(*milliseconds) * 1_000_000)
}

/// Converts nanoseconds to a duration.
///
/// # Errors
/// The duration is longer than 100 years.
pub fn within_bounds(nanoseconds: u128) -> Result<Duration, String> {
    if nanoseconds > DURATION_MAX.as_nanos() {
        return Err("a duration is at most 100 years".to_owned());
    }
    let seconds = u64::try_from(nanoseconds / 1_000_000_000).unwrap_or(u64::MAX);
    let rest = u32::try_from(nanoseconds % 1_000_000_000).unwrap_or(0);
    Ok(Duration::new(seconds, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_durations_are_exact() {
        for (text, milliseconds) in [
            ("PT15M", 900_000),
            ("P1DT2H", 93_600_000),
            ("PT0.25S", 250),
            ("P1W", 604_800_000),
            ("PT1H30M10S", 5_410_000),
            ("P0D", 0),
            ("PT1.5H", 5_400_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn an_invalid_duration_says_why() {
        for text in ["", "P", "PT", "P1DT", "15M", "PT15", "PT1M1H", "P1S", "PT-1S", "PT1.S", "PT.S", "P1Dé", "pt1s"] {
            assert!(parse_duration(text).is_err_and(|why| why.contains("not an ISO 8601")), "{text}");
        }
        assert!(parse_duration("P1Y").is_err_and(|why| why.contains("use days")));
        assert!(parse_duration("P1M").is_err_and(|why| why.contains("use days")));
        assert!(parse_duration("P99999999999999999999W").is_err_and(|why| why.contains("100 years")));
        assert!(parse_duration("P36526D").is_err_and(|why| why.contains("100 years")));
    }
}
