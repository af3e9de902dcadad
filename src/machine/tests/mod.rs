//! Tests of the pure machine: single rules, properties over random sagas, and a simulator over the shipped definitions.

mod build;
mod calls;
pub(crate) mod generated;
mod properties;
mod purity;
mod rules;
mod shipped;
mod world;
