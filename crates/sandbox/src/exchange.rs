//! One call from arrival to answer: ledger, concurrency limit, faults, and the system itself.
//!
//! A call is applied and its effects are recorded under one lock, so the ledger never shows half a call. If the caller
//! disconnects, the outcome is `abandoned`, because the [`Entry`] is dropped without another outcome.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use http::StatusCode;

use super::call::{Answer, Call, System, pairs, segments};
use super::faults::{Kind, Strike};
use super::ledger::{self, Outcome};
use super::serve::Cut;
use super::webhooks::Origin;
use super::{Sandbox, crm, erp};

const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
const HANG_MAX: Duration = Duration::from_mins(10);

/// Answers one call to a system mounted at `mount`.
pub async fn exchange(sandbox: Sandbox, system: System, mount: &str, request: Request) -> Response {
    let cut = request.extensions().get::<Cut>().cloned();
    let (call, complete) = read(system, mount, request).await;
    let entry = Entry::open(&sandbox, &call);
    if let Err(status) = complete {
        return entry.answered(refusal(system, status)).into_response_with(Body::from);
    }
    let Some(_permit) = Permit::take(&sandbox, &call) else {
        return entry.answered(erp::concurrency_exceeded()).into_response_with(Body::from);
    };
    match entry.strike(&call) {
        None => entry.apply_and_answer(&call).into_response_with(Body::from),
        Some(strike) => carry_out(strike, entry, &call, cut).await,
    }
}

async fn carry_out(strike: Strike, entry: Entry, call: &Call, cut: Option<Cut>) -> Response {
    let fault = &strike.fault;
    if fault.kind != Kind::Drip {
        tokio::time::sleep(fault.delay()).await;
    }
    match fault.kind {
        Kind::Delay => entry.apply_and_answer(call).into_response_with(Body::from),
        Kind::Status => {
            if fault.apply {
                entry.apply(call);
            }
            entry.answered(fault.answer(refusal(call.system, fault.status_code()))).into_response_with(Body::from)
        }
        Kind::Hang => {
            if fault.apply {
                entry.apply(call);
            }
            tokio::time::sleep(HANG_MAX).await;
            drop(entry);
            reset(cut).await
        }
        Kind::ResetBefore => {
            entry.end(Outcome::Reset, None);
            reset(cut).await
        }
        Kind::ResetAfter => {
            entry.apply(call);
            entry.end(Outcome::Reset, None);
            reset(cut).await
        }
        Kind::Drip => {
            let pause = fault.pause();
            entry.apply_and_answer(call).into_response_with(|content| dripping(&content, pause))
        }
        Kind::Truncate => {
            let answer = entry.apply(call);
            entry.end(Outcome::Truncated, Some(answer.status.as_u16()));
            answer.into_response_with(|content| broken(content, BrokenAt::Half))
        }
    }
}

async fn reset(cut: Option<Cut>) -> Response {
    if let Some(cut) = cut {
        cut.pull();
        // The task of the connection drops this call now.
        return std::future::pending().await;
    }
    // Another server than `serve`: a body that fails immediately is the closest substitute.
    Answer::empty(StatusCode::OK).into_response_with(|_| broken(Bytes::from_static(b" "), BrokenAt::Start))
}

enum BrokenAt {
    Start,
    Half,
}

/// Returns a body that ends in an error, so that the server closes the connection before it sent the announced length.
fn broken(content: Bytes, place: BrokenAt) -> Body {
    let sent = match place {
        BrokenAt::Start => Bytes::new(),
        BrokenAt::Half => content.slice(..content.len() / 2),
    };
    let error = futures::stream::once(async {
        // Gives the server time to flush the bytes before the error.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::other("a fault ends this body here"))
    });
    Body::from_stream(futures::stream::iter((!sent.is_empty()).then_some(Ok(sent))).chain(error))
}

fn dripping(content: &Bytes, pause: Duration) -> Body {
    let bytes: Vec<Bytes> = (0..content.len()).map(|at| content.slice(at..=at)).collect();
    Body::from_stream(futures::stream::iter(bytes).then(move |byte| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, io::Error>(byte)
    }))
}

/// Returns the system's usual error answer for a status.
pub(super) fn refusal(system: System, status: StatusCode) -> Answer {
    match system {
        System::Crm => crm::usual_answer(status),
        System::Erp => erp::usual_answer(status),
    }
}

