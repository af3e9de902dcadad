//! State that the hub keeps between runs, such as links, batches and totals.

pub mod batches;
pub mod conflicts;
pub mod drift;
pub mod links;
pub mod sides;
pub mod totals;
pub mod watermarks;
