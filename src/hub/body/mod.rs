//! What a verified body is read as: JSON, a form, XML, or one of Salesforce's outbound messages. Whatever it was, events see
//! JSON.

mod form;
mod outbound;
mod xml;

use bytes::Bytes;
use serde_json::Value;

pub(super) use outbound::ORGANIZATION_CHARS;

use super::json;
use crate::redact::Redactor;

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
    /// A SOAP envelope of Salesforce with up to a hundred notifications.
    OutboundMessage {
        /// Ids of the organisations that may send, as 15 characters.
        organizations: Vec<String>,
    },
}

/// Why a body is not taken. The texts are safe to show to anyone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadBody {
    /// It cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// It comes from somebody else.
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
    /// As JSON.
    pub data: Value,
    /// What is stored of it: as sent if the body holds one event, else this event alone.
    pub body: Bytes,
    /// Whether `body` is `data`.
    pub data_is_body: bool,
    /// What the body says by itself.
    pub known: Known,
}

/// Attributes that a kind of body brings along.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Known {
    pub id: Option<String>,
    pub r#type: Option<String>,
    pub subject: Option<String>,
}

impl Item {
    /// One event of several: stored alone, so that the same event in two different bodies is the same event.
    pub(super) fn alone(data: Value, known: Known) -> Self {
        Self { body: Bytes::from(data.to_string()), data, data_is_body: true, known }
    }
}

impl Item {
    /// Takes secrets out of what is stored and of what expressions see.
    pub(super) fn hide(&mut self, redactor: &Redactor) {
        let found = redactor.value_of(&mut self.data, self.body.len());
        if self.data_is_body {
            if found {
                self.body = Bytes::from(self.data.to_string());
            }
        } else if redactor.finds(&self.body) {
            self.body = redactor.bytes(self.body.to_vec()).into();
        }
    }
}

impl BodyKind {
    /// Reads a body.
    pub(super) fn read(&self, body: &Bytes) -> Result<Vec<Item>, BadBody> {
        let whole = |data, data_is_body| Item { data, body: body.clone(), data_is_body, known: Known::default() };
        match self {
            Self::Json => Ok(vec![whole(json::read(body).map_err(|bad| bad.to_string())?, true)]),
            Self::Form => Ok(vec![whole(form::read(body)?, false)]),
            Self::Xml => Ok(vec![whole(xml::read(body)?, false)]),
            Self::OutboundMessage { organizations } => outbound::read(body, organizations),
        }
    }
}

#[cfg(test)]
mod tests;
