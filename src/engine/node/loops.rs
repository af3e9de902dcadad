//! The loops of a node. Each looks again and again for one kind of work, has its own errors and its own pace, and waits for no
//! other: what fails or takes long in one holds up nothing else.
//!
//! They are level-triggered: what a loop finds is found again each time, so nothing that goes wrong here strands work. Some are
//! woken when there is something to find; without that they come round with the interval of the settings.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::Node;
use super::health::Next;
use crate::engine::Inner;
use crate::store::nodes::upkeep;
use crate::store::runs::{bulk, claims, commands, proposals, rules};
use crate::store::{StoreError, access, nodes};

/// What a loop looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Look {
    /// Nodes whose lease is over, and the runs that they left.
    Takeovers,
    /// What was deployed or deleted through other nodes.
    Definitions,
    /// What runs are told: by operators, by other runs, by events.
    Commands,
    /// Events of which nobody was told.
    Events,
    /// Runs that did not look at earlier events.
    Listeners,
    /// Schedules whose time has come.
    Schedules,
    /// Freezes that are over, and the runs that waited for them.
    Freezes,
    /// Runs that someone must drive.
    Claims,
    /// Topics that someone must subscribe to.
    Topics,
    /// Bulk acts that have runs left.
    Bulk,
}

impl Look {
    const ALL: [Self; 10] = [
        Self::Takeovers,
        Self::Definitions,
        Self::Commands,
        Self::Events,
        Self::Listeners,
        Self::Schedules,
        Self::Freezes,
        Self::Claims,
        Self::Topics,
        Self::Bulk,
    ];

    /// As readiness, log and metrics call it.
    fn name(self) -> &'static str {
        match self {
            Self::Takeovers => "takeovers",
            Self::Definitions => "definitions",
            Self::Commands => "commands",
            Self::Events => "events",
            Self::Listeners => "listeners",
            Self::Schedules => "schedules",
            Self::Freezes => "freezes",
            Self::Claims => "claims",
            Self::Topics => "topics",
            Self::Bulk => "bulk-acts",
        }
    }
}

/// Wakes loops before their interval is over.
#[derive(Debug, Default)]
pub(in crate::engine) struct Wakes([Notify; Look::ALL.len()]);

impl Wakes {
    pub(in crate::engine) fn wake(&self, look: Look) {
        self.0[look as usize].notify_one();
    }

    async fn woken(&self, look: Look) {
        self.0[look as usize].notified().await;
    }
}

/// Starts the loops of an incarnation. They end when it is fenced or drains.
pub(super) fn start(inner: &Arc<Inner>, node: &Arc<Node>) -> Vec<JoinHandle<()>> {
    Look::ALL.map(|look| tokio::spawn(come_round(look, Arc::clone(inner), Arc::clone(node)))).into()
}

async fn come_round(look: Look, inner: Arc<Inner>, node: Arc<Node>) {
    let interval = inner.settings.sweep_interval;
    let mut rounds = 0_u32;
    loop {
        tokio::select! {
            () = node.fenced.cancelled() => return,
            () = node.draining.cancelled() => return,
            () = node.wakes.woken(look) => {}
            () = tokio::time::sleep(if rounds == 0 { Duration::ZERO } else { interval }) => {}
        }
        if node.is_alive() {
            // Without a connection the rest of the round waits for the next.
            let _ = round(look, &inner, &node, rounds).await;
        }
        inner.health.came_round(look.name());
        rounds = rounds.wrapping_add(1).max(1);
    }
}

