//! Runs that a node takes up: claimed when they are due, or owned without being known; read, and handed to their drivers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::Node;
use super::loops::Look;
use crate::engine::runs::Runs;
use crate::engine::runs::driver::{Driven, First, drive, unless_it_panics};
use crate::engine::runs::expected::Expected;
use crate::engine::runs::snapshots::{is_quick, load, load_each};
use crate::machine::{Fact, RunId};
use crate::store::StoreError;
use crate::store::runs::claims::{self, ClaimedRun, Hold};
use crate::store::runs::commands;

/// Claims after which a run is parked: three deaths without progress between.
const ATTEMPTS_MAX: i16 = 3;

/// Runs claimed by one statement.
const CLAIM_MAX: usize = 200;

/// The same where memory is short.
const CLAIM_FEW: usize = 10;

/// Claimed runs with short journals that are read together.
const TOGETHER: usize = 16;

/// Reading what is owned is slow while an old snapshot keeps dead rows: it rests so many times as long as it took, at most this long.
const ADOPTS_REST: u32 = 50;
const ADOPTS_REST_MAX: Duration = Duration::from_secs(30);

impl Node {
    pub(in crate::engine) async fn claim(self: &Arc<Self>, runs: &Arc<Runs>) -> Result<(), StoreError> {
        loop {
            // What a run holds is known once it is read: where there may be little room, few are taken at once.
            let at_once = if self.bytes() > runs.context.settings.runs_bytes_max / 2 { CLAIM_FEW } else { CLAIM_MAX };
            let room =
                self.room(&runs.context.settings).min(at_once.saturating_sub(self.loading.load(Ordering::Relaxed)));
            if room == 0 || self.draining.is_cancelled() || !self.is_alive() {
                return Ok(());
            }
            let claimed = claims::claim_due(
                &runs.context.pool,
                self.id,
                i64::try_from(room).unwrap_or(1),
                runs.context.settings.format,
            )
            .await?;
            let full = claimed.len() == room;
            self.take_all(runs, claimed);
            if !full {
                break;
            }
        }
        if self.active().suspect.is_none()
            && let Some(run) = claims::claim_suspect(&runs.context.pool, self.id, runs.context.settings.format).await?
        {
            self.active().suspect = Some(run.id);
            if let Some(place) = Expected::if_absent(self, run.id) {
                self.take(runs, run, place);
            }
        }
        Ok(())
    }

    /// Runs that are ours in the database but not in memory: a claim's or an insert's reply was lost.
    pub(in crate::engine) async fn adopt_unknown(self: &Arc<Self>, runs: &Arc<Runs>) -> Result<(), StoreError> {
        let began = Instant::now();
        if began < *self.adopts_at.lock().expect("the lock of a time is never poisoned") {
            return Ok(());
        }
        let limit = i64::try_from(runs.context.settings.runs_max * 2).unwrap_or(i64::MAX);
        let owned = claims::owned_by(&runs.context.pool, self.id, limit).await?;
        let rest = began.elapsed().saturating_mul(ADOPTS_REST).min(ADOPTS_REST_MAX);
        *self.adopts_at.lock().expect("the lock of a time is never poisoned") = Instant::now() + rest;
        self.adopt(runs, &owned).await
    }

    /// Takes up those of these runs that are not in memory. What was ours when they were read may have left since, together with its
    /// driver. So each gets its place first, and then the database is asked again: what is ours then, nobody drives or begins to.
    pub(super) async fn adopt(self: &Arc<Self>, runs: &Arc<Runs>, seen: &[ClaimedRun]) -> Result<(), StoreError> {
        let is_old = |run: &&ClaimedRun| runs.context.now() >= run.created_at + chrono::Duration::seconds(2);
        let mut places: HashMap<RunId, Expected> =
            seen.iter().filter(is_old).filter_map(|run| Some((run.id, Expected::if_absent(self, run.id)?))).collect();
        if places.is_empty() {
            return Ok(());
        }
        let ids: Vec<RunId> = places.keys().copied().collect();
        for run in claims::still_owned_by(&runs.context.pool, self.id, &ids).await? {
            if let Some(place) = places.remove(&run.id) {
                self.take(runs, run, place);
            }
        }
        Ok(())
    }

