//! cli.

pub mod validate;
