//! Who asks, what they may do, and who is turned away.

pub mod cookies;
pub(super) mod lookups;
pub mod peer;
pub mod refusals;
pub(super) mod revocation;
pub mod session;
pub mod throttle;
