//! What happens to the events that a topic delivers: each is stored with its position, or kept as rejected.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tracing::{error, warn};
use uuid::Uuid;

use super::subscriber::{Ended, Subscriber};
use super::{Delivered, Gap, Service, Shaped, Topics, tell_of_gap};
use crate::connect::wire::pubsub::{PubSubError, Session};
use crate::engine::events::intake::new_event;
use crate::engine::runs::batch::{AcceptOutcome, LOST};
use crate::engine::runs::beginning::PendingStart;
use crate::engine::runs::starts::Cause;
use crate::engine::{AcceptError, Accepted, IncomingEvent, OtherBytes};
use crate::machine::{SchemaViolation, Time};
use crate::memory::time;
use crate::pubsub::Schema;
use crate::pubsub::messages::{ConsumerEvent, FetchResponse, ProducerEvent};
use crate::store::StoreError;
use crate::store::events::topics::{self, NewPosition, Position, Step};
use crate::telemetry;
use crate::text::{Replaced, replace_nul};

/// Longest id of an event, as of any event that comes in.
const ID_CHARS_MAX: usize = 256;

/// What an event is kept with.
struct Kept<'e> {
    producer: &'e ProducerEvent,
    event_id: String,
    replay_id: &'e [u8],
}

impl Subscriber {
    /// Stores what came, in its order.
    pub(super) async fn take(
        &mut self,
        service: &Service,
        session: &Session,
        response: FetchResponse,
        position: &mut Position,
    ) -> Result<(), Ended> {
        let FetchResponse { events, latest_replay_id, pending_num_requested, .. } = response;
        // Of the events that the filter kept out, the last one's place. A sign of life that comes while nothing is asked for may name an
        // event that was not delivered yet.
        let is_caught_up = events.is_empty() && pending_num_requested > 0 && !latest_replay_id.is_empty();
        let mut passed = is_caught_up.then_some(latest_replay_id);
        for event in &events {
            if self.is_stopped() {
                return Err(Ended::Stopped);
            }
            passed = match self.take_one(service, session, event, position).await? {
                Taken::Stored => None,
                Taken::Filtered => Some(event.replay_id.clone()),
            };
        }
        if let Some(replay_id) = passed {
            let next = self.next(position, &replay_id, Step::Still);
            if !topics::move_on(&self.topics.context.pool, &next, None).await? {
                return Err(Ended::Lost);
            }
            advance(position, replay_id);
        }
        Ok(())
    }

