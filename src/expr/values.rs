//! Between JSON as we keep it and jq's values. Numbers that pass through keep their text: an ERP id comes out as it went in.

use jaq_json::{Map, Num, Val};
use serde_json::{Number, Value};

/// Deepest nesting of a result; the same as serde_json's for what comes in.
const DEPTH_MAX: usize = 128;

/// Most nodes and bytes of text in a result, together.
const SIZE_MAX: usize = 4 << 20;

/// A JSON value for jq.
pub(super) fn to_jq(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(b) => Val::Bool(*b),
        Value::Number(number) => Val::Num(number_to_jq(number)),
        Value::String(text) => Val::utf8_str(text.clone().into_bytes()),
        Value::Array(items) => items.iter().map(to_jq).collect(),
        Value::Object(object) => {
            let entries = object.iter().map(|(name, value)| (Val::utf8_str(name.clone().into_bytes()), to_jq(value)));
            Val::obj(entries.collect::<Map<Val, Val>>())
        }
    }
}

fn number_to_jq(number: &Number) -> Num {
    let text = number.as_str();
    match text.parse::<isize>() {
        Ok(n) => Num::Int(n),
        Err(_) if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
            Num::from_str_radix(text, 10).unwrap_or_else(|| Num::Dec(text.to_owned().into()))
        }
        Err(_) => Num::Dec(text.to_owned().into()),
    }
}

/// jq's value as JSON.
///
/// # Errors
/// It is too deep, too large, or no JSON (not a number, bytes that are no text).
pub(super) fn from_jq(value: &Val) -> Result<Value, String> {
    let mut left = SIZE_MAX;
    convert(value, DEPTH_MAX, &mut left)
}

/// What an error says: a text as it is, anything else as JSON.
pub(super) fn message(error: Val) -> String {
    match error {
        Val::TStr(text) => String::from_utf8_lossy(&text).into_owned(),
        other => other.to_string(),
    }
}

fn convert(value: &Val, depth: usize, left: &mut usize) -> Result<Value, String> {
    let size = match value {
        Val::TStr(text) | Val::BStr(text) => text.len() + 1,
        _ => 1,
    };
    *left = left.checked_sub(size).ok_or_else(|| format!("the result is larger than {SIZE_MAX} bytes"))?;
    if depth == 0 {
        return Err(format!("the result is nested deeper than {DEPTH_MAX} levels"));
    }
    Ok(match value {
        Val::Null => Value::Null,
        Val::Bool(b) => Value::Bool(*b),
        Val::Num(number) => Value::Number(number_from_jq(number)?),
        Val::TStr(text) => Value::String(text_from_jq(text)?),
        Val::BStr(_) => return Err("the result holds bytes, which JSON cannot".to_owned()),
        Val::Arr(items) => Value::Array(items.iter().map(|v| convert(v, depth - 1, left)).collect::<Result<_, _>>()?),
        Val::Obj(object) => {
            let mut converted = serde_json::Map::with_capacity(object.len());
            for (name, value) in object.iter() {
                let Val::TStr(name) = name else { return Err("an object's key is no text".to_owned()) };
                *left = left.saturating_sub(name.len());
                converted.insert(text_from_jq(name)?, convert(value, depth - 1, left)?);
            }
            Value::Object(converted)
        }
    })
}

fn text_from_jq(text: &[u8]) -> Result<String, String> {
    std::str::from_utf8(text).map(str::to_owned).map_err(|_| "the result holds text that is no UTF-8".to_owned())
}

fn number_from_jq(number: &Num) -> Result<Number, String> {
    let text = match number {
        Num::Int(n) => return Ok(Number::from(*n as i64)),
        Num::Dec(text) => text.to_string(),
        Num::Float(f) if !f.is_finite() => return Err("the result is not a finite number".to_owned()),
        // A whole result of arithmetic reads as a whole number, as jq prints it.
        Num::Float(f) if f.fract() == 0.0 && f.abs() < 1e17 => format!("{f:.0}"),
        Num::Float(_) | Num::BigInt(_) => number.to_string(),
    };
    text.parse().map_err(|_| format!("{text} is no JSON number"))
}
