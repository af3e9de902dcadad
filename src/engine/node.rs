//! One incarnation of this process: until when its lease holds, and the runs that it drives.
//!
//! An incarnation is never revived. When its lease may be over it drops all its work at once and a fresh one begins.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use uuid::Uuid;

use super::Inner;
use super::driver::{First, drive};
use super::loops::{Look, Wakes};
use super::mailbox::Mailbox;
use super::snapshots::load;
use crate::machine::{Fact, RunId};
use crate::store::claims::{self, ClaimedRun};
use crate::store::{StoreError, commands, nodes};
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
    /// Of the journals of the runs in memory.
    bytes: AtomicUsize,
    /// Claimed runs that are not read yet.
    loading: AtomicUsize,
    /// Of them are read at once.
    places: Semaphore,
    /// Runs that it drove when its lease was lost.
    lost: Mutex<Vec<RunId>>,
    /// Something is there to be found.
    pub(super) wakes: Wakes,
}

#[derive(Default)]
struct Active {
    mailboxes: HashMap<RunId, Arc<Mailbox>>,
    /// A run that may have killed nodes before; one at a time.
    suspect: Option<RunId>,
}

/// Claims after which a run is parked: three deaths without progress between.
const ATTEMPTS_MAX: i16 = 3;

/// Runs claimed by one statement.
const CLAIM_MAX: usize = 200;

/// The same where memory is short.
const CLAIM_FEW: usize = 10;

/// Claimed runs that are read at once.
const LOADS_MAX: usize = 4;

impl Node {
    /// Registers a fresh incarnation.
    pub(super) async fn register(parts: &NodeParts<'_>) -> Result<(Arc<Self>, nodes::Beat), StoreError> {
        let id = Uuid::new_v4();
        let settings = parts.settings;
        let asked = Instant::now();
        let (version, lease) = (env!("CARGO_PKG_VERSION"), settings.lease.as_secs_f64());
        let beat = nodes::register(parts.pool, id, &settings.name, version, lease, settings.format).await?;
        info!(node = %id, name = settings.name, "node registered");
        let node = Self {
            id,
            fenced: CancellationToken::new(),
            draining: CancellationToken::new(),
            valid_until: Mutex::new(asked + usable(settings.lease)),
            active: Mutex::default(),
            bytes: AtomicUsize::new(0),
            loading: AtomicUsize::new(0),
            places: Semaphore::new(LOADS_MAX),
            lost: Mutex::default(),
            wakes: Wakes::default(),
        };
        Ok((Arc::new(node), beat))
    }

    /// Stands for a program that is no node: it leaves every run to the nodes, and its lease is never asked for.
    pub(super) fn outside() -> Arc<Self> {
        Arc::new(Self {
            id: Uuid::new_v4(),
            fenced: CancellationToken::new(),
            draining: CancellationToken::new(),
            valid_until: Mutex::new(Instant::now() + Duration::from_hours(24 * 365)),
            active: Mutex::default(),
            bytes: AtomicUsize::new(0),
            loading: AtomicUsize::new(0),
            places: Semaphore::new(LOADS_MAX),
            lost: Mutex::default(),
            wakes: Wakes::default(),
        })
    }

