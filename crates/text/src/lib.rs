//! What text, numbers and JSON values are to Stepwell, wherever they come from, and what a misspelt name may have meant.

pub mod canonical;
pub mod decimal;
pub mod storable;
pub mod suggest;
