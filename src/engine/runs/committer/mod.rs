//! Group commit: transitions of many runs in one transaction.
//!
//! A committer never waits to fill a batch: it takes all that queued while the commit before ran, as far as the bounds of a
//! transaction allow: so many items, and so many bytes. At low load that is one item and low latency, at high load hundreds. It is
//! the only writer of runs and journal, and it is never cancelled between `begin` and `commit`: a dropped transaction would poison
//! its connection.
//!
//! What fails is tried again; what fails again is halved, whatever the error, and an item that fails alone makes way for the others.
//! It is refused, and its run parked, once others were written and it was not.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{Notify, oneshot};
use tracing::{error, warn};
use uuid::Uuid;

use super::batch::{Accept, AcceptOutcome, Advance, AdvanceOutcome, Item, Written, look, needs_one_statement, write};
use crate::engine::node::health::Health;
use crate::store::StoreError;
use crate::telemetry;

/// What its failures are called.
const STAGE: &str = "commits";

/// What each committer is called, as one of the node's loops.
const NAMES: [&str; 16] = [
    "commits-1",
    "commits-2",
    "commits-3",
    "commits-4",
    "commits-5",
    "commits-6",
    "commits-7",
    "commits-8",
    "commits-9",
    "commits-10",
    "commits-11",
    "commits-12",
    "commits-13",
    "commits-14",
    "commits-15",
    "commits-16",
];

/// Most items in one transaction.
const BATCH_MAX: usize = 500;

/// Most bytes in one transaction, unless a single item has more: a message to Postgres holds a gigabyte at most, and memory holds
/// each of them several times while it is written.
const BATCH_BYTES_MAX: usize = 16 << 20;

/// Bytes that may wait to be written; beyond them ingress answers 503.
const QUEUE_BYTES_MAX: usize = 256 << 20;

/// A batch that fails this often with whatever error is halved.
const TRIES_WHOLE: u32 = 2;

/// An item alone is refused after so many failures, if others were written between them.
const TRIES_ALONE: u32 = 5;

/// An item that waits, and its outcome so far.
struct Waiting {
    item: Item,
    bytes: usize,
    /// Failures with whatever error while it was alone, and the commits of this node before the first.
    failed: Option<(u32, u64)>,
}

#[derive(Default)]
struct Queue {
    items: Mutex<VecDeque<Waiting>>,
    /// Of all that waits.
    bytes: AtomicUsize,
    /// Transactions committed so far.
    commits: AtomicU64,
    filled: Notify,
    closed: AtomicBool,
}

impl Queue {
    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Waiting>> {
        self.items.lock().expect("the queue's lock is never poisoned")
    }

    fn push(&self, waiting: Waiting) {
        self.bytes.fetch_add(waiting.bytes, Ordering::Relaxed);
        self.lock().push_back(waiting);
        self.filled.notify_one();
    }

    /// What one transaction takes from the front.
    fn take(&self) -> Vec<Waiting> {
        let mut items = self.lock();
        let (mut count, mut bytes) = (0, 0);
        for waiting in items.iter().take(BATCH_MAX) {
            // What failed alone is tried alone.
            let is_alone = waiting.failed.is_some();
            if count > 0 && (bytes + waiting.bytes > BATCH_BYTES_MAX || is_alone) {
                break;
            }
            (count, bytes) = (count + 1, bytes + waiting.bytes);
            if is_alone {
                break;
            }
        }
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        if items.len() > count {
            self.filled.notify_one();
        }
        items.drain(..count).collect()
    }
}

/// Handle to the committers. Cheap to clone.
#[derive(Clone)]
pub(in crate::engine) struct Committer {
    queue: Arc<Queue>,
}

impl Committer {
    /// Starts `count` committers on connections of their own.
    pub(in crate::engine) fn start(
        pool: &PgPool,
        count: usize,
        health: &Arc<Health>,
    ) -> (Self, Vec<tokio::task::JoinHandle<()>>) {
        let queue = Arc::new(Queue::default());
        let tasks = (0..count.max(1))
            .map(|n| {
                let (queue, pool, health) = (Arc::clone(&queue), pool.clone(), Arc::clone(health));
                let name = NAMES[n % NAMES.len()];
                tokio::spawn(Worker { queue, pool, health, name, connection: None }.run())
            })
            .collect();
        (Self { queue }, tasks)
    }

    /// Items waiting to be written.
    pub(in crate::engine) fn depth(&self) -> usize {
        self.queue.lock().len()
    }

