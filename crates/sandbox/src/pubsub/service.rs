//! `eventbus.v1.PubSub` on the sandbox's own port: gRPC calls are ordinary HTTP/2 requests.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::service_fn;
use uuid::Uuid;

use super::{EVENT, Stored, number, replay_id};
use crate::Sandbox;
use crate::crm::ORGANIZATION;
use stepwell_pubsub::messages::{
    ConsumerEvent, FetchRequest, FetchResponse, ProducerEvent, PublishError, PublishRequest, PublishResponse,
    PublishResult, ReplayPreset, SchemaInfo, SchemaRequest, TopicInfo, TopicRequest,
};
use stepwell_pubsub::{BATCH_MAX, errors, headers};

/// Most events in one response.
const ANSWER_MAX: usize = 100;

/// Most responses queued for a slow subscriber.
const WAITING_MAX: usize = 4;

/// Answers one gRPC call.
pub async fn call(State(sandbox): State<Sandbox>, Path(method): Path<String>, request: Request) -> Response {
    let answered = match method.as_str() {
        "GetTopic" => {
            let topic = service_fn(|request| std::future::ready(topic(&sandbox, request)));
            tonic::server::Grpc::new(ProstCodec::default()).unary(topic, request).await
        }
        "GetSchema" => {
            let schema = service_fn(|request| std::future::ready(schema(&sandbox, request)));
            tonic::server::Grpc::new(ProstCodec::default()).unary(schema, request).await
        }
        "Publish" => {
            let publish = service_fn(|request| std::future::ready(publish(&sandbox, request)));
            tonic::server::Grpc::new(ProstCodec::default()).unary(publish, request).await
        }
        "Subscribe" => {
            let subscribe = service_fn(|request| subscribe(sandbox.clone(), request));
            tonic::server::Grpc::new(ProstCodec::default()).streaming(subscribe, request).await
        }
        "PublishStream" | "ManagedSubscribe" => {
            Status::unimplemented(format!("the sandbox does not have {method}")).into_http()
        }
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    answered.map(Body::new)
}

fn refusal(code: Code, own: &'static str, message: impl Into<String>) -> Status {
    let rpc_id = Uuid::new_v4();
    let mut status = Status::new(code, format!("{} rpcId: {rpc_id}", message.into()));
    status.metadata_mut().insert(headers::ERROR_CODE, MetadataValue::from_static(own));
    status
}

fn unavailable() -> Status {
    Status::unavailable("the sandbox's event bus was told to be away")
}

/// Checks that the service is available and that the caller is authorized.
fn admit(sandbox: &Sandbox, metadata: &MetadataMap) -> Result<(), Status> {
    let text = |name| metadata.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let world = sandbox.world();
    if !world.bus.settings.available {
        return Err(unavailable());
    }
    let (instance, tenant) = (text(headers::INSTANCE_URL), text(headers::TENANT_ID));
    if !instance.starts_with("http") || (tenant != ORGANIZATION && tenant != &ORGANIZATION[..15]) {
        let message = "instanceurl must be the org's address, and tenantid its id";
        return Err(refusal(Code::Unauthenticated, errors::HEADERS, message));
    }
    if !world.crm.knows(text(headers::ACCESS_TOKEN)) {
        return Err(refusal(Code::Unauthenticated, errors::AUTHENTICATION, "the access token is not valid"));
    }
    Ok(())
}

type Answer<T> = Result<tonic::Response<T>, Status>;

fn topic(sandbox: &Sandbox, request: tonic::Request<TopicRequest>) -> Answer<TopicInfo> {
    admit(sandbox, request.metadata())?;
    let topic_name = request.into_inner().topic_name;
    let world = &mut *sandbox.world();
    let can_subscribe = world.crm.sees_topic(&topic_name);
    let found = world.bus.topic(&world.crm, &topic_name);
    let found =
        found.ok_or_else(|| refusal(Code::NotFound, errors::TOPIC, format!("there is no topic {topic_name}")))?;
    Ok(tonic::Response::new(TopicInfo {
        tenant_guid: format!("core/sandbox/{ORGANIZATION}"),
        can_publish: topic_name == EVENT,
        can_subscribe,
        schema_id: found.id.clone(),
        rpc_id: Uuid::new_v4().to_string(),
        topic_name,
    }))
}

fn schema(sandbox: &Sandbox, request: tonic::Request<SchemaRequest>) -> Answer<SchemaInfo> {
    admit(sandbox, request.metadata())?;
    let schema_id = request.into_inner().schema_id;
    let found = sandbox.world().bus.schema(&schema_id).map(str::to_owned);
    let missing = || refusal(Code::NotFound, errors::SCHEMA, format!("there is no schema {schema_id}"));
    let schema_json = found.ok_or_else(missing)?;
    Ok(tonic::Response::new(SchemaInfo { schema_json, schema_id, rpc_id: Uuid::new_v4().to_string() }))
}

fn publish(sandbox: &Sandbox, request: tonic::Request<PublishRequest>) -> Answer<PublishResponse> {
    admit(sandbox, request.metadata())?;
    let PublishRequest { topic_name, events, .. } = request.into_inner();
    if topic_name != EVENT {
        return Err(refusal(
            Code::PermissionDenied,
            errors::TOPIC,
            format!("nothing can be published on {topic_name}"),
        ));
    }
    let now = chrono::Utc::now();
    let (schema_id, results) = {
        let world = &mut *sandbox.world();
        let schema_id = world.bus.topic(&world.crm, EVENT).map(|topic| topic.id.clone()).unwrap_or_default();
        let results = events.into_iter().map(|event| {
            let id = if event.id.is_empty() { Uuid::new_v4().to_string() } else { event.id };
            let fits = event.schema_id == schema_id
                && world.bus.topic(&world.crm, EVENT).is_some_and(|topic| topic.schema.decode(&event.payload).is_ok());
            if !fits {
                let error = PublishError { code: 1, msg: "the payload does not match the current schema".to_owned() };
                return PublishResult { error: Some(error), correlation_key: id, ..PublishResult::default() };
            }
            let number = world.bus.store(EVENT, id.clone(), schema_id.clone(), event.payload, now);
            PublishResult { replay_id: replay_id(number), error: None, correlation_key: id }
        });
        let results: Vec<PublishResult> = results.collect();
        (schema_id, results)
    };
    sandbox.published();
    Ok(tonic::Response::new(PublishResponse { results, schema_id, rpc_id: Uuid::new_v4().to_string() }))
}

type Fetched = ReceiverStream<Result<FetchResponse, Status>>;

async fn subscribe(sandbox: Sandbox, request: tonic::Request<Streaming<FetchRequest>>) -> Answer<Fetched> {
    admit(&sandbox, request.metadata())?;
    let mut requests = request.into_inner();
    let first = requests.message().await?.ok_or_else(|| Status::invalid_argument("no request for events came"))?;
    let pending = wanted(&first)?;
    let sent = beginning(&sandbox, &first)?;
    let (answers, receiver) = mpsc::channel(WAITING_MAX);
    let changes = sandbox.shared.published.subscribe();
    {
        let mut world = sandbox.world();
        let readers = world.bus.readers_of(&first.topic_name);
        (readers.open, readers.begun) = (readers.open + 1, readers.begun + 1);
    }
    let reader = Reader { sandbox, topic: first.topic_name, sent, pending, requests, answers, changes };
    tokio::spawn(reader.read());
    Ok(tonic::Response::new(ReceiverStream::new(receiver)))
}

fn wanted(request: &FetchRequest) -> Result<u32, Status> {
    match u32::try_from(request.num_requested) {
        Ok(events) if events > 0 => Ok(events.min(BATCH_MAX)),
        _ => Err(refusal(Code::InvalidArgument, errors::NUMBER, "num_requested must be from 1 to 100")),
    }
}

/// Returns the number of the event before the first one to send.
fn beginning(sandbox: &Sandbox, first: &FetchRequest) -> Result<u64, Status> {
    let world = &mut *sandbox.world();
    if !world.crm.sees_topic(&first.topic_name) || world.bus.topic(&world.crm, &first.topic_name).is_none() {
        return Err(refusal(Code::NotFound, errors::TOPIC, format!("there is no topic {}", first.topic_name)));
    }
    world.bus.forget(chrono::Utc::now());
    let bus = &world.bus;
    match ReplayPreset::try_from(first.replay_preset) {
        Ok(ReplayPreset::Latest) => Ok(bus.last),
        Ok(ReplayPreset::Earliest) => Ok(bus.forgotten),
        Ok(ReplayPreset::Custom) => match number(&first.replay_id) {
            // The last forgotten number is still valid: a subscriber that has read it missed nothing.
            Some(number) if (bus.forgotten..=bus.last).contains(&number) => Ok(number),
            _ => {
                let message =
                    "the Replay ID validation failed: ensure that it is valid and within the retention window";
                Err(refusal(Code::InvalidArgument, errors::REPLAY_ID_CORRUPTED, message))
            }
        },
        Err(_) => Err(Status::invalid_argument("there is no such replay preset")),
    }
}

/// An open subscription.
struct Reader {
    sandbox: Sandbox,
    topic: String,
    /// Number of the last event sent.
    sent: u64,
    /// Events requested but not yet sent.
    pending: u32,
    requests: Streaming<FetchRequest>,
    answers: mpsc::Sender<Result<FetchResponse, Status>>,
    changes: watch::Receiver<u64>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut world = self.sandbox.world();
        let readers = world.bus.readers_of(&self.topic);
        readers.open = readers.open.saturating_sub(1);
    }
}

