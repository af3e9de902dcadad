//! Commands for operators.

pub(super) mod attention;
pub(super) mod audit;
pub(super) mod connections;
pub(super) mod events;
pub(super) mod freezes;
pub(super) mod pauses;
pub(super) mod proposals;
pub(super) mod retention;
pub(super) mod schedules;
pub(super) mod tasks;
