//! The messages of `eventbus.v1`.

/// What a topic is.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TopicInfo {
    /// Such as `/data/AccountChangeEvent`.
    #[prost(string, tag = "1")]
    pub topic_name: String,
    /// The org.
    #[prost(string, tag = "2")]
    pub tenant_guid: String,
    /// Whether the caller may publish.
    #[prost(bool, tag = "3")]
    pub can_publish: bool,
    /// Whether the caller may subscribe.
    #[prost(bool, tag = "4")]
    pub can_subscribe: bool,
    /// The schema that is current.
    #[prost(string, tag = "5")]
    pub schema_id: String,
    /// For Salesforce's support.
    #[prost(string, tag = "6")]
    pub rpc_id: String,
}

/// Asks what a topic is.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TopicRequest {
    /// Its name.
    #[prost(string, tag = "1")]
    pub topic_name: String,
}

/// A header of an event. Reserved by Salesforce.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct EventHeader {
    /// Its name.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Its value.
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

/// An event as it was published.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ProducerEvent {
    /// The event's own id: `EventUuid`.
    #[prost(string, tag = "1")]
    pub id: String,
    /// The schema of its payload.
    #[prost(string, tag = "2")]
    pub schema_id: String,
    /// Avro, without a container.
    #[prost(bytes = "vec", tag = "3")]
    pub payload: Vec<u8>,
    /// Reserved.
    #[prost(message, repeated, tag = "4")]
    pub headers: Vec<EventHeader>,
}

/// An event as it is delivered.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ConsumerEvent {
    /// What was published.
    #[prost(message, optional, tag = "1")]
    pub event: Option<ProducerEvent>,
    /// Where it stands in the stream. Opaque.
    #[prost(bytes = "vec", tag = "2")]
    pub replay_id: Vec<u8>,
}

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum ReplayPreset {
    /// With what is published from now on.
    Latest = 0,
    /// With the oldest event that is kept.
    Earliest = 1,
    /// After the event of a replay id.
    Custom = 2,
}

/// Asks for events. Topic and beginning count in the first request of a stream only.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FetchRequest {
    /// The topic.
    #[prost(string, tag = "1")]
    pub topic_name: String,
    /// Where to begin.
    #[prost(enumeration = "ReplayPreset", tag = "2")]
    pub replay_preset: i32,
    /// After which event, with [`ReplayPreset::Custom`].
    #[prost(bytes = "vec", tag = "3")]
    pub replay_id: Vec<u8>,
    /// How many more events may be sent.
    #[prost(int32, tag = "4")]
    pub num_requested: i32,
    /// Salesforce's own.
    #[prost(string, tag = "5")]
    pub auth_refresh: String,
}

/// Events; without any, a sign of life.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FetchResponse {
    /// In the order of the stream.
    #[prost(message, repeated, tag = "1")]
    pub events: Vec<ConsumerEvent>,
    /// How far the stream has come.
    #[prost(bytes = "vec", tag = "2")]
    pub latest_replay_id: Vec<u8>,
    /// For Salesforce's support.
    #[prost(string, tag = "3")]
    pub rpc_id: String,
    /// How many events are asked for and not sent yet.
    #[prost(int32, tag = "4")]
    pub pending_num_requested: i32,
}

/// Asks for a schema.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SchemaRequest {
    /// Its id.
    #[prost(string, tag = "1")]
    pub schema_id: String,
}

/// A schema.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SchemaInfo {
    /// Avro's JSON.
    #[prost(string, tag = "1")]
    pub schema_json: String,
    /// Its id.
    #[prost(string, tag = "2")]
    pub schema_id: String,
    /// For Salesforce's support.
    #[prost(string, tag = "3")]
    pub rpc_id: String,
}

/// Publishes events.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PublishRequest {
    /// On this topic.
    #[prost(string, tag = "1")]
    pub topic_name: String,
    /// These.
    #[prost(message, repeated, tag = "2")]
    pub events: Vec<ProducerEvent>,
    /// Salesforce's own.
    #[prost(string, tag = "3")]
    pub auth_refresh: String,
}

/// Why an event was not published.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PublishError {
    /// 1: it could not be published.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// In words.
    #[prost(string, tag = "2")]
    pub msg: String,
}

/// The outcome of one event.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PublishResult {
    /// Where it stands in the stream.
    #[prost(bytes = "vec", tag = "1")]
    pub replay_id: Vec<u8>,
    /// Why it was not published.
    #[prost(message, optional, tag = "2")]
    pub error: Option<PublishError>,
    /// The event's id.
    #[prost(string, tag = "3")]
    pub correlation_key: String,
}

/// The outcome of events.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PublishResponse {
    /// In the order of the request.
    #[prost(message, repeated, tag = "1")]
    pub results: Vec<PublishResult>,
    /// The schema that is current.
    #[prost(string, tag = "2")]
    pub schema_id: String,
    /// For Salesforce's support.
    #[prost(string, tag = "3")]
    pub rpc_id: String,
}