    /// Begins to drive claimed runs. Those that are read quickly are read together.
    fn take_all(self: &Arc<Self>, runs: &Arc<Runs>, claimed: Vec<ClaimedRun>) {
        let placed = claimed.into_iter().filter_map(|run| Some((Expected::if_absent(self, run.id)?, run)));
        let (mut quick, others): (Vec<_>, Vec<_>) = placed.partition(|(_, run)| is_quick(run));
        for (place, run) in others {
            self.take(runs, run, place);
        }
        while !quick.is_empty() {
            let (places, some): (Vec<_>, Vec<_>) = quick.drain(..quick.len().min(TOGETHER)).unzip();
            let loading: Vec<_> = some.iter().map(|_| Loading::begin(self)).collect();
            let (node, runs) = (Arc::clone(self), Arc::clone(runs));
            tokio::spawn(async move {
                let _loading = loading;
                let _permit = node.places.acquire().await;
                // Whoever ends this incarnation gives back what it owns.
                if !node.fenced.is_cancelled() && !node.draining.is_cancelled() {
                    node.bring_up_all(&runs, some, places).await;
                }
            });
        }
    }

    async fn bring_up_all(self: &Arc<Self>, runs: &Arc<Runs>, claimed: Vec<ClaimedRun>, places: Vec<Expected>) {
        let ids: Vec<RunId> = claimed.iter().map(|run| run.id).collect();
        let read = async {
            let driven = load_each(&runs.context, &claimed).await?;
            // Before they are driven: a run that has nothing else to do would leave again at once.
            Ok::<_, StoreError>((driven, commands::open_for_runs(&runs.context.pool, &ids).await?))
        };
        match unless_it_panics(read).await {
            Ok(Ok((driven, commands))) => {
                for command in commands {
                    self.deliver(command);
                }
                for (driven, place) in driven.into_iter().zip(places) {
                    self.begin(runs, driven, Fact::TakenOver, place);
                }
            }
            // One of them is to blame, or the database is away: each is read by itself, so that only the culprit fails.
            Ok(Err(_)) | Err(_) => {
                for (run, place) in claimed.into_iter().zip(places) {
                    self.take(runs, run, place);
                }
            }
        }
    }

    fn begin(self: &Arc<Self>, runs: &Arc<Runs>, driven: Driven, fact: Fact, place: Expected) {
        if let Some(mailbox) = place.take() {
            tokio::spawn(drive(Arc::clone(runs), Arc::clone(self), driven, First::Fact(fact), mailbox));
        }
    }

    /// Begins to drive a claimed run, once it is read: a long history holds up no other run.
    fn take(self: &Arc<Self>, runs: &Arc<Runs>, claimed: ClaimedRun, place: Expected) {
        let loading = Loading::begin(self);
        let runs = Arc::clone(runs);
        tokio::spawn(async move {
            let node = &loading.0;
            let _permit = node.places.acquire().await;
            // Whoever ends this incarnation gives back what it owns.
            if !node.fenced.is_cancelled() && !node.draining.is_cancelled() {
                node.bring_up(&runs, claimed, place).await;
            }
        });
    }

    async fn bring_up(self: &Arc<Self>, runs: &Arc<Runs>, claimed: ClaimedRun, place: Expected) {
        let (id, attempts) = (claimed.id, claimed.attempts);
        let hold = Hold { node: self.id, run: id, fence: claimed.fence };
        if attempts > ATTEMPTS_MAX + 1 {
            // Its nodes died even while they wanted to park it: it is not read here.
            error!(run.id = %id, "a run that crashes nodes cannot be parked; a person must decide");
            if let Err(error) = claims::park_unread(&runs.context.pool, hold).await {
                warn!(run.id = %id, %error, "the run could not be marked for attention");
            }
            return;
        }
        // A panic while a run is read concerns that run alone: it is set aside for a person instead of staying owned and undriven.
        let internal = |why| StoreError::Unreadable { table: "runs", why: format!("internal error: {why}") };
        match unless_it_panics(load(&runs.context, claimed)).await.map_err(internal).flatten() {
            Ok(driven) => {
                let fact = if attempts > ATTEMPTS_MAX {
                    let detail =
                        format!("{ATTEMPTS_MAX} nodes died while executing this run, with no progress in between");
                    Fact::Poisoned { detail }
                } else {
                    Fact::TakenOver
                };
                // Before it is driven: a run that has nothing else to do would leave again at once.
                for command in commands::open_for_runs(&runs.context.pool, &[id]).await.unwrap_or_default() {
                    self.deliver(command);
                }
                self.begin(runs, driven, fact, place);
            }
            Err(error) => {
                error!(run.id = %id, %error, "a run cannot be loaded, trying again in a minute");
                let later = runs.context.now() + chrono::Duration::seconds(60);
                let done = if error.is_about_values() {
                    claims::set_aside(&runs.context.pool, hold, later).await
                } else {
                    claims::release_one(&runs.context.pool, hold, later).await
                };
                if let Err(error) = done {
                    warn!(run.id = %id, %error, "the run could not be released");
                }
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
