//! The pure state machine: what happened goes in, the next run, its journal and the effects come out.
//!
//! Nothing here does IO, reads a clock, draws a random number or waits. A run changes only by [`apply()`]ing a
//! [`Record`]; [`decide()`] makes records out of a [`Fact`]. Recovery folds the journal through the same [`apply()`].

mod advance;
pub mod apply;
pub mod cause;
mod clock;
pub mod compare;
pub mod continuation;
mod dataflow;
pub mod decide;
pub mod done;
pub mod effect;
pub mod error;
pub mod fact;
mod fault;
pub mod identity;
pub mod lifecycle;
pub mod masks;
pub mod moves;
mod operator;
pub mod outcome;
pub mod record;
pub mod retry;
pub mod run;
pub mod saga;
pub mod snapshot;
mod stored;
mod task;
pub mod view;

pub use apply::{Inconsistent, apply, fold};
pub use cause::Cause;
pub use clock::Pauses;
pub use continuation::Continuation;
pub use decide::{Answers, Around, Decision, Stop as NoDecision, decide};
pub use done::{Compensation, Done, DoneSteps};
pub use effect::*;
pub use error::*;
pub use fact::*;
pub use moves::{Misfit, Move, Moved, MovedBy, decide_move};
pub use operator::{Proposed, propose};
pub use outcome::{Impact, Pivot};
pub use record::*;
pub use run::*;

/// The time of the database, UTC.
pub type Time = chrono::DateTime<chrono::Utc>;

/// UUIDv7 of a run.
pub type RunId = uuid::Uuid;

#[cfg(any(test, feature = "generated"))]
pub mod generated;
#[cfg(test)]
mod tests;
