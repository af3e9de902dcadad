//! Limits the memory for request bodies: in total, per source, and per peer while a body is arriving.
//!
//! When memory runs short, the oldest body that is still arriving is dropped. A sender that sends promptly is therefore
//! served, however many others have started and stalled.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use tokio_util::sync::CancellationToken;

use crate::http::access::peer::Peer;
use crate::http::problem::ApiError;

/// A body must arrive within this time.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Memory for the bodies of a group of routes. A slow sender occupies only what it has sent so far.
#[derive(Clone)]
pub struct Budget {
    shared: Arc<Shared>,
    body_bytes_max: usize,
    time_max: Duration,
}

struct Shared {
    bytes_max: usize,
    of_source_max: usize,
    of_peer_max: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    bytes: usize,
    by_source: HashMap<Arc<str>, usize>,
    /// Bytes of bodies still arriving. A complete body counts only against its source.
    by_peer: HashMap<Peer, usize>,
    /// Bodies still arriving, oldest first.
    arriving: BTreeMap<u64, Arriving>,
    next: u64,
}

struct Arriving {
    source: Arc<str>,
    peer: Peer,
    bytes: usize,
    evicted: CancellationToken,
}

/// Subtracts from a key's share.
fn give_back<K: Hash + Eq>(map: &mut HashMap<K, usize>, key: &K, bytes: usize) {
    if let Some(held) = map.get_mut(key) {
        *held -= bytes;
        if *held == 0 {
            map.remove(key);
        }
    }
}

impl Held {
    fn remove(&mut self, id: u64) -> Option<Arriving> {
        let body = self.arriving.remove(&id)?;
        give_back(&mut self.by_peer, &body.peer, body.bytes);
        Some(body)
    }

    fn release(&mut self, source: &Arc<str>, bytes: usize) {
        self.bytes -= bytes;
        give_back(&mut self.by_source, source, bytes);
    }

    /// Drops the oldest arriving body that matches. Returns false if there is none older than `own`.
    fn evict(&mut self, own: u64, counts: impl Fn(&Arriving) -> bool) -> bool {
        let oldest = self.arriving.iter().find(|(_, body)| body.bytes > 0 && counts(body)).map(|(id, _)| *id);
        let Some(body) = oldest.filter(|id| *id < own).and_then(|id| self.remove(id)) else { return false };
        self.release(&body.source, body.bytes);
        body.evicted.cancel();
        true
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("nothing panics while it holds the budget")
    }

    /// Reserves more bytes for an arriving body. Returns false if there is no room, or the body has itself been
    /// dropped.
    fn grow(&self, id: u64, more: usize) -> bool {
        let mut held = self.lock();
        let Some((source, peer)) = held.arriving.get(&id).map(|body| (Arc::clone(&body.source), body.peer)) else {
            return false;
        };
        loop {
            let of_peer = held.by_peer.get(&peer).copied().unwrap_or(0) + more > self.of_peer_max;
            let of_source = held.by_source.get(&source).copied().unwrap_or(0) + more > self.of_source_max;
            let of_all = held.bytes + more > self.bytes_max;
            let room = match (of_peer, of_source, of_all) {
                (false, false, false) => break,
                (true, ..) => held.evict(id, |body| body.peer == peer),
                (_, true, _) => held.evict(id, |body| body.source == source),
                (_, _, true) => held.evict(id, |_| true),
            };
            if !room {
                return false;
            }
        }
        held.bytes += more;
        *held.by_source.entry(source).or_default() += more;
        *held.by_peer.entry(peer).or_default() += more;
        held.arriving.get_mut(&id).expect("it was found above").bytes += more;
        true
    }
}

/// A body that is still arriving.
struct Arrival {
    shared: Arc<Shared>,
    id: u64,
    evicted: CancellationToken,
}

impl Arrival {
    fn begin(shared: &Arc<Shared>, source: &str, peer: Peer) -> Self {
        let evicted = CancellationToken::new();
        let mut held = shared.lock();
        let id = held.next;
        held.next += 1;
        let body = Arriving { source: source.into(), peer, bytes: 0, evicted: evicted.clone() };
        held.arriving.insert(id, body);
        Self { shared: Arc::clone(shared), id, evicted }
    }

