//! Functions of text.

use super::{Row, fail, of_input, of_one, text_of};
use crate::meter::{charge_bytes, charge_scan};
use crate::value::{Kind, Val, ValR};

pub(super) fn rows() -> Vec<Row> {
    vec![
        of_input!("tostring", |v| Ok(v.into_text())),
        of_input!("ascii_downcase", |v| mapped(&v, str::to_ascii_lowercase)),
        of_input!("ascii_upcase", |v| mapped(&v, str::to_ascii_uppercase)),
        of_input!("utf8bytelength", |v| match v.as_str() {
            Some(text) => Ok(Val::count(text.len())),
            None => Err(v.error("only strings have UTF-8 byte length")),
        }),
        of_input!("explode", explode),
        of_input!("implode", implode),
        of_input!("trim", |v| trimmed(v, str::trim)),
        of_input!("ltrim", |v| trimmed(v, str::trim_start)),
        of_input!("rtrim", |v| trimmed(v, str::trim_end)),
        of_one!("startswith", |v, part| part_of(&v, &part, "startswith", |text, part| text.starts_with(part))),
        of_one!("endswith", |v, part| part_of(&v, &part, "endswith", |text, part| text.ends_with(part))),
        of_one!("ltrimstr", ltrimstr),
        of_one!("rtrimstr", rtrimstr),
        of_one!("trimstr", |v, part| rtrimstr(ltrimstr(v, part.clone())?, part)),
        of_one!("split", split),
        of_one!("_strindices", indices),
        of_one!("join", join),
    ]
}

fn mapped(value: &Val, f: fn(&str) -> String) -> ValR {
    let text = text_of(value, "explode input must be a string")?;
    charge_bytes(text.len());
    Ok(Val::text(f(text)))
}

fn explode(value: Val) -> ValR {
    let text = text_of(&value, "explode input must be a string")?;
    charge_scan(text.len() * 64);
    Ok(Val::array(text.chars().map(|c| Val::number(f64::from(u32::from(c)))).collect()))
}

/// Invalid code points become U+FFFD.
fn implode(value: Val) -> ValR {
    let Ok(items) = value.into_items() else { return fail("implode input must be an array") };
    charge_scan(items.len() * 64);
    let mut text = String::new();
    for item in items {
        let code = item.as_f64().filter(|code| !code.is_nan());
        let code = code.ok_or_else(|| item.error("can't be imploded, unicode codepoint needs to be numeric"))?;
        let code = if code <= -1.0 { u32::MAX } else { code as u32 };
        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Ok(Val::text(text))
}

fn trimmed(value: Val, f: fn(&str) -> &str) -> ValR {
    let text = text_of(&value, "trim input must be a string")?;
    charge_scan(text.len());
    let trimmed = f(text);
    if trimmed.len() == text.len() { Ok(value) } else { Ok(Val::text(trimmed)) }
}

fn part_of(value: &Val, part: &Val, name: &str, f: fn(&str, &str) -> bool) -> ValR {
    match (value.as_str(), part.as_str()) {
        (Some(text), Some(part)) => {
            charge_scan(part.len());
            Ok(Val::Bool(f(text, part)))
        }
        _ => fail(format_args!("{name}() requires string inputs")),
    }
}

fn ltrimstr(value: Val, part: Val) -> ValR {
    part_of(&value, &part, "startswith", |text, part| text.starts_with(part))?;
    let rest = value.as_str().zip(part.as_str()).and_then(|(text, part)| text.strip_prefix(part));
    Ok(rest.map(Val::text).unwrap_or(value))
}

fn rtrimstr(value: Val, part: Val) -> ValR {
    part_of(&value, &part, "endswith", |text, part| text.ends_with(part))?;
    let rest = value.as_str().zip(part.as_str()).and_then(|(text, part)| text.strip_suffix(part));
    Ok(rest.map(Val::text).unwrap_or(value))
}

fn split(value: Val, separator: Val) -> ValR {
    match (value.kind(), separator.kind()) {
        (Kind::String, Kind::String) => value / separator,
        _ => fail("split input and separator must be strings"),
    }
}

/// Returns the positions of a part in characters, including overlapping ones.
fn indices(value: Val, part: Val) -> ValR {
    let Some(text) = value.as_str() else { return Err(value.error("cannot be searched, as it is not a string")) };
    let Some(part) = part.as_str() else { return Err(part.error("is not a string")) };
    let mut found = Vec::new();
    let (mut from, mut characters) = (0, 0);
    while let Some(at) = text.get(from..).filter(|_| !part.is_empty()).and_then(|rest| rest.find(part)) {
        charge_scan(at + part.len());
        characters += text[from..from + at].chars().count();
        found.push(Val::count(characters));
        from += at + text[from + at..].chars().next().map_or(1, char::len_utf8);
        characters += 1;
    }
    charge_scan(text.len());
    Ok(Val::array(found))
}

/// Joins items. Null is empty, numbers and booleans are written as JSON; any other item that is not a text is an error.
fn join(value: Val, separator: Val) -> ValR {
    let kind = value.kind();
    let items = match kind {
        Kind::Object => value.into_fields().unwrap_or_default().into_iter().map(|(_, value)| value).collect(),
        _ => match value.into_items() {
            Ok(items) => items,
            Err(other) => return fail(format_args!("Cannot iterate over {} ({})", kind.name(), other.shown())),
        },
    };
    let mut joined = String::new();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            match &separator {
                Val::Null => {}
                Val::Str(text) => joined.push_str(text.as_str()),
                other => return Err(Val::text(joined).error_with(other, "cannot be added")),
            }
        }
        match item.kind() {
            Kind::Null => {}
            Kind::Array | Kind::Object => return Err(Val::text(joined).error_with(&item, "cannot be added")),
            _ => {
                let text = item.into_text();
                let text = text.as_str().unwrap_or_default();
                charge_bytes(text.len() + separator.as_str().map_or(0, str::len));
                joined.push_str(text);
            }
        }
    }
    Ok(Val::text(joined))
}
