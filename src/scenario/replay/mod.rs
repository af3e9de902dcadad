//! Recorded runs as test data: `stepwell replay`.
//!
//! A [`Recording`] is what a journal says about the world around its run: answers to calls, events, the ends of other
//! runs, people's acts. A replay is a rehearsal of another definition in which all of that happens again at the same
//! times. The calls it would send are compared field by field with those sent then. Nothing leaves the program.
//! Anything that the recording lacks is reported as unknown rather than guessed.

mod answers;
mod calls;
mod mapped;
mod play;
mod recording;
mod report;

pub(super) use answers::Answers;

pub use crate::machine::compare::FieldChange;
pub use answers::Assume;
pub use calls::{CallReport, Fate};
pub use mapped::{MappedRecord, MappedRun, MappingDiff, RowChange, mapped};
pub use play::{Ended, Replay, Replayed};
pub use recording::Recording;
pub use report::{EventLabel, ReplayReport, ReplayedEvent};
