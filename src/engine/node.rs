//! One incarnation of this process: its lease, the runs it drives, and the sweeps that find work of others.
//!
//! An incarnation is never revived. When its lease may be over it drops all its work at once and a fresh one begins.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::Inner;
use super::driver::{Driven, First, drive};
use super::health::Next;
use super::mailbox::Mailbox;
use crate::machine::{Fact, Run, RunId, fold};
use crate::store::claims::{self, ClaimedRun};
use crate::store::{StoreError, commands, journal, nodes};
use crate::telemetry;

/// One incarnation.
pub(super) struct Node {
    /// Random, never used again.
    pub(super) id: Uuid,
    /// The lease is lost: every driver stops where it is.
    pub(super) fenced: CancellationToken,
    /// The process goes down: drivers leave at the next boundary.
    pub(super) draining: CancellationToken,
    /// Until when the last confirmed heartbeat lets us act.
    valid_until: Mutex<Instant>,
    active: Mutex<Active>,
    /// Something is due: sweep now.
    pub(super) sweep: Notify,
}

#[derive(Default)]
struct Active {
    mailboxes: HashMap<RunId, Arc<Mailbox>>,
    /// A run that may have killed nodes before; one at a time.
    suspect: Option<RunId>,
}

/// Claims after which a run is parked: three deaths without a recorded step between.
const ATTEMPTS_MAX: i16 = 3;

/// Runs claimed by one statement.
const CLAIM_MAX: usize = 500;

impl Node {
    /// Registers a fresh incarnation.
    pub(super) async fn register(inner: &InnerParts<'_>) -> Result<(Arc<Self>, crate::machine::Time), StoreError> {
        let id = Uuid::new_v4();
        let settings = inner.settings;
        let asked = Instant::now();
        let now =
            nodes::register(inner.pool, id, &settings.name, env!("CARGO_PKG_VERSION"), settings.lease.as_secs_f64())
                .await?;
        info!(node = %id, name = settings.name, "node registered");
        let node = Self {
            id,
            fenced: CancellationToken::new(),
            draining: CancellationToken::new(),
            valid_until: Mutex::new(asked + usable(settings.lease)),
            active: Mutex::default(),
            sweep: Notify::new(),
        };
        Ok((Arc::new(node), now))
    }

    /// Stands for a program that is no node: it leaves every run to the nodes, and its lease is never asked for.
    pub(super) fn outside() -> Arc<Self> {
        Arc::new(Self {
            id: Uuid::new_v4(),
            fenced: CancellationToken::new(),
            draining: CancellationToken::new(),
            valid_until: Mutex::new(Instant::now() + Duration::from_hours(24 * 365)),
            active: Mutex::default(),
            sweep: Notify::new(),
        })
    }

