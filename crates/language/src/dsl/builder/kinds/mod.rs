//! One file per kind of task.

mod call;
mod emit;
mod extension;
mod flow;
mod fork;
mod listen;
mod r#loop;
mod run;
mod r#try;

pub(crate) use r#try::is_read;
