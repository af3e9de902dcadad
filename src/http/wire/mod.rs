//! Connections, bodies and requests within limits of time and memory.

pub mod body;
pub mod budget;
pub(super) mod connection_table;
pub(super) mod exchange;
pub mod limits;
pub mod phase;
pub mod serve;