    async fn take_one(
        &mut self,
        service: &Service,
        session: &Session,
        event: &ConsumerEvent,
        position: &mut Position,
    ) -> Result<Taken, Ended> {
        let empty = ProducerEvent::default();
        let producer = event.event.as_ref().unwrap_or(&empty);
        let event_id = self.event_id(producer, &event.replay_id);
        let kept = Kept { producer, event_id, replay_id: &event.replay_id };
        let read = match self.schema(service, session, &kept).await? {
            Ok(schema) => schema.decode(&producer.payload).map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        if let Some(payload) = read.as_ref().ok().filter(|payload| is_overflow(payload)) {
            // Before the event: noticed again after a crash, when it is the same event, and never not at all.
            self.tell_of_overflow(&kept, payload).await?;
        }
        let refused = match read.and_then(|payload| self.shape(payload, &kept)) {
            Ok(Shaped::Filtered) => {
                telemetry::topic_event(&self.subscription.source, &self.topic().name, "filtered");
                return Ok(Taken::Filtered);
            }
            Ok(Shaped::Wanted(event)) => self.store(*event, &kept, position).await?,
            Err(why) => Some(why),
        };
        if let Some(why) = refused {
            self.reject(&kept, why, position).await?;
        }
        advance(position, event.replay_id.clone());
        Ok(Taken::Stored)
    }

    /// The event's own id; of one without a usable id its place in the stream, which is the same each time it comes.
    fn event_id(&self, producer: &ProducerEvent, replay_id: &[u8]) -> String {
        let id = &producer.id;
        let is_usable = !id.is_empty() && id.chars().count() <= ID_CHARS_MAX && !id.chars().any(char::is_control);
        if is_usable { id.clone() } else { format!("{}#{}", self.topic().name, hex::encode(replay_id)) }
    }

    /// The schema of an event, or why there is none. One that is not safe to read ends the subscription.
    async fn schema(
        &self,
        service: &Service,
        session: &Session,
        kept: &Kept<'_>,
    ) -> Result<Result<Arc<Schema>, String>, Ended> {
        let id = kept.producer.schema_id.as_str();
        if id.is_empty() {
            return Ok(Err("it names no schema".to_owned()));
        }
        if let Some(schema) = service.schema(id) {
            return Ok(Ok(schema));
        }
        let found = match self.unless_stopped(service.pubsub.schema(session, id)).await? {
            Ok(found) => found,
            Err(PubSubError::NotFound(why) | PubSubError::Invalid(why)) => {
                return Ok(Err(format!("its schema {id:?} cannot be fetched: {why}")));
            }
            Err(PubSubError::TooLarge(why)) => return Err(unsafe_schema(kept, &why)),
            Err(error) => return Err(error.into()),
        };
        match service.read(id, &found.schema_json) {
            Ok(schema) => Ok(Ok(schema)),
            Err(error) => Err(unsafe_schema(kept, &error.to_string())),
        }
    }

    fn shape(&self, mut payload: Value, kept: &Kept<'_>) -> Result<Shaped, String> {
        let nul = replace_nul(&mut payload);
        let delivered = Delivered {
            topic: &self.topic().name,
            event_id: &kept.event_id,
            schema_id: &kept.producer.schema_id,
            replay_id: &hex::encode(kept.replay_id),
            payload,
        };
        let mut shaped = self.topic().shape.shape(delivered)?;
        if let Shaped::Wanted(event) = &mut shaped {
            event.note = Replaced { nul, ..Replaced::default() }.note();
        }
        Ok(shaped)
    }

    /// Stores an event with its position; gives why it can never be stored.
    async fn store(&self, event: IncomingEvent, kept: &Kept<'_>, position: &Position) -> Result<Option<String>, Ended> {
        let (source, topic) = (&self.subscription.source, &self.topic().name);
        let happened = event.attributes.iter().find(|(name, _)| name == "time").and_then(|(_, at)| time(at));
        let next = self.next(position, kept.replay_id, Step::Event(happened));
        match self.topics.intake.accept_at(event, Some(next)).await {
            Ok(accepted) => {
                let is_new = !matches!(accepted, Accepted::Duplicate { .. });
                telemetry::topic_event(source, topic, if is_new { "stored" } else { "duplicate" });
                if let Some(happened) = happened.filter(|_| is_new) {
                    telemetry::topic_delay(source, since(happened, self.topics.context.now()));
                }
                Ok(None)
            }
            Err(AcceptError::Refused(why)) => Ok(Some(format!("the database rejects it: {why}"))),
            Err(conflict @ AcceptError::Conflict { .. }) => Ok(Some(conflict.to_string())),
            Err(AcceptError::Unavailable(why)) => Err(Ended::Failed(why)),
        }
    }

    /// Keeps an event that no run can be given: its bytes, and why. The stream continues.
    async fn reject(&self, kept: &Kept<'_>, why: String, position: &Position) -> Result<(), Ended> {
        let (source, topic) = (&self.subscription.source, &self.topic().name);
        warn!(
            source,
            topic,
            event = kept.event_id,
            why,
            "an event of a topic could not be processed and was stored as rejected"
        );
        telemetry::topic_event(source, topic, "rejected");
        let next = self.next(position, kept.replay_id, Step::Rejected);
        match self.topics.keep_rejected(self.raw(kept), why, next.clone()).await {
            Ok(()) => Ok(()),
            Err(AcceptError::Unavailable(why)) => Err(Ended::Failed(why)),
            Err(error) => {
                error!(source, topic, event = kept.event_id, %error, "an event of a topic cannot be stored as rejected");
                if topics::move_on(&self.topics.context.pool, &next, None).await? { Ok(()) } else { Err(Ended::Lost) }
            }
        }
    }

    /// An event as it was delivered.
    fn raw(&self, kept: &Kept<'_>) -> IncomingEvent {
        let (source, topic) = (&self.subscription.source, &self.topic().name);
        let pair = |name: &str, value: &str| (name.to_owned(), value.chars().filter(|c| !c.is_control()).collect());
        let attributes =
            [pair("specversion", "1.0"), pair("id", &kept.event_id), pair("source", source), pair("type", topic)];
        let headers = [
            pair("content-type", "avro/binary"),
            pair("topic", topic),
            pair("schema-id", &kept.producer.schema_id),
            pair("replay-id", &hex::encode(kept.replay_id)),
        ];
        IncomingEvent {
            source: source.clone(),
            event_id: kept.event_id.clone(),
            r#type: topic.clone(),
            attributes: attributes.into(),
            data: Value::Null,
            data_is_body: false,
            body: Bytes::copy_from_slice(&kept.producer.payload),
            headers: headers.into(),
            counted: None,
            note: None,
            other_bytes: OtherBytes::Duplicate,
        }
    }

    pub(super) fn next(&self, position: &Position, replay_id: &[u8], step: Step) -> NewPosition {
        NewPosition {
            id: self.claimed.id.clone(),
            owner: self.node.id,
            fence: self.claimed.fence,
            seq_before: position.seq,
            replay_id: Some(replay_id.to_vec()),
            step,
        }
    }

    /// Tells that events are missing, which an event stands for.
    async fn tell_of_overflow(&self, kept: &Kept<'_>, payload: &Value) -> Result<(), StoreError> {
        let committed = payload.pointer("/ChangeEventHeader/commitTimestamp").and_then(Value::as_i64);
        let at =
            committed.and_then(chrono::DateTime::from_timestamp_millis).unwrap_or_else(|| self.topics.context.now());
        let gap = Gap { reason: "overflow", at_place: &[kept.replay_id, kept.event_id.as_bytes()], at };
        let told = tell_of_gap(&self.claimed.id, &gap);
        let mut connection = self.topics.context.pool.acquire().await?;
        crate::store::events::outgoing::insert(&mut connection, &[&told]).await?;
        self.topics.context.signals.outgoing.notify_one();
        Ok(())
    }
}

impl Topics {
    /// Keeps an event of a topic that no run can be given, with what was sent and why, for a person to look at.
    async fn keep_rejected(
        &self,
        mut event: IncomingEvent,
        why: String,
        position: NewPosition,
    ) -> Result<(), AcceptError> {
        event.hide(&self.context.redactor());
        let node = self.context.node();
        let violations = [SchemaViolation { pointer: String::new(), message: why }];
        let data = (!event.data_is_body).then(|| event.data.to_string());
        let new_event =
            new_event(&event, data, (Uuid::now_v7(), self.context.now()), "rejected", Vec::new(), &violations);
        let cause = Cause { by: "event", source: Some(event.source.clone()) };
        let pending = PendingStart {
            event: Some(new_event),
            prepared: Vec::new(),
            act: None,
            position: Some(position),
            judged_by: None,
        };
        match self.intake.runs.commit_accept(&node, cause, pending).await {
            AcceptOutcome::Done { .. } | AcceptOutcome::Duplicate { .. } => Ok(()),
            AcceptOutcome::Refused(why) => Err(AcceptError::Refused(why)),
            AcceptOutcome::Lost => Err(AcceptError::Unavailable(LOST.to_owned())),
            AcceptOutcome::Frozen => Err(AcceptError::Unavailable("an event without runs was frozen".to_owned())),
            AcceptOutcome::Failed(why) => Err(AcceptError::Unavailable(why)),
        }
    }
}

/// What happened to an event.
enum Taken {
    /// It is stored, with its position.
    Stored,
    /// It is not wanted; its position is not written yet.
    Filtered,
}

fn unsafe_schema(kept: &Kept<'_>, why: &str) -> Ended {
    Ended::SchemaRefused(format!(
        "the event at replay id {} has schema {:?}: {why}. The topic is blocked at this event; other topics continue, and Salesforce keeps \
         later events for 72 hours. If the schema is correct, report a bug; to do without the topic, remove it from hub.yaml",
        hex::encode(kept.replay_id),
        kept.producer.schema_id
    ))
}

fn advance(position: &mut Position, replay_id: Vec<u8>) {
    position.seq += 1;
    position.replay_id = Some(replay_id);
}

/// Whether a change event stands for more changes than Salesforce reports.
fn is_overflow(payload: &Value) -> bool {
    payload.pointer("/ChangeEventHeader/changeType").and_then(Value::as_str) == Some("GAP_OVERFLOW")
}

fn since(happened: Time, now: Time) -> Duration {
    (now - happened).to_std().unwrap_or_default()
}
