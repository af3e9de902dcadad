//! Runs that a node takes up: claimed when they are due, or owned without being known; read, and handed to their drivers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::{error, warn};

use super::Node;
use crate::engine::Inner;
use crate::engine::driver::{First, drive, unless_it_panics};
use crate::engine::loops::Look;
use crate::engine::mailbox::Mailbox;
use crate::engine::snapshots::{is_quick, load, load_each};
use crate::machine::{Fact, RunId};
use crate::store::claims::{self, ClaimedRun};
use crate::store::{StoreError, commands};

/// Claims after which a run is parked: three deaths without progress between.
const ATTEMPTS_MAX: i16 = 3;

/// Runs claimed by one statement.
const CLAIM_MAX: usize = 200;

/// The same where memory is short.
const CLAIM_FEW: usize = 10;

/// Claimed runs with short journals that are read together.
const TOGETHER: usize = 16;

impl Node {
    pub(in crate::engine) async fn claim(self: &Arc<Self>, inner: &Arc<Inner>) -> Result<(), StoreError> {
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
            self.take_all(inner, claimed);
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
    pub(in crate::engine) async fn adopt_unknown(self: &Arc<Self>, inner: &Arc<Inner>) -> Result<(), StoreError> {
        let limit = i64::try_from(inner.settings.runs_max * 2).unwrap_or(i64::MAX);
        for run in claims::owned_by(&inner.pool, self.id, limit).await? {
            if self.mailbox(run.id).is_none() && !inner.clock_is_before(run.created_at + chrono::Duration::seconds(2)) {
                self.take(inner, run);
            }
        }
        Ok(())
    }

    /// Begins to drive claimed runs. Those that are read quickly are read together.
    fn take_all(self: &Arc<Self>, inner: &Arc<Inner>, claimed: Vec<ClaimedRun>) {
        let (quick, others): (Vec<_>, Vec<_>) = claimed.into_iter().partition(is_quick);
        for run in others {
            self.take(inner, run);
        }
        let mut quick: Vec<_> = quick.into_iter().filter(|run| self.mailbox(run.id).is_none()).collect();
        while !quick.is_empty() {
            let some: Vec<_> = quick.drain(..quick.len().min(TOGETHER)).collect();
            let expected: Vec<_> = some.iter().map(|run| (self.expect_run(run.id), Loading::begin(self))).collect();
            let (node, inner) = (Arc::clone(self), Arc::clone(inner));
            tokio::spawn(async move {
                let (mailboxes, _loading): (Vec<_>, Vec<_>) = expected.into_iter().unzip();
                let _place = node.places.acquire().await;
                if node.fenced.is_cancelled() || node.draining.is_cancelled() {
                    // Whoever ends this incarnation gives back what it owns.
                    return some.iter().for_each(|run| node.forget(run.id));
                }
                node.bring_up_all(&inner, some, mailboxes).await;
            });
        }
    }

    async fn bring_up_all(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        claimed: Vec<ClaimedRun>,
        mailboxes: Vec<Arc<Mailbox>>,
    ) {
        let ids: Vec<RunId> = claimed.iter().map(|run| run.id).collect();
        let read = async {
            let driven = load_each(inner, &claimed).await?;
            // Before they are driven: a run that has nothing else to do would leave again at once.
            Ok::<_, StoreError>((driven, commands::open_for_runs(&inner.pool, &ids).await?))
        };
        match unless_it_panics(read).await {
            Ok(Ok((driven, commands))) => {
                for command in commands {
                    self.deliver(command);
                }
                for (driven, mailbox) in driven.into_iter().zip(mailboxes) {
                    let first = First::Fact(Fact::TakenOver);
                    tokio::spawn(drive(Arc::clone(inner), Arc::clone(self), driven, first, mailbox));
                }
            }
            // One of them is to blame, or the database is away: each is read by itself, so that only the culprit fails.
            Ok(Err(_)) | Err(_) => {
                for run in claimed {
                    self.forget(run.id);
                    self.take(inner, run);
                }
            }
        }
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
        // A panic while a run is read concerns that run alone: it is set aside for a person instead of staying owned and undriven.
        let internal = |why| StoreError::Unreadable { table: "runs", why: format!("internal error: {why}") };
        match unless_it_panics(load(inner, claimed)).await.map_err(internal).flatten() {
            Ok(driven) => {
                let fact = if attempts > ATTEMPTS_MAX {
                    let detail =
                        format!("{ATTEMPTS_MAX} nodes died while executing this run, with no progress in between");
                    Fact::Poisoned { detail }
                } else {
                    Fact::TakenOver
                };
                // Before it is driven: a run that has nothing else to do would leave again at once.
                for command in commands::open_for_runs(&inner.pool, &[id]).await.unwrap_or_default() {
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

/// A run that is being read; it counts as loading until it is driven.
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
        // Claiming may have stopped because so many were loading.
        if before == CLAIM_FEW || before == CLAIM_MAX / 2 {
            self.0.wakes.wake(Look::Claims);
        }
    }
}
