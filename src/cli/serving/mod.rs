//! Commands that run servers, or prepare the database for them.

pub(super) mod bench;
pub(super) mod database;
pub(super) mod dev;
pub(super) mod dev_sandbox;
pub(super) mod fire;
pub(super) mod migrate;
pub mod sandbox;
pub(super) mod serve;
pub(super) mod server;
