//! What text, numbers and JSON values are to Stepwell, wherever they come from.

pub mod canonical;
pub mod decimal;
pub mod storable;
