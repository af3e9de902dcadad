//! Group commit: transitions of many runs in one transaction.
//!
//! A committer never waits to fill a batch: it takes all that queued while the commit before ran. At low load that is one
//! item and low latency, at high load hundreds. It is the only writer of runs and journal, and it is never cancelled between
//! `begin` and `commit`: a dropped transaction would poison its connection.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{Notify, oneshot};
use tracing::{error, warn};
use uuid::Uuid;

use crate::machine::RunId;
use crate::store::commit::{self, NewEvent, NewRun, Transition};
use crate::store::journal::{self, NewRow};
use crate::store::{StoreError, commands};

/// An event and the runs that it starts; without an event, runs started by the API.
#[derive(Debug)]
pub(super) struct Accept {
    pub(super) event: Option<NewEvent>,
    pub(super) runs: Vec<(NewRun, Vec<NewRow>)>,
}

/// What became of an [`Accept`].
#[derive(Debug)]
pub(super) enum AcceptOutcome {
    /// Committed.
    Done,
    /// The event's key was there: the first event, its runs, and whether the body is the same.
    Duplicate { event: Uuid, runs: Vec<RunId>, same_body: bool },
    /// Nothing is stored.
    Failed(String),
}

/// A transition with its journal rows and the commands that it answers.
#[derive(Debug)]
pub(super) struct Advance {
    pub(super) transition: Transition,
    pub(super) rows: Vec<NewRow>,
    pub(super) answers: Vec<(Uuid, Option<String>)>,
}

/// What became of an [`Advance`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AdvanceOutcome {
    /// Committed.
    Done,
    /// Another node owns the run: nothing was written.
    Lost,
    /// The database refuses a value of this one; nothing was written.
    Refused(String),
}

enum Item {
    Accept(Box<Accept>, oneshot::Sender<AcceptOutcome>),
    Advance(Box<Advance>, oneshot::Sender<AdvanceOutcome>),
    Answer(Uuid, Option<String>, oneshot::Sender<()>),
}

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
    pub(super) fn start(pool: &PgPool, count: usize) -> (Self, Vec<tokio::task::JoinHandle<()>>) {
        let queue = Arc::new(Queue {
            items: Mutex::default(),
            filled: Notify::new(),
            closed: std::sync::atomic::AtomicBool::new(false),
        });
        let tasks = (0..count.max(1))
            .map(|_| tokio::spawn(Worker { queue: Arc::clone(&queue), pool: pool.clone(), connection: None }.run()))
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
            metrics::histogram!("stepwell_commit_batch_size").record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
            self.write(batch).await;
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
                    warn!(error = %why, items = batch.len(), "a batch was not written, trying again");
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
            Item::Accept(_, reply) => drop(reply.send(AcceptOutcome::Failed(why.to_owned()))),
            Item::Advance(_, reply) => drop(reply.send(AdvanceOutcome::Refused(why.to_owned()))),
            Item::Answer(_, _, reply) => drop(reply.send(())),
        }
    }
    Vec::new()
}

impl Item {
    fn reply_done(self) {
        match self {
            Self::Accept(_, reply) => drop(reply.send(AcceptOutcome::Done)),
            Self::Advance(_, reply) => drop(reply.send(AdvanceOutcome::Done)),
            Self::Answer(_, _, reply) => drop(reply.send(())),
        }
    }
}

/// The event that took a key first.
struct Known {
    event: Uuid,
    body_hash: Vec<u8>,
    runs: Vec<RunId>,
}

/// What a committed batch did.
#[derive(Default)]
struct Written {
    /// Duplicates, by (source, event id).
    known: HashMap<(String, String), Known>,
    won: HashSet<Uuid>,
    moved: HashSet<Uuid>,
}

impl Written {
    fn reply(mut self, batch: Vec<Item>) {
        for item in batch {
            match item {
                Item::Accept(accept, reply) => drop(reply.send(self.outcome(&accept))),
                Item::Advance(advance, reply) => {
                    let moved = self.moved.contains(&advance.transition.id);
                    drop(reply.send(if moved { AdvanceOutcome::Done } else { AdvanceOutcome::Lost }));
                }
                Item::Answer(_, _, reply) => drop(reply.send(())),
            }
        }
    }

    fn outcome(&mut self, accept: &Accept) -> AcceptOutcome {
        let Some(event) = &accept.event else { return AcceptOutcome::Done };
        if self.won.contains(&event.id) {
            return AcceptOutcome::Done;
        }
        match self.known.get(&(event.source.clone(), event.event_id.clone())) {
            Some(first) => AcceptOutcome::Duplicate {
                event: first.event,
                runs: first.runs.clone(),
                same_body: first.body_hash == event.body_hash,
            },
            // Taken by a transaction that this one cannot see yet.
            None => AcceptOutcome::Failed("the event's id is being taken by another node at this moment".to_owned()),
        }
    }
}

