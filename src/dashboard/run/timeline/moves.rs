//! A run that moved to another version, on its page.

use super::{NoteKind, Timeline};
use crate::machine::{Act, Moved, Record};

impl Timeline {
    /// The run moved to another version: its steps are those of that one, as if it had begun with it.
    pub(super) fn begin_anew(&mut self, record: &Record, moved: &Moved) {
        *self = Self { moved: Some((moved.from.clone(), record.at)), ..Self::default() };
        moved.records().iter().for_each(|record| self.take_in(record));
        self.pauses.total = moved.paused;
        let act = Act::Move { to: moved.to.clone() };
        self.note(record, NoteKind::Acted(act, moved.reason.clone()));
        if let (Some(note), Some(by)) = (self.notes.last_mut(), &moved.approved_by) {
            note.approval = Some((by.0.clone(), moved.approval_reason.clone()));
        }
    }
}
