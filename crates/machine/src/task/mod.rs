//! One file per kind of task: how it begins, what it yields.

mod call;
mod credentials;
mod emit;
pub(super) mod extension;
pub(super) mod r#for;
pub(super) mod fork;
pub(super) mod listen;
mod process;
mod raise;
mod run;
mod set;
mod switch;
mod r#try;
mod wait;

pub(super) use credentials::Unrecorded;
