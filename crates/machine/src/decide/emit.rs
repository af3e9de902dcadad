//! Writing records: each is applied at once, so that what follows is decided about the run as it is then.

use std::sync::Arc;

use crate::decide::Decider;
use crate::{Actor, Change, Execution, ExecutionId, Progress, Record, Run, apply};
use stepwell_text::storable::Replaced;

impl Decider<'_> {
    /// Records a change and makes it so.
    pub(crate) fn emit(&mut self, execution: Option<ExecutionId>, change: Change) {
        self.emit_by(Actor::engine(), execution, change);
    }

    pub(crate) fn emit_by(&mut self, actor: Actor, execution: Option<ExecutionId>, change: Change) {
        let open = execution.and_then(|id| self.run.execution(id));
        let task = open.map(|e| Arc::from(self.definition.task(e.task).reference.as_str()));
        let attempt = match (&change, open) {
            (Change::AttemptStarted { .. }, Some(e)) => Some(e.attempts() + 1),
            (_, Some(e)) if matches!(e.progress, Progress::Call(_)) => Some(e.attempts()),
            _ => None,
        };
        self.emit_record(Record { at: self.now, actor, task, attempt, change, note: None });
    }

    /// The same for a record that is made already. It says what was replaced in the values that led to it.
    ///
    /// No attempt leaves the run without a word: those that the change ends are recorded as abandoned before it.
    pub(crate) fn emit_record(&mut self, record: Record) {
        for execution in self.abandoned_by(&record.change) {
            self.abandon(execution);
        }
        self.push(record);
    }

    fn push(&mut self, mut record: Record) {
        record.note = Replaced { nul: self.asking.replaced.take(), ..Replaced::default() }.note();
        let paused = self.run.pauses.total;
        apply(self.definition, &mut self.run, &record).expect("a decision records only what fits the run");
        record.tell_pause(self.run.pauses.total - paused);
        self.records.push(record);
    }

    /// Records that nobody waits for a call any more, where it is on its way and may change something.
    pub(crate) fn abandon(&mut self, execution: ExecutionId) {
        let Some(open) = self.run.execution(execution).filter(|e| e.is_in_flight() && e.changes_target()) else {
            return;
        };
        let settles_at = self.settles_at(open);
        self.emit(Some(execution), Change::AttemptAbandoned { execution, settles_at });
    }

    /// Calls on their way that a change would end, and that change something at their targets.
    fn abandoned_by(&self, change: &Change) -> Vec<ExecutionId> {
        let answered = match change {
            Change::TaskCompleted { execution, .. } | Change::TaskSkipped { execution, .. }
                if !self.run.open.iter().any(|e| e.parent == Some(*execution)) =>
            {
                return Vec::new();
            }
            Change::TaskCompleted { execution, .. } => Some(*execution),
            Change::TaskSkipped { .. }
            | Change::TaskFaulted { .. }
            | Change::ErrorCaught { .. }
            | Change::RunFaulted { .. }
            | Change::RunStopping { .. }
            | Change::CompensationStarted { .. }
            | Change::CompensationStuck { .. }
            | Change::UndoSkipped { .. }
            | Change::RunCompleted { .. }
            | Change::RunCompensated {}
            | Change::RunCancelled {}
            | Change::OperatorActed { .. } => None,
            _ => return Vec::new(),
        };
        let on_their_way = |run: &Run| -> Vec<ExecutionId> {
            let own = |e: &&Execution| e.is_in_flight() && e.changes_target() && Some(e.id) != answered;
            run.open.iter().filter(own).map(|e| e.id).collect()
        };
        let before = on_their_way(&self.run);
        if before.is_empty() {
            return before;
        }
        // The one function that moves runs says what would be left: it is tried on a copy.
        let mut copy = self.run.clone();
        let record = Record::of_engine(self.now, change.clone());
        if apply(self.definition, &mut copy, &record).is_err() {
            return Vec::new();
        }
        let after = on_their_way(&copy);
        before.into_iter().filter(|id| !after.contains(id)).collect()
    }
}
