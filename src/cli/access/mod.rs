//! Commands about users, sessions and tokens.

pub(super) mod login;
pub(super) mod session;
pub(super) mod token;
pub(super) mod user;
