//! Tests of the pure machine: single rules, and properties over random sagas.
//! For what ships see `scenario/tests`.

mod build;
mod calls;
mod clock;
pub(crate) mod generated;
mod properties;
mod purity;
mod queue;
mod rules;
mod world;
