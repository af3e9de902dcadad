//! Callers that wait for a run follow it in memory: what this node commits reaches them without a query.
//!
//! A follower is right or it says so: records must join without a hole, otherwise (another node drove the run in between, or
//! the journal grew too long) it is [`Standing::Lost`], and its caller reads the database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::Runs;
use crate::dsl::Definition;
use crate::engine::{Engine, StartError, StartRequest};
use crate::machine::view::{RunHead, RunView, view};
use crate::machine::{Record, Run, RunId, Time};
use crate::store::runs::{journal, listing};
use crate::store::{StoreError, definitions};

/// A journal longer than this is read from the database.
const RECORDS_MAX: usize = 2_000;

/// First and longest pause between two looks at a run that this node does not drive.
const LOOK: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(1));

/// A run that was started, as its caller sees it.
#[derive(Debug)]
pub struct Begun {
    /// Id of the run.
    pub id: RunId,
    /// Whether it has ended or needs a person.
    pub settled: bool,
    /// The run as it is; none where it cannot be shown right now.
    pub view: Option<RunView>,
}

/// A run as it was committed, enough to show it.
pub(in crate::engine) struct Snapshot {
    pub(super) definition: Arc<Definition>,
    pub(super) head: RunHead,
    pub(super) records: Vec<Record>,
    pub(super) settled: bool,
}

impl Snapshot {
    fn view(&self) -> Option<RunView> {
        view(&self.definition, &self.head, &self.records).ok().flatten()
    }
}

/// How a followed run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It continues.
    Open,
    /// It has ended or needs a person.
    Settled,
    /// What happened to it is not known here.
    Lost,
}

struct Followed {
    seen: Mutex<(Snapshot, Standing)>,
    moved: Notify,
}

impl Followed {
    fn lock(&self) -> MutexGuard<'_, (Snapshot, Standing)> {
        self.seen.lock().expect("nothing panics while it holds a followed run")
    }

    fn standing(&self) -> Standing {
        self.lock().1
    }

    fn lose(&self) {
        self.lock().1 = Standing::Lost;
    }
}

/// All runs that someone follows.
#[derive(Default)]
pub(in crate::engine) struct Followers {
    open: Mutex<HashMap<RunId, Arc<Followed>>>,
    /// So that a commit that nobody follows costs one load.
    count: AtomicUsize,
}

impl Followers {
    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Arc<Followed>>> {
        self.open.lock().expect("nothing panics while it holds the followers")
    }

    /// Tells followers of the run what was just committed: `records` after the first `seq_before`.
    pub(super) fn tell(&self, run: &Run, seq_before: u32, records: &[Record], wake_at: Option<Time>) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let Some(followed) = self.lock().get(&run.id).map(Arc::clone) else { return };
        let mut seen = followed.lock();
        let (snapshot, standing) = &mut *seen;
        let known = u32::try_from(snapshot.records.len()).unwrap_or(u32::MAX);
        if *standing == Standing::Lost || known != seq_before || snapshot.records.len() + records.len() > RECORDS_MAX {
            *standing = Standing::Lost;
        } else {
            snapshot.records.extend_from_slice(records);
            snapshot.head.wake_at = wake_at;
            snapshot.settled = run.is_closed() || run.is_parked();
            *standing = if snapshot.settled { Standing::Settled } else { Standing::Open };
        }
        drop(seen);
        followed.moved.notify_one();
    }
}

/// Follows a run until it is dropped.
pub(super) struct Following {
    runs: Arc<Runs>,
    id: RunId,
    followed: Arc<Followed>,
}

impl Following {
    /// Begins before the run is committed, so that nothing is missed.
    pub(super) fn begin(runs: &Arc<Runs>, snapshot: Snapshot) -> Self {
        let id = snapshot.head.id;
        let standing = if snapshot.settled { Standing::Settled } else { Standing::Open };
        let followed = Arc::new(Followed { seen: Mutex::new((snapshot, standing)), moved: Notify::new() });
        runs.followers.lock().insert(id, Arc::clone(&followed));
        runs.followers.count.fetch_add(1, Ordering::Release);
        Self { runs: Arc::clone(runs), id, followed }
    }

    /// Waits until the run has ended or needs a person, at most this long, and shows it as it is then.
    pub(super) async fn wait(self, longest: Duration) -> Begun {
        let until = Instant::now() + longest;
        let mut pause = LOOK.0;
        while self.followed.standing() == Standing::Open && Instant::now() < until {
            let rest = until.saturating_duration_since(Instant::now());
            // What was told before this waits in the `Notify`.
            if tokio::time::timeout(pause.min(rest), self.followed.moved.notified()).await.is_err() {
                self.look().await;
                pause = (pause * 2).min(LOOK.1);
            }
        }
        self.seen(until).await
    }

