//! Reads `hub.yaml`, one file per section, and locates every mistake.

pub(super) mod audit;
pub(super) mod connection;
pub(super) mod identifiers;
pub(super) mod literals;
pub(super) mod load;
pub(super) mod notify;
pub(super) mod release;
pub(super) mod retention;
pub(super) mod sink;
pub(super) mod value;
