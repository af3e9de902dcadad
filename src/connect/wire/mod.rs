//! Bytes on the wire: clients, addresses that may be called, decoding.

pub(crate) mod charset;
pub(super) mod exchange;
pub mod guard;
pub mod pubsub;
