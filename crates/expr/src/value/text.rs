//! Values as text: `tojson`, `tostring`, and error messages, which have jq's wording because scripts match on it.

use std::fmt::{self, Display, Write};

use super::view::View;
use super::{Error, Val};
use crate::meter::{charge, charge_bytes};

/// Deepest nesting that jq writes.
const DEPTH_MAX: usize = 10_000;

/// Bytes of a value that an error shows.
const SHOWN_BYTES: usize = 29;

impl Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json_text())
    }
}

impl Val {
    /// `tojson`
    pub(crate) fn to_json_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = write(&mut text, self.view(), 0, usize::MAX);
        text
    }

    /// `tostring`: a text unchanged, any other value as JSON.
    pub(crate) fn into_text(self) -> Self {
        match self {
            Self::Str(_) => self,
            other => Self::text(other.to_json_text()),
        }
    }

    /// Returns the message of an error value: a text unchanged, any other value as JSON.
    pub(crate) fn message(&self) -> String {
        self.as_str().map_or_else(|| self.to_json_text(), str::to_owned)
    }

    /// Creates a type error in jq's form: `KIND (VALUE) WHAT`.
    pub(crate) fn error(&self, what: &str) -> Error {
        Error::str(format_args!("{} ({}) {what}", self.kind().name(), self.shown()))
    }

    /// Creates a type error in jq's form: `KIND (VALUE) and KIND (VALUE) WHAT`.
    pub(crate) fn error_with(&self, other: &Self, what: &str) -> Error {
        let (a, b) = (self.kind().name(), other.kind().name());
        Error::str(format_args!("{a} ({}) and {b} ({}) {what}", self.shown(), other.shown()))
    }

    /// Returns the beginning of the value as JSON, truncated as in jq.
    pub(crate) fn shown(&self) -> String {
        let mut text = String::new();
        let _ = write(&mut text, self.view(), 0, SHOWN_BYTES);
        if text.len() <= SHOWN_BYTES {
            return text;
        }
        let closing = match text.as_bytes().first() {
            Some(b'"') => "\"",
            Some(b'[') => "]",
            Some(b'{') => "}",
            _ => "",
        };
        let mut end = SHOWN_BYTES - 3 - closing.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        format!("{}...{closing}", &text[..end])
    }
}

/// Writes JSON until about `max` bytes are written.
fn write(out: &mut String, value: View<'_>, depth: usize, max: usize) -> fmt::Result {
    charge(1);
    if out.len() > max {
        return Ok(());
    }
    if depth > DEPTH_MAX {
        return out.write_str("<skipped: too deep>");
    }
    match value {
        View::Null => out.push_str("null"),
        View::Bool(b) => write!(out, "{b}")?,
        View::Num(number) => out.push_str(&number.text()),
        View::Str(text) => quote(out, text, max),
        View::Arr(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item, depth + 1, max)?;
                if out.len() > max {
                    break;
                }
            }
            out.push(']');
        }
        View::Obj(fields) => {
            out.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                quote(out, name, max);
                out.push(':');
                write(out, value, depth + 1, max)?;
                if out.len() > max {
                    break;
                }
            }
            out.push('}');
        }
    }
    Ok(())
}

fn quote(out: &mut String, text: &str, max: usize) {
    let mut end = text.len().min(max.saturating_add(1));
    while !text.is_char_boundary(end) {
        end += 1;
    }
    charge_bytes(end + 2);
    out.push('"');
    for c in text[..end].chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 32 || c == '\u{7f}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    // Escapes can make the result longer than the text, which was charged before.
    charge_bytes(out.len().saturating_sub(end).min(6 * end));
}
