//! Salesforce's Pub/Sub API as data: the messages of its gRPC service, Avro schemas, and the bitmaps of change events. PURE: no IO, no
//! clock. The client is in `connect/wire/pubsub`, the sandbox's server in `sandbox/pubsub`; both speak these messages.
//!
//! The service is `eventbus.v1.PubSub`; names, types and numbers of the fields are those that Salesforce documents.

mod bitmap;
pub mod messages;
mod schema;

pub use bitmap::Bitmaps;
pub use schema::Resolved;
pub use schema::{BadSchema, Schema, Undecodable};

/// Paths of the calls, below the address of the service.
pub mod calls {
    /// Bidirectional stream: requests for events, answered with events.
    pub const SUBSCRIBE: &str = "/eventbus.v1.PubSub/Subscribe";
    /// An Avro schema by its id.
    pub const GET_SCHEMA: &str = "/eventbus.v1.PubSub/GetSchema";
    /// What a topic is, and whether it may be subscribed to.
    pub const GET_TOPIC: &str = "/eventbus.v1.PubSub/GetTopic";
    /// Publishes platform events.
    pub const PUBLISH: &str = "/eventbus.v1.PubSub/Publish";
}

/// Metadata that each call carries.
pub mod headers {
    /// The OAuth access token.
    pub const ACCESS_TOKEN: &str = "accesstoken";
    /// The org's My Domain URL.
    pub const INSTANCE_URL: &str = "instanceurl";
    /// The org's id.
    pub const TENANT_ID: &str = "tenantid";
    /// Trailer of an error: Salesforce's own code.
    pub const ERROR_CODE: &str = "error-code";
}

/// Salesforce's own error codes, as far as they are told apart.
pub mod errors {
    /// The replay id is not one of this topic, or is older than what is kept.
    pub const REPLAY_ID_CORRUPTED: &str = "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted";
    /// The same, as an earlier version called it.
    pub const REPLAY_ID_INVALID: &str = "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.validation.failed";
    /// The access token is not accepted.
    pub const AUTHENTICATION: &str = "sfdc.platform.eventbus.grpc.service.auth.error";
    /// A header that each call needs is missing or wrong.
    pub const HEADERS: &str = "sfdc.platform.eventbus.grpc.service.auth.headers.invalid";
    /// There is no such topic, or the user may not see it.
    pub const TOPIC: &str = "sfdc.platform.eventbus.grpc.topic.not.found";
    /// There is no such schema.
    pub const SCHEMA: &str = "sfdc.platform.eventbus.grpc.schema.not.found";
    /// A request for events asks for none.
    pub const NUMBER: &str = "sfdc.platform.eventbus.grpc.subscription.fetch.requested.events.invalid";
}

/// Most events that one request may ask for.
pub const BATCH_MAX: u32 = 100;
