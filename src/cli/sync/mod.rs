//! Commands for the hub's memory between runs.

pub(super) mod batches;
pub(super) mod conflicts;
pub(super) mod drift;
pub(super) mod sources;
pub(super) mod totals;
