//! Events of topics that could not be read when they came: read once more, with the schema and the `hub.yaml` of now.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Delivered, Schema, Service, Shaped, Subscription, Topics};
use crate::connect::wire::pubsub::PubSubError;
use crate::engine::events::replays::ReplayError;
use crate::engine::{AcceptError, IncomingEvent, OtherBytes};
use crate::store::events::StoredEvent;
use crate::text::{Replaced, replace_nul};

impl Topics {
    /// The event that a topic delivered, from the bytes that were kept of it.
    pub(in crate::engine) async fn decoded_now(&self, stored: &StoredEvent) -> Result<IncomingEvent, ReplayError> {
        let source = &stored.row.source;
        let headers: BTreeMap<String, String> = serde_json::from_str(stored.headers.get()).unwrap_or_default();
        let header = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
        let subscription =
            self.context.settings.subscriptions.iter().find(|subscription| subscription.source == *source);
        let topic = subscription.and_then(|found| found.topics.iter().find(|topic| topic.name == header("topic")));
        let Some((subscription, topic)) = subscription.zip(topic) else {
            return Err(impossible(format!(
                "it has to be decoded again, and this process subscribes to no topic {:?} of source {source}: replay it through a \
                 node whose hub.yaml has the topic",
                header("topic")
            )));
        };
        let schema = self.schema_now(subscription, header("schema-id")).await?;
        let mut payload = schema.decode(&stored.body).map_err(|error| {
            impossible(format!(
                "{error}. Dismiss the event, and start a reconciliation, which reads the records themselves"
            ))
        })?;
        let nul = replace_nul(&mut payload);
        let delivered = Delivered {
            topic: &topic.name,
            event_id: &stored.row.event_id,
            schema_id: header("schema-id"),
            replay_id: header("replay-id"),
            payload,
        };
        match topic.shape.shape(delivered).map_err(impossible)? {
            Shaped::Wanted(event) => {
                let note = Replaced { nul, ..Replaced::default() }.note();
                Ok(IncomingEvent { note, other_bytes: OtherBytes::Conflict, ..*event })
            }
            Shaped::Filtered => Err(impossible("the filter of its source now excludes it: dismiss it".to_owned())),
        }
    }

    async fn schema_now(&self, subscription: &Subscription, id: &str) -> Result<Arc<Schema>, ReplayError> {
        let service = self.service_of(subscription).map_err(away)?;
        if let Some(schema) = service.schema(id) {
            return Ok(schema);
        }
        let found = match self.ask_for_schema(&service, id).await {
            Ok(found) => found,
            Err(PubSubError::NotFound(why) | PubSubError::Invalid(why) | PubSubError::TooLarge(why)) => {
                return Err(impossible(format!("its schema {id:?} cannot be fetched: {why}")));
            }
            Err(error) => return Err(away(error)),
        };
        service.read(id, &found).map_err(|error| impossible(error.to_string()))
    }

    async fn ask_for_schema(&self, service: &Service, id: &str) -> Result<String, PubSubError> {
        let session = self.context.connections.sign_in(&service.pubsub, None).await?;
        let found = match service.pubsub.schema(&session, id).await {
            Err(PubSubError::Unauthenticated(_)) => {
                let session = self.context.connections.sign_in(&service.pubsub, Some(&session)).await?;
                service.pubsub.schema(&session, id).await?
            }
            found => found?,
        };
        Ok(found.schema_json)
    }
}

fn impossible(why: String) -> ReplayError {
    ReplayError::Impossible(format!("the event cannot be replayed: {why}"))
}

fn away(error: PubSubError) -> ReplayError {
    AcceptError::Unavailable(format!("fetching the event's schema: {error}")).into()
}
