//! The server's outer skin: connections, and how long each may take for what.
//!
//! axum's own server sets no timer for headers and no bound on connections. Here a silent or slow peer loses its
//! connection in every phase: before its first request and between requests after [`HEADER_TIME_MAX`], at any other time
//! after [`IDLE_TIME_MAX`] without a byte in either direction.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
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

/// For the head of a request, and for the first one to begin.
pub const HEADER_TIME_MAX: Duration = Duration::from_secs(10);

/// Longer than the longest `?wait` and than the pause between two signs of life of a stream.
pub const IDLE_TIME_MAX: Duration = Duration::from_secs(90);

/// What is still answered after the shutdown began.
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(10);

/// Longest head of a request.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Most headers of a request.
const HEADERS_MAX: usize = 100;

/// Requests of one HTTP/2 connection at once.
const STREAMS_MAX: u32 = 100;

/// Pause after the machine refused a connection (no file descriptors, ...).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown` is cancelled; then answers what is under way, at most [`DRAIN_TIME_MAX`] long.
pub async fn serve(listener: TcpListener, router: Router, connections_max: usize, shutdown: CancellationToken) {
    let places = Arc::new(Semaphore::new(connections_max));
    let connections = TaskTracker::new();
    let builder = Arc::new(builder());
    while let Some((stream, place)) = next(&listener, &places, &shutdown).await {
        let (builder, router, shutdown) = (Arc::clone(&builder), router.clone(), shutdown.clone());
        connections.spawn(async move {
            connection(&builder, stream, router, &shutdown).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN_TIME_MAX, connections.wait()).await.is_err() {
        warn!(connections = connections.len(), "connections were cut off: they did not end in time");
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_MAX)
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
        .keep_alive_timeout(HEADER_TIME_MAX);
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

async fn connection(builder: &Builder<TokioExecutor>, stream: TcpStream, router: Router, shutdown: &CancellationToken) {
    // A small answer must not wait for the next one.
    let _ = stream.set_nodelay(true);
    let asked = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(Guarded::new(stream, Arc::clone(&asked)));
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
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
        debug!(error, "a connection ended early");
    }
}

/// A stream that fails when nothing moves on it for too long.
struct Guarded<S> {
    inner: S,
    /// Whether a request has begun on it.
    asked: Arc<AtomicBool>,
    alarm: Pin<Box<Sleep>>,
    moved_at: Instant,
}

impl<S> Guarded<S> {
    fn new(inner: S, asked: Arc<AtomicBool>) -> Self {
        let moved_at = Instant::now();
        Self { inner, asked, alarm: Box::pin(tokio::time::sleep_until(moved_at + HEADER_TIME_MAX)), moved_at }
    }

    /// Fails a stalled operation once its time is over. The alarm is moved only when it rings: a busy stream costs nothing.
    fn watch<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.moved_at = Instant::now();
            return polled;
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            let limit = if self.asked.load(Ordering::Relaxed) { IDLE_TIME_MAX } else { HEADER_TIME_MAX };
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
