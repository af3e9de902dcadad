//! Tracks open connections, and chooses the one to close when a new one needs its place.
//!
//! The number of connections is limited per peer and in total. At the limit, a new connection replaces an idle one:
//! first the oldest without a valid credential, then the longest idle with one. A connection with a request in progress
//! is never closed, nor an authenticated one that waits for its answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::http::access::peer::Peer;

/// A connection is not closed before it has had this time to send a request. While all connections are younger, new
/// ones are refused, so a flood that fills the table within this time keeps others out. The shorter the time, the
/// larger the flood must be.
const GRACE: Duration = Duration::from_millis(100);

/// An open connection and its activity.
pub(in crate::http) struct Connection {
    /// Base of `moved`.
    opened: Instant,
    /// When a request last made progress, in milliseconds after `opened`.
    moved: AtomicU64,
    /// Whether a request has started on it.
    pub(super) asked: AtomicBool,
    /// Whether a request on it carried a valid credential.
    proven: AtomicBool,
    /// Requests whose answer has not been sent completely.
    pub(super) open: AtomicUsize,
    /// Requests that were read completely and are being processed.
    pub(super) working: AtomicUsize,
    pub(super) http2: AtomicBool,
    /// Cancelled to close the connection.
    pub(super) evicted: CancellationToken,
}

impl Connection {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            moved: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            proven: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            http2: AtomicBool::new(false),
            evicted: CancellationToken::new(),
        })
    }

    pub(in crate::http) fn prove(&self) {
        self.proven.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    pub(super) fn is_http2(&self) -> bool {
        self.http2.load(Ordering::Relaxed)
    }

    /// Records progress of a request.
    pub(super) fn touch(&self) {
        let passed = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(passed, Ordering::Relaxed);
    }

    fn moved_at(&self) -> Instant {
        self.opened + Duration::from_millis(self.moved.load(Ordering::Relaxed))
    }

    /// Waits until no request has made progress for this long: `between` requests, or `within` one.
    pub(super) async fn stands_still(&self, between: Duration, within: Duration) {
        loop {
            let limit = if self.open.load(Ordering::Relaxed) == 0 { between } else { within };
            let until = self.moved_at() + limit;
            if until <= Instant::now() {
                return;
            }
            // A request may end meanwhile, after which the shorter limit applies.
            tokio::time::sleep_until(until.min(Instant::now() + between)).await;
        }
    }

    /// Sort key of connections to close, smallest first; `None` if it must stay open.
    fn rank(&self, now: Instant) -> Option<(bool, Instant)> {
        let proven = self.proven.load(Ordering::Relaxed);
        let busy = self.working.load(Ordering::Relaxed) > 0 || (proven && self.open.load(Ordering::Relaxed) > 0);
        // Activity without a credential does not protect a connection.
        let since = if proven { self.moved_at() } else { self.opened };
        (!busy && now.duration_since(since) >= GRACE).then_some((proven, since))
    }
}

/// All open connections of a listener.
pub(super) struct Table {
    all_max: usize,
    per_peer_max: usize,
    open: Mutex<Open>,
    freed: Notify,
}

#[derive(Default)]
struct Open {
    next: u64,
    /// By order of opening, with the peer that each counts against.
    all: BTreeMap<u64, (Option<Peer>, Arc<Connection>)>,
    by_peer: HashMap<Peer, usize>,
}

impl Open {
    fn remove(&mut self, id: u64) -> Option<Arc<Connection>> {
        let (peer, connection) = self.all.remove(&id)?;
        if let Some(peer) = peer {
            let count = self.by_peer.get_mut(&peer).expect("every connection of a peer is counted");
            *count -= 1;
            if *count == 0 {
                self.by_peer.remove(&peer);
            }
        }
        Some(connection)
    }

    /// Closes the first candidate, among all connections or those of one peer. Returns false if there is none.
    fn evict(&mut self, among: Option<Peer>) -> bool {
        let now = Instant::now();
        let candidates = self.all.iter().filter(|(_, (peer, _))| among.is_none() || *peer == among);
        let ranked = candidates.filter_map(|(id, (_, connection))| Some((connection.rank(now)?, *id)));
        let Some((_, id)) = ranked.min() else { return false };
        if let Some(connection) = self.remove(id) {
            connection.evicted.cancel();
        }
        true
    }
}

/// Why a connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// Its peer is at the limit with busy connections.
    OfPeer,
    /// The table is full of busy connections.
    AtAll,
}