impl Reader {
    async fn read(mut self) {
        loop {
            // Before reading the bus, so that events published in between are not missed.
            self.changes.mark_unchanged();
            let Some(keepalive) = self.send_some().await else { return };
            tokio::select! {
                () = self.answers.closed() => return,
                asked = self.requests.message() => match asked.and_then(|asked| asked.as_ref().map(wanted).transpose()) {
                    Ok(Some(events)) => self.pending = self.pending.saturating_add(events),
                    // The caller closed the stream or sent an invalid request.
                    Ok(None) => return,
                    Err(status) => return drop(self.answers.send(Err(status)).await),
                },
                changed = self.changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(keepalive) => {
                    let latest = {
                        let world = self.sandbox.world();
                        // The keepalive must not skip events that were not sent yet.
                        if !world.bus.after(&self.topic, self.sent, 1).is_empty() {
                            continue;
                        }
                        world.bus.last
                    };
                    if self.answer(Vec::new(), latest).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// Sends the available events, up to the number requested. Returns the interval until the next keepalive, or `None`
    /// if the subscription is closed.
    async fn send_some(&mut self) -> Option<Duration> {
        loop {
            let (events, keepalive, is_available) = {
                let world = self.sandbox.world();
                let limit = ANSWER_MAX.min(self.pending as usize);
                let settings = &world.bus.settings;
                let keepalive = Duration::try_from_secs_f64(settings.keepalive_seconds).unwrap_or_default();
                (world.bus.after(&self.topic, self.sent, limit), keepalive, settings.available)
            };
            if !is_available {
                let _ = self.answers.send(Err(unavailable())).await;
                return None;
            }
            let Some(last) = events.last().map(|event| event.number) else { return Some(keepalive) };
            self.pending = self.pending.saturating_sub(u32::try_from(events.len()).unwrap_or(u32::MAX));
            self.sent = last;
            self.sandbox.world().bus.readers_of(&self.topic).sent += events.len() as u64;
            self.answer(events, last).await?;
        }
    }

    async fn answer(&mut self, events: Vec<Stored>, latest: u64) -> Option<()> {
        let events = events.into_iter().map(|event| ConsumerEvent {
            replay_id: replay_id(event.number),
            event: Some(ProducerEvent {
                id: event.id,
                schema_id: event.schema_id,
                payload: event.payload,
                headers: Vec::new(),
            }),
        });
        let answer = FetchResponse {
            events: events.collect(),
            latest_replay_id: replay_id(latest),
            rpc_id: Uuid::new_v4().to_string(),
            pending_num_requested: i32::try_from(self.pending).unwrap_or(i32::MAX),
        };
        self.answers.send(Ok(answer)).await.ok()
    }
}
