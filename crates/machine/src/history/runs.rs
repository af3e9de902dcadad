//! From records to the run as a whole: what began, stopped, undid or ended it, and what people did.

use std::sync::Arc;

use super::fold::Reader;
use super::{Earlier, History, Note, NoteKind, State, What};
use crate::{
    Act, Actor, Attention, Change, CompensationEnd, Continuation, ExecutionId, Moved, Pauses, Record, Rewinding, Time,
    WorkflowError,
};

impl Reader<'_> {
    pub(super) fn take_in_run(&mut self, record: &Record) {
        let at = record.at;
        let history = &mut self.history;
        match &record.change {
            Change::RunStarted { input, transformed, queued, .. } => {
                history.queued = *queued;
                history.data = Some(Arc::clone(transformed.as_ref().unwrap_or(input)));
                history.input = Some(Arc::clone(input));
            }
            Change::RunAdmitted {} => (history.queued, history.admitted_at) = (false, Some(at)),
            Change::RunContinued(continuation) => *history = History::continued(continuation, at),
            Change::RunMoved(moved) => self.move_to(record, moved),
            Change::RunFaulted { execution, error, attention } => {
                self.stop(*execution, error, record);
                self.history.error = Some(error.clone());
                self.history.attention = Some(*attention);
                self.history.stopped_at.clone_from(&record.task);
            }
            Change::RunStopping { execution, error } => {
                self.stop(*execution, error, record);
                self.history.error = Some(error.clone());
            }
            Change::CompensationStarted { error, plan, end } => {
                self.note(record, NoteKind::UndoingBegan(plan.len(), *end));
                let history = &mut self.history;
                history.end_all(at, if error.is_some() { State::Faulted } else { State::Cancelled });
                history.error = error.clone().or_else(|| history.error.take());
                (history.attention, history.is_undoing) = (None, true);
            }
            Change::RunRewinding(rewinding) => self.go_back(record, rewinding),
            Change::RunRewound {} => {
                (history.error, history.is_undoing) = (None, false);
                history.data = history.rewind.take();
            }
            Change::UndoSkipped { execution } => history.skip_undo(*execution, at),
            Change::CompensationStuck { execution, error } => {
                history.fail(*execution, error, at);
                history.attention = Some(Attention::CompensationStuck);
            }
            Change::RunCompleted { output } => {
                history.output = Some(Arc::clone(output));
                history.finish(at, State::Completed);
            }
            Change::RunCompensated {} => {
                let state = if history.error.is_some() { State::Faulted } else { State::Cancelled };
                history.finish(at, state);
            }
            Change::RunCancelled {} => history.finish(at, State::Cancelled),
            Change::RunPoisoned { detail } => {
                self.note(record, NoteKind::Poisoned(detail.clone()));
                self.history.attention = Some(Attention::Poison);
            }
            Change::RunTakenOver {} => self.note(record, NoteKind::TakenOver),
            Change::RunRestarted { .. } => {}
            Change::OperatorActed { act, reason, approved_by, approval_reason, .. } => {
                self.note(record, NoteKind::Acted(act.clone(), reason.clone()));
                self.approved(approved_by.as_ref(), approval_reason.as_ref());
                self.history.acted(act, at);
            }
            _ => self.take_in_task(record),
        }
    }

    /// The run stops at an execution, if it is at one.
    fn stop(&mut self, execution: Option<ExecutionId>, error: &WorkflowError, record: &Record) {
        let Some(execution) = execution else { return };
        self.history.fail(execution, error, record.at);
        self.refuse_child(execution, error, record.at);
        let place = self.place;
        if let Some(step) = self.history.step_mut(execution) {
            step.turn(place, record.at, What::Stopped);
        }
    }

    /// The run moved to another version: its steps are those of that one, as if it had begun with it.
    fn move_to(&mut self, record: &Record, moved: &Moved) {
        let mut replayed = Reader { place: self.place, ..Reader::new(self.definition) };
        moved.records().iter().for_each(|record| replayed.take_in(record));
        self.history = replayed.history;
        let history = &mut self.history;
        history.pauses.total = history.pauses.total.max(moved.paused);
        (history.moved, history.continued) = (Some((record.at, moved.from.clone())), None);
        self.note(record, NoteKind::Acted(Act::Move { to: moved.to.clone() }, moved.reason.clone()));
        self.approved(moved.approved_by.as_ref(), moved.approval_reason.as_ref());
    }

    /// The run continues from an earlier step, once what must be undone is undone.
    fn go_back(&mut self, record: &Record, rewinding: &Rewinding) {
        self.note(record, NoteKind::Acted(Act::Rewind { from: rewinding.from.clone() }, rewinding.reason.clone()));
        self.approved(rewinding.approved_by.as_ref(), rewinding.approval_reason.as_ref());
        self.history.attention = None;
        self.history.end_all(record.at, State::Faulted);
        if !rewinding.plan.is_empty() {
            self.note(record, NoteKind::UndoingBegan(rewinding.plan.len(), CompensationEnd::Rewound));
        }
        (self.history.rewind, self.history.is_undoing) = (Some(Arc::clone(&rewinding.data)), true);
    }

    fn note(&mut self, record: &Record, kind: NoteKind) {
        let history = &mut self.history;
        self.noted.get_or_insert(history.notes.len());
        let (at, actor, after_steps) = (record.at, record.actor.0.clone(), history.steps.len());
        let about = history.stuck().map(|step| step.execution);
        history.notes.push(Note { at, actor, after_steps, about, pause_ms: None, approval: None, kind });
    }

    fn approved(&mut self, by: Option<&Actor>, reason: Option<&String>) {
        if let (Some(note), Some(by)) = (self.history.notes.last_mut(), by) {
            note.approval = Some((by.0.clone(), reason.cloned()));
        }
    }
}

