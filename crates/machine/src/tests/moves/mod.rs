//! Runs that move to another version.

mod generated;
mod rules;
