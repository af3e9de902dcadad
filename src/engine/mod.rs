//! The loop around the machine: takes facts in, commits decisions, carries out effects.
//!
//! `Runs` begins runs, drives those of this node and commits decisions. `Intake` accepts events; `Router` delivers them to waiting
//! runs; `Joins` collects events that start a run together; `LookBack` shows a run the events from before it waited. `Schedules` and
//! `Topics` start runs and read events on their own, and `Freezes` hold runs back. `node` keeps the lease and finds work that other
//! nodes left behind. All of them share the `Context`. A run changes only by a decision that was committed under its fence.

pub mod api;
pub mod audit;
mod catalog;
mod context;
mod events;
mod node;
mod notify;
pub mod retention;
pub mod runs;
mod schedules;
pub mod search;
pub mod settings;
mod start;
pub mod sync;
pub mod tasks;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::broadcast;
use tracing::info;

pub use api::*;
pub(crate) use catalog::rebuild_archived;
pub use events::incoming::{clean_act, hide_body};
pub use events::recordings::{Found, RecordedRun};
pub use events::replays::ReplayError;
pub use events::sequences::{ChannelView, GapView, SourceView};
pub use events::topics::{Delivered, Shape, Shaped, Start, Subscription, Topic, TopicView};
pub use node::pauses::PauseError;
pub use notify::{NotifyChannel, TestError};
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

use crate::connect::Standing;
use crate::dsl::Built;
use crate::machine::masks::Masks;
use crate::machine::view::RunView;
use crate::machine::{Act, Actor, RunId, Time};
use crate::store::acts::By;
use crate::store::nodes::formats::ASKED;
use crate::store::runs::listing::{self, Counted, LiveCounts};
use crate::store::{StoreError, definitions};
use context::Context;
use events::Router;
use events::incoming;
use events::intake::Intake;
use events::joins::Joins;
use events::look_back::LookBack;
use events::topics::Topics;
use node::loops;
use node::pauses::PausedConnections;
use runs::acts::acknowledge::acknowledge;
use runs::acts::restarts::Again;
use runs::freezes::Freezes;
use runs::{Runs, command, proposals};
use schedules::Schedules;

