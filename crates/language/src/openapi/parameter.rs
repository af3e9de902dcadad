//! Parameters of path, query, header or cookie: where a value goes and how it is serialized.

use serde_json::Value;

use super::Refusal;
use super::style::{Pieces, Style};

/// Where a parameter's value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A segment of the path.
    Path,
    /// The query string.
    Query,
    /// A request header.
    Header,
    /// The `Cookie` header.
    Cookie,
}

impl Place {
    pub(super) fn of(text: &str) -> Option<Self> {
        match text {
            "path" => Some(Self::Path),
            "query" => Some(Self::Query),
            "header" => Some(Self::Header),
            "cookie" => Some(Self::Cookie),
            _ => None,
        }
    }
}

/// A declared parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name in the document and in `with.parameters`.
    pub name: String,
    /// Where its value goes.
    pub place: Place,
    /// Whether a call must pass it.
    pub required: bool,
    /// JSON pointer of its declaration in the document.
    pub pointer: String,
    pub(super) style: Style,
    pub(super) explode: bool,
    /// `allowReserved`: whether reserved characters of URLs are sent unencoded.
    pub(super) reserved: bool,
}

/// A header that Stepwell sends with every call.
const SENT_ANYWAY: &str = "Idempotency-Key";

impl Parameter {
    /// Whether Stepwell sends the parameter even if the call does not pass it.
    pub(super) fn is_sent_anyway(&self) -> bool {
        self.place == Place::Header && self.name.eq_ignore_ascii_case(SENT_ANYWAY)
    }

    /// Returns the text that replaces `{name}` in the path.
    pub(super) fn in_path(&self, value: &Value) -> Result<String, Refusal> {
        let pieces = self.pieces(value)?;
        if pieces.is_empty() {
            return Err(self.refuse("is empty, but is part of the path"));
        }
        let written = self.style.path(&self.name, self.explode, &pieces);
        // A dot segment would change the path, whether percent-encoded or not.
        if matches!(written.as_str(), "." | "..") {
            return Err(self.refuse("is a dot segment, which would change the path"));
        }
        Ok(written)
    }

    /// Returns `name=value`, repeated if needed and joined by `&`.
    pub(super) fn in_query(&self, value: &Value) -> Result<String, Refusal> {
        if self.style == Style::DeepObject && !value.is_object() {
            return Err(self.refuse("must be an object, because the document declares it as `deepObject`"));
        }
        Ok(self.style.query(&self.name, self.explode, &self.pieces(value)?))
    }

    /// Returns the value of a header.
    pub(super) fn in_header(&self, value: &Value) -> Result<String, Refusal> {
        Ok(self.style.header(self.explode, &self.pieces(value)?))
    }

    fn pieces(&self, value: &Value) -> Result<Pieces, Refusal> {
        let pieces = match (self.style, self.place) {
            (Style::Json, Place::Header) => Some(Pieces::One(value.to_string())),
            (Style::Json, _) => Some(Pieces::One(super::style::encoded(&value.to_string(), false))),
            (_, Place::Header) => Pieces::of(value, &str::to_owned),
            _ => Pieces::of(value, &|text| super::style::encoded(text, self.reserved)),
        };
        pieces
            .ok_or_else(|| self.refuse("contains an object or array inside another, which its style cannot represent"))
    }

    fn refuse(&self, what: &str) -> Refusal {
        Refusal::new(&self.pointer, format!("the parameter `{}` {what}", self.name)).about(&self.name)
    }
}
