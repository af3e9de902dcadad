//! Pages about the state that the hub keeps between runs.

pub(super) mod batches;
pub(super) mod conflicts;
pub(super) mod drift;
pub(super) mod mappings;
pub(super) mod totals;
