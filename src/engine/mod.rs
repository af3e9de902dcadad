//! The loop around the machine: takes facts in, commits decisions, carries out effects.
//!
//! `intake` begins runs, `driver` moves one run, `committer` writes batches (`batch`), `node` keeps the lease and finds work that other
//! nodes left. A run changes only by a decision that was committed under its fence.

pub mod api;
pub mod audit;
mod batch;
mod batches;
mod calls;
mod catalog;
mod children;
mod clock;
mod command;
mod committer;
mod conflicts;
mod consequences;
mod drift;
mod driver;
mod events;
mod expected;
mod filters;
mod follow;
mod freezes;
mod gatherings;
mod health;
mod heartbeat;
mod incoming;
mod intake;
mod limits;
mod looking;
mod loops;
mod mailbox;
mod mappings;
mod memory;
mod node;
mod oauth;
mod progress;
pub mod proposals;
mod recordings;
mod relay;
mod replays;
pub mod retention;
mod schedules;
mod sequences;
pub mod settings;
mod snapshots;
mod starts;
mod subscriptions;
mod topics;
pub mod totals;

use std::sync::atomic::AtomicI16;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::{Notify, Semaphore, broadcast};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{info, warn};

pub use api::*;
pub use batches::{BatchView, Retried};
pub(crate) use catalog::rebuild_archived;
pub use conflicts::Settled;
pub use drift::{COUNTED_MAX, Drift, Sweep};
pub use follow::Begun;
pub use freezes::{FRESH_MAX, FreezeError};
pub use incoming::{clean_act, hide_body};
pub use mappings::{MappingUser, UsedMapping};
pub use recordings::{Found, RecordedRun};
pub use replays::ReplayError;
pub use schedules::{ScheduleAct, ScheduleActed};
pub use sequences::{ChannelView, GapView, SourceView};
pub use settings::{EngineSettings, Sink};
pub use topics::{Delivered, Shape, Shaped, Start, Subscription, Topic, TopicView};

use crate::connect::{Connections, Ledger, Standing};
use crate::dsl::Built;
use crate::evaluator::Evaluator;
use crate::machine::masks::Masks;
use crate::machine::view::{RunHead, RunView, view};
use crate::machine::{Act, Actor, RunId, Status, Time};
use crate::store::acts::By;
use crate::store::listing::{Counted, LiveCounts};
use crate::store::{StoreError, claims, definitions, environment, formats, journal, listing, nodes};
use catalog::{Catalog, Loaded};
use clock::Clock;
use committer::Committer;
use freezes::Freezes;
use health::Health;
use looking::Looking;
use node::{Node, NodeParts};
use subscriptions::Subscriptions;
use topics::Topics;

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
    /// What waits for somebody to say that it may go on.
    freezes: Freezes,
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

/// A request for a token may take this long after the grace is over: its answer may hold the only token that still counts.
const TOKENS_END_MAX: Duration = Duration::from_secs(2);

/// Runs that look at earlier events at once as soon as they wait.
const LOOKING_BACK_MAX: usize = 2;

/// Changes that a slow listener may lag behind before it misses some.
const CHANGES_KEPT: usize = 1_024;

