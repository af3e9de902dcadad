//! Authentication, permissions, and the record of refused requests.

pub mod cookies;
pub(super) mod lookups;
pub mod peer;
pub mod refusals;
pub(super) mod revocation;
pub mod session;
pub mod throttle;
