//! The CRM's event bus behind the Pub/Sub API: change events of all objects, and the platform event that the package in
//! `senders/` publishes. Events are kept for a limited time. A replay id is a position in the stream.
//!
//! | topic | events |
//! | --- | --- |
//! | `/data/OBJECTChangeEvent` | each change of a record of the object |
//! | `/data/ChangeEvents` | all change events |
//! | `/event/Stepwell_Record_Changed__e` | opportunities that the package's trigger reports, and what callers publish |
//!
//! Nothing is published until the sandbox is served: simulations need no events.

mod encode;
mod package;
mod schemas;
mod service;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub use package::{EVENT, told_by_package};
pub use service::call;

use super::crm::Crm;
use super::records::Change;
use super::webhooks::Message;
use stepwell_pubsub::Schema;

/// Most events kept, however recent they are.
const KEPT_MAX: usize = 200_000;

/// The number before that of the first event.
const FIRST: u64 = 48_210_000;

/// The topic of all change events.
const ALL_CHANGES: &str = "/data/ChangeEvents";

/// How the event bus behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct PubSubSettings {
    /// How long events are kept, in seconds.
    pub retention_seconds: u32,
    /// Interval of keepalive messages to a subscription without events, in seconds.
    pub keepalive_seconds: f64,
    /// Whether the service is available.
    pub available: bool,
}

impl Default for PubSubSettings {
    fn default() -> Self {
        Self { retention_seconds: 72 * 60 * 60, keepalive_seconds: 270.0, available: true }
    }
}

/// The events of all topics, in one order.
pub struct Bus {
    pub settings: PubSubSettings,
    is_served: bool,
    events: VecDeque<Stored>,
    /// Number of the last event.
    last: u64,
    /// Number of the last event that is no longer kept.
    forgotten: u64,
    schemas: BTreeMap<String, Topic>,
    /// Schemas that belong to no topic, by id.
    others: BTreeMap<String, String>,
    /// Statistics of subscribers, by topic.
    readers: BTreeMap<String, Readers>,
}

/// Statistics of a topic's subscribers.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Readers {
    /// Open subscriptions.
    pub open: u32,
    /// Subscriptions ever opened.
    pub begun: u64,
    /// Events sent, to all subscribers together.
    pub sent: u64,
}

/// A topic with its schema.
struct Topic {
    id: String,
    json: String,
    schema: Schema,
}

/// An event with its position in the stream.
#[derive(Clone)]
struct Stored {
    number: u64,
    topic: String,
    id: String,
    schema_id: String,
    payload: Vec<u8>,
    at: DateTime<Utc>,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            settings: PubSubSettings::default(),
            is_served: false,
            events: VecDeque::new(),
            last: FIRST,
            forgotten: FIRST,
            schemas: BTreeMap::new(),
            others: BTreeMap::new(),
            readers: BTreeMap::new(),
        }
    }
}

impl Bus {
    /// Starts publishing events.
    pub fn open(&mut self) {
        self.is_served = true;
    }

    /// Returns the bus as after a start, except that numbers continue.
    #[must_use]
    pub fn emptied(&self) -> Self {
        let readers = self.readers.clone();
        Self { is_served: self.is_served, last: self.last, forgotten: self.last, readers, ..Self::default() }
    }

    pub const fn readers(&self) -> &BTreeMap<String, Readers> {
        &self.readers
    }

    fn readers_of(&mut self, topic: &str) -> &mut Readers {
        self.readers.entry(topic.to_owned()).or_default()
    }

    /// Whether events are published.
    pub const fn is_served(&self) -> bool {
        self.is_served
    }

    /// Publishes the events of a change.
    pub fn publish_change(&mut self, crm: &Crm, change: &Change, message: &Message, at: DateTime<Utc>) {
        let topic = message.body["channel"].as_str().unwrap_or_default();
        let told = told_by_package(change, at);
        let events = [(topic, Some(&message.body["data"]["payload"])), (EVENT, told.as_ref())];
        for (topic, payload) in events.into_iter().filter_map(|(topic, payload)| Some((topic, payload?))) {
            if let Err(why) = self.publish(crm, topic, Uuid::new_v4().to_string(), payload, at) {
                // A record can contain values that its object's schema does not allow.
                tracing::warn!(topic, why, "the sandbox could not publish a change");
            }
        }
    }

    /// Encodes and publishes an event. Returns its number, or why it cannot be published.
    pub fn publish(
        &mut self,
        crm: &Crm,
        topic: &str,
        id: String,
        payload: &Value,
        at: DateTime<Utc>,
    ) -> Result<u64, String> {
        let Some(found) = self.topic(crm, topic) else { return Err(format!("there is no topic {topic}")) };
        let (schema_id, payload) = (found.id.clone(), encode::encode(&found.schema, payload)?);
        Ok(self.store(topic, id, schema_id, payload, at))
    }

    /// Stores an encoded event. Returns its number.
    pub fn store(&mut self, topic: &str, id: String, schema_id: String, payload: Vec<u8>, at: DateTime<Utc>) -> u64 {
        self.last += 1;
        self.events.push_back(Stored { number: self.last, topic: topic.to_owned(), id, schema_id, payload, at });
        self.forget(at);
        self.last
    }

