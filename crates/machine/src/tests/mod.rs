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
mod properties;
mod queue;
mod rules;
mod second;
mod world;
