//! Builds a [`dsl::Definition`], which is valid by construction, from a text.

pub mod dsl;
pub mod openapi;
