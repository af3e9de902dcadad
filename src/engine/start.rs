//! How an engine begins and ends: as a node, or as a handle for a program that is none.

use std::sync::atomic::AtomicI16;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::{Notify, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::catalog::Catalog;
use super::events::looking::Looking;
use super::events::subscriptions::Subscriptions;
use super::events::topics::Topics;
use super::events::{relay, sequences};
use super::node::clock::Clock;
use super::node::fresh::Fresh;
use super::node::health::Health;
use super::node::{Node, NodeParts, heartbeat, limits, loops, oauth, pauses};
use super::runs::committer::Committer;
use super::runs::follow;
use super::runs::freezes::Freezes;
use super::sync::memory;
use super::{Engine, EngineSettings, Inner, retention};
use crate::connect::{Connections, Ledger};
use crate::evaluator::Evaluator;
use crate::store::nodes::{environment, formats};
use crate::store::runs::claims;
use crate::store::runs::listing::Counted;
use crate::store::{StoreError, nodes};

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
            paused: Fresh::default(),
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
        inner.connections.heed(Arc::new(pauses::PausedHere(Arc::downgrade(&inner))));
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
                paused: Fresh::default(),
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
                info!(node = %node.id, runs, "the node stopped during calls; other nodes take over their runs")
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
