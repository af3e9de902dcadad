//! The network layer: HTTP clients, permitted addresses, decoding.

pub(crate) mod charset;
pub(super) mod exchange;
pub mod guard;
pub mod pubsub;
