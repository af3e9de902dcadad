//! Anchors: what the database held, signed and kept elsewhere, and what is compared with them.

pub mod anchor;
pub(super) mod anchored;
pub(super) mod held;
pub(super) mod keeper;
pub mod key;
pub(super) mod leaves;
pub(super) mod said;
pub(super) mod source;
pub(super) mod spans;