    fn active(&self) -> std::sync::MutexGuard<'_, Active> {
        self.active.lock().expect("the lock of active runs is never poisoned")
    }

    /// Number of runs in memory.
    pub(super) fn load(&self) -> usize {
        self.active().mailboxes.len()
    }

    /// Makes room for a run before it is committed, so that no sweep takes it for one that nobody drives.
    pub(super) fn expect_run(&self, run: RunId) -> Arc<Mailbox> {
        Arc::clone(self.active().mailboxes.entry(run).or_default())
    }

    /// Whether the run is in the memory of this node.
    pub(super) fn drives(&self, run: RunId) -> bool {
        self.active().mailboxes.contains_key(&run)
    }

    pub(super) fn forget(&self, run: RunId) {
        let mut active = self.active();
        active.mailboxes.remove(&run);
        if active.suspect == Some(run) {
            active.suspect = None;
            self.sweep.notify_one();
        }
    }

    /// A step was recorded: whatever killed nodes before, it was not this.
    pub(super) fn progressed(&self, run: RunId) {
        let mut active = self.active();
        if active.suspect == Some(run) {
            active.suspect = None;
        }
    }

    fn mailbox(&self, run: RunId) -> Option<Arc<Mailbox>> {
        self.active().mailboxes.get(&run).cloned()
    }

    fn valid_until(&self) -> Instant {
        *self.valid_until.lock().expect("the lock of the lease is never poisoned")
    }

    /// Whether the last confirmed heartbeat still covers this instant.
    pub(super) fn is_alive(&self) -> bool {
        !self.fenced.is_cancelled() && Instant::now() < self.valid_until()
    }

    /// Returns at once while the lease holds; else waits for a heartbeat, or for ever once fenced.
    pub(super) async fn lease_holds(&self) {
        while !self.is_alive() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Keeps the lease until it is lost or the process ends.
    pub(super) async fn beat(self: Arc<Self>, inner: Arc<Inner>) {
        let lease = inner.settings.lease;
        let mut ticks = tokio::time::interval(lease / 3);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = inner.closed.cancelled() => return,
                () = tokio::time::sleep_until(self.valid_until().into()) => return self.fence("no heartbeat was confirmed in time"),
                _ = ticks.tick() => {}
            }
            let asked = Instant::now();
            let beat = nodes::heartbeat(&inner.pool, self.id, lease.as_secs_f64());
            match tokio::time::timeout_at(self.valid_until().into(), beat).await {
                Ok(Ok(Some(now))) => {
                    inner.clock.set(asked, now);
                    *self.valid_until.lock().expect("the lock of the lease is never poisoned") = asked + usable(lease);
                }
                Ok(Ok(None)) => return self.fence("the database says that the lease is over"),
                Ok(Err(error)) => {
                    warn!(%error, "heartbeat failed, trying again");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    ticks.reset_immediately();
                }
                Err(_) => return self.fence("no heartbeat was confirmed in time"),
            }
        }
    }

    fn fence(&self, why: &str) {
        error!(node = %self.id, runs = self.load(), why, "lease lost: all work of this incarnation is dropped");
        telemetry::lease_lost();
        self.fenced.cancel();
    }

    /// Looks again and again for work that somebody must pick up, until fenced or draining.
    pub(super) async fn sweep_forever(self: Arc<Self>, inner: Arc<Inner>) {
        let interval = inner.settings.sweep_interval;
        let mut rounds = 0_u32;
        loop {
            tokio::select! {
                () = self.fenced.cancelled() => return,
                () = self.draining.cancelled() => return,
                () = self.sweep.notified() => {}
                () = tokio::time::sleep(if rounds == 0 { Duration::ZERO } else { interval }) => {}
            }
            // Without a connection the rest of the sweep waits for the next.
            let _ = self.sweep_once(&inner, rounds).await;
            rounds = rounds.wrapping_add(1).max(1);
        }
    }

    /// One look. Level-triggered: what it finds is found anew each time, so nothing that goes wrong here strands work. Each
    /// stage fails for itself: those after it are tried all the same.
    async fn sweep_once(self: &Arc<Self>, inner: &Arc<Inner>, round: u32) -> ControlFlow<()> {
        if !self.is_alive() {
            return ControlFlow::Break(());
        }
        let stage = |name, outcome| match inner.health.note(name, outcome) {
            Next::GoOn => ControlFlow::Continue(()),
            Next::Stop => ControlFlow::Break(()),
        };
        stage("dead-nodes", Self::release_dead(inner).await)?;
        stage("definitions", inner.catalog.refresh(&inner.pool).await)?;
        // Runs in memory first: one that leaves just before it is delivered to has no owner when the others are woken.
        stage("commands", self.deliver_open(inner).await)?;
        stage("commanded-runs", commands::wake_commanded(&inner.pool).await.map(drop))?;
        stage("events", inner.catch_up_on_events().await)?;
        stage("gatherings", inner.start_gathered(None).await)?;
        stage("listeners", inner.look_back_for_all().await)?;
        stage("schedules", inner.sync_schedules().await)?;
        stage("firings", inner.fire_schedules().await)?;
        stage("due-runs", self.claim(inner).await)?;
        if round % 8 == 7 {
            stage("deleted-definitions", inner.catalog.reconcile(&inner.pool).await)?;
        }
        if round % 4 == 3 {
            stage("unknown-runs", self.adopt_unknown(inner).await)?;
        }
        ControlFlow::Continue(())
    }

    async fn release_dead(inner: &Inner) -> Result<(), StoreError> {
        for dead in nodes::bury_expired(&inner.pool).await? {
            info!(node = %dead, "a node's lease is over: its runs go on elsewhere");
        }
        while claims::release_of_dead_nodes(&inner.pool, 1_000).await? == 1_000 {}
        Ok(())
    }

    async fn deliver_open(&self, inner: &Inner) -> Result<(), StoreError> {
        for command in commands::open_for_node(&inner.pool, self.id, 1_000).await? {
            self.deliver(command);
        }
        Ok(())
    }

    /// Puts a command into its run's mailbox; if the run is gone, the next sweep tries again.
    fn deliver(&self, command: commands::OpenCommand) {
        if let Some(mailbox) = self.mailbox(command.run_id) {
            mailbox.put(command);
        }
    }

    async fn claim(self: &Arc<Self>, inner: &Arc<Inner>) -> Result<(), StoreError> {
        loop {
            let room = inner.settings.runs_max.saturating_sub(self.load()).min(CLAIM_MAX);
            if room == 0 || self.draining.is_cancelled() || !self.is_alive() {
                return Ok(());
            }
            let claimed = claims::claim_due(&inner.pool, self.id, i64::try_from(room).unwrap_or(1)).await?;
            let full = claimed.len() == room;
            for run in claimed {
                self.take(inner, run).await;
            }
            if !full {
                break;
            }
        }
        if self.active().suspect.is_none()
            && let Some(run) = claims::claim_suspect(&inner.pool, self.id).await?
        {
            self.active().suspect = Some(run.id);
            self.take(inner, run).await;
        }
        Ok(())
    }

    /// Runs that are ours in the database but not in memory: a claim's or an insert's reply was lost.
    async fn adopt_unknown(self: &Arc<Self>, inner: &Arc<Inner>) -> Result<(), StoreError> {
        let limit = i64::try_from(inner.settings.runs_max * 2).unwrap_or(i64::MAX);
        for run in claims::owned_by(&inner.pool, self.id, limit).await? {
            if self.mailbox(run.id).is_none() && !inner.clock_is_before(run.created_at + chrono::Duration::seconds(2)) {
                self.take(inner, run).await;
            }
        }
        Ok(())
    }

    /// Begins to drive a claimed run.
    async fn take(self: &Arc<Self>, inner: &Arc<Inner>, claimed: ClaimedRun) {
        let id = claimed.id;
        if self.mailbox(id).is_some() {
            return;
        }
        let mailbox = self.expect_run(id);
        let attempts = claimed.attempts;
        match load(inner, claimed).await {
            Ok(driven) => {
                let fact = if attempts > ATTEMPTS_MAX {
                    let detail =
                        format!("{ATTEMPTS_MAX} nodes died while they drove this run, without a step recorded between");
                    Fact::Poisoned { detail }
                } else {
                    Fact::TakenOver
                };
                // Before it is driven: a run that has nothing else to do would leave again at once.
                for command in commands::open_for_run(&inner.pool, id).await.unwrap_or_default() {
                    self.deliver(command);
                }
                tokio::spawn(drive(Arc::clone(inner), Arc::clone(self), driven, First::Fact(fact), mailbox));
            }
            Err(error) => {
                error!(run.id = %id, %error, "a run cannot be loaded; it is looked at again in a minute");
                let later = inner.clock.now() + chrono::Duration::seconds(60);
                let done = if error.is_about_values() {
                    claims::set_aside(&inner.pool, self.id, id, later).await
                } else {
                    claims::release_one(&inner.pool, self.id, id, later).await
                };
                if let Err(error) = done {
                    warn!(run.id = %id, %error, "the run could not be released");
                }
                self.forget(id);
            }
        }
    }
}

/// What a node needs before the engine exists.
pub(super) struct InnerParts<'a> {
    pub(super) pool: &'a sqlx::PgPool,
    pub(super) settings: &'a super::EngineSettings,
}

/// The part of a lease in which we act; the rest is margin for what is under way.
fn usable(lease: Duration) -> Duration {
    lease - lease / 5
}

async fn load(inner: &Inner, claimed: ClaimedRun) -> Result<Driven, StoreError> {
    let unreadable = |why: String| StoreError::Unreadable { table: "runs", why };
    let loaded = inner.definition_of(claimed.definition_id).await?;
    let records = journal::records(&inner.pool, claimed.id).await?;
    let run = fold(&loaded.definition, Run::new(claimed.id), &records).map_err(|e| unreadable(e.to_string()))?;
    let head = claimed.head.try_into().map_err(|_| unreadable("the head is no SHA-256".to_owned()))?;
    let last_at = records.last().map_or(claimed.created_at, |r| r.at);
    Ok(Driven { run, loaded, fence: claimed.fence, head, last_at })
}
