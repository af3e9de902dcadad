//! One file per kind of task: how it begins, what it yields.

mod call;
mod credentials;
mod raise;
mod set;
mod switch;
mod r#try;
mod wait;

pub(super) use credentials::Unrecorded;
