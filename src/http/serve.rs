//! The server's outer skin: connections, and how long each may take for what.
//!
//! axum's own server sets no timer for headers and no bound on connections. Here a silent or slow peer loses its
//! connection in every phase: before its first request and between requests after [`Limits::header_time`], at any other time
//! after [`Limits::idle_time`] without a byte in either direction.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

/// How many connections, and how long each may take for what.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open connections; more wait in the kernel's queue.
    pub connections_max: usize,
    /// For the head of a request, and for the first one to begin.
    pub header_time: Duration,
    /// Without a byte in either direction. Longer than the longest `?wait`, and than the pause between two signs of
    /// life of a stream.
    pub idle_time: Duration,
    /// What is still answered after the shutdown began.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 1024,
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

/// Requests of one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 100;

/// Pause after the machine refused a connection (no file descriptors, ...).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown` is cancelled; then answers what is under way, at most [`Limits::drain_time`] long.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, shutdown: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let connections = TaskTracker::new();
    let builder = Arc::new(builder(limits));
    while let Some((stream, place)) = next(&listener, &places, &shutdown).await {
        let (builder, router, shutdown) = (Arc::clone(&builder), router.clone(), shutdown.clone());
        connections.spawn(async move {
            connection(&builder, stream, router, limits, &shutdown).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain_time, connections.wait()).await.is_err() {
        warn!(connections = connections.len(), "connections were cut off: they did not end in time");
    }
}

fn builder(limits: Limits) -> Builder<TokioExecutor> {
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

/// The next connection and its place; none once the server goes down. Without a place it waits in the kernel's queue.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let accept = async {
        let place = Arc::clone(places).acquire_owned().await.expect("the semaphore is never closed");
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return (stream, place),
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
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

async fn connection(
    builder: &Builder<TokioExecutor>,
    stream: TcpStream,
    router: Router,
    limits: Limits,
    shutdown: &CancellationToken,
) {
    // A small answer must not wait for the next one.
    let _ = stream.set_nodelay(true);
    let asked = Arc::new(AtomicBool::new(false));
    let peer = stream.peer_addr().ok().map(ConnectInfo);
    let io = TokioIo::new(Guarded::new(stream, limits, Arc::clone(&asked)));
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        router.clone().oneshot(request)
    });
    let connection = builder.serve_connection(io, service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}

/// A stream that fails when nothing moves on it for too long.
struct Guarded<S> {
    inner: S,
    limits: Limits,
    /// Whether a request has begun on it.
    asked: Arc<AtomicBool>,
    alarm: Pin<Box<Sleep>>,
    moved_at: Instant,
}

impl<S> Guarded<S> {
    fn new(inner: S, limits: Limits, asked: Arc<AtomicBool>) -> Self {
        let moved_at = Instant::now();
        let alarm = Box::pin(tokio::time::sleep_until(moved_at + limits.header_time));
        Self { inner, limits, asked, alarm, moved_at }
    }

    /// Fails a stalled operation once its time is over. The alarm is moved only when it rings: a busy stream costs nothing.
    fn watch<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.moved_at = Instant::now();
            return polled;
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            let limit =
                if self.asked.load(Ordering::Relaxed) { self.limits.idle_time } else { self.limits.header_time };
            let until = self.moved_at + limit;
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
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;

    const HASTY: Limits = Limits {
        connections_max: 1,
        header_time: Duration::from_millis(100),
        idle_time: Duration::from_millis(200),
        drain_time: Duration::from_secs(5),
    };

    struct Server {
        address: std::net::SocketAddr,
        shutdown: CancellationToken,
        served: tokio::task::JoinHandle<()>,
    }

    async fn server(router: Router, limits: Limits) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(serve(listener, router, limits, shutdown.clone()));
        Server { address, shutdown, served }
    }

    /// Everything that comes until the server closes the connection.
    async fn said_after(address: std::net::SocketAddr, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let end = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
        // A reset is an end as well.
        let _ = end.expect("the server did not close the connection");
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn a_peer_that_stalls_in_any_phase_loses_its_connection() {
        let body = async |body: bytes::Bytes| body;
        let router = Router::new().route("/", get(|| async { "hello" }).post(body));
        let server = server(router, HASTY).await;
        // With one place for all connections, each of these also shows that the one before gave its place back.
        for stall in
            ["", "G", "GET / HTTP/1.1\r\nhost: a\r\n", "PRI * HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
        {
            let said = said_after(server.address, stall.as_bytes()).await;
            assert!(!said.contains("200 OK"), "{stall:?}: {said}");
        }
        let half_a_body = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf";
        assert!(!said_after(server.address, half_a_body.as_bytes()).await.contains("200 OK"));
        let idle_after_answer = said_after(server.address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(idle_after_answer.ends_with("hello"), "{idle_after_answer}");
    }

    #[tokio::test]
    async fn what_is_under_way_is_answered_before_the_server_ends() {
        let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
            move || async move {
                begun.notify_one();
                go.notified().await;
                "done"
            }
        };
        let Server { address, shutdown, served } =
            server(Router::new().route("/", get(handler)), Limits::default()).await;
        let answer = tokio::spawn(async move { said_after(address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await });
        begun.notified().await;
        shutdown.cancel();
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!served.is_finished());
        go.notify_one();
        assert!(answer.await.unwrap().ends_with("done"));
        served.await.unwrap();
    }
}