    /// Called when the body is complete; `None` if it was dropped in the meantime.
    fn end(self) -> Option<Share> {
        let body = self.shared.lock().remove(self.id)?;
        Some(Share { shared: Arc::clone(&self.shared), source: body.source, bytes: body.bytes })
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let mut held = self.shared.lock();
        if let Some(body) = held.remove(self.id) {
            held.release(&body.source, body.bytes);
        }
    }
}

struct Share {
    shared: Arc<Shared>,
    source: Arc<str>,
    bytes: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shared.lock().release(&self.source, self.bytes);
    }
}

/// A body with its share of the memory, released on drop.
pub struct Received {
    /// Body as sent.
    pub bytes: Bytes,
    _share: Share,
}

fn no_room() -> ApiError {
    ApiError::unavailable("too many large or slow bodies at once; send it again, without pauses")
}

impl Budget {
    /// Memory for `total_bytes` of bodies, each at most `body_bytes_max` long.
    #[must_use]
    pub fn new(total_bytes: usize, body_bytes_max: usize) -> Self {
        Self::of_parts(total_bytes, body_bytes_max, (1, 1))
    }

    /// For routes open to strangers: a source gets at most half of the memory, a peer's arriving bodies a quarter.
    #[must_use]
    pub fn for_strangers(total_bytes: usize, body_bytes_max: usize) -> Self {
        Self::of_parts(total_bytes, body_bytes_max, (2, 4))
    }

    fn of_parts(total_bytes: usize, body_bytes_max: usize, (source, peer): (usize, usize)) -> Self {
        let part = |divisor: usize| (total_bytes / divisor).max(body_bytes_max);
        let (bytes_max, of_source_max, of_peer_max) = (part(1), part(source), part(peer));
        let shared = Shared { bytes_max, of_source_max, of_peer_max, held: Mutex::default() };
        Self { shared: Arc::new(shared), body_bytes_max, time_max: BODY_TIME_MAX }
    }

    /// Reads the body of an authenticated caller.
    ///
    /// # Errors
    /// As [`Self::read_from`].
    pub async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Received, ApiError> {
        self.read_from("", Peer::default(), headers, body).await
    }

    /// Reads a body, counted against a source and a peer.
    ///
    /// # Errors
    /// 408, 413, 415 for a compressed body, 503 while there is no room, 400 if the sender aborts.
    pub async fn read_from(
        &self,
        source: &str,
        peer: Peer,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Received, ApiError> {
        refuse_compressed(headers)?;
        let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
        if announced.is_some_and(|length| length > self.body_bytes_max as u64) {
            return Err(ApiError::TooLarge(self.body_bytes_max));
        }
        let arrival = Arrival::begin(&self.shared, source, peer);
        let evicted = arrival.evicted.clone();
        tokio::select! {
            biased;
            () = evicted.cancelled() => Err(no_room()),
            read = tokio::time::timeout(self.time_max, self.collect(arrival, body)) => {
                read.map_err(|_| ApiError::Timeout)?
            }
        }
    }

    async fn collect(&self, arrival: Arrival, body: Body) -> Result<Received, ApiError> {
        let mut stream = body.into_data_stream();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| ApiError::BadRequest("the body ended early".into(), Vec::new()))?;
            if bytes.len() + chunk.len() > self.body_bytes_max {
                return Err(ApiError::TooLarge(self.body_bytes_max));
            }
            if !self.shared.grow(arrival.id, chunk.len()) {
                return Err(no_room());
            }
            bytes.extend_from_slice(&chunk);
        }
        let share = arrival.end().ok_or_else(no_room)?;
        Ok(Received { bytes: bytes.freeze(), _share: share })
    }
}

