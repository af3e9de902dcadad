//! Looks up tokens and sessions in such a way that strangers cannot overload the database.
//!
//! A credential that was valid at its last lookup is looked up immediately. Any other may be a guess, so it waits for
//! the next shared lookup: one statement for up to [`TOGETHER_MAX`] credentials, at most once per [`PACE`]. That bounds
//! the cost of a flood of guesses, and the flood locks nobody out: a new token waits for one or two shared lookups,
//! even from the flood's own address. Failed guesses are not remembered: floods do not repeat a guess, and such a
//! memory would go stale.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::peer::Peer;
use crate::http::problem::ApiError;
use crate::store::StoreError;
use crate::store::access::{self, Found, Hash, Identity};

/// Most credentials in one shared lookup.
const TOGETHER_MAX: usize = 256;

/// Shortest time between the starts of two shared lookups.
const PACE: Duration = Duration::from_millis(5);

/// Most waiting credentials per peer: half of the API's concurrency, so that other requests still get through.
const WAITING_OF_PEER_MAX: usize = 64;

/// Most waiting credentials of all peers together.
const WAITING_MAX: usize = 4_096;

/// When a peer over its limit may retry.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Most credentials remembered as valid. Beyond it, a credential only has to wait.
const COUNTED_MAX: usize = 4_096;

/// A presented credential, hashed as in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Presented {
    /// An API token.
    Token(Hash),
    /// A browser session.
    Session(Hash),
}

type Answer = Result<Option<Identity>, Arc<StoreError>>;

/// A credential that waits for the next shared lookup.
struct Waiting {
    hash: Hash,
    is_token: bool,
    reply: oneshot::Sender<Answer>,
    _place: Place,
}

/// Number of waiting credentials by peer.
type Places = Arc<Mutex<HashMap<Peer, usize>>>;

/// One of a peer's places in the queue, released on drop. A client that hangs up keeps its place until the lookup.
struct Place {
    places: Places,
    peer: Peer,
}

impl Place {
    /// Returns `None` if the peer is at its limit.
    fn take(places: &Places, peer: Peer) -> Option<Self> {
        let mut taken = lock(places);
        let of_peer = taken.entry(peer).or_default();
        if *of_peer >= WAITING_OF_PEER_MAX {
            return None;
        }
        *of_peer += 1;
        drop(taken);
        Some(Self { places: Arc::clone(places), peer })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.places);
        if let Some(of_peer) = taken.get_mut(&self.peer) {
            *of_peer -= 1;
            if *of_peer == 0 {
                taken.remove(&self.peer);
            }
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("nothing panics while it holds the lookups")
}

/// Looks up credentials. Cheap to clone.
#[derive(Clone)]
pub(super) struct Lookups {
    pool: PgPool,
    counted: Arc<Mutex<HashSet<Presented>>>,
    places: Places,
    queue: mpsc::Sender<Waiting>,
}

impl Lookups {
    /// Starts the task for shared lookups; it ends with the last clone.
    pub(super) fn start(pool: PgPool) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(look(pool.clone(), waiting));
        Self { pool, counted: Arc::default(), places: Arc::default(), queue }
    }

    /// Returns the identity behind a credential, or `None` if it is invalid.
    ///
    /// # Errors
    /// 429 if too many credentials of this peer wait; 503 if too many wait in total or the database cannot be reached.
    pub(super) async fn find(&self, presented: Presented, peer: Peer) -> Result<Option<Identity>, ApiError> {
        let has_counted = lock(&self.counted).contains(&presented);
        let found = match presented {
            Presented::Token(hash) if has_counted => access::find_token(&self.pool, &hash).await?,
            Presented::Session(hash) if has_counted => access::find_session(&self.pool, &hash).await?,
            Presented::Token(hash) => self.wait(hash, true, peer).await?,
            Presented::Session(hash) => self.wait(hash, false, peer).await?,
        };
        self.note(presented, found.is_some());
        Ok(found)
    }

    async fn wait(&self, hash: Hash, is_token: bool, peer: Peer) -> Result<Option<Identity>, ApiError> {
        let too_many = || {
            let detail =
                "too many unknown tokens or sessions from your address are being checked; try again in a second";
            ApiError::TooMany(detail.to_owned(), RETRY_AFTER)
        };
        let place = Place::take(&self.places, peer).ok_or_else(too_many)?;
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting { hash, is_token, reply, _place: place };
        let full = |_| ApiError::unavailable("too many tokens and sessions are being checked at the moment");
        self.queue.try_send(waiting).map_err(full)?;
        let answer = answer.await.map_err(|_| ApiError::unavailable("the node is shutting down"))?;
        answer.map_err(|error| ApiError::from(&*error))
    }

    /// Remembers only valid credentials, so strangers cannot fill the memory.
    fn note(&self, presented: Presented, counts: bool) {
        let mut counted = lock(&self.counted);
        if !counts {
            counted.remove(&presented);
        } else if !counted.contains(&presented) {
            if counted.len() >= COUNTED_MAX {
                counted.clear();
            }
            counted.insert(presented);
        }
    }
}

async fn look(pool: PgPool, mut queue: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::new();
    while queue.recv_many(&mut waiting, TOGETHER_MAX).await > 0 {
        let next = Instant::now() + PACE;
        let still = waiting.drain(..).filter(|one: &Waiting| !one.reply.is_closed());
        let (tokens, sessions): (Vec<Waiting>, Vec<Waiting>) = still.partition(|one| one.is_token);
        let (of_tokens, of_sessions) = (hashes(&tokens), hashes(&sessions));
        let (of_tokens, of_sessions) =
            tokio::join!(access::find_tokens(&pool, &of_tokens), access::find_sessions(&pool, &of_sessions));
        answer(tokens, of_tokens);
        answer(sessions, of_sessions);
        tokio::time::sleep_until(next).await;
    }
}

fn hashes(waiting: &[Waiting]) -> Vec<Hash> {
    waiting.iter().map(|one| one.hash).collect()
}

fn answer(waiting: Vec<Waiting>, found: Result<Found, StoreError>) {
    let found: Result<HashMap<Hash, Result<Identity, Arc<StoreError>>>, _> =
        found.map(|rows| rows.into_iter().map(|(hash, row)| (hash, row.map_err(Arc::new))).collect()).map_err(Arc::new);
    for one in waiting {
        let answer = match &found {
            Ok(found) => found.get(&one.hash).cloned().transpose(),
            Err(error) => Err(Arc::clone(error)),
        };
        // The client may have hung up.
        let _ = one.reply.send(answer);
    }
}

#[cfg(test)]
mod tests;