impl Engine {
    /// Registers this process as a node and begins to work. The database is migrated already.
    ///
    /// # Errors
    /// The database is away.
    pub async fn start_node(
        settings: EngineSettings,
        pool: PgPool,
        reader: PgPool,
        connections: Connections,
        evaluator: Evaluator,
    ) -> Result<Self, StoreError> {
        report_durability(&pool).await?;
        let ours = connections.environment().to_owned();
        if let Some(theirs) = environment::adopt(&pool, &ours).await? {
            return Err(StoreError::OtherEnvironment { ours, theirs });
        }
        let catalog = Catalog::default();
        catalog.refresh(&pool).await?;
        let health = Arc::new(Health::of(settings.lease));
        let (committer, _) = Committer::start(&pool, settings.committers, &health);
        let asked = Instant::now();
        let (node, beat) = Node::register(&NodeParts { pool: &pool, settings: &settings }).await?;
        let closed = CancellationToken::new();
        let inner = Arc::new(Inner {
            clock: Clock::new(asked, beat.now),
            format: AtomicI16::new(beat.format),
            settings,
            crowd: crowd(&pool),
            pool,
            reader,
            catalog,
            committer,
            connections,
            environment: Some(ours),
            evaluator,
            changes: broadcast::channel(CHANGES_KEPT).0,
            counted_runs: Counted::default(),
            followers: follow::Followers::default(),
            outgoing: Notify::new(),
            counted: Notify::new(),
            looking_back: Arc::new(Semaphore::new(LOOKING_BACK_MAX)),
            looking: Looking::default(),
            freezes: Freezes::default(),
            subscriptions: Subscriptions::default(),
            topics: Topics::default(),
            health,
            node: RwLock::new(Arc::clone(&node)),
            closing: CancellationToken::new(),
            _ends_with_it: closed.clone().drop_guard(),
            closed,
        });
        let ledger: Arc<dyn Ledger> = Arc::new(limits::SharedLedger(Arc::downgrade(&inner)));
        inner.connections.govern(&ledger, &inner.closed);
        inner.connections.share_tokens(Arc::new(oauth::Vault(Arc::downgrade(&inner))));
        inner.connections.serve_locally(Arc::new(memory::HubMemory(Arc::downgrade(&inner))));
        heartbeat::start(&inner, node).map_err(|error| StoreError::Unavailable(sqlx::Error::Io(error)))?;
        tokio::spawn(loops::maintain(Arc::clone(&inner)));
        tokio::spawn(loops::keep_anchors(Arc::clone(&inner)));
        tokio::spawn(retention::keep(Arc::clone(&inner)));
        tokio::spawn(oauth::watch(Arc::clone(&inner)));
        tokio::spawn(relay::relay(Arc::clone(&inner)));
        tokio::spawn(sequences::count(Arc::clone(&inner)));
        Ok(Self { inner })
    }

