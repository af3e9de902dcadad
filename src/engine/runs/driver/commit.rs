//! Writes what was decided; only then does it become so.

use std::time::Instant;

use tracing::{error, warn};
use uuid::Uuid;

use super::row::{change_of, format_of, rests, state_of, stays, to_i32};
use super::{Driver, LONG, LONG_STAYS, Stay, decide};
use crate::engine::catalog::Loaded;
use crate::engine::runs::batch::{Advance, AdvanceOutcome, SnapshotChange};
use crate::engine::runs::consequences::{Nudge, consequences};
use crate::engine::runs::progress::Progress;
use crate::engine::runs::snapshots::Snapshots;
use crate::machine::{Decision, Effect, Fact, Record, Run, Time};
use crate::store::runs::commit::{RunState, Transition};
use crate::store::runs::journal::{self, Hash, NewRow};
use crate::telemetry;

impl Driver {
    /// Writes a decision; only then does it become so.
    pub(super) async fn commit(
        &mut self,
        decision: Decision,
        answer: Option<(Uuid, Option<String>)>,
        by: Progress,
    ) -> Stay {
        self.commit_as(self.driven.loaded.clone(), decision, answer, by).await
    }

    /// The same with the definition that the run has then.
    pub(super) async fn commit_as(
        &mut self,
        loaded: Loaded,
        decision: Decision,
        answer: Option<(Uuid, Option<String>)>,
        by: Progress,
    ) -> Stay {
        if decision.records.is_empty() && decision.effects.is_empty() {
            if by == Progress::MoreThanACall {
                self.idles();
            }
            if let Some((id, refusal)) = answer {
                self.runs.committer.answer(id, refusal).await;
            }
            return self.settle().await;
        }
        let consequences = consequences(&loaded, &self.driven.run, &decision, &self.runs.context.settings.sinks);
        let Decision { run, records, effects } = decision;
        let seq_before = to_i32(self.driven.run.seq);
        let (rows, head) = match journal::encode(&records, seq_before, self.driven.head, self.runs.context.format()) {
            Ok(encoded) => encoded,
            Err(why) => return self.poison(why.to_string()).await,
        };
        let state = self.state(&loaded, &run, head, &effects, &rows);
        let (stays, wake_at) = (state.owner.is_some(), state.wake_at);
        let progress = by.is_made(&records);
        let transition =
            Transition { id: run.id, owner: self.node.id, fence: self.driven.fence, seq_before, state, progress };
        let mut nudge = Nudge::default();
        nudge.note(run.id, &consequences);
        let bytes = rows.iter().map(|row| row.data.len()).sum();
        let snapshot = self.snapshot(&run, head, &records, bytes).await;
        let moves_to = (loaded.id != self.driven.loaded.id).then_some(loaded.id);
        let answers = answer.into_iter().collect();
        let advance = Advance { transition, rows, consequences, answers, snapshot, moves_to };
        let outcome = self.runs.committer.advance(advance).await;
        self.mailbox.vacate();
        match outcome {
            AdvanceOutcome::Done => {
                nudge.carry_out(&self.runs);
                self.driven.loaded = loaded;
                if run.base > self.driven.run.base {
                    self.node.let_go(&self.mailbox);
                }
                self.node.holds(&self.mailbox, bytes);
                self.runs.followers.tell(&run, self.driven.run.seq, &records, wake_at);
                self.moved(run, head, records.last().map(|r| r.at));
                if progress {
                    self.node.progressed(self.driven.run.id);
                }
                if stays { self.carry_out(effects) } else { Stay::Gone }
            }
            AdvanceOutcome::Lost => self.lost(),
            AdvanceOutcome::Refused(why) => self.poison(why).await,
        }
    }

    /// Leaves memory where nothing is left to wait for here.
    pub(super) async fn settle(&mut self) -> Stay {
        let (stays, leaves_at) = self.stays(&self.driven.run, &[]);
        self.leaves_at = leaves_at;
        if stays { Stay::Here } else { self.release().await }
    }

    /// Gives the run back to the database without a record.
    pub(super) async fn release(&mut self) -> Stay {
        let run = &self.driven.run;
        let seq_before = to_i32(run.seq);
        let mut state = state_of(&self.driven.loaded, run, self.driven.head, None, format_of(&[]));
        // What goes on neither by a timer nor by a message must be looked at by the next node at once.
        if !rests(run) && (run.has_call_in_flight() || (run.wake_at().is_none() && !run.awaits_message())) {
            state.wake_at = Some(self.now());
        }
        let progress = false;
        let transition =
            Transition { id: run.id, owner: self.node.id, fence: self.driven.fence, seq_before, state, progress };
        let outcome = self.runs.committer.advance(Advance::of(transition)).await;
        if outcome == AdvanceOutcome::Lost { self.lost() } else { Stay::Gone }
    }

