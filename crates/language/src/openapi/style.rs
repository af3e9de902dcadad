//! The styles of OpenAPI 3 for values in a URL or a header. Those of Swagger 2.0 are a subset.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Characters to encode with `allowReserved`. Those that would end the value or the query are still encoded.
const RESERVED: &AsciiSet = &UNRESERVED
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// How a value is serialized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `a,b`
    Simple,
    /// `.a.b`
    Label,
    /// `;name=a;name=b`
    Matrix,
    /// `name=a&name=b`, or `name=a,b`
    Form,
    /// `name=a b`, with the separator encoded
    Separated(&'static str),
    /// `name[key]=value`
    DeepObject,
    /// A single JSON text, for parameters with `content`.
    Json,
}

/// The parts of a value as texts, encoded for their place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pieces {
    One(String),
    Many(Vec<String>),
    Pairs(Vec<(String, String)>),
}

impl Pieces {
    /// Returns `None` if the value contains arrays or objects inside others. Nulls inside are omitted.
    pub(super) fn of(value: &Value, encode: &dyn Fn(&str) -> String) -> Option<Self> {
        match value {
            Value::Array(items) => {
                items.iter().filter(|v| !v.is_null()).map(|v| scalar(v, encode)).collect::<Option<_>>().map(Self::Many)
            }
            Value::Object(entries) => entries
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| Some((encode(key), scalar(value, encode)?)))
                .collect::<Option<_>>()
                .map(Self::Pairs),
            one => scalar(one, encode).map(Self::One),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::One(text) => text.is_empty(),
            Self::Many(items) => items.iter().all(String::is_empty),
            Self::Pairs(pairs) => pairs.is_empty(),
        }
    }

    /// Joins everything, with an object's keys and values alternating.
    fn joined(&self, separator: &str) -> String {
        match self {
            Self::One(text) => text.clone(),
            Self::Many(items) => items.join(separator),
            Self::Pairs(pairs) => {
                pairs.iter().map(|(k, v)| format!("{k}{separator}{v}")).collect::<Vec<_>>().join(separator)
            }
        }
    }

    /// Joins everything, with an object as `key=value`.
    fn exploded(&self, separator: &str) -> String {
        match self {
            Self::Pairs(pairs) => assignments(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())), separator),
            others => others.joined(separator),
        }
    }
}

fn scalar(value: &Value, encode: &dyn Fn(&str) -> String) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(encode(text)),
        Value::Bool(_) | Value::Number(_) => Some(encode(&value.to_string())),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Percent-encodes a text for a URL.
pub(super) fn encoded(text: &str, reserved: bool) -> String {
    utf8_percent_encode(text, if reserved { RESERVED } else { UNRESERVED }).to_string()
}

fn assignments<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>, separator: &str) -> String {
    pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(separator)
}

impl Style {
    pub(super) fn path(self, name: &str, explode: bool, pieces: &Pieces) -> String {
        let name = encoded(name, false);
        match (self, pieces) {
            (Self::Label, _) if explode => format!(".{}", pieces.exploded(".")),
            (Self::Label, _) => format!(".{}", pieces.joined(",")),
            (Self::Matrix, Pieces::Many(items)) if explode => {
                format!(";{}", assignments(items.iter().map(|item| (name.as_str(), item.as_str())), ";"))
            }
            (Self::Matrix, Pieces::Pairs(_)) if explode => format!(";{}", pieces.exploded(";")),
            (Self::Matrix, _) => format!(";{name}={}", pieces.joined(",")),
            _ => self.header(explode, pieces),
        }
    }

    pub(super) fn query(self, name: &str, explode: bool, pieces: &Pieces) -> String {
        let name = encoded(name, false);
        match (self, pieces) {
            (Self::DeepObject, Pieces::Pairs(pairs)) => {
                pairs.iter().map(|(k, v)| format!("{name}%5B{k}%5D={v}")).collect::<Vec<_>>().join("&")
            }
            (_, Pieces::Many(items)) if explode => {
                assignments(items.iter().map(|item| (name.as_str(), item.as_str())), "&")
            }
            (_, Pieces::Pairs(_)) if explode => pieces.exploded("&"),
            (_, Pieces::Many(items)) if items.is_empty() => String::new(),
            (Self::Separated(separator), _) => format!("{name}={}", pieces.joined(separator)),
            _ => format!("{name}={}", pieces.joined(",")),
        }
    }

    pub(super) fn header(self, explode: bool, pieces: &Pieces) -> String {
        let separator = match self {
            Self::Separated(separator) => separator,
            _ => ",",
        };
        if explode { pieces.exploded(separator) } else { pieces.joined(separator) }
    }
}
