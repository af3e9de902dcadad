//! Tests of the pure machine: single rules, properties over random sagas, and a simulator over the shipped definitions.

mod build;
mod properties;
mod purity;
mod rules;
mod world;