    fn lost(&self) -> Stay {
        warn!(run.id = %self.driven.run.id, node = %self.node.id, "another node owns the run now; nothing was written");
        telemetry::run_lost();
        Stay::Gone
    }

    /// The database refuses what the run brings: it is parked alone.
    pub(super) async fn poison(&mut self, why: String) -> Stay {
        error!(run.id = %self.driven.run.id, why, "the run cannot be recorded");
        let detail = format!("the run's next step cannot be recorded: {why}");
        let now = self.now();
        let fact = Fact::Poisoned { detail };
        let Ok(decision) = decide(&self.runs.context, &self.driven.loaded, &self.driven.run, fact, now).await else {
            return Stay::Gone;
        };
        let seq_before = to_i32(self.driven.run.seq);
        let Ok((rows, head)) =
            journal::encode(&decision.records, seq_before, self.driven.head, self.runs.context.format())
        else {
            return Stay::Gone;
        };
        let state = state_of(&self.driven.loaded, &decision.run, head, None, format_of(&rows));
        let wake_at = state.wake_at;
        let (id, owner, fence) = (self.driven.run.id, self.node.id, self.driven.fence);
        let transition = Transition { id, owner, fence, seq_before, state, progress: true };
        let outcome = self.runs.committer.advance(Advance { rows, ..Advance::of(transition) }).await;
        if outcome == AdvanceOutcome::Done {
            self.runs.followers.tell(&decision.run, self.driven.run.seq, &decision.records, wake_at);
            self.moved(decision.run, head, None);
        }
        Stay::Gone
    }

    /// What happens to the run's snapshot with this decision.
    async fn snapshot(&mut self, run: &Run, head: Hash, records: &[Record], bytes: usize) -> Option<SnapshotChange> {
        let snapshots = &mut self.driven.snapshots;
        snapshots.note(bytes);
        if run.base > self.driven.run.base {
            return snapshots.begin_anew(run.seq, run.base, head).map(SnapshotChange::Put);
        }
        if run.is_closed() {
            // Also one that could not be used: it does not outlive its run.
            return Snapshots::may_exist(run.seq).then_some(SnapshotChange::Remove);
        }
        if !snapshots.are_due(run.seq) {
            return None;
        }
        let last_at = records.last().map_or(self.driven.last_at, |record| record.at);
        snapshots.take(&self.driven.loaded, run, head, last_at).await.map(SnapshotChange::Put)
    }

    fn moved(&mut self, run: Run, head: Hash, last_at: Option<Time>) {
        self.idle = None;
        let changed = (run.status, run.attention) != (self.driven.run.status, self.driven.run.attention);
        self.driven.run = run;
        self.driven.head = head;
        self.driven.last_at = last_at.unwrap_or(self.driven.last_at);
        if changed {
            self.runs.announce(change_of(&self.driven.loaded, &self.driven.run, self.driven.last_at));
        }
    }

    fn state(&mut self, loaded: &Loaded, run: &Run, head: Hash, effects: &[Effect], rows: &[NewRow]) -> RunState {
        let (stays, leaves_at) = self.stays(run, effects);
        self.leaves_at = leaves_at;
        let owner = stays.then_some(self.node.id);
        state_of(loaded, run, head, owner, format_of(rows))
    }

    /// Whether a run goes on soon enough to stay in memory, or is told something that it has not dealt with; and until when it stays
    /// if it only waits to be told something.
    fn stays(&self, run: &Run, effects: &[Effect]) -> (bool, Option<Instant>) {
        let goes_on = !self.mailbox.is_empty() || stays(&self.runs.context, &self.node, run, effects);
        let waits =
            run.seq - run.base >= LONG && run.awaits_message() && !rests(run) && !self.node.draining.is_cancelled();
        // Counted from the last record; each message starts the time again.
        let since = if run.seq == self.driven.run.seq { self.leaves_at } else { None };
        let leaves_at = (!goes_on && waits).then(|| since.unwrap_or_else(|| Instant::now() + LONG_STAYS));
        (goes_on || leaves_at.is_some_and(|at| at > Instant::now()), leaves_at)
    }
}
