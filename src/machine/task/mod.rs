//! One file per kind of task: how it begins, what it yields.

mod call;
mod r#for;
pub(super) mod fork;
mod raise;
mod set;
mod switch;
mod r#try;
mod wait;
