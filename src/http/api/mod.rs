//! The JSON API, one file per resource.

pub(super) mod audit;
pub mod connections;
pub(super) mod credentials;
pub mod events;
pub(super) mod freezes;
pub(super) mod notifications;
pub mod runs;
pub mod schedules;
pub(super) mod search;
pub(super) mod sources;
pub mod sync;
pub(super) mod tasks;
pub(super) mod users;
pub mod workflows;