    /// Whether so much waits already that no more should come in.
    pub(in crate::engine) fn is_full(&self, items_max: usize) -> bool {
        self.depth() >= items_max || self.queue.bytes.load(Ordering::Relaxed) >= QUEUE_BYTES_MAX
    }

    pub(in crate::engine) async fn accept(&self, accept: Accept) -> AcceptOutcome {
        let (reply, outcome) = oneshot::channel();
        self.push(Item::Accept(Box::new(accept), reply));
        outcome.await.unwrap_or_else(|_| AcceptOutcome::Failed("the node is shutting down".to_owned()))
    }

    pub(super) async fn advance(&self, advance: Advance) -> AdvanceOutcome {
        let (reply, outcome) = oneshot::channel();
        self.push(Item::Advance(Box::new(advance), reply));
        outcome.await.unwrap_or(AdvanceOutcome::Lost)
    }

    /// Answers a command that changes nothing.
    pub(super) async fn answer(&self, command: Uuid, refusal: Option<String>) {
        let (reply, done) = oneshot::channel();
        self.push(Item::Answer(command, refusal, reply));
        // Without a reply the command stays open, and a sweep brings it back.
        let _ = done.await;
    }

    /// Ends the committers once the queue is empty.
    pub(in crate::engine) fn close(&self) {
        self.queue.closed.store(true, Ordering::Release);
        self.queue.filled.notify_waiters();
        self.queue.filled.notify_one();
    }

    fn push(&self, item: Item) {
        let bytes = item.bytes();
        self.queue.push(Waiting { item, bytes, failed: None });
    }
}

struct Worker {
    queue: Arc<Queue>,
    pool: PgPool,
    health: Arc<Health>,
    name: &'static str,
    connection: Option<PoolConnection<Postgres>>,
}

/// Where a transaction broke.
enum Broken {
    /// There was no connection to begin with: no item is to blame.
    Away(StoreError),
    /// Surely not committed.
    Before(StoreError),
    /// Perhaps committed: the reply is missing.
    AtCommit(StoreError),
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Before(error)
    }
}

impl Worker {
    async fn run(mut self) {
        while let Some(batch) = self.next_batch().await {
            let (items, begin) = (batch.len(), Instant::now());
            self.health.came_round(self.name);
            self.write(batch).await;
            telemetry::committed(items, begin.elapsed());
            self.health.rests(self.name);
        }
    }

    async fn next_batch(&self) -> Option<Vec<Waiting>> {
        loop {
            // Registered before the look, so that a push in between is not missed.
            let filled = self.queue.filled.notified();
            let batch = self.queue.take();
            if !batch.is_empty() {
                return Some(batch);
            }
            if self.queue.closed.load(Ordering::Acquire) {
                return None;
            }
            filled.await;
        }
    }

    /// Writes a batch, whatever it takes: repeats after a fault of the database, splits what fails again.
    async fn write(&mut self, batch: Vec<Waiting>) {
        let tries = batch.first().and_then(|first| first.failed).map_or(0, |(times, _)| times);
        let mut work = vec![(batch, 0)];
        let mut pause = Duration::from_millis(20) * (1 << tries.min(5));
        while let Some((batch, failures)) = work.pop() {
            let broken = match self.attempt(&batch).await {
                Ok(written) => {
                    self.committed();
                    written.reply(batch.into_iter().map(|waiting| waiting.item).collect());
                    continue;
                }
                Err(broken) => broken,
            };
            // Whatever happened, this connection's state is not trusted again.
            self.connection = None;
            match broken {
                Broken::Before(StoreError::Refused(why)) | Broken::AtCommit(StoreError::Refused(why)) => {
                    work.extend(split_or_refuse(batch, &why.to_string()).into_iter().map(|half| (half, failures)));
                }
                Broken::Away(why) => {
                    // Nothing hangs here: the heartbeat notices as well that the database is away.
                    self.health.came_round(self.name);
                    self.health.note(STAGE, Err(why));
                    self.pause(&mut pause).await;
                    work.push((batch, failures));
                }
                Broken::Before(why) => {
                    let told = why.to_string();
                    self.health.note(STAGE, Err(why));
                    self.pause(&mut pause).await;
                    self.try_again(batch, failures + 1, &told, &mut work);
                }
                Broken::AtCommit(why) => {
                    warn!(error = %why, items = batch.len(), "commit reply lost, checking whether it succeeded");
                    let (is_away, told) = (why.is_disconnected(), why.to_string());
                    self.health.note(STAGE, Err(why));
                    let rest = self.find_out(batch, &mut pause).await;
                    if rest.is_empty() {
                        self.committed();
                    } else if is_away {
                        work.push((rest, failures));
                    } else {
                        self.pause(&mut pause).await;
                        self.try_again(rest, failures + 1, &told, &mut work);
                    }
                }
            }
        }
    }

