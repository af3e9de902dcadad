//! Delivers what runs emit: to this hub itself, as if it had come from outside, and to the sinks of `hub.yaml`; and anchors of the audit to
//! their webhook. At least once: an event leaves the table only after it arrived. Each of them has a queue of its own: one that hangs holds up no other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::warn;

use super::intake::Intake;
use crate::engine::context::Context;
use crate::engine::settings::Sink;
use crate::engine::{AcceptError, IncomingEvent, OtherBytes, audit, notify};
use crate::machine::{CallOutcome, CallRequest};
use crate::store::StoreError;
use crate::store::events::outgoing::{self, Taken};
use crate::telemetry;

/// Deliveries of one queue at once.
const DELIVERIES_MAX: usize = 50;
/// No pause between two tries is longer.
const PAUSE_MAX: Duration = Duration::from_mins(15);
/// How often sinks are looked for that have events and that `hub.yaml` does not name.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Delivers until the process goes down.
pub(in crate::engine) async fn relay(intake: Arc<Intake>) {
    let mut queues = Queues::default();
    queues.wake(&intake, None);
    for sink in &intake.context.settings.sinks {
        queues.wake(&intake, Some(&sink.name));
    }
    for channel in &intake.context.settings.channels {
        queues.wake(&intake, Some(&format!("{}{}", notify::PREFIX, channel.name)));
    }
    if anchors_go_to(&intake.context).is_some() {
        queues.wake(&intake, Some(audit::WEBHOOK));
    }
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            () = intake.context.membership.closing.cancelled() => return,
            () = intake.context.signals.outgoing.notified() => queues.wake_all(),
            _ = ticks.tick() => {
                let found = outgoing::sinks(&intake.context.pool).await;
                for name in found.iter().flatten() {
                    queues.wake(&intake, Some(name));
                }
                intake.context.membership.health.note("sinks", found.map(drop));
            }
        }
    }
}

/// The queues, each a task of its own, by the name of the sink.
#[derive(Default)]
struct Queues(BTreeMap<Option<String>, Arc<Notify>>);

impl Queues {
    fn wake(&mut self, intake: &Arc<Intake>, sink: Option<&str>) {
        let name = sink.map(str::to_owned);
        let begin = || {
            let wake = Arc::new(Notify::new());
            tokio::spawn(queue(Arc::clone(intake), name.clone(), Arc::clone(&wake)));
            wake
        };
        self.0.entry(name.clone()).or_insert_with(begin).notify_one();
    }

    fn wake_all(&self) {
        self.0.values().for_each(|wake| wake.notify_one());
    }
}

/// Delivers to one sink. A delivery that ends makes room for the next, whatever the others do.
async fn queue(intake: Arc<Intake>, sink: Option<String>, wake: Arc<Notify>) {
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            () = intake.context.membership.closing.cancelled() => break,
            () = wake.notified() => {}
            Some(_) = under_way.join_next(), if !under_way.is_empty() => {}
            () = tokio::time::sleep(intake.context.settings.sweep_interval) => {}
        }
        let taken = fill(&intake, sink.as_deref(), &mut under_way).await;
        intake.context.membership.health.note("outgoing-events", taken);
    }
    // What is on its way may still arrive.
    under_way.detach_all();
}

async fn fill(intake: &Arc<Intake>, sink: Option<&str>, under_way: &mut JoinSet<()>) -> Result<(), StoreError> {
    while under_way.try_join_next().is_some() {}
    loop {
        let room = DELIVERIES_MAX - under_way.len().min(DELIVERIES_MAX);
        if room == 0 {
            return Ok(());
        }
        let taken = outgoing::take(&intake.context.pool, sink, i64::try_from(room).unwrap_or(1)).await?;
        let is_all = taken.len() < room;
        for event in taken {
            under_way.spawn(deliver(Arc::clone(intake), event));
        }
        if is_all {
            return Ok(());
        }
    }
}

async fn deliver(intake: Arc<Intake>, taken: Taken) {
    let outcome = match (serde_json::from_str(&taken.event), taken.sink.as_deref()) {
        (Ok(event), None) => to_ourselves(&intake, event).await,
        (_, Some(name)) if name.starts_with(notify::PREFIX) => notify::to_channel(&intake.context, &taken).await,
        (_, Some(audit::WEBHOOK)) => to_webhook_of_anchors(&intake.context, &taken).await,
        (Ok(event), Some(name)) => match intake.context.settings.sinks.iter().find(|sink| sink.name == *name) {
            Some(sink) => to_sink(&intake.context, sink, event).await,
            None => Err(format!("hub.yaml no longer has a sink {name}; restore it, or delete the row")),
        },
        (Err(error), _) => Err(format!("the event cannot be read: {error}")),
    };
    telemetry::event_delivered(taken.sink.as_deref(), outcome.is_ok());
    let noted = match outcome {
        Ok(()) => outgoing::done(&intake.context.pool, taken.id).await,
        Err(why) => {
            warn!(event = %taken.id, sink = taken.sink.as_deref(), why, "an event was not delivered, trying again");
            outgoing::failed(&intake.context.pool, taken.id, pause(taken.attempts).as_secs_f64(), &why).await
        }
    };
    if let Err(error) = noted {
        // It is delivered once more: receivers know it by its id.
        warn!(%error, event = %taken.id, "cannot record the result of a delivery");
    }
}

fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 12) - 1).unwrap_or_default();
    Duration::from_secs(1).saturating_mul(1 << doublings).min(PAUSE_MAX)
}

/// Through the same door as events from outside, so that schedules and waiting runs see it alike; what was delivered before
/// is known by its source and id.
async fn to_ourselves(intake: &Arc<Intake>, event: Value) -> Result<(), String> {
    let event = incoming(event)?;
    if event.is_start() {
        warn!(
            source = event.source,
            id = event.event_id,
            "dropped an emitted event that claims to be the start of a run"
        );
        return Ok(());
    }
    match intake.accept(event).await {
        Ok(_) => Ok(()),
        Err(AcceptError::Conflict { first, .. }) => {
            warn!(%first, "dropped an emitted event that has the source and id of another one");
            Ok(())
        }
        Err(AcceptError::Unavailable(why) | AcceptError::Refused(why)) => Err(why),
    }
}

fn incoming(event: Value) -> Result<IncomingEvent, String> {
    let body = Bytes::from(event.to_string());
    let Value::Object(mut members) = event else { return Err("the event is not an object".to_owned()) };
    let data = members.remove("data").unwrap_or_default();
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let attributes: Vec<(String, String)> = members.into_iter().map(|(name, value)| (name, text(value))).collect();
    let find = |wanted: &str| {
        let found = attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        found.ok_or_else(|| format!("the event has no {wanted}"))
    };
    Ok(IncomingEvent {
        source: find("source")?,
        event_id: find("id")?,
        r#type: find("type")?,
        attributes,
        data,
        data_is_body: false,
        body,
        headers: vec![("content-type".to_owned(), "application/cloudevents+json".to_owned())],
        counted: None,
        note: None,
        other_bytes: OtherBytes::Conflict,
    })
}

/// As structured-mode CloudEvent, through the connection that the sink's address names.
async fn to_sink(context: &Context, sink: &Sink, event: Value) -> Result<(), String> {
    let id = event.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    post(context, &sink.endpoint, "application/cloudevents+json", event, id).await
}

fn anchors_go_to(context: &Context) -> Option<&str> {
    context.settings.anchors.as_ref()?.webhook.as_deref()
}

/// Byte for byte as it was signed, as a line that the receiver can add to a file as it is.
async fn to_webhook_of_anchors(context: &Context, taken: &Taken) -> Result<(), String> {
    let Some(endpoint) = anchors_go_to(context) else {
        return Err("hub.yaml no longer has a webhook for anchors; restore it, or delete the row".to_owned());
    };
    post(context, endpoint, "application/x-ndjson", Value::String(taken.event.clone()), taken.id.to_string()).await
}

pub(in crate::engine) async fn post(
    context: &Context,
    endpoint: &str,
    content_type: &str,
    body: Value,
    id: String,
) -> Result<(), String> {
    let request = CallRequest {
        method: "POST".to_owned(),
        uri: endpoint.to_owned(),
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: Some(body),
        traceparent: traceparent(&id),
        idempotency_key: id,
        ..CallRequest::default()
    };
    match context.connections.call(&request, None).await {
        CallOutcome::Succeeded { .. } => Ok(()),
        CallOutcome::Failed(failure) => {
            let error = failure.error;
            Err(error.detail.or(error.title).unwrap_or(error.r#type))
        }
    }
}

/// A trace of its own, the same for each try.
fn traceparent(id: &str) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(id.as_bytes());
    let hex: String = hash[..24].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("00-{}-{}-01", &hex[..32], &hex[32..48])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_a_quarter_of_an_hour() {
        assert_eq!(pause(1), Duration::from_secs(1));
        assert_eq!(pause(4), Duration::from_secs(8));
        assert_eq!(pause(1_000), PAUSE_MAX);
    }

    #[test]
    fn an_emitted_event_comes_in_like_one_from_outside() {
        let event =
            serde_json::json!({ "specversion": "1.0", "id": "1", "source": "https://a", "type": "t", "data": [1] });
        let incoming = incoming(event).unwrap();
        assert_eq!((incoming.source.as_str(), incoming.event_id.as_str()), ("https://a", "1"));
        assert_eq!(incoming.data, serde_json::json!([1]));
    }
}