/// One look. Each stage fails for itself: those after it are tried all the same.
async fn round(look: Look, inner: &Arc<Inner>, node: &Arc<Node>, round: u32) -> ControlFlow<()> {
    let stage = |name, outcome| match inner.health.note(name, outcome) {
        Next::GoOn => ControlFlow::Continue(()),
        Next::Stop => ControlFlow::Break(()),
    };
    match look {
        Look::Takeovers => stage("dead-nodes", release_dead(inner, node).await),
        Look::Definitions => {
            stage("definitions", inner.catalog.refresh(&inner.pool).await)?;
            if round % 8 == 7 {
                stage("deleted-definitions", inner.catalog.reconcile(&inner.pool).await)?;
            }
            ControlFlow::Continue(())
        }
        Look::Commands => {
            // Runs in memory first: one that leaves just before it is delivered to has no owner when the others are woken.
            stage("commands", node.deliver_open(inner).await)?;
            stage("commanded-runs", wake_commanded(inner, node).await)?;
            if round % 8 == 7 {
                stage("proposals", proposals::close_stale(&inner.pool).await)?;
            }
            ControlFlow::Continue(())
        }
        Look::Events => {
            stage("events", inner.catch_up_on_events().await)?;
            stage("event-joins", inner.start_joined(None).await)
        }
        Look::Listeners => stage("listeners", inner.look_back_for_all().await),
        Look::Schedules => {
            stage("schedules", inner.sync_schedules().await)?;
            stage("firings", inner.fire_schedules().await)
        }
        Look::Freezes => stage("freezes", inner.thaw().await),
        Look::Claims => {
            stage("due-runs", node.claim(inner).await)?;
            if round % 4 == 3 {
                stage("unknown-runs", node.adopt_unknown(inner).await)?;
            }
            ControlFlow::Continue(())
        }
        Look::Topics => stage("topics", inner.subscribe_to_free(node).await),
        Look::Bulk => {
            stage("bulk-acts", inner.carry_on_bulk_acts().await)?;
            stage("cause-rules", inner.retry_healed().await)
        }
    }
}

async fn release_dead(inner: &Inner, node: &Node) -> Result<(), StoreError> {
    for dead in nodes::bury_expired(&inner.pool).await? {
        info!(node = %dead, "a node's lease has expired: other nodes take over its runs");
    }
    let mut released = 0;
    loop {
        let some = claims::release_of_dead_nodes(&inner.pool, 1_000).await?;
        released += some;
        if some < 1_000 {
            break;
        }
    }
    if released > 0 {
        node.wakes.wake(Look::Claims);
    }
    Ok(())
}

async fn wake_commanded(inner: &Inner, node: &Node) -> Result<(), StoreError> {
    if commands::wake_commanded(&inner.pool).await? > 0 {
        node.wakes.wake(Look::Claims);
    }
    Ok(())
}

/// Housekeeping that no run waits for.
pub(in crate::engine) async fn maintain(inner: Arc<Inner>) {
    let mut ticks = tokio::time::interval(Duration::from_mins(10));
    loop {
        tokio::select! {
            () = inner.closing.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let done = [
            ("partitions", crate::store::ensure_partitions(&inner.pool).await),
            ("old-nodes", nodes::forget_old(&inner.pool).await),
            ("limits", crate::store::nodes::limits::forget_dead(&inner.pool).await),
            ("sessions", access::sweep_expired(&inner.pool).await.map(drop)),
            ("messages", commands::forget_unborn(&inner.pool).await),
            ("old-bulk-acts", bulk::forget_old(&inner.pool).await),
            ("old-cause-rules", rules::forget_old(&inner.pool).await),
            ("statistics", upkeep::analyze_partitioned(&inner.pool).await),
        ];
        if done.iter().any(|(_, outcome)| outcome.is_err()) {
            ticks.reset_after(Duration::from_mins(1));
        }
        for (stage, outcome) in done {
            inner.health.note(stage, outcome);
        }
    }
}

/// How often a node looks whether an anchor is due.
const ANCHORS_LOOK: Duration = Duration::from_secs(20);

/// Writes anchors of the audit, if `hub.yaml` wants them. Reading many days takes long, so nothing else waits for it.
pub(in crate::engine) async fn keep_anchors(inner: Arc<Inner>) {
    let Some(keeper) = &inner.settings.anchors else { return };
    let mut ticks = tokio::time::interval(ANCHORS_LOOK.min(keeper.every));
    loop {
        tokio::select! {
            () = inner.closing.cancelled() => return,
            _ = ticks.tick() => {}
        }
        // A full disk elsewhere is no reason for a node to take no work: the log says it, and the next anchor covers the same.
        match keeper.keep(&inner.pool, inner.settings.audit_key.as_ref()).await {
            Ok(true) => inner.outgoing.notify_one(),
            Ok(false) => {}
            Err(error) => warn!(%error, "no anchor could be written, trying again"),
        }
    }
}
