//! How an engine begins and ends: as a node, or as a handle for a program that is none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tracing::{info, warn};

use super::catalog::Catalog;
use super::context::{Context, Signals};
use super::events::intake::Intake;
use super::events::joins::Joins;
use super::events::look_back::LookBack;
use super::events::subscriptions::Subscriptions;
use super::events::topics::Topics;
use super::events::{Router, relay, sequences};
use super::node::clock::Clock;
use super::node::health::Health;
use super::node::membership::Membership;
use super::node::pauses::PausedConnections;
use super::node::{Node, NodeParts, heartbeat, limits, loops, oauth};
use super::runs::Runs;
use super::runs::committer::Committer;
use super::runs::freezes::Freezes;
use super::schedules::Schedules;
use super::sync::memory;
use super::{Engine, EngineSettings, Inner, notify, retention};
use crate::connect::{Connections, Ledger, Pauses};
use crate::evaluator::Evaluator;
use crate::store::nodes::{environment, formats};
use crate::store::runs::claims;
use crate::store::runs::listing::Counted;
use crate::store::{StoreError, nodes};

/// A request for a token may take this long after the grace is over: its answer may hold the only token that still counts.
const TOKENS_END_MAX: Duration = Duration::from_secs(2);

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
        let clock = Clock::new(asked, beat.now);
        let membership = Membership::new(clock, beat.format, health, Arc::clone(&node));
        let inner = Inner::of(
            Context {
                settings,
                crowd: crowd(&pool),
                pool,
                reader,
                catalog,
                connections,
                environment: Some(ours),
                evaluator,
                membership,
                signals: Signals::default(),
            },
            committer,
        );
        let context = &inner.context;
        let ledger: Arc<dyn Ledger> = Arc::new(limits::SharedLedger(Arc::downgrade(context)));
        context.connections.govern(&ledger, &context.membership.closed);
        context.connections.heed(Arc::clone(&inner.pauses) as Arc<dyn Pauses>);
        context.connections.share_tokens(Arc::new(oauth::Vault(Arc::downgrade(context))));
        context.connections.serve_locally(Arc::new(memory::HubMemory(Arc::downgrade(context))));
        heartbeat::start(&inner, node).map_err(|error| StoreError::Unavailable(sqlx::Error::Io(error)))?;
        tokio::spawn(loops::maintain(Arc::clone(context)));
        tokio::spawn(loops::keep_anchors(Arc::clone(context)));
        tokio::spawn(retention::keep(Arc::clone(context)));
        tokio::spawn(oauth::watch(Arc::clone(context)));
        tokio::spawn(relay::relay(Arc::clone(&inner.intake)));
        tokio::spawn(notify::keep(Arc::clone(context)));
        tokio::spawn(sequences::count(Arc::clone(context)));
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
        let membership = Membership::new(Clock::new(asked, now), format, health, Node::outside());
        let context = Context {
            settings,
            reader: pool.clone(),
            crowd: pool.clone(),
            pool,
            catalog,
            connections: Connections::default(),
            environment,
            evaluator,
            membership,
            signals: Signals::default(),
        };
        Ok(Self { inner: Inner::of(context, committer) })
    }

    /// Stops taking work, lets calls in flight end within the grace, and hands everything else over at once.
    pub async fn shut_down(&self) {
        let context = &self.inner.context;
        context.membership.closing.cancel();
        let node = context.node();
        node.draining.cancel();
        let until = Instant::now() + context.settings.grace;
        while node.load() > 0 && Instant::now() < until && !node.fenced.is_cancelled() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        context.connections.finish_tokens(until.saturating_duration_since(Instant::now()).max(TOKENS_END_MAX)).await;
        node.fenced.cancel();
        match claims::release_all_of(&context.pool, node.id).await {
            Ok(0) => info!(node = %node.id, "node left"),
            Ok(runs) => {
                info!(node = %node.id, runs, "the node stopped during calls; other nodes take over their runs")
            }
            Err(error) => {
                warn!(%error, "runs could not be released; other nodes take them over when the lease expires")
            }
        }
        if let Err(error) = nodes::leave(&context.pool, node.id).await {
            warn!(%error, "the node could not deregister");
        }
        context.membership.closed.cancel();
        self.inner.runs.committer.close();
    }
}

impl Inner {
    /// Puts the parts together, each upon those that it uses.
    fn of(context: Context, committer: Committer) -> Arc<Self> {
        let context = Arc::new(context);
        let look_back = Arc::new(LookBack::new(&context));
        let freezes = Arc::new(Freezes::new(&context));
        let runs = Arc::new(Runs::new(&context, committer, &freezes, &look_back));
        let subscriptions = Arc::new(Subscriptions::default());
        let joins = Arc::new(Joins::new(&runs, &subscriptions));
        let router = Arc::new(Router::new(&context, &look_back, &joins));
        let intake = Arc::new(Intake::new(&runs, &router, subscriptions));
        let topics = Arc::new(Topics::new(&intake));
        let schedules = Arc::new(Schedules::new(&runs));
        let (counted_runs, pauses) = (Counted::default(), Arc::new(PausedConnections::new(&context)));
        Arc::new(Self {
            context,
            counted_runs,
            freezes,
            pauses,
            look_back,
            runs,
            joins,
            router,
            intake,
            topics,
            schedules,
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
