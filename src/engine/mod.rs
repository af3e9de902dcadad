//! The loop around the machine: takes facts in, commits decisions, carries out effects.
//!
//! `intake` begins runs, `driver` moves one run, `committer` writes batches (`batch`), `node` keeps the lease and finds work that other
//! nodes left. A run changes only by a decision that was committed under its fence.

pub mod api;
pub mod audit;
mod catalog;
mod events;
mod node;
pub mod retention;
pub mod runs;
mod schedules;
pub mod search;
pub mod settings;
mod start;
pub mod sync;
pub mod tasks;

use std::sync::atomic::AtomicI16;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{Notify, Semaphore, broadcast};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::info;

pub use api::*;
pub(crate) use catalog::rebuild_archived;
pub use events::incoming::{clean_act, hide_body};
pub use events::recordings::{Found, RecordedRun};
pub use events::replays::ReplayError;
pub use events::sequences::{ChannelView, GapView, SourceView};
pub use events::topics::{Delivered, Shape, Shaped, Start, Subscription, Topic, TopicView};
pub use node::pauses::PauseError;
pub use runs::acts::restarts::Restarted;
pub use runs::follow::Begun;
pub use runs::freezes::{FRESH_MAX, FreezeError};
pub use runs::moves::MoveError;
pub use schedules::{ScheduleAct, ScheduleActed};
pub use settings::{EngineSettings, Sink};
pub use sync::batches::{BatchView, Retried};
pub use sync::conflicts::{Conflict, Settled};
pub use sync::drift::{COUNTED_MAX, Drift, Sweep};
pub use sync::mappings::{MappingUser, UsedMapping};

use crate::connect::{Connections, Standing};
use crate::dsl::Built;
use crate::evaluator::Evaluator;
use crate::machine::masks::Masks;
use crate::machine::view::{RunHead, RunView, view};
use crate::machine::{Act, Actor, RunId, Time};
use crate::store::acts::By;
use crate::store::nodes::formats::ASKED;
use crate::store::nodes::pauses::Pause;
use crate::store::runs::listing::{Counted, LiveCounts};
use crate::store::runs::{journal, listing};
use crate::store::{StoreError, definitions};
use catalog::{Catalog, Loaded};
use events::incoming;
use events::looking::Looking;
use events::subscriptions::Subscriptions;
use events::topics::Topics;
use node::clock::Clock;
use node::fresh::Fresh;
use node::health::Health;
use node::{Node, loops};
use runs::acts::restarts::Again;
use runs::committer::Committer;
use runs::freezes::Freezes;
use runs::{command, follow};

/// What the tasks of an engine share.
struct Inner {
    settings: EngineSettings,
    /// The engine's own connections; plans do not depend on statistics there.
    pool: PgPool,
    /// The same for what many runs, senders and people ask at once. It may run out, and then the loops still have theirs; and none
    /// of its statements runs for long.
    crowd: PgPool,
    /// For reads of API and dashboard.
    reader: PgPool,
    clock: Clock,
    /// The newest format that all live nodes know: what is written is in this one.
    format: AtomicI16,
    catalog: Catalog,
    committer: Committer,
    connections: Connections,
    /// Which systems calls reach, as far as it is known.
    environment: Option<String>,
    evaluator: Evaluator,
    changes: broadcast::Sender<RunChange>,
    /// How many runs live.
    counted_runs: Counted,
    /// Callers that wait for a run.
    followers: follow::Followers,
    /// Events were written that go out.
    outgoing: Notify,
    /// Numbers were written that are to be counted.
    counted: Notify,
    /// Runs that look at earlier events at once, beside the loop.
    looking_back: Arc<Semaphore>,
    /// How far runs have looked at earlier events.
    looking: Looking,
    /// What waits for someone to say that it may continue.
    freezes: Freezes,
    /// Connections that people paused.
    paused: Fresh<Vec<Pause>>,
    /// Which subscriptions take too long.
    subscriptions: Subscriptions,
    /// Topics that this process subscribes to.
    topics: Topics,
    /// What fails again and again.
    health: Arc<Health>,
    /// The current incarnation.
    node: RwLock<Arc<Node>>,
    /// The process goes down.
    closing: CancellationToken,
    /// Everything is released; the last tasks end.
    closed: CancellationToken,
    /// However the engine ends, the thread of its heartbeat does too.
    _ends_with_it: DropGuard,
}

/// Handle to the engine of this process. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

