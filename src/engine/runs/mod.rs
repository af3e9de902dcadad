//! One run from its start to its end: facts in, decisions committed together, effects out, and what people do to it.

pub mod acts;
pub(super) mod batch;
pub(super) mod beginning;
pub mod bulk;
pub(super) mod calls;
pub(super) mod children;
pub(super) mod command;
pub(super) mod committer;
pub(super) mod consequences;
pub(super) mod driver;
pub(super) mod expected;
pub(super) mod follow;
pub(super) mod freezes;
pub mod handling;
pub(super) mod mailbox;
pub(super) mod moves;
pub(super) mod progress;
pub mod proposals;
mod rules;
pub(super) mod snapshots;
pub(super) mod starts;
