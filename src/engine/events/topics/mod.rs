//! Topics: events that the hub fetches itself, from Salesforce's Pub/Sub API.
//!
//! A topic is a row that one node owns. The node writes how far it has come in the transaction of each event, under the row's fence, so
//! a node that lost the topic stores nothing; and an event that comes again after a crash is known by its id. Whoever finds a row whose
//! owner is dead takes it. `subscriber` follows one topic, `taking`
//! stores what it delivers.

mod again;
mod subscriber;
mod taking;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::SecondsFormat;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::intake::Intake;
use super::sequences::{GAP_TYPE, SOURCES_SOURCE};
use crate::connect::wire::pubsub::{PubSub, PubSubAddress, PubSubError};
use crate::engine::context::Context;
use crate::engine::node::Node;
use crate::engine::{Engine, IncomingEvent};
use crate::machine::Time;
use crate::pubsub::{BadSchema, Schema};
use crate::store::StoreError;
use crate::store::events::outgoing::NewOutgoing;
use crate::store::events::topics::{self, TopicId};
use subscriber::Subscriber;
pub use view::TopicView;

/// A source that nodes subscribe to: `kind: salesforce-pubsub` of `hub.yaml`.
#[derive(Debug)]
pub struct Subscription {
    /// Its name.
    pub source: String,
    /// Where its topics are.
    pub address: PubSubAddress,
    /// Events requested at a time.
    pub batch: u32,
    /// Its topics.
    pub topics: Vec<Topic>,
}

/// A topic of a source.
#[derive(Debug, Clone)]
pub struct Topic {
    /// Name of the topic, such as `/data/AccountChangeEvent`.
    pub name: String,
    /// Where the first subscription begins.
    pub start: Start,
    /// Makes events of what is delivered.
    pub shape: Arc<dyn Shape>,
}

/// Where the first subscription to a topic begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With what is published from then on.
    Latest,
    /// With the oldest event that Salesforce keeps.
    Earliest,
}

/// What was delivered, decoded.
#[derive(Debug)]
pub struct Delivered<'d> {
    /// The topic.
    pub topic: &'d str,
    /// The event's own id.
    pub event_id: &'d str,
    /// The id of its schema.
    pub schema_id: &'d str,
    /// Where it stands in the stream, in hex.
    pub replay_id: &'d str,
    /// Its fields.
    pub payload: Value,
}

/// What is made of an event.
#[derive(Debug)]
pub enum Shaped {
    /// It is wanted.
    Wanted(Box<IncomingEvent>),
    /// The filter keeps it out.
    Filtered,
}

/// Makes an event of what a topic delivers.
pub trait Shape: std::fmt::Debug + Send + Sync {
    /// The event.
    ///
    /// # Errors
    /// Why there is none, in words for people.
    fn shape(&self, delivered: Delivered<'_>) -> Result<Shaped, String>;
}

/// Follows the topics that this process owns, and stores what they deliver.
pub(in crate::engine) struct Topics {
    context: Arc<Context>,
    intake: Arc<Intake>,
    /// Those that a task of this process follows.
    followed: Mutex<HashSet<TopicId>>,
    /// By the name of the source.
    services: Mutex<HashMap<String, Arc<Service>>>,
}

/// The service of a source, which all of its topics share: one HTTP/2 connection, and each schema once.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) pubsub: PubSub,
    schemas: Mutex<Schemas>,
}

/// Schemas of a source, by their ids.
#[derive(Debug, Default)]
struct Schemas {
    by_id: HashMap<String, Arc<Schema>>,
    /// Of their texts together.
    bytes: usize,
}

/// Schemas of a source that are kept. There is one for each version of each object.
const SCHEMAS_MAX: usize = 200;

/// And the bytes of their texts together: in memory they take many times as much.
const SCHEMAS_BYTES_MAX: usize = 8 << 20;

impl Service {
    pub(super) fn schema(&self, id: &str) -> Option<Arc<Schema>> {
        lock(&self.schemas).by_id.get(id).cloned()
    }

    /// Reads a schema, and keeps it for the events that follow.
    pub(super) fn read(&self, id: &str, text: &str) -> Result<Arc<Schema>, BadSchema> {
        let schema = Arc::new(Schema::parse(text)?);
        let mut schemas = lock(&self.schemas);
        if schemas.by_id.len() >= SCHEMAS_MAX || schemas.bytes + text.len() > SCHEMAS_BYTES_MAX {
            *schemas = Schemas::default();
        }
        schemas.bytes += text.len();
        schemas.by_id.insert(id.to_owned(), Arc::clone(&schema));
        Ok(schema)
    }
}

/// A topic that a task follows; free again once the task ends, however it ends.
struct Followed {
    topics: Arc<Topics>,
    id: TopicId,
}

