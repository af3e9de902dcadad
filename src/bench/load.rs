//! Starts runs by signed webhook or API and waits for their end: either as fast as possible with a bounded number in
//! flight, or at a steady rate.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use base64::Engine as _;
use bytes::Bytes;
use futures::StreamExt;
use hmac::{Hmac, Mac};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};

use super::mock::Mock;
use super::node::{BenchNode, SECRET};
use super::report::Latency;
use super::report::Saturated;

/// The workflow to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Three HTTP calls.
    Calls,
    /// Three `set` tasks.
    Noops,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Noops => "noops",
        }
    }
}

/// How to start a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// By a signed webhook.
    Webhook,
    /// By `POST /api/v1/workflows/{namespace}/{name}/runs` with a token.
    Api,
}

/// Runs in flight at full speed.
const IN_FLIGHT: usize = 512;

type Sender = SendRequest<Full<Bytes>>;

/// Connections to the node.
pub(super) struct Load {
    address: SocketAddr,
    idle: Arc<Mutex<Vec<Sender>>>,
    places: Arc<Semaphore>,
    numbers: Arc<AtomicU64>,
    key: Arc<Vec<u8>>,
    bearer: String,
}

impl Load {
    pub(super) async fn connect(node: &BenchNode, connections: usize) -> anyhow::Result<Self> {
        let address = node.address();
        let mut idle = Vec::with_capacity(connections);
        for _ in 0..connections {
            idle.push(open(address).await?);
        }
        let key = base64::engine::general_purpose::STANDARD.decode(SECRET.trim_start_matches("whsec_"))?;
        Ok(Self {
            address,
            idle: Arc::new(Mutex::new(idle)),
            places: Arc::new(Semaphore::new(connections)),
            numbers: Arc::default(),
            key: Arc::new(key),
            bearer: format!("Bearer {}", node.token()),
        })
    }

