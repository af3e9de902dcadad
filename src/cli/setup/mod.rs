//! Commands for setting up a project and preparing it for production.

pub(super) mod completions;
pub(super) mod doctor;
pub(super) mod init;
pub(super) mod preflight;
