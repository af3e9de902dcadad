//! Whose token or session someone presents, asked so that strangers cannot load the database.
//!
//! A credential that counted when it was last looked up is looked up by itself. Any other may be a guess, so it waits for
//! the next common look: one statement for up to [`TOGETHER_MAX`] of them, at most one look in every [`PACE`]. A flood of guesses costs
//! that and no more, and locks nobody out: a token that was made a moment ago waits for one or two looks, also at the address that
//! the flood comes from. Guesses that failed are not remembered: no flood guesses the same twice, and a memory of them could only be wrong.

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

/// Credentials in one look.
const TOGETHER_MAX: usize = 256;

/// Time between the beginnings of two common looks.
const PACE: Duration = Duration::from_millis(5);

/// Credentials of one peer that wait for a look: with half of what the API has places for, its requests leave room for others.
const WAITING_OF_PEER_MAX: usize = 64;

/// Credentials that wait for a look, of all peers together.
const WAITING_MAX: usize = 4_096;

/// When a peer that has too many of them may try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Credentials that are remembered to have counted. More than this only cost a wait.
const COUNTED_MAX: usize = 4_096;

/// What someone presents, as the database knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Presented {
    /// An API token.
    Token(Hash),
    /// A browser session.
    Session(Hash),
}

type Answer = Result<Option<Identity>, Arc<StoreError>>;

/// A credential that waits for a look.
struct Waiting {
    hash: Hash,
    is_token: bool,
    reply: oneshot::Sender<Answer>,
    _place: Place,
}

/// How many credentials of each peer wait.
type Places = Arc<Mutex<HashMap<Peer, usize>>>;

/// One of a peer's places in the queue, until it is dropped: someone who hangs up keeps it until the look.
struct Place {
    places: Places,
    peer: Peer,
}

impl Place {
    /// None if the peer has as many as it may.
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

/// Looks credentials up. Cheap to clone.
#[derive(Clone)]
pub(super) struct Lookups {
    pool: PgPool,
    counted: Arc<Mutex<HashSet<Presented>>>,
    places: Places,
    queue: mpsc::Sender<Waiting>,
}

impl Lookups {
    /// Looks up through this pool, until the last clone is gone.
    pub(super) fn start(pool: PgPool) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(look(pool.clone(), waiting));
        Self { pool, counted: Arc::default(), places: Arc::default(), queue }
    }

    /// Whose credential this is; nobody's if it does not count (any more).
    ///
    /// # Errors
    /// 429 if too many credentials of this peer wait, 503 if too many of all do or the database is away.
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

    /// Only what counts is remembered, so strangers cannot fill the memory.
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
        // Whoever hung up needs no answer.
        let _ = one.reply.send(answer);
    }
}

#[cfg(test)]
mod tests;
