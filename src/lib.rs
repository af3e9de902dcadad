//! Stepwell: durable orchestration of business processes between systems that share no database.
//!
//! Imports go in one direction:
//! `main -> cli -> http, dashboard, preflight -> scenario -> hub, engine -> store -> connect -> redact`, and from each
//! of them to the crates, which are re-exported here. docs/architecture.md has the purpose and the invariant of each.

// First, because its macros replace the standard library's in all other modules.
#[macro_use]
mod output;

pub mod bench;
pub mod cli;
pub mod config;
pub mod connect;
pub mod dashboard;
pub mod embedded;
pub mod engine;
pub mod evaluator;
pub mod http;
pub mod hub;
mod notify;
pub mod preflight;
pub mod redact;
pub mod retention;
pub mod scenario;
pub mod store;
pub mod telemetry;
mod words;

pub use stepwell_expr as expr;
pub use stepwell_language::{dsl, openapi};
pub use stepwell_machine as machine;
pub use stepwell_pubsub as pubsub;
pub use stepwell_sandbox as sandbox;
pub use stepwell_sync::{self as memory, identifiers};
pub(crate) use stepwell_text::storable as text;
pub use stepwell_text::{canonical, decimal};