impl Engine {
    /// How many runs live, at most two seconds ago.
    ///
    /// # Errors
    /// The database is away.
    pub async fn live_counts(&self) -> Result<LiveCounts, StoreError> {
        self.inner.counted_runs.live(&self.inner.reader).await
    }

    /// The environment in force, and how its connections stand on this node.
    #[must_use]
    pub fn connections(&self) -> (String, Vec<Standing>) {
        let connections = &self.inner.connections;
        (connections.environment().to_owned(), connections.standings())
    }

    /// Whether tokens that come of refresh tokens are kept for all nodes, not in the memory of each.
    #[must_use]
    pub fn stores_tokens(&self) -> bool {
        self.inner.connections.stores_tokens()
    }

    /// Pool for reads of API and dashboard; the engine writes through its own connections.
    #[must_use]
    pub fn reader(&self) -> &PgPool {
        &self.inner.reader
    }

    /// What is deployed, as this node knows it.
    #[must_use]
    pub fn deployed(&self) -> Arc<Deployed> {
        self.inner.catalog.deployed()
    }

    /// The same, with all that was deployed before this call, also through other nodes.
    ///
    /// # Errors
    /// The database is away.
    pub async fn deployed_now(&self) -> Result<Arc<Deployed>, StoreError> {
        self.inner.catalog.catch_up(&self.inner.pool).await?;
        Ok(self.deployed())
    }

    /// Stores an event and starts the runs it asks for. Returns only after the commit.
    ///
    /// # Errors
    /// See [`AcceptError`]; then nothing is stored.
    pub async fn accept(&self, event: IncomingEvent) -> Result<Accepted, AcceptError> {
        Arc::clone(&self.inner).accept(event).await
    }

    /// Starts one run.
    ///
    /// # Errors
    /// See [`StartError`]; then nothing is stored.
    pub async fn start(&self, request: StartRequest) -> Result<RunId, StartError> {
        Arc::clone(&self.inner).start(request).await
    }

    /// Does what an operator asks and returns what it led to. What needs a second person is proposed instead, which is an error too.
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn act(&self, run: RunId, act: Act, by: Actor, reason: Option<String>) -> Result<Acted, ActError> {
        let away = |e: StoreError| ActError::Unavailable(e.to_string());
        let redactor = self.inner.redactor();
        let (act, reason) = (incoming::clean_act(act, &redactor), reason.map(|reason| redactor.text(reason)));
        let by = By { actor: &by, reason: reason.as_deref() };
        let restarted = match &act {
            Act::Restart { version, again } => {
                let how = Again { version: version.as_deref(), again: *again, since: None };
                Some(self.inner.restart(run, how, by).await?)
            }
            Act::Acknowledge => {
                self.inner.acknowledge(run, by).await?;
                None
            }
            _ => {
                self.command(run, &act, by).await?;
                None
            }
        };
        let row = listing::run(&self.inner.reader, run).await.map_err(away)?.ok_or(ActError::Unknown(run))?;
        let unknown = |_| ActError::Unavailable(format!("the run has the unknown status {}", row.status));
        Ok(Acted { status: row.status.parse().map_err(unknown)?, restarted })
    }

    /// Has a node do an act to a run.
    async fn command(&self, run: RunId, act: &Act, by: By<'_>) -> Result<(), ActError> {
        if let Some(proposal) = self.inner.propose(run, act, by).await? {
            return Err(ActError::Proposed(Box::new(proposal)));
        }
        let id = command::submit(&self.inner.crowd, run, act, by).await?;
        self.inner.node().wakes.wake(loops::Look::Commands);
        command::answered(&self.inner.crowd, id).await
    }

