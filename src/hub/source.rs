//! Sources: who may send webhooks, how they sign, and where a body says what it is about.

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use http::{HeaderMap, Method, Uri};
use serde_json::{Map, Value};

use super::headers::recorded;
use super::json;
use super::scheme::{Delivery, Scheme, SignatureError, Verified};
use crate::connect::{Secret, Secrets};
use crate::engine::IncomingEvent;
use crate::expr::Expression;

/// Longest event id.
pub const EVENT_ID_CHARS_MAX: usize = 256;

/// Longest event type, and longest value of another attribute.
const ATTRIBUTE_CHARS_MAX: usize = 1_024;

/// A sender of webhooks.
#[derive(Debug, Clone)]
pub struct Source {
    /// As in `/hooks/NAME`.
    pub name: String,
    /// How it signs.
    pub scheme: Scheme,
    /// Names of its secrets; any one of them may have signed.
    pub secrets: Vec<String>,
    /// Where the body says what it is about.
    pub event: EventPaths,
    pub(super) values: Secrets,
}

/// Where an event's attributes are found. Expressions see the body as `.` and the headers, names in lower case, as
/// `$headers`.
#[derive(Debug, Clone, Default)]
pub struct EventPaths {
    /// In place of the id of the scheme's header.
    pub id: Option<Attribute>,
    /// Without it: the body's `type`, else the source's name.
    pub r#type: Option<Attribute>,
    /// When it happened.
    pub time: Option<Attribute>,
    /// What it is about.
    pub subject: Option<Attribute>,
}

/// An attribute of an event.
#[derive(Debug, Clone)]
pub enum Attribute {
    /// The same for all events.
    Fixed(String),
    /// Found in each.
    Expression(Expression),
}

/// Why a delivery is not taken. Nothing of it is stored. The texts are safe to show to anyone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// Missing, malformed or wrong signature.
    #[error("{0}")]
    BadSignature(String),
    /// Signed too long ago, or in the future.
    #[error("{0}")]
    Stale(String),
    /// Signed well, but not an event.
    #[error("{0}")]
    BadBody(String),
}

impl Source {
    /// Verifies a delivery over its raw bytes, and only then reads it.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn receive(
        &self,
        headers: &HeaderMap,
        method: &Method,
        uri: &Uri,
        body: &Bytes,
        now: DateTime<Utc>,
    ) -> Result<IncomingEvent, ReceiveError> {
        let verified = self.verify(Delivery { method, uri, headers, body, now })?;
        let data = json::read(body).map_err(|bad| ReceiveError::BadBody(bad.to_string()))?;
        let headers = recorded(headers);
        self.event(verified, headers, data, body)
    }

    /// Verifies a delivery without reading it: for events that say themselves what they are.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn verify(&self, delivery: Delivery<'_>) -> Result<Verified, ReceiveError> {
        let secrets: Vec<Secret> = self.secrets.iter().filter_map(|name| self.values.resolve(name).ok()).collect();
        if secrets.is_empty() {
            return Err(ReceiveError::BadSignature(format!("source {} has no secret to check it with", self.name)));
        }
        let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        self.scheme.verify(delivery, &secrets).map_err(|error| match error {
            SignatureError::Bad(why) => ReceiveError::BadSignature(why),
            SignatureError::Stale(why) => ReceiveError::Stale(why),
        })
    }

    fn event(
        &self,
        verified: Verified,
        headers: Vec<(String, String)>,
        data: Value,
        body: &Bytes,
    ) -> Result<IncomingEvent, ReceiveError> {
        let header_values = self.header_values(&headers);
        let find = |name, attribute: &Option<Attribute>| match attribute {
            Some(attribute) => attribute.of(name, &data, &header_values),
            None => Ok(None),
        };
        let event_id = match &self.event.id {
            Some(_) => find("id", &self.event.id)?,
            None => verified.event_id,
        };
        let event_id = event_id.ok_or_else(|| ReceiveError::BadBody("the event has no id".to_owned()))?;
        check_id(&event_id).map_err(ReceiveError::BadBody)?;
        let r#type = match find("type", &self.event.r#type)? {
            Some(found) => found,
            None => data.get("type").and_then(Value::as_str).unwrap_or(&self.name).to_owned(),
        };
        let time = find("time", &self.event.time)?.as_deref().and_then(time).or(verified.sent_at).map(rfc_3339);
        let subject = find("subject", &self.event.subject)?;
        let attributes = [
            ("specversion", Some("1.0".to_owned())),
            ("id", Some(event_id.clone())),
            ("source", Some(self.name.clone())),
            ("type", Some(r#type.clone())),
            ("time", time),
            ("subject", subject),
        ];
        let attributes = attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        Ok(IncomingEvent {
            source: self.name.clone(),
            event_id,
            r#type,
            attributes,
            data,
            data_is_body: true,
            body: body.clone(),
            headers,
        })
    }

    /// `$headers`, where some expression reads it.
    fn header_values(&self, headers: &[(String, String)]) -> Value {
        let paths = [&self.event.id, &self.event.r#type, &self.event.time, &self.event.subject];
        let wanted = paths.into_iter().flatten().any(
            |attribute| matches!(attribute, Attribute::Expression(expression) if !expression.variables().is_empty()),
        );
        if !wanted {
            return Value::Null;
        }
        Value::Object(headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect::<Map<_, _>>())
    }
}

/// A time as senders write it; Salesforce leaves out the colon of the offset. What is no time is not taken over.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let parsed =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    parsed.ok().map(|time| time.to_utc())
}

fn rfc_3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

impl Attribute {
    /// The attribute's text; null is "not there".
    fn of(&self, name: &str, data: &Value, headers: &Value) -> Result<Option<String>, ReceiveError> {
        let found = match self {
            Self::Fixed(text) => return Ok(Some(text.clone())),
            Self::Expression(expression) => {
                let arguments = vec![headers; expression.variables().len()];
                expression
                    .evaluate(data, &arguments)
                    .map_err(|e| ReceiveError::BadBody(format!("the event's {name} cannot be found: {e}")))?
            }
        };
        let text = match found {
            Value::Null => return Ok(None),
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return Err(ReceiveError::BadBody(format!("the event's {name} is neither a text nor a number"))),
        };
        if text.chars().count() > ATTRIBUTE_CHARS_MAX || text.chars().any(char::is_control) {
            return Err(ReceiveError::BadBody(format!(
                "the event's {name} has control characters or more than {ATTRIBUTE_CHARS_MAX} characters"
            )));
        }
        Ok(Some(text))
    }
}

/// What an event id must be.
pub(super) fn check_id(id: &str) -> Result<(), String> {
    match id.chars().count() {
        0 => Err("the event's id is empty".to_owned()),
        n if n > EVENT_ID_CHARS_MAX => Err(format!("the event's id has more than {EVENT_ID_CHARS_MAX} characters")),
        _ if id.chars().any(char::is_control) => Err("the event's id has control characters".to_owned()),
        _ => Ok(()),
    }
}
