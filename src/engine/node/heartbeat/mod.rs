//! The heartbeat of this process, on a thread and a connection of its own: whatever keeps the other threads busy, and whatever
//! waits for the other connections, costs a node neither its lease nor its runs.
//!
//! An incarnation whose lease may be over is never revived. The process drops its work and begins the next one.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::loops;
use super::{Node, NodeParts, usable};
use crate::engine::Inner;
use crate::store::nodes;
use crate::store::runs::claims;

/// Runs whose claims are given back by one statement.
const FORGIVEN_AT_ONCE: usize = 1_000;

/// Begins to live: one incarnation after the other, until the process goes down.
pub(in crate::engine) fn start(inner: &Arc<Inner>, first: Arc<Node>) -> std::io::Result<()> {
    let (heart, work) = (Heart::of(inner), Handle::current());
    let live = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(heart.live(first, work)),
            Err(error) => error!(%error, "the heartbeat thread failed to start: this node will lose its lease"),
        }
    };
    std::thread::Builder::new().name("heartbeat".to_owned()).spawn(live).map(drop)
}

/// What the thread knows of the engine. It does not keep the engine alive.
struct Heart {
    inner: Weak<Inner>,
    options: sqlx::postgres::PgConnectOptions,
    lease: Duration,
    closing: CancellationToken,
    closed: CancellationToken,
}

impl Heart {
    fn of(inner: &Arc<Inner>) -> Self {
        Self {
            inner: Arc::downgrade(inner),
            options: inner.context.pool.connect_options().as_ref().clone(),
            lease: inner.context.settings.lease,
            closing: inner.context.membership.closing.clone(),
            closed: inner.context.membership.closed.clone(),
        }
    }

    async fn live(self, first: Arc<Node>, work: Handle) {
        // Connects at the first beat. A connection that broke is replaced within the lease.
        let pool =
            PgPoolOptions::new().max_connections(1).acquire_timeout(self.lease).connect_lazy_with(self.options.clone());
        let mut node = first;
        loop {
            let Some(inner) = self.inner.upgrade() else { return };
            let working = {
                let _at_work = work.enter();
                loops::start(&inner, &node)
            };
            drop(inner);
            self.beat(&pool, &node).await;
            if self.closing.is_cancelled() || self.closed.is_cancelled() {
                // What a loop has begun it ends by itself: to cut it off could drop a transaction halfway.
                return;
            }
            working.iter().for_each(tokio::task::JoinHandle::abort);
            let Some(next) = self.begin_again(&pool, &node).await else { return };
            node = next;
        }
    }

    /// Keeps the lease until it is lost or the process ends.
    async fn beat(&self, pool: &PgPool, node: &Node) {
        let mut ticks = tokio::time::interval(self.lease / 3);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.closed.cancelled() => return,
                () = node.fenced.cancelled() => return,
                () = tokio::time::sleep_until(node.valid_until().into()) => return node.fence("no heartbeat was confirmed in time"),
                _ = ticks.tick() => {}
            }
            let asked = Instant::now();
            let beat = nodes::heartbeat(pool, node.id, self.lease.as_secs_f64());
            match tokio::time::timeout_at(node.valid_until().into(), beat).await {
                Ok(Ok(Some(beat))) => {
                    let Some(inner) = self.inner.upgrade() else { return };
                    inner.context.membership.hears(asked, beat);
                    if let Some(stuck) = inner.context.membership.health.is_stuck() {
                        error!(stuck, "a loop of this node is stuck: other nodes take over its runs");
                        return node.fence("the node makes no progress");
                    }
                    node.extend(asked + usable(self.lease));
                }
                Ok(Ok(None)) => return node.fence("the lease has expired according to the database"),
                Ok(Err(error)) => {
                    warn!(%error, "heartbeat failed, trying again");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    ticks.reset_immediately();
                }
                Err(_) => return node.fence("no heartbeat was confirmed in time"),
            }
        }
    }

    /// Registers the next incarnation, however long the database is away. None if the process goes down meanwhile.
    async fn begin_again(&self, pool: &PgPool, former: &Node) -> Option<Arc<Node>> {
        loop {
            let asked = Instant::now();
            let inner = self.inner.upgrade()?;
            if inner.context.membership.health.is_stuck().is_some() {
                // It would take runs up and not get on with them. Loops of the former incarnation are none of the next.
                inner.context.membership.health.rests("claims");
                drop(inner);
                tokio::select! {
                    () = self.closed.cancelled() => return None,
                    () = tokio::time::sleep(Duration::from_millis(500)) => continue,
                }
            }
            match Node::register(&NodeParts { pool, settings: &inner.context.settings }).await {
                Ok((fresh, beat)) => {
                    inner.context.membership.hears(asked, beat);
                    inner.context.membership.begin_anew(&fresh);
                    forgive(pool, former).await;
                    return Some(fresh);
                }
                Err(error) => warn!(%error, "cannot register a new incarnation, trying again"),
            }
            drop(inner);
            tokio::select! {
                () = self.closed.cancelled() => return None,
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
    }
}

/// The former incarnation ended, but its process lives: none of its runs has killed it.
async fn forgive(pool: &PgPool, former: &Node) {
    let runs = former.lost_runs();
    for some in runs.chunks(FORGIVEN_AT_ONCE) {
        if let Err(error) = claims::forgive(pool, some).await {
            // They count as one death more than there were.
            warn!(%error, runs = some.len(), "the claims on runs lost with the lease could not be released");
        }
    }
}

#[cfg(test)]
mod tests;
