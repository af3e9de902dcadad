//! Sources that the hub subscribes to: Salesforce's Pub/Sub API. A delivery becomes an event in the same way as the
//! body of a webhook.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use url::Url;

use super::ReceiveError;
use super::event::{EventPaths, check_id, evaluate, rfc_3339};
use crate::connect::wire::pubsub::PubSubAddress;
use crate::engine::{Delivered, IncomingEvent, OtherBytes, Shape, Shaped, Start, Subscription, Topic};
use crate::expr::Expression;
use crate::identifiers::Identifiers;
use crate::memory::time;

/// A source of `hub.yaml` with `kind: salesforce-pubsub`.
#[derive(Debug, Clone)]
pub struct PubSubSource {
    /// Source name.
    pub name: String,
    /// Connection whose credentials are used.
    pub connection: String,
    /// Service endpoint by environment.
    pub endpoints: BTreeMap<String, Url>,
    /// Org id by environment.
    pub organizations: BTreeMap<String, String>,
    /// Events requested at a time.
    pub batch: u32,
    /// Identifiers to normalize.
    pub identifiers: Identifiers,
    /// Topics that it subscribes to.
    pub topics: Vec<Topic>,
}

impl PubSubSource {
    /// Returns the engine's subscription in an environment.
    #[must_use]
    pub fn subscription(&self, environment: &str) -> Subscription {
        let address = PubSubAddress {
            connection: self.connection.clone(),
            endpoint: self.endpoints.get(environment).cloned(),
            organization: self.organizations.get(environment).cloned(),
        };
        Subscription { source: self.name.clone(), address, batch: self.batch, topics: self.topics.clone() }
    }
}

/// How deliveries of a topic become events.
#[derive(Debug, Clone, Default)]
pub(super) struct TopicShape {
    /// Name of the source.
    pub(super) source: String,
    /// Replaces the delivered data, if set.
    pub(super) data: Option<Expression>,
    /// Which events to keep.
    pub(super) filter: Option<Expression>,
    /// Identifiers to normalize.
    pub(super) identifiers: Identifiers,
    /// Where to find an event's attributes.
    pub(super) event: EventPaths,
}

impl TopicShape {
    /// Converts to a topic of the engine.
    pub(super) fn topic(self, name: &str, start: Start) -> Topic {
        Topic { name: name.to_owned(), start, shape: Arc::new(self) }
    }

    fn made(&self, delivered: Delivered<'_>) -> Result<Shaped, ReceiveError> {
        let Delivered { topic, event_id, schema_id, replay_id, payload } = delivered;
        let usual = Defaults::of(topic, &payload);
        // The shape that the Streaming API delivers, so that one workflow can read both.
        let whole = json!({
            "data": {
                "schema": schema_id,
                "payload": payload,
                "event": { "replayId": replay_id, "EventUuid": event_id },
            },
            "channel": topic,
        });
        let body = Bytes::from(whole.to_string());
        let nothing = Arc::default();
        let (mut data, mut data_is_body) = match &self.data {
            Some(expression) => (evaluate(expression, "the event's data", &Arc::new(whole), &nothing)?, false),
            None => (whole, true),
        };
        data_is_body &= !self.identifiers.apply(&mut data)?;
        let data = Arc::new(data);
        if !self.wants(&data)? {
            return Ok(Shaped::Filtered);
        }
        let found = self.event.find(&data, &nothing)?;
        let event_id = found.id.unwrap_or_else(|| event_id.to_owned());
        check_id(&event_id).map_err(ReceiveError::BadBody)?;
        let r#type = found.r#type.unwrap_or(usual.r#type);
        let happened = found.time.or(usual.time).as_deref().and_then(time);
        let attributes = [
            ("specversion", Some("1.0".to_owned())),
            ("id", Some(event_id.clone())),
            ("source", Some(self.source.clone())),
            ("type", Some(r#type.clone())),
            ("time", happened.map(rfc_3339)),
            ("subject", found.subject.or(usual.subject)),
            ("key", found.key),
        ];
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Ok(Shaped::Wanted(Box::new(IncomingEvent {
            source: self.source.clone(),
            event_id,
            r#type,
            attributes: attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
            data: Arc::unwrap_or_clone(data),
            data_is_body,
            body,
            headers: vec![
                header("content-type", "application/json"),
                header("topic", topic),
                header("schema-id", schema_id),
                header("replay-id", replay_id),
            ],
            counted: None,
            note: None,
            other_bytes: OtherBytes::Duplicate,
        })))
    }

    fn wants(&self, data: &Arc<Value>) -> Result<bool, ReceiveError> {
        let Some(filter) = &self.filter else { return Ok(true) };
        match evaluate(filter, "whether the event passes the filter", data, &Arc::default())? {
            Value::Bool(passes) => Ok(passes),
            Value::Null => Ok(false),
            _ => Err(ReceiveError::BadBody("the filter returns neither true nor false for the event".to_owned())),
        }
    }
}

impl Shape for TopicShape {
    fn shape(&self, delivered: Delivered<'_>) -> Result<Shaped, String> {
        self.made(delivered).map_err(|error| error.to_string())
    }
}

/// Default attributes of an event.
struct Defaults {
    r#type: String,
    subject: Option<String>,
    time: Option<String>,
}

impl Defaults {
    /// A change of an account gets type `account.update` and its first record as subject. A platform event gets the
    /// name of its topic as type.
    fn of(topic: &str, payload: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let header = &payload["ChangeEventHeader"];
        if let (Some(entity), Some(change)) = (header["entityName"].as_str(), header["changeType"].as_str()) {
            let millis = header["commitTimestamp"].as_i64();
            return Self {
                r#type: format!("{entity}.{change}").to_ascii_lowercase(),
                subject: text(&header["recordIds"][0]),
                time: millis.and_then(chrono::DateTime::from_timestamp_millis).map(rfc_3339),
            };
        }
        let name = topic.rsplit('/').next().unwrap_or(topic);
        Self { r#type: name.to_owned(), subject: None, time: text(&payload["CreatedDate"]) }
    }
}