    fn active(&self) -> std::sync::MutexGuard<'_, Active> {
        self.active.lock().expect("the lock of active runs is never poisoned")
    }

    /// Number of runs in memory.
    pub(super) fn load(&self) -> usize {
        self.active().mailboxes.len()
    }

    /// Bytes of the journals of the runs in memory.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// A run in memory has come to hold so many bytes more.
    pub(super) fn holds(&self, mailbox: &Mailbox, bytes: usize) {
        mailbox.run_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// How many more runs there is room for: by their number, and by what those in memory hold.
    pub(super) fn room(&self, settings: &super::EngineSettings) -> usize {
        if self.bytes() >= settings.runs_bytes_max {
            return 0;
        }
        settings.runs_max.saturating_sub(self.load())
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
        if let Some(mailbox) = active.mailboxes.remove(&run) {
            self.bytes.fetch_sub(mailbox.run_bytes.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        }
        if active.suspect == Some(run) {
            active.suspect = None;
            self.wakes.wake(Look::Claims);
        }
    }

    /// The run got on: whatever killed nodes before, it was not this.
    pub(super) fn progressed(&self, run: RunId) {
        let mut active = self.active();
        if active.suspect == Some(run) {
            active.suspect = None;
            self.wakes.wake(Look::Claims);
        }
    }

    /// The runs that were in memory when the lease was lost.
    pub(super) fn lost_runs(&self) -> Vec<RunId> {
        std::mem::take(&mut *self.lost.lock().expect("the lock of lost runs is never poisoned"))
    }

    fn mailbox(&self, run: RunId) -> Option<Arc<Mailbox>> {
        self.active().mailboxes.get(&run).cloned()
    }

    pub(super) fn valid_until(&self) -> Instant {
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

    /// A heartbeat was confirmed: the node may act until then.
    pub(super) fn extend(&self, until: Instant) {
        *self.valid_until.lock().expect("the lock of the lease is never poisoned") = until;
    }

    /// Drops all work of this incarnation. Once.
    pub(super) fn fence(&self, why: &str) {
        error!(node = %self.id, runs = self.load(), why, "lease lost: all work of this incarnation is dropped");
        telemetry::lease_lost();
        // Before their drivers notice, and forget them.
        *self.lost.lock().expect("the lock of lost runs is never poisoned") =
            self.active().mailboxes.keys().copied().collect();
        self.fenced.cancel();
    }

    pub(super) async fn deliver_open(&self, inner: &Inner) -> Result<(), StoreError> {
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

    pub(super) async fn claim(self: &Arc<Self>, inner: &Arc<Inner>) -> Result<(), StoreError> {
        loop {
            // What a run holds is known once it is read: where there may be little room, few are taken at once.
            let at_once = if self.bytes() > inner.settings.runs_bytes_max / 2 { CLAIM_FEW } else { CLAIM_MAX };
            let room = self.room(&inner.settings).min(at_once.saturating_sub(self.loading.load(Ordering::Relaxed)));
            if room == 0 || self.draining.is_cancelled() || !self.is_alive() {
                return Ok(());
            }
            let claimed =
                claims::claim_due(&inner.pool, self.id, i64::try_from(room).unwrap_or(1), inner.settings.format)
                    .await?;
            let full = claimed.len() == room;
            for run in claimed {
                self.take(inner, run);
            }
            if !full {
                break;
            }
        }
        if self.active().suspect.is_none()
            && let Some(run) = claims::claim_suspect(&inner.pool, self.id, inner.settings.format).await?
        {
            self.active().suspect = Some(run.id);
            self.take(inner, run);
        }
        Ok(())
    }

    /// Runs that are ours in the database but not in memory: a claim's or an insert's reply was lost.
    pub(super) async fn adopt_unknown(self: &Arc<Self>, inner: &Arc<Inner>) -> Result<(), StoreError> {
        let limit = i64::try_from(inner.settings.runs_max * 2).unwrap_or(i64::MAX);
        for run in claims::owned_by(&inner.pool, self.id, limit).await? {
            if self.mailbox(run.id).is_none() && !inner.clock_is_before(run.created_at + chrono::Duration::seconds(2)) {
                self.take(inner, run);
            }
        }
        Ok(())
    }

    /// Begins to drive a claimed run, once it is read: a long history holds up no other run.
    fn take(self: &Arc<Self>, inner: &Arc<Inner>, claimed: ClaimedRun) {
        let id = claimed.id;
        if self.mailbox(id).is_some() {
            return;
        }
        let mailbox = self.expect_run(id);
        let loading = Loading::begin(self);
        let inner = Arc::clone(inner);
        tokio::spawn(async move {
            let node = &loading.0;
            let _place = node.places.acquire().await;
            if node.fenced.is_cancelled() || node.draining.is_cancelled() {
                // Whoever ends this incarnation gives back what it owns.
                return node.forget(id);
            }
            node.bring_up(&inner, claimed, mailbox).await;
        });
    }

    async fn bring_up(self: &Arc<Self>, inner: &Arc<Inner>, claimed: ClaimedRun, mailbox: Arc<Mailbox>) {
        let id = claimed.id;
        let attempts = claimed.attempts;
        if attempts > ATTEMPTS_MAX + 1 {
            // Its nodes died even while they wanted to park it: it is not read here.
            error!(run.id = %id, "a run that kills nodes cannot be parked; a person must decide");
            if let Err(error) = claims::park_unread(&inner.pool, self.id, id).await {
                warn!(run.id = %id, %error, "the run could not be marked for attention");
            }
            return self.forget(id);
        }
        match load(inner, claimed).await {
            Ok(driven) => {
                let fact = if attempts > ATTEMPTS_MAX {
                    let detail =
                        format!("{ATTEMPTS_MAX} nodes died while executing this run, with no progress in between");
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
                error!(run.id = %id, %error, "a run cannot be loaded, trying again in a minute");
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

/// A run that is read, counted until it is driven.
struct Loading(Arc<Node>);

impl Loading {
    fn begin(node: &Arc<Node>) -> Self {
        node.loading.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(node))
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        let before = self.0.loading.fetch_sub(1, Ordering::Relaxed);
        // Claims stopped for them, or will look by themselves.
        if before == CLAIM_FEW || before == CLAIM_MAX / 2 {
            self.0.wakes.wake(Look::Claims);
        }
    }
}

/// What a node needs before the engine exists.
pub(super) struct NodeParts<'a> {
    pub(super) pool: &'a sqlx::PgPool,
    pub(super) settings: &'a super::EngineSettings,
}

/// The part of a lease in which we act; the rest is margin for what is under way.
pub(super) fn usable(lease: Duration) -> Duration {
    lease - lease / 5
}

#[cfg(test)]
mod tests;
