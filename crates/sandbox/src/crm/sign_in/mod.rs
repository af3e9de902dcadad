//! How callers sign in.

pub(super) mod oauth;
pub(super) mod refresh;
