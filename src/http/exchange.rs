//! A request and its answer as their connection sees them: still being read, worked on, or not yet gone.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};

use super::connection_table::Connection;

impl Connection {
    /// A request begins: its tracked body, and the marks to be kept while it is worked on and until its answer has left.
    pub(super) fn begin(self: &Arc<Self>, version: http::Version, body: Incoming) -> (Body, Work, Exchange) {
        self.asked.store(true, Ordering::Relaxed);
        self.http2.store(version == http::Version::HTTP_2, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.touch();
        let exchange = Exchange(Arc::clone(self));
        let work = Work(Arc::new(WorkState { connection: Arc::clone(self), phase: Mutex::new(Phase::Reading) }));
        let body = TrackedBody { inner: body, work: Work(Arc::clone(&work.0)) };
        if hyper::body::Body::is_end_stream(&body.inner) {
            work.begin();
        }
        (Body::new(body), work, exchange)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Reading,
    Working,
    Done,
}

struct WorkState {
    connection: Arc<Connection>,
    phase: Mutex<Phase>,
}

/// A request that is read and then worked on; over when it is finished or dropped.
pub(super) struct Work(Arc<WorkState>);

impl Work {
    fn move_to(&self, phase: Phase) {
        let mut now = self.0.phase.lock().expect("nothing panics while it holds the phase");
        let working = &self.0.connection.working;
        match (*now, phase) {
            (Phase::Reading, Phase::Working) => drop(working.fetch_add(1, Ordering::Relaxed)),
            (Phase::Working, Phase::Done) => drop(working.fetch_sub(1, Ordering::Relaxed)),
            (Phase::Reading, Phase::Done) => {}
            _ => return,
        }
        *now = phase;
    }

    /// The request was read whole, or nobody wants to read the rest.
    fn begin(&self) {
        self.move_to(Phase::Working);
        self.0.connection.touch();
    }

    /// Keeps the request marked as worked on until the guard is dropped.
    pub(super) fn guard(self) -> WorkGuard {
        WorkGuard(self)
    }
}

/// See [`Work::guard`].
pub(super) struct WorkGuard(Work);

impl Drop for WorkGuard {
    fn drop(&mut self) {
        self.0.move_to(Phase::Done);
    }
}

/// A request until its answer has left.
pub(super) struct Exchange(Arc<Connection>);

impl Exchange {
    /// An answer that keeps the exchange open until it has left.
    pub(super) fn answer(self, body: Body) -> Body {
        Body::new(TrackedAnswer { inner: body, exchange: self })
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.touch();
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request's body that says when it has been read.
struct TrackedBody {
    inner: Incoming,
    work: Work,
}

impl hyper::body::Body for TrackedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || (polled.is_ready() && self.inner.is_end_stream()) {
            self.work.begin();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.work.begin();
    }
}

struct TrackedAnswer {
    inner: Body,
    exchange: Exchange,
}

impl hyper::body::Body for TrackedAnswer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if polled.is_ready() {
            self.exchange.0.touch();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
