//! Values that several sections of `hub.yaml` share: durations, secrets, expressions.

use std::time::Duration;

use crate::connect::secret_reference;
use crate::dsl::SecretTemplate;
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;
use crate::expr::{Class, Expression};

/// Longest duration in `hub.yaml`.
const DURATION_MAX: Duration = Duration::from_hours(24 * 366);

/// Reads text, or `${ $secrets.NAME }`.
pub(super) fn secret_template<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<SecretTemplate> {
    let text = report.text(node)?;
    match secret_reference(text) {
        Some(name) => Some(SecretTemplate::Secret(name.to_owned())),
        None if text.contains("${") => {
            report.error(node, "only ${ $secrets.NAME } as the whole text is allowed here");
            None
        }
        None => Some(SecretTemplate::Literal(text.to_owned())),
    }
}

/// Reads the name in `${ $secrets.NAME }`; a literal secret in a file is a mistake.
pub(in crate::hub) fn secret_name<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<String> {
    let text = report.text(node)?;
    let name = secret_reference(text);
    if name.is_none() {
        let hint = "write '${ $secrets.NAME }' and put the value into the environment variable STEPWELL_SECRET_NAME";
        report.error_with_hint(node, "a secret must not be in a file", Some(hint.to_owned()));
    }
    name.map(str::to_owned)
}

/// Reads an expression `${ jq }` that uses only these variables.
pub(in crate::hub) fn expression<'s>(
    node: Node<'s>,
    variables: &[&str],
    report: &mut Report<'s>,
) -> Option<Expression> {
    let text = report.text(node)?.trim();
    let jq = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(text).trim();
    match Expression::parse(jq, variables) {
        Ok(expression) if expression.class() == Class::Bounded => Some(expression),
        Ok(_) => {
            let hint = "leave out def, recurse, repeat, until, walk, while and similar functions";
            report.error_with_hint(
                node,
                "this expression recurses or is very large, which is not allowed here",
                Some(hint.to_owned()),
            );
            None
        }
        Err(error) => {
            report.error_with_hint(node, format!("not a jq expression: {}", error.message), error.hint);
            None
        }
    }
}

/// Whether a text has the form `${ ... }`.
pub(in crate::hub) fn is_expression(text: &str) -> bool {
    text.trim_start().starts_with("${")
}

/// Reads ISO 8601 text or the language's object, of any length.
pub(super) fn any_duration<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Duration> {
    match node.as_text() {
        Some(text) => iso_8601(text),
        None if node.is_object() => object(node, report),
        None => None,
    }
}

/// Reads ISO 8601 text (`PT30S`) or the language's object (`{ seconds: 30 }`), at most one year.
pub(in crate::hub) fn duration<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Duration> {
    let found = any_duration(node, report);
    let sound = found.filter(|duration| *duration <= DURATION_MAX);
    if sound.is_none() {
        let hint = "write PT30S, PT5M, PT1H, or an object such as { seconds: 30 }";
        report.error_with_hint(node, "a duration of at most one year is expected", Some(hint.to_owned()));
    }
    sound
}

const UNITS: [(&str, f64); 5] =
    [("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0), ("seconds", 1.0), ("milliseconds", 0.001)];

fn object<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Duration> {
    let mut seconds = 0.0;
    for (key, node) in report.closed(node, &UNITS.map(|(name, _)| name))?.entries() {
        let unit = UNITS.iter().find(|(name, _)| *name == key)?.1;
        seconds += node.as_number()?.as_f64()? * unit;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

/// Parses `P[nW][nD][T[nH][nM][nS]]`. Years and months have no fixed length and are refused.
fn iso_8601(text: &str) -> Option<Duration> {
    let rest = text.trim().strip_prefix('P')?;
    let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
    if time.map_or(date.is_empty(), str::is_empty) {
        return None;
    }
    let days = parts(date, &[('W', 604_800.0), ('D', 86_400.0)])?;
    let clock = parts(time.unwrap_or_default(), &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)])?;
    Duration::try_from_secs_f64(days + clock).ok()
}

/// Adds up numbers with units, which must come in this order.
fn parts(mut text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut seconds = 0.0;
    for (unit, length) in units {
        if let Some((count, rest)) = text.split_once(*unit) {
            let plain = !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            seconds += if plain { count.parse::<f64>().ok()? * length } else { return None };
            text = rest;
        }
    }
    text.is_empty().then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_durations_are_read_and_others_refused() {
        for (text, seconds) in
            [("PT30S", 30), ("PT1H30M", 5_400), ("P1D", 86_400), ("P1DT1S", 86_401), ("P2W", 1_209_600)]
        {
            assert_eq!(iso_8601(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(iso_8601("PT0.5S"), Some(Duration::from_millis(500)));
        for bad in ["", "P", "PT", "30S", "P1Y", "P1M", "PT1S1M", "PT-1S", "PTS", "PT1", "PT1e9S", "P1DT"] {
            assert_eq!(iso_8601(bad), None, "{bad}");
        }
    }
}
