//! What waits for people.

use super::*;

mod proposals;
mod tasks;
