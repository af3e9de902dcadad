//! Parses a verified body: JSON, a form, XML or a Salesforce outbound message. Events always see JSON.

mod form;
mod outbound;
mod xml;

use bytes::Bytes;
use serde_json::Value;

pub(super) use outbound::ORGANIZATION_CHARS;

use super::json;
use crate::connect::wire::charset::{self, Decoded};
use crate::engine::hide_body;
use crate::redact::Redactor;
use crate::text::Replaced;

/// `body:` of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum BodyKind {
    /// JSON.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// XML.
    Xml,
    /// A Salesforce SOAP envelope with up to a hundred notifications.
    OutboundMessage {
        /// Organizations that may send, by 15-character id.
        organizations: Vec<String>,
    },
}

/// Why a body is refused. The texts are safe to show to anyone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadBody {
    /// The body cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// The body comes from another organization.
    #[error("{0}")]
    Stranger(String),
}

impl From<String> for BadBody {
    fn from(why: String) -> Self {
        Self::Malformed(why)
    }
}

/// One event of a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    /// Event data as JSON.
    pub data: Value,
    /// Bytes to store: as sent if the body holds a single event, else this event alone.
    pub body: Bytes,
    /// Whether `body` is the JSON of `data`.
    pub data_is_body: bool,
    /// Attributes found in the body.
    pub known: Known,
    /// Note about replaced characters.
    pub note: Option<String>,
}

/// Attributes that some kinds of body contain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Known {
    pub id: Option<String>,
    pub r#type: Option<String>,
    pub subject: Option<String>,
}

impl Item {
    /// One event of several. Stored on its own, so that the same event in two deliveries has the same bytes.
    pub(super) fn alone(data: Value, known: Known) -> Self {
        Self { body: Bytes::from(data.to_string()), data, data_is_body: true, known, note: None }
    }

    /// Adds the note about replaced characters.
    pub(super) fn noted(self, note: &Option<String>) -> Self {
        Self { note: note.clone(), ..self }
    }
}

impl Item {
    /// Masks secrets in the stored bytes and in the data that expressions see.
    pub(super) fn hide(&mut self, redactor: &Redactor) {
        hide_body(&mut self.data, &mut self.body, self.data_is_body, redactor);
    }
}

impl BodyKind {
    /// Parses a body with this content type.
    pub(super) fn read(&self, body: &Bytes, content_type: &str) -> Result<Vec<Item>, BadBody> {
        let whole =
            |data, data_is_body, note| Item { data, body: body.clone(), data_is_body, known: Known::default(), note };
        match self {
            Self::Json => {
                let Decoded { text, replaced } = text(body, content_type)?;
                let (data, in_json) = json::read_event(&text).map_err(|bad| bad.to_string())?;
                let note = Replaced { surrogates: in_json.surrogates, ..replaced }.note();
                Ok(vec![whole(data, note.is_none(), note)])
            }
            Self::Form => Ok(vec![whole(form::read(body)?, false, None)]),
            Self::Xml => {
                let Decoded { text, replaced } = text(body, content_type)?;
                Ok(vec![whole(xml::read(&text)?, false, replaced.note())])
            }
            Self::OutboundMessage { organizations } => {
                let Decoded { text, replaced } = text(body, content_type)?;
                let note = replaced.note();
                Ok(outbound::read(&text, organizations)?.into_iter().map(|item| item.noted(&note)).collect())
            }
        }
    }
}

/// Decodes a body in the encoding that it declares, else strictly as UTF-8.
fn text<'b>(body: &'b [u8], content_type: &str) -> Result<Decoded<'b>, String> {
    let decoded = charset::decode(body, content_type);
    match std::str::from_utf8(body) {
        Err(bad) if decoded.replaced.encoding.is_none() => {
            Err(format!("the body is not UTF-8: invalid byte at offset {}", bad.valid_up_to()))
        }
        _ => Ok(decoded),
    }
}

#[cfg(test)]
mod tests;
