//! Stepwell: durable orchestration of business processes between systems that share no database.
//!
//! Imports point one way:
//! `main -> cli -> http, dashboard, preflight -> scenario -> sandbox, hub, engine -> store -> connect -> memory, machine, expr, redact, dsl -> openapi`.
//! `machine` is pure: it decides, everything else carries out. `canonical`, `identifiers` and `pubsub` are
//! pure and import nothing of ours.

// First, for its macros take the place of the standard library's in everything below.
#[macro_use]
mod output;

pub mod bench;
pub mod canonical;
pub mod cli;
pub mod config;
pub mod connect;
pub mod dashboard;
pub mod decimal;
pub mod dsl;
pub mod embedded;
pub mod engine;
pub mod evaluator;
pub mod http;
pub mod hub;
pub mod identifiers;
pub mod machine;
pub mod memory;
pub mod openapi;
pub mod preflight;
pub mod pubsub;
pub mod redact;
pub mod retention;
pub mod sandbox;
pub mod scenario;
pub mod store;
pub mod telemetry;
pub(crate) mod text;
mod words;

pub use stepwell_expr as expr;
