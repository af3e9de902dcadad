//! Stepwell: durable orchestration of business processes between systems that share no database.
//!
//! Imports point one way:
//! `main -> cli -> http, dashboard, scenario -> sandbox, hub, engine -> connect, store -> machine, expr, dsl -> openapi`.
//! `machine` is pure: it decides, everything else carries out. `canonical` and `identifiers` are pure and import nothing of ours.

pub mod bench;
pub mod canonical;
pub mod cli;
pub mod config;
pub mod connect;
pub mod dashboard;
pub mod dsl;
pub mod embedded;
pub mod engine;
pub mod expr;
pub mod http;
pub mod hub;
pub mod identifiers;
pub mod machine;
pub mod memory;
pub mod openapi;
pub mod sandbox;
pub mod scenario;
pub mod store;
pub mod telemetry;
mod words;
