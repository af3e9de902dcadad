//! Requests and values beside recorded ones: when two requests are the same question, and in which fields values differ.

mod differences;
mod requests;

pub use differences::{FieldChange, MASK, differences, holds_masks};
pub use requests::{changes, is_read, same_place, same_question, shown};