impl Drop for Followed {
    fn drop(&mut self) {
        lock(&self.topics.followed).remove(&self.id);
    }
}

impl Engine {
    /// Sources that nodes subscribe to, each with its connection.
    #[must_use]
    pub fn subscribed(&self) -> Vec<(String, String)> {
        let of = |s: &Arc<Subscription>| (s.source.clone(), s.address.connection.clone());
        self.inner.context.settings.subscriptions.iter().map(of).collect()
    }

    /// How long ago the position of each topic was last known to be the newest one; topics that were never read are left out.
    ///
    /// # Errors
    /// The database is away.
    pub async fn topic_ages(&self) -> Result<Vec<(TopicId, Duration)>, StoreError> {
        let sources: Vec<&str> = self.inner.context.settings.subscriptions.iter().map(|s| s.source.as_str()).collect();
        if sources.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.inner.context.now();
        let listed = topics::list(&self.inner.context.reader, &sources, TOPICS_MAX).await?.into_iter();
        Ok(listed.filter_map(|t| Some((t.id, (now - t.positioned_at?).to_std().unwrap_or_default()))).collect())
    }
}

/// Topics of which metrics are told.
const TOPICS_MAX: i64 = 1_000;

impl Topics {
    pub(in crate::engine) fn new(intake: &Arc<Intake>) -> Self {
        let context = Arc::clone(&intake.context);
        Self { context, intake: Arc::clone(intake), followed: Mutex::default(), services: Mutex::default() }
    }

    /// Takes the topics of `hub.yaml` that no living node owns, and begins to follow them.
    pub(in crate::engine) async fn subscribe_to_free(self: &Arc<Self>, node: &Arc<Node>) -> Result<(), StoreError> {
        let mut wanted: HashMap<TopicId, (&Arc<Subscription>, usize)> = HashMap::new();
        for subscription in &self.context.settings.subscriptions {
            for (place, topic) in subscription.topics.iter().enumerate() {
                let id = TopicId { source: subscription.source.clone(), topic: topic.name.clone() };
                wanted.insert(id, (subscription, place));
            }
        }
        {
            let followed = lock(&self.followed);
            wanted.retain(|id, _| !followed.contains(id));
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let ids: Vec<&TopicId> = wanted.keys().collect();
        topics::declare(&self.context.pool, &ids).await?;
        for claimed in topics::claim(&self.context.pool, node.id, &ids).await? {
            let Some((subscription, place)) = wanted.get(&claimed.id) else { continue };
            if !lock(&self.followed).insert(claimed.id.clone()) {
                continue;
            }
            let followed = Followed { topics: Arc::clone(self), id: claimed.id.clone() };
            let subscriber =
                Subscriber::new(Arc::clone(self), Arc::clone(node), Arc::clone(subscription), *place, claimed);
            tokio::spawn(async move {
                subscriber.follow().await;
                drop(followed);
            });
        }
        Ok(())
    }

    /// The service of a source.
    pub(super) fn service_of(&self, subscription: &Subscription) -> Result<Arc<Service>, PubSubError> {
        if let Some(service) = lock(&self.services).get(&subscription.source) {
            return Ok(Arc::clone(service));
        }
        let pubsub = self.context.connections.pubsub(subscription.address.clone())?;
        let service = Arc::new(Service { pubsub, schemas: Mutex::default() });
        let mut services = lock(&self.services);
        Ok(Arc::clone(services.entry(subscription.source.clone()).or_insert(service)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked while they held it left a set or a map, which are as good as before.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Events of a topic may be missing.
struct Gap<'g> {
    /// Why: `overflow` or `replay-id-refused`.
    reason: &'static str,
    /// What it was noticed at: the same each time the same delivery is taken.
    at_place: &'g [&'g [u8]],
    /// When it was reported.
    at: Time,
}

/// The event that reports a gap: it starts the same workflows as missing numbers do. Its id follows from what is missing, so however
/// often a crash lets the same gap be noticed, it is one event.
fn tell_of_gap(id: &TopicId, gap: &Gap<'_>) -> NewOutgoing {
    let event_id = gap_id(id, gap);
    let event = json!({
        "specversion": "1.0",
        "id": event_id.to_string(),
        "source": SOURCES_SOURCE,
        "type": GAP_TYPE,
        "time": gap.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "subject": id.source,
        "data": {
            "source": id.source,
            "channel": id.topic,
            "reason": gap.reason,
            "at": gap.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        },
    });
    NewOutgoing { id: event_id, event: event.to_string(), sink: None }
}

fn gap_id(id: &TopicId, gap: &Gap<'_>) -> Uuid {
    let mut hash = Sha256::new();
    for part in [id.source.as_bytes(), id.topic.as_bytes(), gap.reason.as_bytes()].iter().chain(gap.at_place) {
        // Lengths keep apart what would read the same in a row.
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