    /// Drops events that are too old.
    pub fn forget(&mut self, now: DateTime<Utc>) {
        let oldest = now - TimeDelta::seconds(i64::from(self.settings.retention_seconds));
        while self.events.front().is_some_and(|first| first.at < oldest) || self.events.len() > KEPT_MAX {
            let Some(gone) = self.events.pop_front() else { break };
            self.forgotten = gone.number;
        }
    }

    /// Returns a topic; `None` if it does not exist.
    fn topic(&mut self, crm: &Crm, name: &str) -> Option<&Topic> {
        if !self.schemas.contains_key(name) {
            let json = schemas::of(crm, name)?;
            let schema = Schema::parse(&json).ok()?;
            self.schemas.insert(name.to_owned(), Topic { id: schemas::id(&json), json, schema });
        }
        self.schemas.get(name)
    }

    fn schema(&self, id: &str) -> Option<&str> {
        let of_topic = self.schemas.values().find(|topic| topic.id == id).map(|topic| topic.json.as_str());
        of_topic.or_else(|| self.others.get(id).map(String::as_str))
    }

    /// Adds a schema without validating it.
    pub fn add_schema(&mut self, id: &str, json: &str) {
        self.others.insert(id.to_owned(), json.to_owned());
    }

    /// Returns the events of a topic after a number, at most `limit` of them.
    fn after(&self, topic: &str, number: u64, limit: usize) -> Vec<Stored> {
        let is_meant =
            |stored: &&Stored| stored.topic == topic || (topic == ALL_CHANGES && stored.topic.starts_with("/data/"));
        let begin = self.events.partition_point(|stored| stored.number <= number);
        self.events.range(begin..).filter(is_meant).take(limit).cloned().collect()
    }
}

/// Encodes an event number as a replay id.
fn replay_id(number: u64) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[0, 0]].concat()
}

/// Decodes a replay id; `None` if this sandbox did not issue it.
fn number(replay_id: &[u8]) -> Option<u64> {
    let (number, tail) = replay_id.split_first_chunk::<8>()?;
    (tail == [0, 0]).then_some(u64::from_be_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_id_is_opaque_and_ours() {
        assert_eq!(number(&replay_id(48_210_331)), Some(48_210_331));
        for bad in [&b""[..], b"short", &[0; 9], &[1; 10], &[0; 11]] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn every_object_has_a_topic_and_a_change_is_published_as_its_webhook_tells_it() {
        let settings: crate::WebhookSettings =
            serde_json::from_value(serde_json::json!({ "url": "http://127.0.0.1:1/", "secret": "whsec_c2VjcmV0" }))
                .unwrap();
        let sandbox = crate::Sandbox::new().with_webhooks(Some(settings.target().unwrap()), None);
        sandbox.world().bus.open();
        for object in crate::crm::described().as_object().unwrap().keys() {
            let world = &mut *sandbox.world();
            assert!(world.bus.topic(&world.crm, &format!("/data/{object}ChangeEvent")).is_some(), "{object}");
        }
        let patch = serde_json::json!({ "Phone": "+49 711 1", "BillingCity": "Esslingen", "Website": null });
        let path = "/crm/services/data/v62.0/sobjects/Account/001Ws00000Kq3EaIAJ";
        let request = http::Request::patch(path).header("authorization", "Bearer sandbox-crm-token");
        let request = request.header("content-type", "application/json").body(bytes::Bytes::from(patch.to_string()));
        let door = crate::Door::of(path).unwrap();
        let _ = sandbox.answer(door, request.unwrap(), Utc::now());
        let world = &mut *sandbox.world();
        let told = serde_json::to_value(world.webhooks.deliveries(|_| true)).unwrap();
        let told = &told[0]["body"]["data"]["payload"];
        let stored = world.bus.after(ALL_CHANGES, 0, 10).pop().expect("a change is published");
        let topic = world.bus.topic(&world.crm, &stored.topic).unwrap();
        let published = topic.schema.decode(&stored.payload).unwrap();
        let names = |of: &Value, list: &str| {
            let names = of["ChangeEventHeader"][list].as_array().unwrap().iter().map(ToString::to_string);
            names.collect::<std::collections::BTreeSet<_>>()
        };
        for list in ["changedFields", "nulledFields"] {
            assert_eq!(names(&published, list), names(told, list));
        }
        assert_eq!(published["ChangeEventHeader"]["transactionKey"], told["ChangeEventHeader"]["transactionKey"]);
        for field in ["Phone", "Website", "LastModifiedDate"] {
            assert_eq!(published[field], told[field], "{field}");
        }
        assert_eq!(published["BillingAddress"]["City"], "Esslingen");
    }

    #[test]
    fn events_are_forgotten_by_their_age_and_numbers_go_on_after_a_reset() {
        let mut bus = Bus::default();
        let now = Utc::now();
        let event = |bus: &mut Bus, at| bus.store("/event/A__e", "id".into(), "schema".into(), Vec::new(), at);
        let first = event(&mut bus, now - TimeDelta::hours(73));
        let second = event(&mut bus, now - TimeDelta::hours(71));
        let third = event(&mut bus, now);
        assert_eq!(bus.after("/event/A__e", 0, 10).iter().map(|e| e.number).collect::<Vec<_>>(), [second, third]);
        assert_eq!((bus.forgotten, bus.after("/event/A__e", second, 10).len()), (first, 1));
        assert!(bus.after("/event/B__e", 0, 10).is_empty());
        let bus = bus.emptied();
        assert_eq!((bus.last, bus.forgotten, bus.events.len()), (third, third, 0));
    }
}
