//! Canonical text of JSON values, so that equal values give equal keys and hashes: business keys, correlations, event
//! joins, event attributes, keys of the hub's memory.
//!
//! Equality is that of jq and JSON Schema: numbers are equal by value (`1004`, `1004.0` and `1.004e3`), objects
//! regardless of the order of their members, and a text never equals a number. Pure.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

/// Most digits before or after the decimal point. Numbers with more are written with an exponent, so that `1e1000000`
/// does not become a text of a million zeros.
const PLACES_MAX: i128 = 400;

/// Whether two values are equal as jq defines it.
#[must_use]
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || number(a) == number(b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// Returns a value as compact JSON, with numbers in canonical form and members sorted by name.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut written = String::new();
    write(value, &mut written);
    written
}

fn write(value: &Value, to: &mut String) {
    match value {
        Value::Number(found) => to.push_str(&number(found)),
        Value::Array(items) => {
            to.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                write(item, to);
            }
            to.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            to.push('{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    to.push(',');
                }
                to.push_str(&Value::from(name.as_str()).to_string());
                to.push(':');
                write(member, to);
            }
            to.push('}');
        }
        other => to.push_str(&other.to_string()),
    }
}

/// Returns a number in canonical form: without superfluous zeros, and without an exponent unless it would need too many
/// digits.
#[must_use]
pub fn number(number: &Number) -> String {
    decimal(&number.to_string())
}

/// Like [`number`], for the text of a number.
#[must_use]
pub fn decimal(text: &str) -> String {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    // The exponent is too large to compute with: such a number equals only itself.
    let Ok(exponent) = exponent.parse::<i128>() else { return text.to_ascii_lowercase() };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    let leading = digits.len() - significant.len();
    let significant = significant.trim_end_matches('0');
    if significant.is_empty() {
        return "0".to_owned();
    }
    // Position of the decimal point, counted from the first significant digit.
    let Some(point) = width(whole.len()).checked_sub(width(leading)).and_then(|point| point.checked_add(exponent))
    else {
        return text.to_ascii_lowercase();
    };
    let length = width(significant.len());
    if !(-PLACES_MAX..=PLACES_MAX).contains(&point) {
        let (first, rest) = significant.split_at(1);
        let rest = if rest.is_empty() { Cow::Borrowed("") } else { Cow::Owned(format!(".{rest}")) };
        return format!("{sign}{first}{rest}e{}", point.saturating_sub(1));
    }
    let zeros = |count: i128| "0".repeat(usize::try_from(count).unwrap_or_default());
    if point <= 0 {
        return format!("{sign}0.{}{significant}", zeros(-point));
    }
    if point >= length {
        return format!("{sign}{significant}{}", zeros(point - length));
    }
    let (whole, fraction) = significant.split_at(usize::try_from(point).unwrap_or_default());
    format!("{sign}{whole}.{fraction}")
}

fn width(length: usize) -> i128 {
    i128::try_from(length).unwrap_or(i128::MAX)
}

/// Returns a key as text: a text unchanged, a number in canonical form; `None` for any other value.
#[must_use]
pub fn key(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(found) => Some(number(found)),
        _ => None,
    }
}

/// For `#[serde(deserialize_with)]`: a key that is a text or a number.
///
/// # Errors
/// The value is neither a text nor a number.
pub fn deserialize_key<'d, D: Deserializer<'d>>(deserializer: D) -> Result<String, D::Error> {
    let value = Value::deserialize(deserializer)?;
    key(&value).ok_or_else(|| serde::de::Error::custom(format!("a key is a text or a number, not {value}")))
}

/// Like [`deserialize_key`], but accepts null.
///
/// # Errors
/// The value is not a text, a number or null.
pub fn deserialize_key_or_null<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        value => match key(&value) {
            Some(key) => Ok(Some(key)),
            None => Err(serde::de::Error::custom(format!("a key is a text, a number or null, not {value}"))),
        },
    }
}

