//! Rules for text, numbers and JSON values that hold everywhere in Stepwell, and suggestions for misspelt names.

pub mod canonical;
pub mod decimal;
pub mod storable;
pub mod suggest;
