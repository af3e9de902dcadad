//! Salesforce's Pub/Sub API as data: the messages of its gRPC service, Avro schemas, and the bitmaps of change events.
//! Pure: no IO, no clock. The client is in `connect/wire/pubsub`, the sandbox's server in `sandbox/pubsub`; both use
//! these messages.
//!
//! The service is `eventbus.v1.PubSub`. Names, types and numbers of fields are those that Salesforce documents.

mod bitmap;
pub mod messages;
mod schema;

pub use bitmap::Bitmaps;
pub use schema::Resolved;
pub use schema::{BadSchema, Schema, Undecodable};

/// Paths of the methods, relative to the URL of the service.
pub mod calls {
    /// Bidirectional stream: requests for events, answered with events.
    pub const SUBSCRIBE: &str = "/eventbus.v1.PubSub/Subscribe";
    /// Returns an Avro schema by its id.
    pub const GET_SCHEMA: &str = "/eventbus.v1.PubSub/GetSchema";
    /// Returns the properties of a topic, including whether the user may subscribe to it.
    pub const GET_TOPIC: &str = "/eventbus.v1.PubSub/GetTopic";
    /// Publishes platform events.
    pub const PUBLISH: &str = "/eventbus.v1.PubSub/Publish";
}

/// Metadata of each call.
pub mod headers {
    /// The OAuth access token.
    pub const ACCESS_TOKEN: &str = "accesstoken";
    /// The org's My Domain URL.
    pub const INSTANCE_URL: &str = "instanceurl";
    /// The org's id.
    pub const TENANT_ID: &str = "tenantid";
    /// Trailer of an error, with Salesforce's own code.
    pub const ERROR_CODE: &str = "error-code";
}

/// Salesforce's own error codes, as far as Stepwell distinguishes them.
pub mod errors {
    /// The replay id does not belong to this topic, or is older than the retention period.
    pub const REPLAY_ID_CORRUPTED: &str = "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted";
    /// The code of an earlier version for the same error.
    pub const REPLAY_ID_INVALID: &str = "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.validation.failed";
    /// The access token is invalid.
    pub const AUTHENTICATION: &str = "sfdc.platform.eventbus.grpc.service.auth.error";
    /// A required metadata entry is missing or invalid.
    pub const HEADERS: &str = "sfdc.platform.eventbus.grpc.service.auth.headers.invalid";
    /// The topic does not exist, or the user may not see it.
    pub const TOPIC: &str = "sfdc.platform.eventbus.grpc.topic.not.found";
    /// The schema does not exist.
    pub const SCHEMA: &str = "sfdc.platform.eventbus.grpc.schema.not.found";
    /// A request for events asks for zero events.
    pub const NUMBER: &str = "sfdc.platform.eventbus.grpc.subscription.fetch.requested.events.invalid";
}

/// Most events that one request may ask for.
pub const BATCH_MAX: u32 = 100;