async fn write_all(conn: &mut PgConnection, batch: &[Item]) -> Result<Written, StoreError> {
    let mut written = Written::default();
    let accepts: Vec<&Accept> = batch.iter().filter_map(Item::as_accept).collect();
    let advances: Vec<&Advance> = batch.iter().filter_map(Item::as_advance).collect();
    write_events(conn, &accepts, &mut written).await?;
    let runs: Vec<&(NewRun, Vec<NewRow>)> = accepts.iter().filter(|a| written.takes(a)).flat_map(|a| &a.runs).collect();
    if !runs.is_empty() {
        commit::insert_runs(conn, &runs.iter().map(|(run, _)| run).collect::<Vec<_>>()).await?;
    }
    if !advances.is_empty() {
        let mut transitions: Vec<&Transition> = advances.iter().map(|a| &a.transition).collect();
        transitions.sort_unstable_by_key(|t| (crate::store::shard(t.id), t.id));
        written.moved = commit::advance_runs(conn, &transitions).await?.into_iter().collect();
    }
    let mut rows: Vec<(RunId, &NewRow)> =
        runs.iter().flat_map(|(run, rows)| rows.iter().map(|r| (run.id, r))).collect();
    let mut answers = Vec::new();
    for advance in advances.iter().filter(|a| written.moved.contains(&a.transition.id)) {
        rows.extend(advance.rows.iter().map(|r| (advance.transition.id, r)));
        answers.extend(advance.answers.iter().cloned());
    }
    answers.extend(batch.iter().filter_map(Item::as_answer));
    if !rows.is_empty() {
        journal::append(conn, &rows).await?;
    }
    if !answers.is_empty() {
        commands::answer(conn, &answers).await?;
    }
    Ok(written)
}

impl Item {
    fn as_accept(&self) -> Option<&Accept> {
        match self {
            Self::Accept(accept, _) => Some(accept),
            _ => None,
        }
    }

    fn as_advance(&self) -> Option<&Advance> {
        match self {
            Self::Advance(advance, _) => Some(advance),
            _ => None,
        }
    }

    fn as_answer(&self) -> Option<(Uuid, Option<String>)> {
        match self {
            Self::Answer(id, refusal, _) => Some((*id, refusal.clone())),
            _ => None,
        }
    }
}

impl Written {
    /// Whether the runs of an accept are to be inserted: its event won its key, or it has none.
    fn takes(&self, accept: &Accept) -> bool {
        accept.event.as_ref().is_none_or(|event| self.won.contains(&event.id))
    }
}

async fn write_events(conn: &mut PgConnection, accepts: &[&Accept], written: &mut Written) -> Result<(), StoreError> {
    let mut events: Vec<&NewEvent> = accepts.iter().filter_map(|a| a.event.as_ref()).collect();
    if events.is_empty() {
        return Ok(());
    }
    events.sort_unstable_by(|a, b| (&a.source, &a.event_id).cmp(&(&b.source, &b.event_id)));
    written.won = commit::take_event_keys(conn, &events).await?.into_iter().collect();
    let (won, lost): (Vec<&NewEvent>, Vec<&NewEvent>) = events.into_iter().partition(|e| written.won.contains(&e.id));
    if !won.is_empty() {
        commit::insert_events(conn, &won).await?;
    }
    if !lost.is_empty() {
        let keys: Vec<(&str, &str)> = lost.iter().map(|e| (e.source.as_str(), e.event_id.as_str())).collect();
        for known in commit::known_events(conn, &keys).await? {
            let first = Known { event: known.event, body_hash: known.body_hash, runs: known.runs };
            written.known.insert((known.source, known.event_id), first);
        }
    }
    Ok(())
}

/// For each item whether it was committed.
async fn look(conn: &mut PgConnection, batch: &[Item]) -> Result<Vec<bool>, StoreError> {
    let events: Vec<&NewEvent> = batch.iter().filter_map(Item::as_accept).filter_map(|a| a.event.as_ref()).collect();
    let keys: Vec<(&str, &str)> = events.iter().map(|e| (e.source.as_str(), e.event_id.as_str())).collect();
    let known: HashSet<Uuid> = commit::known_events(conn, &keys).await?.into_iter().map(|k| k.event).collect();
    let accepted = batch.iter().filter_map(Item::as_accept).flat_map(|a| a.runs.iter().map(|(run, _)| run.id));
    let advanced = batch.iter().filter_map(Item::as_advance).map(|a| a.transition.id);
    let ids: Vec<RunId> = accepted.chain(advanced).collect();
    let standings: HashMap<Uuid, (i32, Vec<u8>)> =
        commit::standings(conn, &ids).await?.into_iter().map(|s| (s.id, (s.seq, s.head))).collect();
    Ok(batch
        .iter()
        .map(|item| match item {
            Item::Accept(accept, _) => match &accept.event {
                Some(event) => known.contains(&event.id),
                None => accept.runs.iter().all(|(run, _)| standings.contains_key(&run.id)),
            },
            Item::Advance(advance, _) => {
                let state = &advance.transition.state;
                standings.get(&advance.transition.id).is_some_and(|(seq, head)| {
                    (*seq, head.as_slice()) == (state.seq, state.head.as_slice()) && !advance.rows.is_empty()
                })
            }
            // Answering twice changes nothing.
            Item::Answer(..) => false,
        })
        .collect())
}
