//! Tests of the pure machine: single rules, and properties over random sagas.
//! For what ships see `scenario/tests`.

mod calls;
mod children;
mod clock;
mod costs;
mod families;
mod history;
mod hold;
mod instructions;
mod moves;
mod outcomes;
pub(crate) mod properties;
mod questions;
mod queue;
mod rules;
mod second;
pub(crate) mod world;