/// Like [`deserialize_key`], for a list of keys.
///
/// # Errors
/// An item is neither a text nor a number.
pub fn deserialize_keys<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let read = |value: Value| {
        key(&value).ok_or_else(|| serde::de::Error::custom(format!("a key is a text or a number, not {value}")))
    };
    Vec::<Value>::deserialize(deserializer)?.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn numbers_equal_by_value_have_one_text_and_texts_never_equal_numbers() {
        for alike in [
            &["1004", "1004.0", "1004.000", "1.004e3", "10040e-1", "1004E0", "1004e+0"][..],
            &["0", "0.0", "-0", "-0.0", "0e5", "0e999999999999999999999"],
            &["0.05", "5e-2", "0.0500"],
            &["9007199254740993", "9007199254740993.0", "9.007199254740993e15"],
            &["1e400", "10e399", "0.1e401", "1.0e400"],
            &["1e-400", "10e-401"],
            &["-12.5", "-1.25e1"],
            &[r#"{"a":1,"b":[2,{"c":null}]}"#, r#"{"b":[2.0,{"c":null}],"a":1.0}"#],
        ] {
            for one in alike.iter().filter(|text| !text.contains("999999999999999999999")) {
                assert!(same(&read(one), &read(alike[0])), "{one} and {}", alike[0]);
                assert_eq!(text(&read(one)), text(&read(alike[0])), "{one}");
            }
        }
        for (a, b) in [
            ("1002", r#""1002""#),
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.1000000000000000055511151231257827"),
            ("1e400", "1e401"),
            ("1e-400", "1e-401"),
            ("1", "-1"),
            ("10", "1"),
            ("null", "0"),
            ("false", "0"),
            ("[1,2]", "[12]"),
            ("[1]", "1"),
            (r#"{"a":null}"#, "{}"),
            (r#""""#, "null"),
        ] {
            assert!(!same(&read(a), &read(b)), "{a} and {b}");
            assert_ne!(text(&read(a)), text(&read(b)), "{a} and {b}");
        }
        assert_eq!(text(&read("1e400")), "1e400");
        assert_eq!(text(&json!({ "b": 1, "a": "x\n" })), r#"{"a":"x\n","b":1}"#);
    }

    #[test]
    fn absurd_exponents_make_no_long_texts_and_no_panics() {
        for absurd in [
            "1e99999999999999999999999999999999999999999",
            "1e-170141183460469231731687303715884105728",
            "7E9223372036854775807",
        ] {
            assert!(decimal(absurd).len() <= absurd.len() + 2, "{absurd}");
        }
        assert_ne!(decimal("1e99999999999999999999999999999999999999999"), decimal("1"));
    }

    #[test]
    fn a_key_is_a_text_or_a_number() {
        assert_eq!(key(&read("1004.0")).as_deref(), Some("1004"));
        assert_eq!(key(&read(r#""1004.0""#)).as_deref(), Some("1004.0"));
        assert_eq!(key(&read("true")), None);
    }

    proptest! {
        /// A number multiplied by a power of ten with a matching exponent, and padded with zeros, has the same text. No
        /// other integer has it.
        #[test]
        fn every_way_to_write_a_number_is_one_text(number in -1_000_000_000_i64..1_000_000_000, shift in 0_usize..12, zeros in 0_usize..6) {
            let plain = decimal(&number.to_string());
            prop_assert_eq!(&plain, &number.to_string());
            let shifted = format!("{number}{}.{}e-{shift}", "0".repeat(shift), "0".repeat(zeros + 1));
            prop_assert_eq!(decimal(&shifted), plain.clone());
            prop_assert_ne!(decimal(&(number + 1).to_string()), plain);
        }

        #[test]
        fn the_text_of_a_number_is_a_number_and_stays_as_it_is(digits in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?") {
            let once = decimal(&digits);
            prop_assert!(serde_json::from_str::<Value>(&once).is_ok_and(|value| value.is_number()), "{}", once);
            prop_assert_eq!(decimal(&once), once.clone());
        }
    }
}
