//! Sources: who may send webhooks, how they authenticate, and which events their bodies contain.

pub mod cloudevents;
pub(super) mod counting;
pub(super) mod event;
pub(super) mod headers;
pub(super) mod pubsub;
pub(super) mod pubsub_settings;
pub mod redelivery;
pub(super) mod settings;

use std::borrow::Cow;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::body::{BadBody, BodyKind, Item, Known};
use super::scheme::{Delivery, Scheme, SignatureError, Verified};
use crate::connect::{Secret, Secrets};
use crate::engine::{IncomingEvent, OtherBytes};
use crate::expr::Expression;
use crate::identifiers::{BadIdentifier, Identifiers};
use crate::memory::sequences::Counted;
use crate::memory::time;
use crate::redact::Redactor;
use event::{EventPaths, check_id, evaluate, header_values, rfc_3339};
use headers::recorded;

/// Most events in one body: they are committed one after another, and the request has a deadline.
pub const EVENTS_MAX: usize = 500;

/// A sender of webhooks.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name, as in `/hooks/NAME`.
    pub name: String,
    /// How it signs.
    pub scheme: Scheme,
    /// Names of its secrets; a delivery may be signed with any of them.
    pub secrets: Vec<String>,
    /// URL given to the sender, if it is not the public one of `/hooks/NAME`.
    pub url: Option<String>,
    /// Whether its signature is also accepted at `POST /events`.
    pub events: bool,
    /// Format of its bodies.
    pub body: BodyKind,
    /// Selects the list of events in a body that holds several.
    pub split: Option<Expression>,
    /// Which events to keep.
    pub filter: Option<Expression>,
    /// Identifiers to normalize.
    pub identifiers: Identifiers,
    /// Where to find an event's attributes.
    pub event: EventPaths,
    pub(super) values: Secrets,
}

/// The contents of a delivery.
#[derive(Debug, Clone)]
pub struct Received {
    /// Events in the order sent.
    pub events: Vec<IncomingEvent>,
    /// Number of events that the filter dropped.
    pub filtered: usize,
    /// Sequence numbers of dropped events, so that they do not count as missing.
    pub passed_over: Vec<Counted>,
}

/// The answer that the sender expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// The result of its single event.
    One,
    /// The result of each event.
    Each,
    /// Only that all events are stored: a SOAP acknowledgement.
    Acknowledgement,
}

/// Why a delivery is refused; nothing of it is stored. The texts are safe to show to anyone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// Missing, malformed or wrong signature.
    #[error("{0}")]
    BadSignature(String),
    /// Signed too long ago, or in the future.
    #[error("{0}")]
    Stale(String),
    /// Correctly signed, but not an event.
    #[error("{0}")]
    BadBody(String),
}

impl From<BadBody> for ReceiveError {
    fn from(error: BadBody) -> Self {
        match error {
            BadBody::Malformed(why) => Self::BadBody(why),
            BadBody::Stranger(why) => Self::BadSignature(why),
        }
    }
}

impl From<BadIdentifier> for ReceiveError {
    fn from(error: BadIdentifier) -> Self {
        Self::BadBody(format!("the event's {error}"))
    }
}

