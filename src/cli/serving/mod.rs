//! Commands that start something, or prepare the database for it.

pub(super) mod bench;
pub(super) mod database;
pub(super) mod dev;
pub(super) mod dev_sandbox;
pub(super) mod fire;
pub(super) mod migrate;
pub mod sandbox;
pub(super) mod serve;
pub(super) mod server;