/// The parts of an engine. Each keeps its own state; what they share is in the context.
struct Inner {
    context: Arc<Context>,
    /// Shared counts of live runs.
    counted_runs: Counted,
    freezes: Arc<Freezes>,
    look_back: Arc<LookBack>,
    runs: Arc<Runs>,
    joins: Arc<Joins>,
    router: Arc<Router>,
    intake: Arc<Intake>,
    topics: Arc<Topics>,
    schedules: Arc<Schedules>,
    pauses: Arc<PausedConnections>,
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
        self.inner.counted_runs.live(&self.inner.context.reader).await
    }

    /// The environment in force, and how its connections stand on this node.
    #[must_use]
    pub fn connections(&self) -> (String, Vec<Standing>) {
        let connections = &self.inner.context.connections;
        (connections.environment().to_owned(), connections.standings())
    }

    /// Whether tokens that come of refresh tokens are kept for all nodes, not in the memory of each.
    #[must_use]
    pub fn stores_tokens(&self) -> bool {
        self.inner.context.connections.stores_tokens()
    }

    /// Pool for reads of API and dashboard; the engine writes through its own connections.
    #[must_use]
    pub fn reader(&self) -> &PgPool {
        &self.inner.context.reader
    }

    /// What is deployed, as this node knows it.
    #[must_use]
    pub fn deployed(&self) -> Arc<Deployed> {
        self.inner.context.catalog.deployed()
    }

    /// The same, with all that was deployed before this call, also through other nodes.
    ///
    /// # Errors
    /// The database is away.
    pub async fn deployed_now(&self) -> Result<Arc<Deployed>, StoreError> {
        self.inner.context.catalog.catch_up(&self.inner.context.pool).await?;
        Ok(self.deployed())
    }

    /// Stores an event and starts the runs it asks for. Returns only after the commit.
    ///
    /// # Errors
    /// See [`AcceptError`]; then nothing is stored.
    pub async fn accept(&self, event: IncomingEvent) -> Result<Accepted, AcceptError> {
        self.inner.intake.accept(event).await
    }

    /// Starts one run.
    ///
    /// # Errors
    /// See [`StartError`]; then nothing is stored.
    pub async fn start(&self, request: StartRequest) -> Result<RunId, StartError> {
        self.inner.runs.start(request).await
    }

    /// Does what an operator asks and returns what it led to. What needs a second person is proposed instead, which is an error too.
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn act(&self, run: RunId, act: Act, by: Actor, reason: Option<String>) -> Result<Acted, ActError> {
        let away = |e: StoreError| ActError::Unavailable(e.to_string());
        let redactor = self.inner.context.redactor();
        let (act, reason) = (incoming::clean_act(act, &redactor), reason.map(|reason| redactor.text(reason)));
        let by = By { actor: &by, reason: reason.as_deref() };
        let restarted = match &act {
            Act::Restart { version, again } => {
                let how = Again { version: version.as_deref(), again: *again, since: None };
                Some(self.inner.runs.restart(run, how, by).await?)
            }
            Act::Acknowledge => {
                acknowledge(&self.inner.context, run, by).await?;
                None
            }
            _ => {
                self.command(run, &act, by).await?;
                None
            }
        };
        let row = listing::run(&self.inner.context.reader, run).await.map_err(away)?.ok_or(ActError::Unknown(run))?;
        let unknown = |_| ActError::Unavailable(format!("the run has the unknown status {}", row.status));
        Ok(Acted { status: row.status.parse().map_err(unknown)?, restarted })
    }

    /// Has a node do an act to a run.
    async fn command(&self, run: RunId, act: &Act, by: By<'_>) -> Result<(), ActError> {
        if let Some(proposal) = proposals::propose_reserved(&self.inner.context, run, act, by).await? {
            return Err(ActError::Proposed(Box::new(proposal)));
        }
        let id = command::submit(&self.inner.context.crowd, run, act, by).await?;
        self.inner.context.node().wakes.wake(loops::Look::Commands);
        command::answered(&self.inner.context.crowd, id).await
    }

    /// Deploys a checked definition, and records who did and why.
    ///
    /// # Errors
    /// See [`DeployError`].
    pub async fn deploy<'b>(&self, built: &Built, by: impl Into<By<'b>>) -> Result<DeployOutcome, DeployError> {
        let (context, definition) = (&self.inner.context, &built.definition);
        let is_new = context.catalog.id_of(&definition.workflow).is_none();
        if is_new && definition.asks_people() && context.format() < ASKED {
            return Err(DeployError::TooEarly(definition.workflow.clone()));
        }
        context.catalog.deploy(&context.pool, built, by.into()).await
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
        let outcome = self.inner.context.catalog.undeploy(&self.inner.context.pool, workflow, by).await?;
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
        let Some(mut seen) = self.inner.runs.view(run).await? else { return Ok(None) };
        seen.acts = self.known_to_wait(run, seen.acts).await?;
        Ok(Some(seen))
    }

    /// What of a run's values may not be shown; none if there is no such run.
    ///
    /// # Errors
    /// The database is away, or the run's definition cannot be read.
    pub async fn masks(&self, run: RunId) -> Result<Option<Masks>, StoreError> {
        let Some(definition) = definitions::of_run(&self.inner.context.reader, run).await? else { return Ok(None) };
        Ok(Some(Masks::of(&self.inner.context.definition_of(definition).await?.definition)))
    }

    /// Every change of a run's status or attention on this node from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<RunChange> {
        self.inner.runs.changes.subscribe()
    }

    /// Whether the node takes new work: heartbeat confirmed, not full, not going down.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.inner.runs.admits(&self.inner.context.node()).is_ok()
    }

    /// What fails on this node again and again, and its last error.
    #[must_use]
    pub fn keeps_failing(&self) -> Option<(&'static str, String)> {
        self.inner.context.membership.health.lasting()
    }

    /// Stages that fail on this node, and on which neither runs nor senders depend.
    #[must_use]
    pub fn fails_aside(&self) -> Vec<&'static str> {
        self.inner.context.membership.health.aside()
    }

    /// The loop of this node that hangs, and for how long it has.
    #[must_use]
    pub fn hangs(&self) -> Option<(&'static str, Duration)> {
        self.inner.context.membership.health.stalled()
    }

    /// How long ago each loop of this node came round.
    #[must_use]
    pub fn loop_ages(&self) -> Vec<(&'static str, Duration)> {
        self.inner.context.membership.health.ages()
    }

    /// The time of the database, as this node knows it.
    #[must_use]
    pub fn now(&self) -> Time {
        self.inner.context.now()
    }

    /// Writes that wait for the committer.
    #[must_use]
    pub fn writes_waiting(&self) -> usize {
        self.inner.runs.committer.depth()
    }

    /// Runs in the memory of this node.
    #[must_use]
    pub fn load(&self) -> usize {
        self.inner.context.node().load()
    }
}

#[cfg(test)]
mod tests;
