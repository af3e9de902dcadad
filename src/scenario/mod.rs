//! Tests that authors write next to their workflows: `stepwell test`.
//!
//! A *scenario* is an input, mocked answers to calls, and the expected result. A *rehearsal* runs it with the same
//! machine as in production ([`crate::machine::decide()`]) and the same code that judges answers, in simulated time: no
//! database, no sockets, and a retry after an hour takes no time. A *schedule* lists the faults that occur during a
//! rehearsal, and [`explore()`] tries every schedule of a given depth. A scenario and a schedule always give the same
//! rehearsal.
//!
//! `read`, `around` and `expectation` parse a text into a [`ScenarioFile`]. `rehearsal` runs a scenario and returns a
//! [`Trace`]: `pending` determines what reaches the run next, `send` and `target` answer its calls, `relatives` has
//! events and other runs. `replay` runs recorded runs again, with their journals as the world around them. `outcome` is
//! what predicates see, `check` compares, `explore` searches for failing schedules, `suite` and `report` implement
//! `stepwell test`.

mod check;
mod file;
mod outcome;
mod rehearsal;
pub mod replay;
mod report;
mod suite;
#[cfg(test)]
mod tests;

pub use check::differences;
pub use file::read::read;
pub use file::*;
pub use rehearsal::explore::{DEPTH_MAX, Exploration, Failing, explore};
pub use rehearsal::schedule::{BadSchedule, Fault, Schedule, Strike};
pub use rehearsal::trace::{Sending, Trace};
pub use rehearsal::{Evaluate, Stage};
pub use report::{FaultsReport, FileReport, Report, ScenarioReport};
pub use suite::{Ask, OfflineHub, sendings, test_file};
