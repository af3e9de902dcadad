//! Formats times, durations and numbers for people.

use std::fmt::Write;

use chrono::SecondsFormat;

use crate::machine::{Time, WorkflowError};
use crate::store::runs::listing::COUNT_MAX;

/// A time as pages show it. Always UTC, so that it can be compared with other systems' logs at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// For `<time datetime>`.
    pub exact: String,
    /// `20 Nov 2026, 16:42:07`
    pub full: String,
    /// `16:42:07.120`
    pub clock: String,
}

impl From<Time> for Moment {
    fn from(at: Time) -> Self {
        Self {
            exact: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            full: at.format("%-d %b %Y, %H:%M:%S").to_string(),
            clock: at.format("%H:%M:%S%.3f").to_string(),
        }
    }
}

/// Milliseconds between two times; never negative.
#[must_use]
pub fn millis_between(from: Time, to: Time) -> i64 {
    (to - from).num_milliseconds().max(0)
}

/// `84 ms`, `2.3 s`, `1 min 12 s`, `3 h 5 min`, `2 d 4 h`.
#[must_use]
pub fn duration(millis: i64) -> String {
    let seconds = millis / 1000;
    match millis {
        ..1_000 => format!("{} ms", millis.max(0)),
        1_000..9_950 => {
            // One decimal, unless it is zero.
            let tenths = (millis + 50) / 100;
            if tenths % 10 == 0 { format!("{} s", tenths / 10) } else { format!("{}.{} s", tenths / 10, tenths % 10) }
        }
        9_950..60_000 => format!("{} s", ((millis + 500) / 1000).min(59)),
        60_000..3_600_000 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600_000..86_400_000 => two(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

fn two(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 { format!("{large} {large_unit}") } else { format!("{large} {large_unit} {small} {small_unit}") }
}

/// How long ago, in the largest unit: `now`, `40 s`, `3 min`, `5 h`, `12 d`.
#[must_use]
pub fn age(at: Time, now: Time) -> String {
    let seconds = millis_between(at, now) / 1000;
    match seconds {
        ..1 => "now".to_owned(),
        1..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A count that stops at [`COUNT_MAX`]: `10,000+`.
#[must_use]
pub fn count(number: i64) -> String {
    let more = if number >= COUNT_MAX { "+" } else { "" };
    format!("{}{more}", thousands(number.min(COUNT_MAX)))
}

/// `1,204,000`
#[must_use]
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `640 B`, `12 KiB`, `61.3 MiB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "for people")]
pub fn bytes(number: u64) -> String {
    match number {
        ..1_024 => format!("{number} B"),
        1_024..1_048_576 => format!("{} KiB", number >> 10),
        _ => format!("{:.1} MiB", number as f64 / 1_048_576.0),
    }
}

/// `1,250 a second`, `18 a minute`: whole numbers, per minute below one a second.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "for people")]
pub fn rate(per_second: f64) -> String {
    if per_second >= 1.0 {
        format!("{} a second", thousands(per_second.round() as i64))
    } else {
        format!("{} a minute", thousands((per_second * 60.0).round() as i64))
    }
}

/// `1 try`, `3 tries`.
#[must_use]
pub fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Longest quote of a target's message.
const QUOTE_CHARS_MAX: usize = 300;

/// Cuts a long text, for use in the middle of a sentence.
#[must_use]
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(QUOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", written_out(text[..end].trim_end())),
        None => written_out(text),
    }
}

/// An error in one line, without its attempts.
#[must_use]
pub fn error_text(error: &WorkflowError) -> String {
    let title = error.title.as_deref().map(str::trim).filter(|t| !t.is_empty());
    let detail = error.detail.as_deref().map(str::trim).filter(|d| !d.is_empty());
    let text = match (title, detail) {
        (Some(title), Some(detail)) if !detail.starts_with(title) => format!("{title}: {detail}"),
        (_, Some(text)) | (Some(text), None) => text.to_owned(),
        (None, None) => format!("error {} of type {}", error.status, error.r#type),
    };
    capitalized(&shortened(&text))
}

/// Makes the first letter upper case.
#[must_use]
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Shows characters that change the writing direction as JSON escapes, since they would also affect the text around
/// them.
#[must_use]
pub fn written_out(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    text.chars().for_each(|c| write_out(c, &mut shown));
    shown
}

/// Writes one character for [`written_out`].
pub fn write_out(c: char, shown: &mut String) {
    match c {
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        }
        _ => shown.push(c),
    }
}

/// Returns a task's name from its reference: `/do/0/createOrder/metadata/compensate` is about `createOrder`;
/// `createOrder/call` is what the function called by `/do/0/createOrder` does.
#[must_use]
pub fn task_name(reference: &str) -> String {
    let plain = ["/metadata/compensate", "/metadata/reconcile"]
        .iter()
        .find_map(|inside| reference.find(inside).map(|end| &reference[..end]))
        .unwrap_or(reference);
    let is_index = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let mut names = plain.rsplit('/').skip_while(|part| is_index(part));
    let name = match (names.next(), names.next().filter(|before| !is_index(before))) {
        (Some("call"), Some(caller)) => format!("{caller}/call"),
        (Some(name), _) => name.to_owned(),
        (None, _) => reference.to_owned(),
    };
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_speech() {
        let said = [
            (0, "0 ms"),
            (84, "84 ms"),
            (999, "999 ms"),
            (1_000, "1 s"),
            (2_340, "2.3 s"),
            (9_949, "9.9 s"),
            (9_950, "10 s"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (72_000, "1 min 12 s"),
            (11_100_000, "3 h 5 min"),
            (187_200_000, "2 d 4 h"),
            (-5, "0 ms"),
        ];
        for (millis, text) in said {
            assert_eq!(duration(millis), text, "{millis}");
        }
    }

    #[test]
    fn counts_stop_where_the_statement_does() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_204), "1,204");
        assert_eq!(count(COUNT_MAX), "10,000+");
        assert_eq!(count(COUNT_MAX + 5), "10,000+");
    }

    #[test]
    fn large_numbers_and_rates_can_be_read() {
        let said = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (50_000, "50,000"),
            (1_204_007, "1,204,007"),
            (-1_000, "-1,000"),
        ];
        for (number, text) in said {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(
            (rate(1_249.6), rate(1.0), rate(0.3)),
            ("1,250 a second".into(), "1 a second".into(), "18 a minute".into())
        );
    }

    #[test]
    fn a_task_is_named_by_its_place() {
        assert_eq!(task_name("/do/0/createOrder"), "createOrder");
        assert_eq!(task_name("/do/0/createOrder/metadata/compensate"), "createOrder");
        assert_eq!(task_name("/do/1/a~1b"), "a/b");
        assert_eq!(task_name("/do/0/createOrder/call"), "createOrder/call");
        assert_eq!(task_name("/do/0/call"), "call");
        assert_eq!(task_name(""), "");
    }
}
