//! Recorded runs as test data: `stepwell replay`.
//!
//! A [`Recording`] is what a journal says about the world around its run: which calls were answered how, which events came,
//! how other runs went, what people did. A replay is a rehearsal in which all of that comes again, at the time at which it
//! came then, to another definition. What it would have sent is compared field by field with what was sent. Nothing leaves
//! the program, and what the record does not know is said to be unknown rather than guessed.

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
