//! A parameter of path, query, header or cookie: where its value goes and how it is written there.

use serde_json::Value;

use super::Refusal;
use super::style::{Pieces, Style};

/// Where a parameter's value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Into the path.
    Path,
    /// Into the query.
    Query,
    /// Into a header.
    Header,
    /// Into the header `Cookie`.
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

/// One declared parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name, which is also the name under `with.parameters`.
    pub name: String,
    /// Where its value goes.
    pub place: Place,
    /// Whether a call must give it.
    pub required: bool,
    /// Where it stands in the document.
    pub pointer: String,
    pub(super) style: Style,
    pub(super) explode: bool,
    /// Whether characters that mean something in a URL go out as they are.
    pub(super) reserved: bool,
}

/// A header that every call carries of itself.
const SENT_ANYWAY: &str = "Idempotency-Key";

impl Parameter {
    /// Whether a call that does not give it has it all the same.
    pub(super) fn is_sent_anyway(&self) -> bool {
        self.place == Place::Header && self.name.eq_ignore_ascii_case(SENT_ANYWAY)
    }

    /// What stands in the path in place of `{name}`.
    pub(super) fn in_path(&self, value: &Value) -> Result<String, Refusal> {
        let pieces = self.pieces(value)?;
        if pieces.is_empty() {
            return Err(self.refuse("is empty, but is part of the path"));
        }
        let written = self.style.path(&self.name, self.explode, &pieces);
        // A URL of such a segment means another path, percent-encoded or not.
        if matches!(written.as_str(), "." | "..") {
            return Err(self.refuse("is a dot segment, which would change the path"));
        }
        Ok(written)
    }

    /// `name=value`, once or several times, joined by `&`.
    pub(super) fn in_query(&self, value: &Value) -> Result<String, Refusal> {
        if self.style == Style::DeepObject && !value.is_object() {
            return Err(self.refuse("must be an object, because the document declares it as `deepObject`"));
        }
        Ok(self.style.query(&self.name, self.explode, &self.pieces(value)?))
    }

    /// A header's value, as it is.
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