/// Refuses compressed bodies, which could expand to any size.
fn refuse_compressed(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            Err(ApiError::UnsupportedMediaType(
                "compressed bodies are not accepted; send it without Content-Encoding".into(),
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Budget {
        Budget::for_strangers(64, 16)
    }

    fn full(bytes: usize) -> Body {
        Body::from(vec![b'x'; bytes])
    }

    /// Sends this many bytes, then stalls.
    fn stalled(bytes: usize) -> Body {
        let sent = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; bytes]))]);
        Body::from_stream(sent.chain(futures::stream::pending()))
    }

    fn peer(last: u8) -> Peer {
        Peer::of([192, 0, 2, last].into())
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_with_and_without_a_length() {
        let long = || Body::from(vec![b' '; 17]);
        let endless = Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from("x"))));
        let mut announced = HeaderMap::new();
        announced.insert(CONTENT_LENGTH, 17.into());
        for (headers, body) in [(HeaderMap::new(), long()), (announced, Body::empty()), (HeaderMap::new(), endless)] {
            assert!(matches!(budget().read(&headers, body).await, Err(ApiError::TooLarge(16))));
        }
        assert_eq!(budget().read(&HeaderMap::new(), Body::from("{}")).await.ok().unwrap().bytes, "{}");
    }

    #[tokio::test]
    async fn a_sender_that_stops_half_way_is_not_waited_for() {
        let hasty = Budget { time_max: Duration::from_millis(1), ..budget() };
        assert!(matches!(hasty.read(&HeaderMap::new(), stalled(0)).await, Err(ApiError::Timeout)));
    }

    #[tokio::test]
    async fn bodies_share_one_budget_and_give_it_back() {
        let budget = Budget::new(20, 16);
        let headers = HeaderMap::new();
        let first = budget.read_from("a", peer(1), &headers, full(16)).await.ok().unwrap();
        let second = budget.read_from("b", peer(2), &headers, full(16)).await;
        assert!(matches!(second, Err(ApiError::Unavailable(..))));
        drop((first, second));
        assert!(budget.read(&headers, full(16)).await.is_ok());
        assert_eq!(budget.shared.lock().bytes, 0);
    }

    #[tokio::test]
    async fn one_source_cannot_take_the_room_of_another() {
        let (budget, headers) = (budget(), HeaderMap::new());
        let mut held = Vec::new();
        for n in 0..2 {
            held.push(budget.read_from("noisy", peer(n), &headers, full(16)).await.ok().unwrap());
        }
        assert!(matches!(budget.read_from("noisy", peer(9), &headers, full(1)).await, Err(ApiError::Unavailable(..))));
        assert!(budget.read_from("quiet", peer(9), &headers, full(16)).await.is_ok());
    }

    #[tokio::test]
    async fn what_stalls_gives_way_to_what_is_sent_at_once() {
        let (budget, headers) = (budget(), HeaderMap::new());
        // From one peer and from many, under one source and under many.
        let same = |n: u8| ("crm".to_owned(), peer(n % 2));
        let other = |n: u8| (format!("source-{n}"), peer(n));
        for from in [&same as &dyn Fn(u8) -> (String, Peer), &other] {
            let mut stuck = Vec::new();
            for n in 0..100 {
                let (budget, (source, peer), headers) = (budget.clone(), from(n), headers.clone());
                let mut read =
                    Box::pin(async move { budget.read_from(&source, peer, &headers, stalled(15)).await.map(drop) });
                assert!(futures::poll!(read.as_mut()).is_pending(), "the newest is never the first to go");
                stuck.push(read);
            }
            let genuine = budget.read_from("crm", peer(0), &headers, full(16)).await;
            assert!(genuine.is_ok());
            assert!(matches!(stuck.remove(0).await, Err(ApiError::Unavailable(..))), "the oldest has given way");
            drop((genuine, stuck));
            let held = budget.shared.lock();
            assert_eq!((held.bytes, held.by_source.len(), held.by_peer.len(), held.arriving.len()), (0, 0, 0, 0));
        }
    }

    #[tokio::test]
    async fn a_compressed_body_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, "gzip".parse().unwrap());
        assert!(matches!(budget().read(&headers, Body::empty()).await, Err(ApiError::UnsupportedMediaType(_))));
    }
}
