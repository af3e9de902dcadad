//! The hub's memory between runs: batches, conflicts, reconciliation, mappings, totals.

pub mod batches;
pub mod conflicts;
pub(in crate::http) mod drift;
pub(in crate::http) mod mappings;
pub(in crate::http) mod totals;