/// Reads a call completely. The inner error is the status with which an unreadable body is refused.
async fn read(system: System, mount: &str, request: Request) -> (Call, Result<(), StatusCode>) {
    let now = Utc::now();
    let (parts, body) = request.into_parts();
    let (body, complete) = match to_bytes(body, BODY_BYTES_MAX).await {
        Ok(body) => (body, Ok(())),
        Err(error) => (Bytes::new(), Err(unreadable(&error))),
    };
    (call(system, mount, parts, body, now), complete)
}

/// Converts a completely read request to a call.
pub(super) fn call(system: System, mount: &str, parts: http::request::Parts, body: Bytes, now: DateTime<Utc>) -> Call {
    let path = parts.uri.path().to_owned();
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or("127.0.0.1:8081");
    let query_text = parts.uri.query().unwrap_or_default().to_owned();
    Call {
        system,
        method: parts.method,
        segments: segments(path.strip_prefix(mount).unwrap_or(&path)),
        query: pairs(&query_text),
        base: format!("http://{host}{mount}"),
        headers: parts.headers,
        path,
        query_text,
        body,
        now,
    }
}

fn unreadable(error: &axum::Error) -> StatusCode {
    let too_large = std::error::Error::source(error).is_some_and(|source| source.to_string().contains("length limit"));
    if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST }
}

/// Who made a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Program,
    Person,
}

/// The ledger's entry of a call in progress.
pub(super) struct Entry {
    sandbox: Sandbox,
    seq: u64,
    open: std::cell::Cell<bool>,
}

impl Entry {
    pub(super) fn open(sandbox: &Sandbox, call: &Call) -> Self {
        let request = ledger::Request::of(call);
        let seq = sandbox.world().ledger.arrived(request);
        Self { sandbox: sandbox.clone(), seq, open: std::cell::Cell::new(true) }
    }

    pub(super) fn strike(&self, call: &Call) -> Option<Strike> {
        let world = &mut *self.sandbox.world();
        let strike = world.faults.strike(&call.method, &call.path)?;
        world.ledger.struck(self.seq, strike.id);
        Some(strike)
    }

    pub(super) fn apply(&self, call: &Call) -> Answer {
        self.apply_for(call, Who::Program)
    }

    /// Applies what a person did on the page.
    pub(super) fn apply_for_person(&self, call: &Call) -> Answer {
        self.apply_for(call, Who::Person)
    }

    fn apply_for(&self, call: &Call, who: Who) -> Answer {
        let world = &mut *self.sandbox.world();
        let (answer, changes) = match call.system {
            System::Crm => world.crm.answer(call),
            System::Erp => world.erp.answer(call),
        };
        let mut origin = Origin::of(call, self.seq, world.ledger.counts().1);
        origin.by_person |= who == Who::Person;
        world.note(call.system, &origin, changes);
        self.sandbox.tell(call.system);
        answer
    }

    pub(super) fn apply_and_answer(&self, call: &Call) -> Answer {
        let answer = self.apply(call);
        self.answered(answer)
    }

    pub(super) fn answered(&self, answer: Answer) -> Answer {
        self.end(Outcome::Answered, Some(answer.status.as_u16()));
        answer
    }

    pub(super) fn end(&self, outcome: Outcome, status: Option<u16>) {
        self.open.set(false);
        self.sandbox.world().ledger.ended(self.seq, outcome, status);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.open.get() {
            self.end(Outcome::Abandoned, None);
        }
    }
}

/// A slot among the calls that the ERP processes concurrently. Its token endpoint is not limited.
struct Permit(Option<Sandbox>);

impl Permit {
    fn take(sandbox: &Sandbox, call: &Call) -> Option<Self> {
        if call.system == System::Crm || call.segments.iter().any(|segment| segment == "oauth2") {
            return Some(Self(None));
        }
        let limit = sandbox.world().erp.concurrency();
        let in_flight = &sandbox.shared.erp_in_flight;
        let taken = in_flight.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| (n < limit).then_some(n + 1));
        taken.ok().map(|_| Self(Some(sandbox.clone())))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(sandbox) = &self.0 {
            sandbox.shared.erp_in_flight.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
