//! The messages of `eventbus.v1`.

/// A topic.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TopicInfo {
    /// Name of the topic, such as `/data/AccountChangeEvent`.
    #[prost(string, tag = "1")]
    pub topic_name: String,
    /// Id of the org.
    #[prost(string, tag = "2")]
    pub tenant_guid: String,
    /// Whether the caller may publish.
    #[prost(bool, tag = "3")]
    pub can_publish: bool,
    /// Whether the caller may subscribe.
    #[prost(bool, tag = "4")]
    pub can_subscribe: bool,
    /// Id of the current schema.
    #[prost(string, tag = "5")]
    pub schema_id: String,
    /// Id of the call, for Salesforce's support.
    #[prost(string, tag = "6")]
    pub rpc_id: String,
}

/// A request for a topic.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TopicRequest {
    /// Name of the topic.
    #[prost(string, tag = "1")]
    pub topic_name: String,
}

/// A header of an event; reserved by Salesforce.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct EventHeader {
    /// Name of the header.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Value of the header.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

/// An event as published.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ProducerEvent {
    /// Id of the event: `EventUuid`.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Id of the payload's schema.
    #[prost(string, tag = "2")]
    pub schema_id: String,
    /// The event in Avro's binary encoding, without a container.
    #[prost(bytes = "vec", tag = "3")]
    pub payload: Vec<u8>,
    /// Reserved by Salesforce.
    #[prost(message, repeated, tag = "4")]
    pub headers: Vec<EventHeader>,
}

/// An event as delivered.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ConsumerEvent {
    /// The published event.
    #[prost(message, optional, tag = "1")]
    pub event: Option<ProducerEvent>,
    /// Position in the stream; opaque.
    #[prost(bytes = "vec", tag = "2")]
    pub replay_id: Vec<u8>,
}

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum ReplayPreset {
    /// With events published from now on.
    Latest = 0,
    /// With the oldest event that is still kept.
    Earliest = 1,
    /// After the event with a replay id.
    Custom = 2,
}

/// A request for events. Topic and replay settings only count in the first request of a stream.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FetchRequest {
    /// Name of the topic.
    #[prost(string, tag = "1")]
    pub topic_name: String,
    /// Where the subscription begins: a [`ReplayPreset`].
    #[prost(enumeration = "ReplayPreset", tag = "2")]
    pub replay_preset: i32,
    /// The event after which it begins, with [`ReplayPreset::Custom`].
    #[prost(bytes = "vec", tag = "3")]
    pub replay_id: Vec<u8>,
    /// How many more events may be sent.
    #[prost(int32, tag = "4")]
    pub num_requested: i32,
    /// Reserved by Salesforce.
    #[prost(string, tag = "5")]
    pub auth_refresh: String,
}

/// Events. Without any, the message is a keepalive.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FetchResponse {
    /// The events, in the order of the stream.
    #[prost(message, repeated, tag = "1")]
    pub events: Vec<ConsumerEvent>,
    /// The latest position in the stream.
    #[prost(bytes = "vec", tag = "2")]
    pub latest_replay_id: Vec<u8>,
    /// Id of the call, for Salesforce's support.
    #[prost(string, tag = "3")]
    pub rpc_id: String,
    /// Number of events requested but not yet sent.
    #[prost(int32, tag = "4")]
    pub pending_num_requested: i32,
}

/// A request for a schema.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SchemaRequest {
    /// Id of the schema.
    #[prost(string, tag = "1")]
    pub schema_id: String,
}

/// A schema.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SchemaInfo {
    /// The Avro schema as JSON.
    #[prost(string, tag = "1")]
    pub schema_json: String,
    /// Id of the schema.
    #[prost(string, tag = "2")]
    pub schema_id: String,
    /// Id of the call, for Salesforce's support.
    #[prost(string, tag = "3")]
    pub rpc_id: String,
}

/// A request to publish events.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PublishRequest {
    /// Name of the topic.
    #[prost(string, tag = "1")]
    pub topic_name: String,
    /// The events.
    #[prost(message, repeated, tag = "2")]
    pub events: Vec<ProducerEvent>,
    /// Reserved by Salesforce.
    #[prost(string, tag = "3")]
    pub auth_refresh: String,
}

/// Why an event was not published.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PublishError {
    /// Error code; 1: the event could not be published.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// Error message.
    #[prost(string, tag = "2")]
    pub msg: String,
}

/// The result of publishing one event.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PublishResult {
    /// Position of the event in the stream.
    #[prost(bytes = "vec", tag = "1")]
    pub replay_id: Vec<u8>,
    /// Why the event was not published; `None` if it was.
    #[prost(message, optional, tag = "2")]
    pub error: Option<PublishError>,
    /// Id of the event.
    #[prost(string, tag = "3")]
    pub correlation_key: String,
}

/// The results of publishing events.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PublishResponse {
    /// One result per event, in the order of the request.
    #[prost(message, repeated, tag = "1")]
    pub results: Vec<PublishResult>,
    /// Id of the current schema.
    #[prost(string, tag = "2")]
    pub schema_id: String,
    /// Id of the call, for Salesforce's support.
    #[prost(string, tag = "3")]
    pub rpc_id: String,
}
