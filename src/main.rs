//! Stepwell.
fn main() {}
