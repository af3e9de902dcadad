//! How runs begin: decided, committed together with the event that starts them, then driven by the node that has room.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::Runs;
use super::batch::{Accept, AcceptOutcome, FirstStep};
use super::consequences::{Nudge, consequences};
use super::driver::{Driven, First, change_of, decide, drive, format_of, state_of, stays};
use super::expected::Expected;
use super::follow::Snapshot;
use super::snapshots::Snapshots;
use super::starts::Cause;
use crate::dsl::Definition;
use crate::engine::RunChange;
use crate::engine::catalog::Loaded;
use crate::engine::node::Node;
use crate::machine::view::RunHead;
use crate::machine::{Begin, Effect, Fact, Record, Rejected, Run, RunId, SchemaViolation, Started, Time};
use crate::store::acts::StartAct;
use crate::store::events::topics::NewPosition;
use crate::store::runs::commit::{NewEvent, NewRun};
use crate::store::runs::freezes::Freeze;
use crate::store::runs::journal::{self, Source};

/// How long an event may wait for its commit before its sender is told to try again. Senders wait five to ten seconds.
const ACCEPT_WAIT_MAX: Duration = Duration::from_secs(4);

/// A run that is decided but not committed.
pub(in crate::engine) struct Prepared {
    pub(in crate::engine) first: FirstStep,
    loaded: Loaded,
    records: Vec<Record>,
    /// What live views and metrics are told after the commit, whether or not the run stays in memory.
    change: RunChange,
    /// Set when this node drives it: what to do after the commit.
    here: Option<Here>,
    /// The freezes by which it was judged, where it was judged alone.
    pub(in crate::engine) judged_by: Option<Arc<Vec<Freeze>>>,
    /// The event under which an idempotency key is stored with it.
    pub(in crate::engine) keyed_by: Option<Uuid>,
}

impl Prepared {
    /// The run as its commit will leave it.
    pub(in crate::engine) fn snapshot(&mut self) -> Snapshot {
        let new = &self.first.run;
        Snapshot {
            definition: Arc::clone(&self.loaded.definition),
            head: RunHead {
                id: new.id,
                parent: new.parent_id,
                created_at: new.created_at,
                wake_at: new.state.wake_at,
                base: 0,
            },
            records: std::mem::take(&mut self.records),
            settled: self.change.is_settled(),
        }
    }
}

struct Here {
    driven: Driven,
    effects: Vec<Effect>,
    expected: Expected,
}

/// What is to be committed: an event, the runs that it starts, or runs that are started without one.
pub(in crate::engine) struct PendingStart {
    pub(in crate::engine) event: Option<NewEvent>,
    pub(in crate::engine) prepared: Vec<Prepared>,
    /// What a person does by it.
    pub(in crate::engine) act: Option<StartAct>,
    /// How far the topic has come that the event was read from.
    pub(in crate::engine) position: Option<NewPosition>,
    /// The freezes by which the runs were judged; none of runs that no freeze holds back.
    pub(in crate::engine) judged_by: Option<Arc<Vec<Freeze>>>,
}

impl Runs {
    /// Whether more work may come in.
    pub(in crate::engine) fn admits(&self, node: &Node) -> Result<(), String> {
        if node.draining.is_cancelled() {
            return Err("the node is shutting down".to_owned());
        }
        if !node.is_alive() {
            return Err("the database is not available".to_owned());
        }
        if self.committer.is_full(self.context.settings.queue_max) {
            return Err("the node is full".to_owned());
        }
        Ok(())
    }