    /// Deploys a checked definition, and records who did and why.
    ///
    /// # Errors
    /// See [`DeployError`].
    pub async fn deploy<'b>(&self, built: &Built, by: impl Into<By<'b>>) -> Result<DeployOutcome, DeployError> {
        let (inner, definition) = (&self.inner, &built.definition);
        let is_new = inner.catalog.id_of(&definition.workflow).is_none();
        if is_new && definition.asks_people() && inner.format() < ASKED {
            return Err(DeployError::TooEarly(definition.workflow.clone()));
        }
        inner.catalog.deploy(&inner.pool, built, by.into()).await
    }

    /// Deletes a version that no run was ever made of. Other nodes may start a run of it for a moment; then it stays.
    ///
    /// # Errors
    /// The database is away.
    pub async fn undeploy<'b>(
        &self,
        workflow: &crate::dsl::WorkflowRef,
        by: impl Into<By<'b>>,
    ) -> Result<Undeployed, StoreError> {
        let by = by.into();
        let outcome = self.inner.catalog.undeploy(&self.inner.pool, workflow, by).await?;
        if outcome == Undeployed::Gone {
            info!(%workflow, by = by.actor.0, reason = by.reason, "version deleted");
        }
        Ok(outcome)
    }

    /// A run as people and programs see it.
    ///
    /// # Errors
    /// The database is away, or the run's journal cannot be read.
    pub async fn view(&self, run: RunId) -> Result<Option<RunView>, StoreError> {
        let inner = &self.inner;
        let Some(definition) = definitions::of_run(&inner.reader, run).await? else { return Ok(None) };
        let loaded = inner.definition_of(definition).await?;
        let Some(row) = listing::run(&inner.reader, run).await? else { return Ok(None) };
        let (records, base) = journal::records_from_base(&inner.reader, run).await?;
        let head = RunHead { id: run, parent: row.parent, created_at: row.created_at, wake_at: row.wake_at, base };
        let unreadable = |why: String| StoreError::Unreadable { table: "journal", why };
        let folded = match records.len() <= journal::LONG {
            true => view(&loaded.definition, &head, &records),
            // The threads of the engine have other things to do.
            false => tokio::task::spawn_blocking(move || view(&loaded.definition, &head, &records))
                .await
                .map_err(|e| unreadable(e.to_string()))?,
        };
        let Some(mut seen) = folded.map_err(|e| unreadable(e.to_string()))? else { return Ok(None) };
        seen.acts = self.known_to_wait(run, seen.acts).await?;
        Ok(Some(seen))
    }

    /// What of a run's values may not be shown; none if there is no such run.
    ///
    /// # Errors
    /// The database is away, or the run's definition cannot be read.
    pub async fn masks(&self, run: RunId) -> Result<Option<Masks>, StoreError> {
        let Some(definition) = definitions::of_run(&self.inner.reader, run).await? else { return Ok(None) };
        Ok(Some(Masks::of(&self.inner.definition_of(definition).await?.definition)))
    }

    /// Every change of a run's status or attention on this node from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<RunChange> {
        self.inner.changes.subscribe()
    }

    /// Whether the node takes new work: heartbeat confirmed, not full, not going down.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let node = self.inner.node();
        node.is_alive() && !node.draining.is_cancelled() && !self.inner.committer.is_full(self.inner.settings.queue_max)
    }

    /// What fails on this node again and again, and its last error.
    #[must_use]
    pub fn keeps_failing(&self) -> Option<(&'static str, String)> {
        self.inner.health.lasting()
    }

    /// Stages that fail on this node, and on which neither runs nor senders depend.
    #[must_use]
    pub fn fails_aside(&self) -> Vec<&'static str> {
        self.inner.health.aside()
    }

    /// The loop of this node that hangs, and for how long it has.
    #[must_use]
    pub fn hangs(&self) -> Option<(&'static str, Duration)> {
        self.inner.health.stalled()
    }

    /// How long ago each loop of this node came round.
    #[must_use]
    pub fn loop_ages(&self) -> Vec<(&'static str, Duration)> {
        self.inner.health.ages()
    }

    /// The time of the database, as this node knows it.
    #[must_use]
    pub fn now(&self) -> Time {
        self.inner.clock.now()
    }

    /// Writes that wait for the committer.
    #[must_use]
    pub fn writes_waiting(&self) -> usize {
        self.inner.committer.depth()
    }

    /// Runs in the memory of this node.
    #[must_use]
    pub fn load(&self) -> usize {
        self.inner.node().load()
    }
}

impl Inner {
    fn node(&self) -> Arc<Node> {
        Arc::clone(&self.node.read().expect("the lock of the incarnation is never poisoned"))
    }

    fn clock_is_before(&self, at: Time) -> bool {
        self.clock.now() < at
    }

    async fn definition_of(&self, id: i32) -> Result<Loaded, StoreError> {
        if let Some(loaded) = self.catalog.by_id(id) {
            return Ok(loaded);
        }
        self.catalog.refresh(&self.pool).await?;
        self.catalog.by_id(id).ok_or_else(|| StoreError::Unreadable {
            table: "definitions",
            why: format!("definition {id} is missing or cannot be read by this version of Stepwell"),
        })
    }
}

#[cfg(test)]
mod tests;
