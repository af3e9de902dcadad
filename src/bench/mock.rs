//! A target that answers at once, counts calls, and can hold its answers back.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Serves `/1`, `/2` and `/3`, the three calls of a saga; the third is the last.
pub(super) struct Mock {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    holding: AtomicBool,
    held: AtomicUsize,
    sagas: AtomicUsize,
    saga_done: Notify,
    released: Notify,
}

impl Mock {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::default());
        tokio::spawn(serve(listener, Arc::clone(&state)));
        Ok(Self { address, state })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Number of sagas whose third call arrived.
    pub(super) fn sagas(&self) -> usize {
        self.state.sagas.load(Ordering::Acquire)
    }

    /// Waits until another saga's third call arrives.
    pub(super) async fn saga_done(&self) {
        self.state.saga_done.notified().await;
    }

    /// Holds all answers back from now on.
    pub(super) fn hold(&self) {
        self.state.holding.store(true, Ordering::Release);
    }

    /// Number of calls held back.
    pub(super) fn held(&self) -> usize {
        self.state.held.load(Ordering::Acquire)
    }

    /// Answers the calls held back, and all later ones at once.
    pub(super) fn release(&self) {
        self.state.holding.store(false, Ordering::Release);
        self.state.released.notify_waiters();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve_one(stream, Arc::clone(&state)));
    }
}

async fn serve_one(stream: TcpStream, state: Arc<State>) {
    // Otherwise the measurement would include Nagle's algorithm and delayed acknowledgements.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&state), request));
    // The node may close the connection; that is not an error.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let ends = request.uri().path() == "/3";
    // Read the body to its end so that the connection can be reused; a broken one closes by itself.
    let _ = request.into_body().collect().await;
    if state.holding.load(Ordering::Acquire) {
        let released = state.released.notified();
        state.held.fetch_add(1, Ordering::AcqRel);
        released.await;
        state.held.fetch_sub(1, Ordering::AcqRel);
    }
    if ends {
        state.sagas.fetch_add(1, Ordering::AcqRel);
        state.saga_done.notify_one();
    }
    let mut response = Response::new(Full::new(Bytes::from_static(br#"{"id":"42","ok":true}"#)));
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    Ok(response)
}
