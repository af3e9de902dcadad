//! The loop around the machine: takes facts in, commits decisions, carries out effects.

pub mod api;

pub use api::*;
