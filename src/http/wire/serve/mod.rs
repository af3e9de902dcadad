//! The connection level of the server: how many connections, and how long each may take.
//!
//! axum's own server limits neither the time for headers nor the number of connections. Here, a silent or slow peer
//! loses its connection in every phase: before its first request and between requests after [`Limits::header_time`],
//! and within a request after [`Limits::idle_time`] without progress. Bytes outside of a request's progress (pings, a
//! header sent byte by byte) do not count. `super::connection_table` decides which connection to close when there are
//! too many.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

use super::connection_table::{Connection, NoPlace, Place, Table};
use crate::http::access::peer::{Peer, Proxies, Visitor};
use crate::telemetry;

/// Limits of connections.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most open connections. Beyond it, the longest idle one is closed; further ones wait in the kernel's queue.
    pub connections_max: usize,
    /// Most per peer. Trusted proxies are exempt.
    pub per_peer_max: usize,
    /// Proxies trusted to name the peers that they forward.
    pub proxies: Proxies,
    /// Time for the head of a request, and for the first request to start.
    pub header_time: Duration,
    /// Time without progress of a request. Longer than the longest `?wait`, and than the keepalive interval of streams.
    pub idle_time: Duration,
    /// Time to finish answers after the shutdown began.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 1024,
            per_peer_max: 512,
            proxies: Proxies::default(),
            header_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(90),
            drain_time: Duration::from_secs(10),
        }
    }
}

/// Longest head of a request.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Most headers of a request.
const HEADERS_MAX: usize = 100;

/// Concurrent requests per HTTP/2 connection.
const STREAMS_MAX: u32 = 100;

/// Longest time to send the rest of an HTTP/1 answer, however slowly the peer reads it.
const REST_TIME_MAX: Duration = Duration::from_mins(10);

/// Pause after `accept` failed, for instance for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Connections waiting to be accepted. The kernel silently drops more, and the peer retries a second later. The kernel
/// caps this at `net.core.somaxconn`, by default 4096 on Linux.
const BACKLOG: u32 = 4_096;

/// Listens with a backlog for bursts of connections; tokio's own `bind` allows only 128.
///
/// # Errors
/// The address is taken, or is not one of this machine.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restarted node need not wait until the kernel has forgotten its predecessor's connections.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `shutdown` is cancelled, then finishes answers for at most [`Limits::drain_time`].
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, shutdown: CancellationToken) {
    let table = Table::new(limits.connections_max, limits.per_peer_max);
    let connections = TaskTracker::new();
    let builder = Arc::new(builder(&limits));
    let limits = Arc::new(limits);
    while let Some((stream, address)) = next(&listener, &table, &shutdown).await {
        let Some(place) = place(&table, &limits.proxies, address, &shutdown).await else { continue };
        let (builder, limits, shutdown) = (Arc::clone(&builder), Arc::clone(&limits), shutdown.clone());
        let service = Service { router: router.clone(), limits, address };
        connections.spawn(async move { connection(&builder, stream, service, place, &shutdown).await });
    }
    drop(listener);
    connections.close();
    let drain_time = limits.drain_time;
    if tokio::time::timeout(drain_time, connections.wait()).await.is_err() {
        warn!(connections = connections.len(), "connections were closed because they did not end in time");
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(limits.header_time);
    builder
}

/// Returns the next connection, or `None` once the server shuts down.
async fn next(listener: &TcpListener, table: &Table, shutdown: &CancellationToken) -> Option<(TcpStream, IpAddr)> {
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, address)) => return (stream, address.ip()),
                // Its peer went away first; other connections are unaffected.
                Err(error) if is_of_peer(&error) => debug!(%error, "a connection ended before it was accepted"),
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
                    table.relieve();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => None,
        next = accept => Some(next),
    }
}

/// Whether `accept` failed only for this connection.
fn is_of_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Finds a place for a connection; `None` if its peer is at the limit or the server shuts down. While all connections
/// are busy it waits, and later ones wait in the kernel's queue.
async fn place(table: &Arc<Table>, proxies: &Proxies, address: IpAddr, shutdown: &CancellationToken) -> Option<Place> {
    let peer = (!proxies.trust(address)).then(|| Peer::of(address));
    loop {
        match table.admit(peer) {
            Ok(place) => return Some(place),
            Err(NoPlace::OfPeer) => {
                debug!(%address, "a connection was closed: its peer has reached its limit");
                telemetry::connection_ended("refused");
                return None;
            }
            Err(NoPlace::AtAll) => tokio::select! {
                () = shutdown.cancelled() => return None,
                () = table.changed() => {}
            },
        }
    }
}

/// Answers the requests of a connection.
struct Service {
    router: Router,
    limits: Arc<Limits>,
    address: IpAddr,
}

impl Service {
    fn answer(
        &self,
        connection: &Arc<Connection>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + use<> {
        let (mut head, body) = request.into_parts();
        let (body, work, exchange) = connection.begin(&head, body);
        let peer = self.limits.proxies.sender(self.address, &head.headers);
        head.extensions.insert(Visitor { peer, connection: Some(Arc::clone(connection)) });
        let answer = self.router.clone().oneshot(Request::from_parts(head, body));
        let working = work.guard();
        async move {
            let answer = answer.await?;
            drop(working);
            Ok(answer.map(|body| exchange.answer(body)))
        }
    }
}

async fn connection(
    builder: &Builder<TokioExecutor>,
    stream: TcpStream,
    service: Service,
    place: Place,
    shutdown: &CancellationToken,
) {
    // Small answers must not wait for the next one (Nagle's algorithm).
    let _ = stream.set_nodelay(true);
    let (limits, known) = (Arc::clone(&service.limits), Arc::clone(&place.connection));
    let io = TokioIo::new(Guarded::new(stream, limits.idle_time));
    let answering = Arc::clone(&known);
    let service = hyper::service::service_fn(move |request| service.answer(&answering, request));
    let connection = builder.serve_connection(io, service);
    tokio::pin!(connection);
    let (mut ending, mut until) = (false, None);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    debug!(%error, "a connection ended early");
                }
                return;
            }
            () = known.evicted.cancelled() => {
                debug!("a connection was closed to make room for a new one");
                telemetry::connection_ended("replaced");
                return;
            }
            () = shutdown.cancelled(), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = known.stands_still(limits.header_time, limits.idle_time), if until.is_none() => {
                if !known.has_asked() {
                    return;
                }
                // Lets answers in flight finish. An HTTP/2 peer could keep its connection busy with pings alone, so it
                // gets less time.
                connection.as_mut().graceful_shutdown();
                let rest = if known.is_http2() { limits.header_time } else { REST_TIME_MAX };
                (ending, until) = (true, Some(Instant::now() + rest));
            }
            () = tokio::time::sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return,
        }
    }
}

/// A stream that fails if no byte moves in either direction for too long.
struct Guarded<S> {
    inner: S,
    idle_time: Duration,
    alarm: Pin<Box<Sleep>>,
    moved_at: Instant,
}

impl<S> Guarded<S> {
    fn new(inner: S, idle_time: Duration) -> Self {
        let moved_at = Instant::now();
        Self { inner, idle_time, alarm: Box::pin(tokio::time::sleep_until(moved_at + idle_time)), moved_at }
    }

    /// Fails a stalled operation once its time is over. The timer is reset only when it fires, so a busy stream costs
    /// nothing.
    fn watch<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.moved_at = Instant::now();
            return polled;
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            let until = self.moved_at + self.idle_time;
            if until <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(until);
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_read(cx, buffer);
        self.watch(cx, polled)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.watch(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.watch(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
