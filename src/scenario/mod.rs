//! Tests that authors write beside their workflows: `stepwell test`.
//!
//! A *scenario* is an input, who answers calls, and what must come of it. A *rehearsal* plays it with the machine that runs
//! in production ([`crate::machine::decide()`]) and with the code that judges answers in production, in a time of its own: no
//! database, no sockets, and a retry in an hour takes no time. A *schedule* says what goes wrong during a rehearsal, and
//! [`explore()`] tries every schedule of a given depth. The same scenario and schedule always give the same rehearsal.
//!
//! `read`, `around` and `expectation` make a [`ScenarioFile`] of a text. `rehearsal` plays a scenario and gives a [`Trace`]:
//! `coming` says what reaches the run next, `send` and `target` answer its calls, `relatives` are events and other runs.
//! `replay` plays recorded runs again, with what their journals know as the world around them.
//! `outcome` is what predicates see, `check` compares, `explore` looks for failing schedules, `suite` and `report` are for
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
