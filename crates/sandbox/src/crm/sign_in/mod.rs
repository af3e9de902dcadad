//! Authentication of callers.

pub(super) mod oauth;
pub(super) mod refresh;
