//! Commands for the authors of workflows.

pub(super) mod compatible;
pub(super) mod delete;
pub(super) mod deploy;
pub(super) mod excerpt;
pub(super) mod graph;
pub(super) mod load;
pub(super) mod mapping;
pub(super) mod mapping_diff;
pub(super) mod replay;
pub(super) mod schema;
pub(super) mod test;
pub(super) mod validate;
