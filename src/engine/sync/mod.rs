//! What the hub remembers between runs, over Postgres, and how people see and settle it.

pub(super) mod batches;
pub(super) mod conflicts;
pub(super) mod drift;
pub(super) mod mappings;
pub(super) mod memory;
pub mod totals;
