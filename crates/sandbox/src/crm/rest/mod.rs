//! REST resources, one file each.

pub(super) mod collections;
pub(super) mod composite;
pub(super) mod describe;
pub(super) mod replication;
pub(super) mod sobjects;
pub(super) mod soql;
