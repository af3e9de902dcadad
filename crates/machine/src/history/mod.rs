//! What a run's records mean for those who read them.

pub mod lifecycle;
pub mod view;