    /// A handle for a program that is no node, such as a command line: what it starts is begun by the nodes, what it asks for is
    /// done by them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn outside(pool: PgPool) -> Result<Self, StoreError> {
        Self::outside_with(pool, EngineSettings::default()).await
    }

    /// The same, with what `hub.yaml` says of identifiers.
    ///
    /// # Errors
    /// The database is away.
    pub async fn outside_with(pool: PgPool, settings: EngineSettings) -> Result<Self, StoreError> {
        // No room for runs: every run begins later, elsewhere.
        let settings = EngineSettings { runs_max: 0, committers: 1, ..settings };
        let catalog = Catalog::default();
        catalog.refresh(&pool).await?;
        let asked = Instant::now();
        let now = nodes::database_time(&pool).await?;
        let format = formats::common(&pool, settings.format).await?;
        let environment = environment::current(&pool).await?;
        let health = Arc::new(Health::default());
        let (committer, _) = Committer::start(&pool, 1, &health);
        let evaluator = Evaluator::of_this_program(1).map_err(|e| StoreError::Unavailable(sqlx::Error::Io(e)))?;
        Ok(Self {
            inner: Arc::new(Inner {
                clock: Clock::new(asked, now),
                format: AtomicI16::new(format),
                settings,
                reader: pool.clone(),
                crowd: pool.clone(),
                pool,
                catalog,
                committer,
                connections: Connections::default(),
                environment,
                evaluator,
                changes: broadcast::channel(1).0,
                counted_runs: Counted::default(),
                followers: follow::Followers::default(),
                outgoing: Notify::new(),
                counted: Notify::new(),
                looking_back: Arc::new(Semaphore::new(1)),
                looking: Looking::default(),
                freezes: Freezes::default(),
                subscriptions: Subscriptions::default(),
                topics: Topics::default(),
                health,
                node: RwLock::new(Node::outside()),
                closing: CancellationToken::new(),
                closed: CancellationToken::new(),
                _ends_with_it: CancellationToken::new().drop_guard(),
            }),
        })
    }

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

    /// Stops taking work, lets calls in flight end within the grace, and hands everything else over at once.
    pub async fn shut_down(&self) {
        let inner = &self.inner;
        inner.closing.cancel();
        let node = inner.node();
        node.draining.cancel();
        let until = Instant::now() + inner.settings.grace;
        while node.load() > 0 && Instant::now() < until && !node.fenced.is_cancelled() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        inner.connections.finish_tokens(until.saturating_duration_since(Instant::now()).max(TOKENS_END_MAX)).await;
        node.fenced.cancel();
        match claims::release_all_of(&inner.pool, node.id).await {
            Ok(0) => info!(node = %node.id, "node left"),
            Ok(runs) => {
                info!(node = %node.id, runs, "node left during calls; other nodes take over their runs")
            }
            Err(error) => {
                warn!(%error, "runs could not be released; other nodes take them over when the lease expires")
            }
        }
        if let Err(error) = nodes::leave(&inner.pool, node.id).await {
            warn!(%error, "the node could not deregister");
        }
        inner.closed.cancel();
        inner.committer.close();
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

    /// Does what an operator asks and returns the status that follows. What needs a second person is proposed instead, which
    /// is an error too.
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn act(&self, run: RunId, act: Act, by: Actor, reason: Option<String>) -> Result<Status, ActError> {
        let away = |e: StoreError| ActError::Unavailable(e.to_string());
        let redactor = self.inner.redactor();
        let (act, reason) = (incoming::clean_act(act, &redactor), reason.map(|reason| redactor.text(reason)));
        let by = By { actor: &by, reason: reason.as_deref() };
        if let Some(proposal) = self.inner.propose(run, &act, by).await? {
            return Err(ActError::Proposed(Box::new(proposal)));
        }
        let id = command::submit(&self.inner.crowd, run, &act, by).await?;
        self.inner.node().wakes.wake(loops::Look::Commands);
        command::answered(&self.inner.crowd, id).await?;
        let row = listing::run(&self.inner.reader, run).await.map_err(away)?.ok_or(ActError::Unknown(run))?;
        row.status.parse().map_err(|_| ActError::Unavailable(format!("the run has the unknown status {}", row.status)))
    }

    /// Deploys a checked definition, and records who did and why.
    ///
    /// # Errors
    /// See [`DeployError`].
    pub async fn deploy<'b>(&self, built: &Built, by: impl Into<By<'b>>) -> Result<DeployOutcome, DeployError> {
        self.inner.catalog.deploy(&self.inner.pool, built, by.into()).await
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
        if records.len() <= journal::LONG {
            return view(&loaded.definition, &head, &records).map_err(|e| unreadable(e.to_string()));
        }
        // The threads of the engine have other things to do.
        let folded = tokio::task::spawn_blocking(move || view(&loaded.definition, &head, &records)).await;
        folded.map_err(|e| unreadable(e.to_string()))?.map_err(|e| unreadable(e.to_string()))
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

/// Connections for what many ask at once.
const CROWD_CONNECTIONS: u32 = 4;

/// No statement of theirs runs longer: a workflow must not be able to keep a connection.
const CROWD_STATEMENT_MAX: &str = "5s";

/// Connections of their own to the same database. They are made when they are first needed.
fn crowd(pool: &PgPool) -> PgPool {
    let options = pool.connect_options().as_ref().clone().options([("statement_timeout", CROWD_STATEMENT_MAX)]);
    let made = sqlx::postgres::PgPoolOptions::new().max_connections(CROWD_CONNECTIONS);
    made.acquire_timeout(Duration::from_secs(5)).connect_lazy_with(options)
}

/// Every promise rests on what Postgres keeps: say under which of the two regimes this node runs.
async fn report_durability(pool: &PgPool) -> Result<(), StoreError> {
    let d = nodes::durability(pool).await?;
    if d.fsync != "on" || d.full_page_writes != "on" || d.synchronous_commit == "off" {
        warn!(
            d.fsync,
            d.full_page_writes,
            d.synchronous_commit,
            "this Postgres may lose commits in a crash: Stepwell cannot guarantee durability"
        );
    } else if d.synchronous_standby_names.is_empty() {
        info!(
            "durability: commits survive a crash of Postgres; a failover to an asynchronous standby may lose the last ones"
        );
    } else {
        info!(standbys = d.synchronous_standby_names, "durability: commits survive crash and failover");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
