//! Finds an event's attributes in a source's delivery.

use chrono::{DateTime, SecondsFormat, Utc};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::ReceiveError;
use super::counting::Counting;
use crate::canonical;
use crate::expr::Expression;
use crate::text::replace_nul;

/// Longest event id.
pub const EVENT_ID_CHARS_MAX: usize = 256;

/// Longest event type or other attribute.
const ATTRIBUTE_CHARS_MAX: usize = 1_024;

/// Where to find an event's attributes. Expressions see the event's data as `.` and the headers as `$headers`, with
/// names in lower case.
#[derive(Debug, Clone, Default)]
pub struct EventPaths {
    /// Overrides the id from the scheme's header.
    pub id: Option<Attribute>,
    /// Default: the body's `type`, else the source's name.
    pub r#type: Option<Attribute>,
    /// When the event happened.
    pub time: Option<Attribute>,
    /// What the event is about.
    pub subject: Option<Attribute>,
    /// The business key: the extension attribute `key`.
    pub key: Option<Attribute>,
    /// How the sender numbers its events.
    pub counting: Option<Counting>,
}

/// How to get the value of an attribute.
#[derive(Debug, Clone)]
pub enum Attribute {
    /// The same value for all events.
    Fixed(String),
    /// Evaluated for each event.
    Expression(Expression),
}

/// The attributes of one event.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub id: Option<String>,
    pub r#type: Option<String>,
    pub time: Option<String>,
    pub subject: Option<String>,
    pub key: Option<String>,
}

impl EventPaths {
    pub(super) fn find(&self, data: &Arc<Value>, headers: &Arc<Value>) -> Result<Found, ReceiveError> {
        let find = |name, attribute: &Option<Attribute>| match attribute {
            Some(attribute) => attribute.of(name, data, headers),
            None => Ok(None),
        };
        Ok(Found {
            id: find("id", &self.id)?,
            r#type: find("type", &self.r#type)?,
            time: find("time", &self.time)?,
            subject: find("subject", &self.subject)?,
            key: find("key", &self.key)?,
        })
    }

    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let channel = self.counting.iter().filter_map(|counting| counting.channel.as_ref());
        let all = [&self.id, &self.r#type, &self.time, &self.subject, &self.key].into_iter().flatten().chain(channel);
        let expressions = all.filter_map(|attribute| match attribute {
            Attribute::Expression(expression) => Some(expression),
            Attribute::Fixed(_) => None,
        });
        expressions.chain(self.counting.iter().map(|counting| &counting.sequence))
    }
}

impl Attribute {
    /// Returns the attribute's text; null means absent.
    pub(super) fn of(
        &self,
        name: &str,
        data: &Arc<Value>,
        headers: &Arc<Value>,
    ) -> Result<Option<String>, ReceiveError> {
        let found = match self {
            Self::Fixed(text) => return Ok(Some(text.clone())),
            Self::Expression(expression) => evaluate(expression, &format!("the event's {name}"), data, headers)?,
        };
        let text = match found {
            Value::Null => return Ok(None),
            Value::String(text) => text,
            Value::Number(number) => canonical::number(&number),
            _ => return Err(ReceiveError::BadBody(format!("the event's {name} is neither a string nor a number"))),
        };
        if text.chars().count() > ATTRIBUTE_CHARS_MAX || text.chars().any(char::is_control) {
            return Err(ReceiveError::BadBody(format!(
                "the event's {name} has control characters or more than {ATTRIBUTE_CHARS_MAX} characters"
            )));
        }
        Ok(Some(text))
    }
}

/// Evaluates an expression over an event; `what` names it in errors.
pub(super) fn evaluate(
    expression: &Expression,
    what: &str,
    data: &Arc<Value>,
    headers: &Arc<Value>,
) -> Result<Value, ReceiveError> {
    let arguments: Vec<Arc<Value>> = expression.variables().iter().map(|_| Arc::clone(headers)).collect();
    let found = expression.evaluate(data, &arguments);
    let mut value = found.map_err(|e| ReceiveError::BadBody(format!("{what} cannot be found: {e}")))?;
    replace_nul(&mut value);
    Ok(value)
}

/// Builds `$headers`.
pub(super) fn header_values(headers: &[(String, String)]) -> Value {
    Value::Object(headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect::<Map<_, _>>())
}

pub(super) fn rfc_3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Checks length and characters of an event id.
pub(crate) fn check_id(id: &str) -> Result<(), String> {
    match id.chars().count() {
        0 => Err("the event's id is empty".to_owned()),
        n if n > EVENT_ID_CHARS_MAX => Err(format!("the event's id has more than {EVENT_ID_CHARS_MAX} characters")),
        _ if id.chars().any(char::is_control) => Err("the event's id has control characters".to_owned()),
        _ => Ok(()),
    }
}
