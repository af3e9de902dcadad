//! Runs, their journals and snapshots, and what people want done to them.

pub mod bulk;
pub mod claims;
pub mod commands;
pub mod commit;
pub mod freezes;
pub mod handling;
pub mod journal;
pub mod listing;
pub mod proposals;
pub mod queues;
pub mod restarts;
pub mod rules;
pub mod snapshots;
pub mod tasks;
pub mod unacknowledged;
