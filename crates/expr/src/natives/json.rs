//! Conversions between text and values: `tojson`, `fromjson`, `tonumber`, `toboolean`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::{Row, fail, of_input};
use crate::meter::{charge_bytes, check_depth};
use crate::value::{Num, Val, ValR};

/// Deepest nesting that jq parses.
const DEPTH_MAX: usize = 10_000;

pub(super) fn rows() -> Vec<Row> {
    vec![
        of_input!("tojson", |v| Ok(Val::text(v.to_json_text()))),
        of_input!("fromjson", fromjson),
        of_input!("tonumber", |v| match v {
            Val::Num(_) => Ok(v),
            other => match other.as_str().and_then(parse_number) {
                Some(number) => Ok(Val::Num(number)),
                None => Err(other.error("cannot be parsed as a number")),
            },
        }),
        of_input!("toboolean", |v| match (&v, v.as_str()) {
            (Val::Bool(_), _) => Ok(v),
            (_, Some("true")) => Ok(Val::Bool(true)),
            (_, Some("false")) => Ok(Val::Bool(false)),
            _ => Err(v.error("cannot be parsed as a boolean")),
        }),
    ]
}

/// Parses a number in jq's decimal notation, which includes `nan`, `+1`, `.5` and `5.`.
fn parse_number(text: &str) -> Option<Num> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned.to_ascii_lowercase().as_str() {
        "nan" => return Some(Num::from(f64::NAN)),
        "inf" | "infinity" => {
            return Some(Num::from(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        _ => {}
    }
    let number = Num::parse(text.strip_prefix('+').unwrap_or(text))?;
    // A notation that is not JSON keeps only its value, not its spelling.
    let is_json = serde_json::from_str::<serde_json::Number>(text).is_ok();
    Some(if is_json { number } else { Num::from(number.value()) })
}

fn fromjson(value: Val) -> ValR {
    let Some(text) = value.as_str() else { return Err(value.error("only strings can be parsed")) };
    let trimmed = text.trim_matches([' ', '\t', '\n', '\r']);
    let why = |why: &str| fail(format_args!("{why} (while parsing '{text}')"));
    match trimmed {
        "" => return why("Expected JSON value"),
        "nan" | "NaN" | "-nan" | "-NaN" => return Ok(Val::number(f64::NAN)),
        _ => {}
    }
    let depth = nesting(trimmed);
    if depth > DEPTH_MAX {
        return why("Exceeds depth limit for parsing");
    }
    let levels = u32::try_from(depth).unwrap_or(u32::MAX);
    check_depth(levels);
    charge_bytes(text.len() * 4);
    let mut parser = serde_json::Deserializer::from_str(trimmed);
    parser.disable_recursion_limit();
    match Value::deserialize(&mut parser) {
        Ok(value) => match parser.end() {
            Ok(()) => Ok(Val::shared_to(&Arc::new(value), levels)),
            Err(_) => why("Unexpected extra JSON values"),
        },
        Err(error) => why(&complaint(trimmed, &error)),
    }
}

/// Returns the nesting depth of brackets outside of strings.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Returns jq's message for invalid JSON, as far as it can be derived from the text.
fn complaint(text: &str, error: &serde_json::Error) -> String {
    let column = text.chars().count();
    let bare = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if bare {
        let word = ["true", "false", "null", "nan"].iter().any(|word| text.starts_with(&word[..1]));
        let what = if word { "Invalid literal" } else { "Invalid numeric literal" };
        return format!("{what} at EOF at line 1, column {column}");
    }
    if error.is_eof() {
        return format!("Unfinished JSON term at EOF at line {}, column {column}", error.line());
    }
    if let Some(at) = text.find('\'') {
        let place = match text[at + 1..].find([':', ',', ']', '}', ' ']) {
            Some(length) => format!("line 1, column {}", at + length + 2),
            None => format!("EOF at line 1, column {column}"),
        };
        return format!("Invalid string literal; expected \", but got ' at {place}");
    }
    format!("Invalid JSON at line {}, column {}", error.line(), error.column())
}
