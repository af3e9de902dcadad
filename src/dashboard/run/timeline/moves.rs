//! A run that moved to another version, or went back to an earlier step, on its page.

use std::sync::Arc;

use super::{NoteKind, State, Timeline};
use crate::machine::{Act, CompensationEnd, Moved, Record, Rewinding};

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

    /// The run continues from an earlier step, once what must be undone is undone.
    pub(super) fn go_back(&mut self, record: &Record, rewinding: &Rewinding) {
        let act = Act::Rewind { from: rewinding.from.clone() };
        self.note(record, NoteKind::Acted(act, rewinding.reason.clone()));
        if let (Some(note), Some(by)) = (self.notes.last_mut(), &rewinding.approved_by) {
            note.approval = Some((by.0.clone(), rewinding.approval_reason.clone()));
        }
        (self.stuck, self.parked) = (None, false);
        self.close_open(record.at, State::Faulted);
        if !rewinding.plan.is_empty() {
            self.note(record, NoteKind::UndoingBegan(rewinding.plan.len(), CompensationEnd::Rewound));
        }
        self.rewound = Some((self.steps.len(), Arc::clone(&rewinding.data)));
    }
}