impl Table {
    pub(super) fn new(all_max: usize, per_peer_max: usize) -> Arc<Self> {
        Arc::new(Self { all_max, per_peer_max, open: Mutex::default(), freed: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().expect("nothing panics while it holds the connections")
    }

    /// Adds a connection. `None` counts against no peer: a trusted proxy forwards the requests of many.
    pub(super) fn admit(self: &Arc<Self>, peer: Option<Peer>) -> Result<Place, NoPlace> {
        let mut open = self.lock();
        let of_peer = peer.and_then(|peer| open.by_peer.get(&peer).copied()).unwrap_or(0);
        if of_peer >= self.per_peer_max && !open.evict(peer) {
            return Err(NoPlace::OfPeer);
        }
        if open.all.len() >= self.all_max && !open.evict(None) {
            return Err(NoPlace::AtAll);
        }
        let (id, connection) = (open.next, Connection::new());
        if peer.is_none() {
            connection.prove();
        }
        open.next += 1;
        open.all.insert(id, (peer, Arc::clone(&connection)));
        if let Some(peer) = peer {
            *open.by_peer.entry(peer).or_default() += 1;
        }
        Ok(Place { table: Arc::clone(self), id, connection })
    }

    /// Closes an idle connection, because the machine cannot open another one.
    pub(super) fn relieve(&self) {
        self.lock().evict(None);
    }

    /// Waits until a connection has ended, or some have become old enough to be closed.
    pub(super) async fn changed(&self) {
        // A missed notification costs only a tenth of the grace time: the caller checks again after this.
        let _ = tokio::time::timeout(GRACE / 10, self.freed.notified()).await;
    }
}

/// The place of an open connection, released on drop.
pub(super) struct Place {
    table: Arc<Table>,
    id: u64,
    pub(super) connection: Arc<Connection>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.table.lock().remove(self.id);
        self.table.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> Option<Peer> {
        Some(Peer::of([192, 0, 2, last].into()))
    }

    async fn later() {
        tokio::time::advance(GRACE).await;
    }

    #[tokio::test(start_paused = true)]
    async fn one_peer_cannot_take_all_connections() {
        let table = Table::new(4, 2);
        let held = [table.admit(peer(1)).ok().unwrap(), table.admit(peer(1)).ok().unwrap()];
        assert_eq!(table.admit(peer(1)).err(), Some(NoPlace::OfPeer));
        let _other = table.admit(peer(2)).ok().unwrap();
        later().await;
        // The peer's own oldest connection is replaced, and no other peer's.
        let _newest = table.admit(peer(1)).ok().unwrap();
        assert!(held[0].connection.evicted.is_cancelled() && !held[1].connection.evicted.is_cancelled());
        assert_eq!(table.lock().all.len(), 3);
    }

    /// Enough strangers to take all places of their peer more than twice a second; each reconnects when it is replaced.
    #[tokio::test(start_paused = true)]
    async fn a_neighbor_of_strangers_that_take_every_place_again_at_once_is_admitted() {
        let table = Table::new(1_024, 512);
        let mut held: Vec<Place> = (0..512).map(|_| table.admit(peer(1)).ok().unwrap()).collect();
        tokio::time::advance(GRACE).await;
        for _ in 0..20 {
            // The strangers open 1,500 connections a second, evenly spaced.
            for _ in 0..15 {
                tokio::time::advance(Duration::from_micros(666)).await;
                held.push(table.admit(peer(1)).expect("a stranger's connection is old enough to give way"));
                held.retain(|place| !place.connection.evicted.is_cancelled());
            }
            let neighbor = table.admit(peer(1)).expect("the neighbor is admitted");
            tokio::time::advance(Duration::from_millis(10)).await;
            assert!(!neighbor.connection.evicted.is_cancelled(), "it has time to say what it wants");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn strangers_give_way_first_and_work_never() {
        let table = Table::new(3, 3);
        let [known, stranger, working] = [1, 2, 3].map(|n| table.admit(peer(n)).ok().unwrap());
        known.connection.prove();
        working.connection.working.fetch_add(1, Ordering::Relaxed);
        assert_eq!(table.admit(peer(4)).err(), Some(NoPlace::AtAll), "too young to be ended");
        later().await;
        let fourth = table.admit(peer(4)).ok().unwrap();
        assert!(stranger.connection.evicted.is_cancelled() && !known.connection.evicted.is_cancelled());
        fourth.connection.working.fetch_add(1, Ordering::Relaxed);
        let _fifth = table.admit(peer(5)).ok().unwrap();
        assert!(known.connection.evicted.is_cancelled() && !working.connection.evicted.is_cancelled());
        drop(stranger);
        assert_eq!(table.lock().all.len(), 3, "a place is given back once");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_an_answer_with_a_credential_is_not_ended() {
        let table = Table::new(1, 1);
        let stream = table.admit(peer(1)).ok().unwrap();
        stream.connection.prove();
        stream.connection.open.fetch_add(1, Ordering::Relaxed);
        later().await;
        assert_eq!(table.admit(peer(2)).err(), Some(NoPlace::AtAll));
    }

    #[tokio::test(start_paused = true)]
    async fn a_trusted_proxy_may_have_more_than_a_peer() {
        let table = Table::new(3, 1);
        let held: Vec<_> = (0..3).map(|_| table.admit(None).ok().unwrap()).collect();
        assert!(held.iter().all(|place| !place.connection.evicted.is_cancelled()));
    }
}