impl History {
    fn continued(continuation: &Continuation, at: Time) -> Self {
        let undo = continuation.undo.iter().map(|done| {
            let (input, output) = (Arc::clone(&done.input), Arc::clone(&done.output));
            (done.execution, Earlier { reference: done.task.clone(), input, output })
        });
        Self {
            input: Some(Arc::clone(&continuation.input)),
            data: Some(Arc::clone(&continuation.data)),
            started_at: Some(continuation.started_at),
            pauses: Pauses { since: None, total: continuation.paused },
            continued: Some((at, continuation.executions)),
            earlier: undo.collect(),
            ..Self::default()
        }
    }

    fn acted(&mut self, act: &Act, at: Time) {
        match act {
            Act::Suspend => self.suspended = true,
            Act::Resume => self.suspended = false,
            Act::Retry { input, .. } => {
                self.let_continue();
                let failed = self.failed().map(|step| step.execution);
                // What failed inside a task that is about to end waits for that, and not for a person.
                let again = |step: &&super::Step| Some(step.execution) == failed || !self.is_held_inside(step);
                let again: Vec<ExecutionId> = self
                    .open()
                    .filter(|step| step.state == State::Stuck)
                    .filter(again)
                    .map(|step| step.execution)
                    .collect();
                for execution in again {
                    let Some(step) = self.step_mut(execution) else { continue };
                    step.resume(at);
                    if let Some(input) = input.as_ref().filter(|_| Some(execution) == failed) {
                        // What it had before stays its own until it begins again.
                        step.input = step.seen();
                        step.given = Some(Arc::new(input.clone()));
                    }
                }
            }
            Act::Skip { .. } => self.let_continue(),
            Act::Cancel { .. } | Act::Compensate => {
                if *act == Act::Compensate {
                    (self.ended_at, self.output) = (None, None);
                }
                (self.attention, self.suspended) = (None, false);
                self.drop_failed_questions(at);
            }
            Act::Dismiss => self.finish(at, State::Faulted),
            // They have records of their own.
            Act::Move { .. } | Act::Edit { .. } | Act::Rewind { .. } | Act::Restart { .. } | Act::Acknowledge => {}
        }
    }

    /// A person lets the run continue: what it undoes still has its cause.
    fn let_continue(&mut self) {
        self.attention = None;
        self.error = self.error.take().filter(|_| self.is_undoing);
    }
}
