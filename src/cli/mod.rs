//! cli.

pub mod sandbox;
