//! Dates in SuiteQL: in an Oracle format (`YYYY-MM-DD HH24:MI:SS`) or in the account's own.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// The account's date format. As texts, such dates do not sort by date.
pub const ACCOUNT_FORMAT: &str = "DD.MM.YYYY";

/// Parts of a format, each with chrono's equivalent.
const PARTS: [(&str, &str); 7] =
    [("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("HH24", "%H"), ("MI", "%M"), ("SS", "%S"), ("\"T\"", "T")];

/// Whether a format is supported.
#[must_use]
pub fn is_format(format: &str) -> bool {
    translated(format).is_some()
}

/// Translates a format to chrono's notation.
fn translated(format: &str) -> Option<String> {
    let (mut rest, mut found) = (format, String::new());
    while let Some(first) = rest.chars().next() {
        let part =
            PARTS.iter().find(|(part, _)| rest.get(..part.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(part)));
        if let Some((part, own)) = part {
            found.push_str(own);
            rest = &rest[part.len()..];
        } else if first.is_ascii_alphanumeric() || first == '%' || first == '"' {
            return None;
        } else {
            found.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Some(found)
}

/// Parses a text in this format. Returns ISO 8601; a date becomes midnight.
#[must_use]
pub fn read(text: &str, format: &str) -> Option<String> {
    let format = translated(format)?;
    let moment = NaiveDateTime::parse_from_str(text, &format)
        .ok()
        .or_else(|| NaiveDate::parse_from_str(text, &format).ok()?.and_hms_opt(0, 0, 0))?;
    Some(moment.format("%Y-%m-%d %H:%M:%S").to_string())
}

/// Formats the time in a record; `None` if the value is not a time.
#[must_use]
pub fn written(value: &str, format: &str) -> Option<String> {
    let format = translated(format)?;
    let moment = DateTime::parse_from_rfc3339(value)
        .map(|at| at.with_timezone(&Utc).naive_utc())
        .ok()
        .or_else(|| NaiveDate::parse_from_str(value, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))?;
    Some(moment.format(&format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_and_written_in_the_format_that_is_asked_for() {
        let at = "2026-11-20T16:42:07+00:00";
        assert_eq!(written(at, ACCOUNT_FORMAT).as_deref(), Some("20.11.2026"));
        assert_eq!(written(at, "yyyy-mm-dd hh24:mi:ss").as_deref(), Some("2026-11-20 16:42:07"));
        assert_eq!(written(at, "YYYY-MM-DD\"T\"HH24:MI:SS").as_deref(), Some("2026-11-20T16:42:07"));
        assert_eq!(written("no date", ACCOUNT_FORMAT), None);
        assert_eq!(read("2026-11-20", "YYYY-MM-DD").as_deref(), Some("2026-11-20 00:00:00"));
        assert_eq!(read("20.11.2026", "YYYY-MM-DD"), None);
        assert!(!is_format("YYYY-MON-DD") && !is_format("%Y"));
    }
}
