//! JSON API and webhook ingress. Handlers are thin: they read the request, ask the engine or the store, and answer.

pub mod app;
pub mod body;
pub mod problem;
pub mod query;
pub mod session;

pub use app::{App, Settings};
pub use problem::ApiError;
