//! From text to a [`dsl::Definition`] that is valid by construction.

pub mod dsl;
pub mod openapi;
