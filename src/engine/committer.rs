//! Group commit: transitions of many runs in one transaction.
//!
//! A committer never waits to fill a batch: it takes all that queued while the commit before ran. At low load that is one
//! item and low latency, at high load hundreds. It is the only writer of runs and journal, and it is never cancelled between
//! `begin` and `commit`: a dropped transaction would poison its connection.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{Notify, oneshot};
use tracing::{error, warn};
use uuid::Uuid;

use super::batch::{Accept, AcceptOutcome, Advance, AdvanceOutcome, Item, Written, look, write_all};
use super::health::Health;
use crate::store::StoreError;
use crate::telemetry;

/// What its failures are called.
const STAGE: &str = "commits";

/// Most items in one transaction.
const BATCH_MAX: usize = 500;

struct Queue {
    items: Mutex<VecDeque<Item>>,
    filled: Notify,
    closed: std::sync::atomic::AtomicBool,
}

/// Handle to the committers. Cheap to clone.
#[derive(Clone)]
pub(super) struct Committer {
    queue: Arc<Queue>,
}

impl Committer {
    /// Starts `count` committers on connections of their own.
    pub(super) fn start(pool: &PgPool, count: usize, health: &Arc<Health>) -> (Self, Vec<tokio::task::JoinHandle<()>>) {
        let queue = Arc::new(Queue {
            items: Mutex::default(),
            filled: Notify::new(),
            closed: std::sync::atomic::AtomicBool::new(false),
        });
        let tasks = (0..count.max(1))
            .map(|_| {
                let (queue, pool, health) = (Arc::clone(&queue), pool.clone(), Arc::clone(health));
                tokio::spawn(Worker { queue, pool, health, connection: None }.run())
            })
            .collect();
        (Self { queue }, tasks)
    }

    /// Items waiting to be written.
    pub(super) fn depth(&self) -> usize {
        self.lock().len()
    }

    pub(super) async fn accept(&self, accept: Accept) -> AcceptOutcome {
        let (reply, outcome) = oneshot::channel();
        self.push(Item::Accept(Box::new(accept), reply));
        outcome.await.unwrap_or_else(|_| AcceptOutcome::Failed("the node is going down".to_owned()))
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
    pub(super) fn close(&self) {
        self.queue.closed.store(true, std::sync::atomic::Ordering::Release);
        self.queue.filled.notify_waiters();
        self.queue.filled.notify_one();
    }

    fn push(&self, item: Item) {
        self.lock().push_back(item);
        self.queue.filled.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Item>> {
        self.queue.items.lock().expect("the queue's lock is never poisoned")
    }
}

struct Worker {
    queue: Arc<Queue>,
    pool: PgPool,
    health: Arc<Health>,
    connection: Option<PoolConnection<Postgres>>,
}

/// Where a transaction broke.
enum Broken {
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
            self.write(batch).await;
            telemetry::committed(items, begin.elapsed());
        }
    }

    async fn next_batch(&self) -> Option<Vec<Item>> {
        loop {
            // Registered before the look, so that a push in between is not missed.
            let filled = self.queue.filled.notified();
            {
                let mut items = self.queue.items.lock().expect("the queue's lock is never poisoned");
                if !items.is_empty() {
                    let count = items.len().min(BATCH_MAX);
                    if items.len() > count {
                        self.queue.filled.notify_one();
                    }
                    return Some(items.drain(..count).collect());
                }
            }
            if self.queue.closed.load(std::sync::atomic::Ordering::Acquire) {
                return None;
            }
            filled.await;
        }
    }

    /// Writes a batch, whatever it takes: repeats after a fault of the database, splits where one value is refused.
    async fn write(&mut self, batch: Vec<Item>) {
        let mut work = vec![batch];
        let mut pause = Duration::from_millis(20);
        while let Some(batch) = work.pop() {
            let broken = match self.attempt(&batch).await {
                Ok(written) => {
                    self.health.note(STAGE, Ok(()));
                    written.reply(batch);
                    continue;
                }
                Err(broken) => broken,
            };
            // Whatever happened, this connection's state is not trusted again.
            self.connection = None;
            match broken {
                Broken::Before(StoreError::Refused(why)) | Broken::AtCommit(StoreError::Refused(why)) => {
                    work.extend(split_or_refuse(batch, &why.to_string()));
                }
                Broken::Before(why) => {
                    self.health.note(STAGE, Err(why));
                    self.pause(&mut pause).await;
                    work.push(batch);
                }
                Broken::AtCommit(why) => {
                    warn!(error = %why, items = batch.len(), "the reply to a commit is missing, looking what became of it");
                    let rest = self.find_out(batch, &mut pause).await;
                    if !rest.is_empty() {
                        work.push(rest);
                    }
                }
            }
        }
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

    async fn attempt(&mut self, batch: &[Item]) -> Result<Written, Broken> {
        let connection = self.connection().await?;
        let mut transaction = connection.begin().await.map_err(StoreError::from)?;
        let written = write_all(&mut transaction, batch).await?;
        transaction.commit().await.map_err(|e| Broken::AtCommit(e.into()))?;
        Ok(written)
    }

    /// After a lost reply: answers what was committed, gives back what was not.
    async fn find_out(&mut self, batch: Vec<Item>, pause: &mut Duration) -> Vec<Item> {
        loop {
            let found = match self.connection().await {
                Ok(connection) => look(connection, &batch).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(committed) => {
                    let mut rest = Vec::new();
                    for (item, committed) in batch.into_iter().zip(committed) {
                        if committed { item.reply_done() } else { rest.push(item) }
                    }
                    return rest;
                }
                Err(error) => {
                    warn!(%error, "cannot look what became of a commit, trying again");
                    self.connection = None;
                    self.pause(pause).await;
                }
            }
        }
    }
}

/// Halves a batch that holds a refused value; refuses it where it is alone.
fn split_or_refuse(mut batch: Vec<Item>, why: &str) -> Vec<Vec<Item>> {
    if batch.len() > 1 {
        let second = batch.split_off(batch.len() / 2);
        return vec![second, batch];
    }
    error!(why, "the database refuses a value; the run that brought it is parked, all others go on");
    for item in batch {
        match item {
            Item::Accept(_, reply) => drop(reply.send(AcceptOutcome::Refused(why.to_owned()))),
            Item::Advance(_, reply) => drop(reply.send(AdvanceOutcome::Refused(why.to_owned()))),
            Item::Answer(_, _, reply) => drop(reply.send(())),
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