impl Source {
    /// Verifies a delivery over its raw bytes, then reads it.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn receive(&self, delivery: Delivery<'_>) -> Result<Received, ReceiveError> {
        let verified = self.verify(delivery)?;
        let redactor = self.redactor();
        let mut headers = recorded(delivery.headers);
        headers.retain(|(name, _)| self.scheme.credential_header() != Some(name));
        headers.iter_mut().for_each(|(_, value)| *value = redactor.text(std::mem::take(value)));
        let values = Arc::new(if self.reads_headers() { header_values(&headers) } else { Value::Null });
        let mut received = Received { events: Vec::new(), filtered: 0, passed_over: Vec::new() };
        for mut item in self.items(delivery, &redactor, &values)? {
            item.data_is_body &= !self.identifiers.apply(&mut item.data)?;
            let data = Arc::new(std::mem::take(&mut item.data));
            if self.wants(&data, &values)? {
                received.events.push(self.event(&verified, &headers, &values, data, item)?);
            } else {
                received.filtered += 1;
                received.passed_over.extend(self.counted(&data, &values)?);
            }
        }
        Ok(received)
    }

    /// Verifies a delivery without reading it, for CloudEvents.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub fn verify(&self, delivery: Delivery<'_>) -> Result<Verified, ReceiveError> {
        let secrets: Vec<Secret> = self.secrets.iter().filter_map(|name| self.values.resolve(name).ok()).collect();
        if secrets.is_empty() {
            return Err(ReceiveError::BadSignature(format!("source {} has no secret to verify it with", self.name)));
        }
        let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        let url = self.address(delivery.url);
        self.scheme.verify(Delivery { url: &url, ..delivery }, &secrets).map_err(|error| match error {
            SignatureError::Bad(why) => ReceiveError::BadSignature(why),
            SignatureError::Stale(why) => ReceiveError::Stale(why),
        })
    }

    /// Masks the source's secrets, which some senders repeat in the body.
    fn redactor(&self) -> Redactor {
        let secrets: Vec<Secret> = self.secrets.iter().filter_map(|name| self.values.resolve(name).ok()).collect();
        let values: Vec<&str> = secrets.iter().map(Secret::expose).collect();
        self.values.known().with(&values)
    }

    /// Applies to a CloudEvent what [`Self::receive`] applies to a delivery: masks the source's secrets, then
    /// normalizes identifiers in its data and in attributes with configured names.
    ///
    /// # Errors
    /// A value is not a valid identifier.
    pub fn normalize(&self, event: &mut IncomingEvent) -> Result<(), ReceiveError> {
        event.hide(&self.redactor());
        event.data_is_body &= !self.identifiers.apply(&mut event.data)?;
        for (name, value) in &mut event.attributes {
            let mut attribute = Value::Object([(name.clone(), Value::from(value.as_str()))].into_iter().collect());
            self.identifiers.apply(&mut attribute)?;
            if let Some(shaped) = attribute.get(name.as_str()).and_then(Value::as_str) {
                shaped.clone_into(value);
            }
        }
        Ok(())
    }

    /// How its deliveries are answered.
    #[must_use]
    pub fn answer(&self) -> AnswerKind {
        match (&self.body, &self.split) {
            (BodyKind::OutboundMessage { .. }, _) => AnswerKind::Acknowledgement,
            (_, Some(_)) => AnswerKind::Each,
            (_, None) => AnswerKind::One,
        }
    }

    /// The URL as the sender sees it, with the query that it sent.
    fn address<'u>(&self, asked: &'u str) -> Cow<'u, str> {
        match (&self.url, asked.split_once('?')) {
            (None, _) => Cow::Borrowed(asked),
            (Some(own), None) => Cow::Owned(own.clone()),
            (Some(own), Some((_, query))) => Cow::Owned(format!("{own}?{query}")),
        }
    }

    fn items(
        &self,
        delivery: Delivery<'_>,
        redactor: &Redactor,
        headers: &Arc<Value>,
    ) -> Result<Vec<Item>, ReceiveError> {
        let content_type = delivery.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut items = self.body.read(delivery.body, content_type)?;
        items.iter_mut().for_each(|item| item.hide(redactor));
        let (Some(split), [whole]) = (&self.split, items.as_mut_slice()) else { return Ok(items) };
        let data = Arc::new(std::mem::take(&mut whole.data));
        match evaluate(split, "the list of events", &data, headers)? {
            Value::Array(list) if list.len() <= EVENTS_MAX => {
                let alone = |data| Item::single(data, Known::default()).with_note(&whole.note);
                Ok(list.into_iter().map(alone).collect())
            }
            Value::Array(list) => Err(ReceiveError::BadBody(format!(
                "a body has at most {EVENTS_MAX} events, but this one has {}",
                list.len()
            ))),
            _ => Err(ReceiveError::BadBody("`split` does not return a list".to_owned())),
        }
    }

    fn wants(&self, data: &Arc<Value>, headers: &Arc<Value>) -> Result<bool, ReceiveError> {
        let Some(filter) = &self.filter else { return Ok(true) };
        match evaluate(filter, "whether the event passes the filter", data, headers)? {
            Value::Bool(passes) => Ok(passes),
            Value::Null => Ok(false),
            _ => Err(ReceiveError::BadBody("the filter returns neither true nor false for the event".to_owned())),
        }
    }

    fn counted(&self, data: &Arc<Value>, headers: &Arc<Value>) -> Result<Option<Counted>, ReceiveError> {
        self.event.counting.as_ref().map_or(Ok(None), |counting| counting.find(data, headers))
    }

    fn event(
        &self,
        verified: &Verified,
        headers: &[(String, String)],
        values: &Arc<Value>,
        data: Arc<Value>,
        item: Item,
    ) -> Result<IncomingEvent, ReceiveError> {
        let Item { body, data_is_body, known, note, .. } = item;
        let found = self.event.find(&data, values)?;
        let counted = self.counted(&data, values)?;
        let event_id = match self.event.id {
            Some(_) => found.id,
            None => known.id.or_else(|| verified.event_id.clone()),
        };
        let event_id = event_id.ok_or_else(|| ReceiveError::BadBody("the event has no id".to_owned()))?;
        check_id(&event_id).map_err(ReceiveError::BadBody)?;
        let told = || data.get("type").and_then(Value::as_str).map(str::to_owned);
        let r#type = found.r#type.or(known.r#type).or_else(told).unwrap_or_else(|| self.name.clone());
        let happened = found.time.as_deref().and_then(time).or(verified.sent_at);
        let attributes = [
            ("specversion", Some("1.0".to_owned())),
            ("id", Some(event_id.clone())),
            ("source", Some(self.name.clone())),
            ("type", Some(r#type.clone())),
            ("time", happened.map(rfc_3339)),
            ("subject", found.subject.or(known.subject)),
            ("key", found.key),
        ];
        let attributes = attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        Ok(IncomingEvent {
            source: self.name.clone(),
            event_id,
            r#type,
            attributes,
            data: Arc::unwrap_or_clone(data),
            data_is_body,
            body,
            headers: headers.to_vec(),
            counted,
            note,
            other_bytes: OtherBytes::Duplicate,
        })
    }

    /// Whether an expression uses `$headers`.
    fn reads_headers(&self) -> bool {
        let mut all = self.event.expressions().chain(&self.split).chain(&self.filter);
        all.any(|expression| !expression.variables().is_empty())
    }
}
