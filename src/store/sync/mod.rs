//! What the hub remembers between runs.

pub mod batches;
pub mod conflicts;
pub mod drift;
pub mod links;
pub mod sides;
pub mod totals;
pub mod watermarks;
