//! Commands on the way to production.

pub(super) mod completions;
pub(super) mod doctor;
pub(super) mod init;
pub(super) mod preflight;
