//! Compares requests and values with recorded ones.

mod differences;
mod requests;

pub use differences::{FieldChange, MASK, differences, holds_masks};
pub use requests::{changes, is_read, same_place, same_question, shown};
