//! Reads, judges and records answers.

pub(super) mod answers;
pub mod json;
pub(super) mod message;
pub(super) mod outcome;
pub(super) mod redact;
pub(super) mod summary;