    pub(in crate::engine) async fn prepare(
        &self,
        node: &Arc<Node>,
        definition: &Arc<Definition>,
        id: RunId,
        started: Started,
        source: Option<&Source<'_>>,
        now: Time,
    ) -> Result<Prepared, Rejected> {
        let definition_id = self.context.catalog.id_of(&definition.workflow).unwrap_or_default();
        let loaded = Loaded { id: definition_id, definition: Arc::clone(definition) };
        let (event_id, begin) = (started.event, started.begin);
        let frozen = started.hold.as_ref().map(|hold| hold.freeze);
        let parent_id = started.parent.map(|parent| parent.run);
        let unborn = Run::new(id);
        let decision = decide(&self.context, &loaded, &unborn, Fact::Started(Box::new(started)), now).await?;
        let (rows, head) =
            journal::encode_from(&decision.records, 0, journal::genesis(id), self.context.format(), source)
                .map_err(|e| Rejected::KeyRefused(e.to_string()))?;
        let here = begin == Begin::Now && stays(&self.context, node, &decision.run, &decision.effects);
        let mut state = state_of(&loaded, &decision.run, head, here.then_some(node.id), format_of(&rows));
        if begin == Begin::Later && !decision.run.queued && !decision.run.suspended {
            state.wake_at = Some(now);
        }
        let key = decision.run.key.clone();
        let new = NewRun { id, definition_id: loaded.id, event_id, parent_id, key, created_at: now, state };
        let mut consequences = consequences(&loaded, &unborn, &decision, &self.context.settings.sinks);
        consequences.frozen = frozen;
        let change = change_of(&loaded, &decision.run, now);
        let here = here.then(|| Here {
            expected: Expected::new(node, id),
            effects: decision.effects,
            driven: Driven {
                run: decision.run,
                loaded: loaded.clone(),
                fence: 1,
                head,
                last_at: now,
                bytes: rows.iter().map(|row| row.data.len()).sum(),
                snapshots: Snapshots::default(),
            },
        });
        let first = FirstStep { run: new, rows, consequences };
        Ok(Prepared { first, loaded, records: decision.records, change, here, judged_by: None, keyed_by: None })
    }

    /// Commits, then begins to drive what belongs to this node. Runs in a task of its own: a sender that hangs up between
    /// commit and answer strands nothing.
    pub(in crate::engine) async fn commit_accept(
        self: &Arc<Self>,
        node: &Arc<Node>,
        cause: Cause,
        pending: PendingStart,
    ) -> AcceptOutcome {
        let PendingStart { event, prepared, act, position, judged_by } = pending;
        let this = Arc::clone(self);
        let node = Arc::clone(node);
        let (reply, outcome) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let mut runs = Vec::with_capacity(prepared.len());
            let (mut here, mut begun) = (Vec::with_capacity(prepared.len()), Vec::with_capacity(prepared.len()));
            let mut nudge = Nudge::default();
            for Prepared { first, here: mine, change, loaded, .. } in prepared {
                here.extend(mine);
                begun.push((loaded, change));
                nudge.note(first.run.id, &first.consequences);
                runs.push(first);
            }
            let is_counted = event.as_ref().is_some_and(|event| event.counted.is_some());
            let done = this.committer.accept(Accept { event, runs, act, position, judged_by }).await;
            let committed = matches!(done, AcceptOutcome::Done { .. });
            if committed {
                for (loaded, change) in begun {
                    this.has_begun(&cause, &loaded.definition, change);
                }
                nudge.carry_out(&this);
            }
            if committed && is_counted {
                this.context.signals.numbers.notify_one();
            }
            // Nobody waiting for the answer is no error: the run continues.
            let _ = reply.send(done);
            for here in here {
                begin_driving(&this, &node, here, committed);
            }
        });
        match tokio::time::timeout(ACCEPT_WAIT_MAX, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => AcceptOutcome::Failed("the node is shutting down".to_owned()),
            Err(_) => AcceptOutcome::Failed("the database did not answer in time".to_owned()),
        }
    }
}

/// Drives a run that was just committed; forgets it if it was not.
fn begin_driving(runs: &Arc<Runs>, node: &Arc<Node>, here: Here, committed: bool) {
    let Here { driven, effects, expected } = here;
    if !committed {
        return;
    }
    let Some(mailbox) = expected.take() else { return };
    tokio::spawn(drive(Arc::clone(runs), Arc::clone(node), driven, First::Effects(effects), mailbox));
}

pub(in crate::engine) fn explain(rejected: Rejected) -> Vec<SchemaViolation> {
    match rejected {
        Rejected::InputRefused(violations) => violations,
        other => vec![SchemaViolation { pointer: String::new(), message: other.to_string() }],
    }
}
