//! The pure state machine: what happened goes in, the next run, its journal and the effects come out.
//!
//! Nothing here does IO, reads a clock, draws a random number or waits. A run changes only by [`apply()`]ing a
//! [`Record`]; [`decide()`] makes records out of a [`Fact`]. Recovery folds the journal through the same [`apply()`].

pub mod acts;
mod apply;
pub mod compare;
mod decide;
mod effect;
mod error;
mod fact;
pub mod history;
mod identity;
pub mod masks;
pub mod moves;
pub mod question;
mod record;
pub mod rewind;
mod run;
mod task;

pub use acts::{ActKind, Permitted, permitted};
pub use apply::{Inconsistent, apply, fold};
pub use decide::{Answers, Around, Decision, Proposed, Stop as NoDecision, decide, propose, violations};
pub use effect::*;
pub use error::*;
pub use fact::*;
pub use history::{lifecycle, view};
pub use moves::{Misfit, Move, Moved, MovedBy, decide_move};
pub use question::Asked;
pub(crate) use record::stored;
pub use record::*;
pub use rewind::{Rewind, Rewinding, RewoundBy, decide_rewind};
pub use run::*;
pub use task::{
    Branch, CallPhase, CallProgress, ChildPhase, ChildProgress, ExtendedProgress, ForProgress, IterationOutputs,
    ListenProgress, Listening, ParallelFor, ReportedFault, TryPhase, TryProgress, Unacted,
};

/// The time of the database, UTC.
pub type Time = chrono::DateTime<chrono::Utc>;

/// UUIDv7 of a run.
pub type RunId = uuid::Uuid;

#[cfg(any(test, feature = "generated"))]
pub mod generated;
#[cfg(test)]
mod tests;
