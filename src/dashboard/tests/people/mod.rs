//! Pages of everything that waits for people.

use super::*;

mod proposals;
mod tasks;
