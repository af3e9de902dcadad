//! The reserved connection `hub`: its calls are built and judged like all others, but answered inside the program.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use serde_json::{Value, json};
use url::Url;

use super::Connections;
use super::request::target;
use super::settings::{Connection, FaultRule, Verdict};
use crate::machine::{CallOutcome, CallRequest, FaultClass};
use crate::memory::{self, Refusal};

/// Answers calls to the connection `hub`.
pub trait Local: Debug + Send + Sync {
    /// Performs the operation. Never fails: an operation that cannot be done gets an error response.
    fn answer<'a>(&'a self, path: &'a str, body: Bytes) -> BoxFuture<'a, http::Response<Bytes>>;
}

/// When to retry a call that meets a locked link, unless the answer says so.
const HELD_AGAIN: Duration = Duration::from_secs(1);

/// Concurrent operations on this node: they use the engine's own database connections, and the heartbeat needs one of
/// them.
const CONCURRENCY: usize = 3;

/// The connection as if it were declared in `hub.yaml`. Its URL is never contacted.
pub(super) fn connection(environment: &str) -> Connection {
    let url = Url::parse("http://hub/").expect("a constant URL");
    let rule = |status, class, after| FaultRule {
        statuses: vec![status],
        when: None,
        verdict: Verdict::Fault(class),
        error: None,
        after,
    };
    Connection {
        base_urls: std::iter::once((environment.to_owned(), url)).collect(),
        // Another worker holds the link: wait, do not fail.
        faults: vec![rule(423, FaultClass::Throttled, Some(HELD_AGAIN))],
        concurrency: CONCURRENCY,
        ..Connection::default()
    }
}

/// Turns an operation's result into an HTTP response.
#[must_use]
pub fn response(answer: Result<Value, Refusal>) -> http::Response<Bytes> {
    let (status, content_type, body, retry_after) = match answer {
        Ok(value) => (StatusCode::OK, "application/json", value, None),
        Err(Refusal { status, detail, retry_after }) => {
            let title = status.canonical_reason();
            let problem = json!({ "title": title, "status": status.as_u16(), "detail": detail });
            (status, "application/problem+json", problem, retry_after)
        }
    };
    let mut response = http::Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(after) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after.as_secs().max(1)));
    }
    response
}

/// Returns the operation's path if the URI addresses the connection `hub`.
#[must_use]
pub fn operation(uri: &str) -> Option<&str> {
    match target::parse(uri) {
        target::Uri::Connection { name: memory::CONNECTION, rest } => Some(rest),
        _ => None,
    }
}

impl Connections {
    /// Sets the handler of the connection `hub`. Only the first call has an effect.
    pub fn serve_locally(&self, local: Arc<dyn Local>) {
        // Connections never serve a second engine.
        let _ = self.local.set(local);
    }

    /// Makes a call that stays inside the program.
    pub(super) async fn call_locally(&self, request: &CallRequest, path: &str) -> CallOutcome {
        let hub = &self.by_name[memory::CONNECTION];
        let _slot = match hub.slot().await {
            Ok(slot) => slot,
            Err(problem) => return CallOutcome::Failed(problem.into_failure(hub)),
        };
        let offline = match self.offline(request, None) {
            Ok(offline) => offline,
            Err(failure) => return CallOutcome::Failed(*failure),
        };
        let begin = Instant::now();
        let response = match self.local.get() {
            Some(local) => local.answer(path, offline.body()).await,
            None => response(Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the hub is not up yet"))),
        };
        offline.answered(response, begin.elapsed())
    }
}
