//! Serves connections individually, so that a fault can cut a single one.
//!
//! axum's server hides its connections, and a failing response body still sends the beginning of an answer. Here each
//! connection has a [`Cut`] that its calls can pull: the connection ends immediately with a TCP reset.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::webhooks::deliver;
use super::{Sandbox, router};

const CONNECTIONS_MAX: usize = 4_096;
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);

/// Resets the connection of a call. [`serve`] adds it to the extensions of every request.
#[derive(Debug, Clone)]
pub struct Cut(CancellationToken);

impl Cut {
    /// Resets the connection: the caller sees an error and no answer.
    pub fn pull(&self) {
        self.0.cancel();
    }
}

/// Serves both systems until `shutdown` completes. Calls in progress then have two seconds to finish.
pub async fn serve(listener: TcpListener, sandbox: Sandbox, shutdown: impl Future<Output = ()>) {
    // Aborts the delivery when this future is dropped.
    let mut told = JoinSet::new();
    told.spawn(deliver(sandbox.clone()));
    sandbox.world().bus.open();
    let app = router(sandbox);
    let closing = CancellationToken::new();
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        while connections.try_join_next().is_some() {}
        tokio::select! {
            () = &mut shutdown => break,
            _ = connections.join_next(), if connections.len() >= CONNECTIONS_MAX => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => { connections.spawn(connection(stream, app.clone(), closing.clone())); }
                // For example, no file descriptors are left until other connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    drop(listener);
    closing.cancel();
    let _ = tokio::time::timeout(GOODBYE_TIMEOUT, async { while connections.join_next().await.is_some() {} }).await;
}

async fn connection(stream: TcpStream, app: axum::Router, closing: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let cut = CancellationToken::new();
    let io = TokioIo::new(Cuttable { stream, cut: cut.clone() });
    let calls = cut.clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Cut(calls.clone()));
        app.clone().oneshot(request.map(Body::new))
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
    let mut served = std::pin::pin!(builder.serve_connection(io, service));
    tokio::select! {
        _ = served.as_mut() => return,
        () = cut.cancelled() => return,
        () = closing.cancelled() => served.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = served => {}
        () = cut.cancelled() => {}
    }
}

/// A stream that is reset when it is dropped after its cut was pulled.
struct Cuttable {
    stream: TcpStream,
    cut: CancellationToken,
}

impl Drop for Cuttable {
    fn drop(&mut self) {
        if self.cut.is_cancelled() {
            // With zero linger the kernel sends RST instead of FIN and discards unsent data.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