    fn committed(&self) {
        self.queue.commits.fetch_add(1, Ordering::Relaxed);
        self.health.note(STAGE, Ok(()));
        self.health.came_round(self.name);
    }

    /// What happens to a batch that failed, and not because of a value that the database refuses.
    fn try_again(&self, mut batch: Vec<Waiting>, failures: u32, why: &str, work: &mut Vec<(Vec<Waiting>, u32)>) {
        if batch.len() > 1 {
            if failures < TRIES_WHOLE {
                return work.push((batch, failures));
            }
            let second = batch.split_off(batch.len() / 2);
            // A half is halved again at its first failure: it has failed twice as a part of the whole.
            return work.extend([(second, TRIES_WHOLE - 1), (batch, TRIES_WHOLE - 1)]);
        }
        let Some(mut alone) = batch.pop() else { return };
        let commits = self.queue.commits.load(Ordering::Relaxed);
        let (times, before) = alone.failed.map_or((1, commits), |(times, before)| (times + 1, before));
        if times >= TRIES_ALONE && commits > before {
            drop(split_or_refuse(vec![alone], why));
            return;
        }
        alone.failed = Some((times, before));
        // Behind the others: they are not to wait for it.
        self.queue.push(alone);
    }

    async fn pause(&self, pause: &mut Duration) {
        tokio::time::sleep(*pause).await;
        *pause = (*pause * 2).min(Duration::from_secs(1));
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        if self.connection.is_none() {
            self.connection = Some(self.pool.acquire().await?);
        }
        self.connection.as_deref_mut().ok_or(StoreError::Unavailable(sqlx::Error::PoolClosed))
    }

    async fn attempt(&mut self, batch: &[Waiting]) -> Result<Written, Broken> {
        let connection = self.connection().await.map_err(Broken::Away)?;
        let items: Vec<&Item> = batch.iter().map(|waiting| &waiting.item).collect();
        if needs_one_statement(&items) {
            // The statement commits by itself, and duplicates are looked up after it.
            return write(connection, &items).await.map_err(Broken::AtCommit);
        }
        let mut transaction = connection.begin().await.map_err(|error| Broken::Away(error.into()))?;
        let written = write(&mut transaction, &items).await?;
        transaction.commit().await.map_err(|e| Broken::AtCommit(e.into()))?;
        Ok(written)
    }

    /// After a lost reply: answers what was committed, gives back what was not.
    async fn find_out(&mut self, batch: Vec<Waiting>, pause: &mut Duration) -> Vec<Waiting> {
        loop {
            let items: Vec<&Item> = batch.iter().map(|waiting| &waiting.item).collect();
            let found = match self.connection().await {
                Ok(connection) => look(connection, &items).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(committed) => {
                    let mut rest = Vec::new();
                    for (waiting, committed) in batch.into_iter().zip(committed) {
                        if committed { waiting.item.reply_done() } else { rest.push(waiting) }
                    }
                    self.health.came_round(self.name);
                    return rest;
                }
                Err(error) => {
                    warn!(%error, "cannot determine whether a commit succeeded, trying again");
                    if error.is_disconnected() {
                        self.health.came_round(self.name);
                    }
                    self.connection = None;
                    self.pause(pause).await;
                }
            }
        }
    }
}

/// Halves a batch that holds a refused value; refuses it where it is alone.
fn split_or_refuse(mut batch: Vec<Waiting>, why: &str) -> Vec<Vec<Waiting>> {
    if batch.len() > 1 {
        let second = batch.split_off(batch.len() / 2);
        return vec![second, batch];
    }
    error!(why, "the database rejects a value; the run that wrote it is parked, all others continue");
    for waiting in batch {
        match waiting.item {
            Item::Accept(_, reply) => drop(reply.send(AcceptOutcome::Refused(why.to_owned()))),
            Item::Advance(_, reply) => drop(reply.send(AdvanceOutcome::Refused(why.to_owned()))),
            Item::Answer(_, _, reply) => drop(reply.send(())),
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
