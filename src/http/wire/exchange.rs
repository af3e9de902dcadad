//! Tracks a request and its answer for their connection: being read, being processed, or not yet sent completely.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::EXPECT;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};

use super::connection_table::Connection;

impl Connection {
    /// Starts to track a request. Returns its tracked body, and guards to hold while it is processed and until its
    /// answer is sent.
    pub(super) fn begin(self: &Arc<Self>, head: &http::request::Parts, body: Incoming) -> (Body, Work, Exchange) {
        self.asked.store(true, Ordering::Relaxed);
        let is_http2 = head.version == http::Version::HTTP_2;
        self.http2.store(is_http2, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.touch();
        let exchange = Exchange(Arc::clone(self));
        let work = Work(Arc::new(WorkState { connection: Arc::clone(self), phase: Mutex::new(Phase::Reading) }));
        let rest = if is_http2 || head.headers.contains_key(EXPECT) { Rest::Unasked } else { Rest::OnItsWay };
        let body = TrackedBody { inner: Some(body), work: Work(Arc::clone(&work.0)), rest };
        if hyper::body::Body::is_end_stream(&body) {
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

/// A request being read, then processed. Ends when it is finished or dropped.
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

    /// Called when the request has been read, or its rest is not wanted.
    fn begin(&self) {
        self.move_to(Phase::Working);
        self.0.connection.touch();
    }

    /// Keeps the request marked as in progress until the guard is dropped.
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

/// A request until its answer has been sent.
pub(super) struct Exchange(Arc<Connection>);

impl Exchange {
    /// Wraps an answer so that the exchange stays open until it has been sent.
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

/// What a peer does with the unread rest of a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Sends it regardless of the answer: HTTP/1 has no way to stop it.
    OnItsWay,
    /// Sends nothing: it was told to stop, or waits for `100 Continue`.
    Unasked,
}

/// A request body that reports when it has been read. An unwanted rest is read for a while: a peer that is still
/// sending would not see an answer such as 413 if the connection closed.
struct TrackedBody {
    /// `None` once dropped.
    inner: Option<Incoming>,
    work: Work,
    rest: Rest,
}

impl hyper::body::Body for TrackedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // Reading the body sends `100 Continue`, so the peer starts to send.
        if self.rest == Rest::Unasked && !self.work.0.connection.is_http2() {
            self.rest = Rest::OnItsWay;
        }
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let polled = Pin::new(&mut *inner).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || (polled.is_ready() && inner.is_end_stream()) {
            self.work.begin();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(hyper::body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(hyper::body::Body::size_hint).unwrap_or_default()
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.work.begin();
        let Some(rest) = self.inner.take().filter(|rest| self.rest == Rest::OnItsWay && !rest.is_end_stream()) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(read_on(rest));
        }
    }
}

/// Most bytes of a body read after its answer.
const REST_BYTES_MAX: usize = 16 << 20;

/// How long they are read.
const REST_TIME_MAX: Duration = Duration::from_secs(5);

/// Reads and discards the rest of a body within limits; then the connection ends.
async fn read_on(mut body: Incoming) {
    let mut left = REST_BYTES_MAX;
    let reading = async {
        while let Some(Ok(frame)) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    // A peer that sends for longer may miss the answer.
    let _ = tokio::time::timeout(REST_TIME_MAX, reading).await;
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
