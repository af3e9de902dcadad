//! One incarnation of this process: until when its lease holds, and the runs that it drives.
//!
//! An incarnation is never revived. When its lease may be over it drops all its work at once and a fresh one begins.

mod claiming;
pub(super) mod clock;
pub(super) mod fresh;
pub(super) mod health;
pub(super) mod heartbeat;
pub(super) mod limits;
pub(super) mod loops;
pub(super) mod oauth;
pub(super) mod pauses;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use uuid::Uuid;

use super::Inner;
use super::runs::mailbox::Mailbox;
use crate::machine::RunId;
use crate::store::runs::commands;
use crate::store::{StoreError, nodes};
use crate::telemetry;
use loops::{Look, Wakes};

/// One incarnation.
pub(super) struct Node {
    /// Random, never used again.
    pub(super) id: Uuid,
    /// The lease is lost: every driver stops where it is.
    pub(super) fenced: CancellationToken,
    /// The process goes down: drivers leave once no call is in progress.
    pub(super) draining: CancellationToken,
    /// Until when the last confirmed heartbeat lets us act.
    valid_until: Mutex<Instant>,
    active: Mutex<Active>,
    /// Of the journals of the runs in memory.
    bytes: AtomicUsize,
    /// Claimed runs that are not read yet.
    loading: AtomicUsize,
    /// How many of them are read at once.
    places: Semaphore,
    /// Runs that it drove when its lease was lost.
    lost: Mutex<Vec<RunId>>,
    /// When it looks again for runs that it owns and does not know.
    adopts_at: Mutex<Instant>,
    /// Something is there to be found.
    pub(super) wakes: Wakes,
}

#[derive(Default)]
struct Active {
    mailboxes: HashMap<RunId, Arc<Mailbox>>,
    /// A run that may have killed nodes before; one at a time.
    suspect: Option<RunId>,
}

/// Claimed runs, or groups of them, that are read at once.
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
            adopts_at: Mutex::new(Instant::now()),
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
            adopts_at: Mutex::new(Instant::now()),
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

    /// A run in memory continued as new: what it held before is gone.
    pub(super) fn let_go(&self, mailbox: &Mailbox) {
        self.bytes.fetch_sub(mailbox.run_bytes.swap(0, Ordering::Relaxed), Ordering::Relaxed);
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

    /// The same for a run that has no place yet; none if it has one.
    pub(super) fn expect_if_absent(&self, run: RunId) -> Option<Arc<Mailbox>> {
        match self.active().mailboxes.entry(run) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => Some(Arc::clone(place.insert(Arc::default()))),
        }
    }

    /// Whether the run is in the memory of this node.
    pub(super) fn drives(&self, run: RunId) -> bool {
        self.active().mailboxes.contains_key(&run)
    }

    pub(super) fn forget(&self, run: RunId) {
        let mut active = self.active();
        if let Some(mailbox) = active.mailboxes.remove(&run) {
            self.let_go(&mailbox);
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

    /// Returns at once while the lease holds; else waits for a heartbeat, or forever once fenced.
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
