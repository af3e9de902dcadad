//! Resolves scalars by the core schema of YAML 1.2, except that numbers keep every digit and infinities are refused.

use serde_json::Number;

use super::{Data, Style};

const DIGITS_MAX: usize = 400;

/// Resolves an untagged scalar.
pub(super) fn resolve(text: &str, style: Style) -> Result<Data, String> {
    if style != Style::Plain {
        return Ok(Data::Text(text.to_owned(), style));
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Data::Null),
        "true" | "True" | "TRUE" => return Ok(Data::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Data::Bool(false)),
        _ => {}
    }
    if is_special_float(text) {
        return Err(format!("`{text}` is not a number in JSON; quote it if it is a string"));
    }
    match canonical_number(text) {
        Some(canonical) => number(text, &canonical).map(Data::Number),
        None => Ok(Data::Text(text.to_owned(), style)),
    }
}

/// Resolves a scalar with one of YAML's own tags (`!!str`).
pub(super) fn resolve_tagged(text: &str, style: Style, tag: &str) -> Result<Data, String> {
    let data = match tag {
        "str" => return Ok(Data::Text(text.to_owned(), style)),
        "int" | "float" | "bool" | "null" => resolve(text, Style::Plain)?,
        _ => return Err(format!("the tag `!!{tag}` is not supported")),
    };
    let fits = match (&data, tag) {
        (Data::Number(number), "int") => !number.to_string().contains(['.', 'e', 'E']),
        (Data::Number(_), "float") | (Data::Bool(_), "bool") | (Data::Null, "null") => true,
        _ => false,
    };
    if fits { Ok(data) } else { Err(format!("`{text}` does not match its tag `!!{tag}`")) }
}

fn is_special_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn number(written: &str, canonical: &str) -> Result<Number, String> {
    if canonical.len() > DIGITS_MAX {
        return Err(format!("a number has at most {DIGITS_MAX} digits; quote it if it is a text"));
    }
    if !canonical.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(format!("`{written}` is too large to compute with; quote it if it is a text"));
    }
    serde_json::from_str(canonical).map_err(|_| format!("`{written}` is not a valid number"))
}

/// Returns the number in JSON notation with its digits unchanged, if it is a number in YAML's core schema.
fn canonical_number(text: &str) -> Option<String> {
    let radix = |prefix: &str, radix: u32| {
        let digits = text.strip_prefix(prefix).filter(|d| d.chars().all(|c| c.is_digit(radix)))?;
        u128::from_str_radix(digits, radix).ok().map(|n| n.to_string())
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(number);
    }
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let some_digit = !whole.is_empty() || fraction.is_some_and(|f| !f.is_empty());
    let exponent_digits = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    if !some_digit
        || !digits(whole)
        || !fraction.is_none_or(digits)
        || !exponent_digits.is_none_or(|e| !e.is_empty() && digits(e))
    {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let mut canonical = format!("{sign}{}", if whole.is_empty() { "0" } else { whole });
    if let Some(fraction) = fraction {
        canonical.push('.');
        canonical.push_str(if fraction.is_empty() { "0" } else { fraction });
    }
    if let Some(exponent) = exponent {
        canonical.push('e');
        canonical.push_str(exponent);
    }
    Some(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match resolve(text, Style::Plain) {
            Ok(Data::Number(number)) => number.to_string(),
            Ok(Data::Text(text, _)) => format!("text {text}"),
            Ok(Data::Bool(truth)) => truth.to_string(),
            Ok(Data::Null) => "null".to_owned(),
            Ok(_) => "?".to_owned(),
            Err(why) => format!("error {why}"),
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (text, exact) in [
            ("9007199254740993", "9007199254740993"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("1849.90", "1849.90"),
            ("007", "7"),
            ("+5", "5"),
            ("0x1F", "31"),
            ("0o17", "15"),
            (".5", "0.5"),
            ("-0", "-0"),
        ] {
            assert_eq!(shown(text), exact);
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_text() {
        for text in ["1_000", "2026-11-20", "1.2.3", "12e", "e5", ".", "-", "0xZZ", "yes", "on", "1:30"] {
            assert_eq!(shown(text), format!("text {text}"));
        }
    }

    #[test]
    fn numbers_that_json_lacks_are_refused() {
        for text in [".inf", "-.INF", ".nan", "1e400", &"9".repeat(401)] {
            assert!(shown(text).starts_with("error"), "{text}");
        }
    }
}