    /// Looks at a run that this node does not drive: another node may have ended it.
    async fn look(&self) {
        if self.runs.context.node().drives(self.id) {
            return;
        }
        let settled = listing::run(&self.runs.context.reader, self.id).await;
        if settled.is_ok_and(|row| row.is_some_and(|row| row.finished_at.is_some() || row.attention.is_some())) {
            self.followed.lose();
        }
    }

    async fn seen(self, until: Instant) -> Begun {
        {
            let seen = self.followed.lock();
            if seen.1 != Standing::Lost {
                return Begun { id: self.id, settled: seen.0.settled, view: seen.0.view() };
            }
        }
        self.runs.look_at(self.id, until).await
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.runs.followers.lock().remove(&self.id);
        self.runs.followers.count.fetch_sub(1, Ordering::Release);
    }
}

impl Engine {
    /// Starts one run and shows it: as it was committed, or with `wait` once it has ended or needs a person, at the latest when
    /// that time is over. What this node commits itself is shown from memory.
    ///
    /// # Errors
    /// See [`StartError`]; then nothing is stored.
    pub async fn start_and_show(&self, request: StartRequest, wait: Option<Duration>) -> Result<Begun, StartError> {
        self.inner.runs.start_and_show(request, wait).await
    }

    /// Waits until the run has ended or needs a person, at most `timeout`. True if so.
    pub async fn settled(&self, run: RunId, timeout: Duration) -> bool {
        self.inner.runs.settled(run, timeout).await
    }
}

impl Runs {
    /// Starts a run and shows it as it was committed; with `wait` as it is once it has ended or needs a person, or once
    /// that time is over.
    pub(super) async fn start_and_show(
        self: &Arc<Self>,
        request: StartRequest,
        wait: Option<Duration>,
    ) -> Result<Begun, StartError> {
        let wait = wait.unwrap_or_default();
        let (id, snapshot, following) = self.begin_shown(request, !wait.is_zero()).await?;
        match (snapshot, following) {
            (_, Some(following)) => Ok(following.wait(wait).await),
            (Some(snapshot), None) => Ok(Begun { id, settled: false, view: snapshot.view() }),
            // A start that was made before: its run may be anywhere.
            (None, None) => Ok(self.look_at(id, Instant::now() + wait).await),
        }
    }

    /// Reads a run from the database, once it has settled or the time is over.
    async fn look_at(&self, id: RunId, until: Instant) -> Begun {
        let rest = until.saturating_duration_since(Instant::now());
        let settled = !rest.is_zero() && self.settled(id, rest).await;
        Begun { id, settled, view: self.view(id).await.ok().flatten() }
    }

    /// Waits until the run has ended or needs a person, at most `timeout`. True if so.
    async fn settled(&self, run: RunId, timeout: Duration) -> bool {
        let mut changes = self.changes.subscribe();
        let settled = async {
            loop {
                match listing::run(&self.context.reader, run).await {
                    Ok(Some(row)) if row.finished_at.is_some() || row.attention.is_some() => return,
                    _ => {}
                }
                // Another node may drive the run: then nothing is announced here, and looking must do.
                let look_again = tokio::time::sleep(Duration::from_millis(250));
                tokio::pin!(look_again);
                loop {
                    tokio::select! {
                        () = &mut look_again => break,
                        change = changes.recv() => match change {
                            Ok(change) if change.id != run => {}
                            _ => break,
                        },
                    }
                }
            }
        };
        tokio::time::timeout(timeout, settled).await.is_ok()
    }

    /// A run as people and programs see it.
    pub(in crate::engine) async fn view(&self, run: RunId) -> Result<Option<RunView>, StoreError> {
        let context = &self.context;
        let Some(definition) = definitions::of_run(&context.reader, run).await? else { return Ok(None) };
        let loaded = context.definition_of(definition).await?;
        let Some(row) = listing::run(&context.reader, run).await? else { return Ok(None) };
        let (records, base) = journal::records_from_base(&context.reader, run).await?;
        let head = RunHead { id: run, parent: row.parent, created_at: row.created_at, wake_at: row.wake_at, base };
        let unreadable = |why: String| StoreError::Unreadable { table: "journal", why };
        if records.len() <= journal::LONG {
            return view(&loaded.definition, &head, &records).map_err(|e| unreadable(e.to_string()));
        }
        // The threads of the engine have other things to do.
        let folded = tokio::task::spawn_blocking(move || view(&loaded.definition, &head, &records)).await;
        folded.map_err(|e| unreadable(e.to_string()))?.map_err(|e| unreadable(e.to_string()))
    }
}

#[cfg(test)]
mod tests;