    /// Starts a run. Returns its number and the time until the `202`.
    async fn fire(&self, door: Door, kind: Kind) -> anyhow::Result<(u64, Duration)> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let request = match door {
            Door::Webhook => self.webhook(kind, number)?,
            Door::Api => self.start(kind, number)?,
        };
        let _place = self.places.acquire().await?;
        let began = Instant::now();
        let idle = self.idle.lock().expect("the lock of idle connections is never poisoned").pop();
        let mut sender = match idle {
            Some(sender) if !sender.is_closed() => sender,
            _ => open(self.address).await?,
        };
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let took = began.elapsed();
        self.idle.lock().expect("the lock of idle connections is never poisoned").push(sender);
        ensure!(status == StatusCode::ACCEPTED, "a start was answered {status}: {}", String::from_utf8_lossy(&body));
        Ok((number, took))
    }

    fn start(&self, kind: Kind, number: u64) -> anyhow::Result<Request<Full<Bytes>>> {
        // The same list that the webhook's event gives the workflow as input.
        let body = format!(r#"[{{"type":"{}","n":{number}}}]"#, kind.name());
        Ok(Request::post(format!("/api/v1/workflows/bench/{}/runs", kind.name()))
            .header("host", self.address.to_string())
            .header("content-type", "application/json")
            .header("authorization", &self.bearer)
            .body(Full::new(Bytes::from(body)))?)
    }

    fn webhook(&self, kind: Kind, number: u64) -> anyhow::Result<Request<Full<Bytes>>> {
        let body = format!(r#"{{"type":"{}","n":{number}}}"#, kind.name());
        let id = format!("bench-{}-{number}", std::process::id());
        let timestamp = chrono::Utc::now().timestamp();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&self.key)?;
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        Ok(Request::post("/hooks/bench")
            .header("host", self.address.to_string())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", format!("v1,{signature}"))
            .body(Full::new(Bytes::from(body)))?)
    }

    /// Starts as many runs as the node takes, with a bounded number in flight.
    pub(super) async fn saturate(
        &self,
        door: Door,
        kind: Kind,
        duration: Duration,
        mock: &Mock,
    ) -> anyhow::Result<Saturated> {
        let began = Instant::now();
        let (sagas_before, accepted) = (mock.sagas(), AtomicUsize::new(0));
        let ended = |accepted: usize| match kind {
            Kind::Calls => mock.sagas() - sagas_before,
            // A run without calls is accepted and completed in one commit.
            Kind::Noops => accepted,
        };
        let mut firing = futures::stream::FuturesUnordered::new();
        while began.elapsed() < duration {
            let done = accepted.load(Ordering::Relaxed);
            let open = firing.len() + done - ended(done).min(done);
            if open < IN_FLIGHT && firing.len() < 128 {
                firing.push(self.fire(door, kind));
                continue;
            }
            tokio::select! {
                Some(fired) = firing.next(), if !firing.is_empty() => {
                    fired?;
                    accepted.fetch_add(1, Ordering::Relaxed);
                }
                () = mock.saga_done() => {}
            }
        }
        while let Some(fired) = firing.next().await {
            fired?;
            accepted.fetch_add(1, Ordering::Relaxed);
        }
        let total = accepted.load(Ordering::Relaxed);
        let patience = Instant::now();
        while ended(total) < total {
            ensure!(
                patience.elapsed() < Duration::from_mins(1),
                "{} of {total} runs did not end",
                total - ended(total)
            );
            tokio::select! {
                () = mock.saga_done() => {}
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
        }
        Ok(Saturated { runs: total as u64, seconds: began.elapsed().as_secs_f64() })
    }

    /// Starts runs at a steady rate, however long the answers take.
    pub(super) async fn paced(
        &self,
        kind: Kind,
        rate: f64,
        duration: Duration,
        node: &BenchNode,
    ) -> anyhow::Result<Latency> {
        let (ended, mut ends) = mpsc::unbounded_channel();
        let watching = tokio::spawn(watch_ends(node.address(), node.token().to_owned(), ended));
        ends.recv().await.context("the stream of run changes did not open")?;
        let began = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
        let mut firing = futures::stream::FuturesUnordered::new();
        let (mut accepted, mut done): (Vec<Duration>, HashMap<u64, Instant>) = (Vec::new(), HashMap::new());
        let mut fired_at: HashMap<u64, Instant> = HashMap::new();
        let patience = duration + Duration::from_secs(10);
        while began.elapsed() < patience {
            let firing_on = began.elapsed() < duration;
            if !firing_on && firing.is_empty() && done.len() >= fired_at.len() {
                break;
            }
            tokio::select! {
                _ = ticks.tick(), if firing_on => {
                    let at = Instant::now();
                    firing.push(async move { (at, self.fire(Door::Webhook, kind).await) });
                }
                Some((at, fired)) = firing.next(), if !firing.is_empty() => {
                    let (number, took) = fired?;
                    accepted.push(took);
                    fired_at.insert(number, at);
                }
                Some((key, at)) = ends.recv() => {
                    done.insert(key, at);
                }
                () = tokio::time::sleep(Duration::from_millis(100)) => {}
            }
        }
        watching.abort();
        let mut waits: Vec<Duration> =
            fired_at.iter().filter_map(|(number, at)| Some(done.get(number)?.duration_since(*at))).collect();
        ensure!(!waits.is_empty(), "no run ended");
        Ok(Latency {
            rate,
            runs: waits.len(),
            accepted_p50: percentile(&mut accepted, 50),
            accepted_p99: percentile(&mut accepted, 99),
            done_p50: percentile(&mut waits, 50),
            done_p99: percentile(&mut waits, 99),
        })
    }

    /// Returns the node's memory while this many runs wait for an answer.
    pub(super) async fn hold(&self, count: usize, mock: &Mock, node: &BenchNode) -> anyhow::Result<u64> {
        mock.hold();
        let fired = futures::stream::iter(0..count).map(|_| self.fire(Door::Webhook, Kind::Calls)).buffer_unordered(64);
        let fired: Vec<_> = fired.collect().await;
        fired.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        let resident = node.resident_bytes();
        mock.release();
        while mock.held() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(resident)
    }
}

async fn open(address: SocketAddr) -> anyhow::Result<Sender> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

fn percentile(values: &mut [Duration], percent: usize) -> Duration {
    values.sort_unstable();
    let place = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(place).copied().unwrap_or_default()
}

/// Follows the stream of run changes and sends the number of each ended run. The first message reports that the stream
/// is open.
async fn watch_ends(
    address: SocketAddr,
    token: String,
    ended: mpsc::UnboundedSender<(u64, Instant)>,
) -> anyhow::Result<()> {
    let stream =
        reqwest::Client::new().get(format!("http://{address}/api/v1/stream")).bearer_auth(token).send().await?;
    let mut chunks = stream.error_for_status()?.bytes_stream();
    ended.send((u64::MAX, Instant::now()))?;
    let mut text = String::new();
    while let Some(chunk) = chunks.next().await {
        text.push_str(&String::from_utf8_lossy(&chunk?));
        let whole = text.rfind("\n\n").map_or(0, |end| end + 2);
        let now = Instant::now();
        for event in text[..whole].split("\n\n").filter(|e| e.contains(r#""status":"completed""#)) {
            let key = event.split_once(r#""key":""#).and_then(|(_, rest)| rest.split_once('"'));
            if let Some(number) = key.and_then(|(key, _)| key.parse().ok()) {
                ended.send((number, now))?;
            }
        }
        text.drain(..whole);
    }
    Ok(())
}
