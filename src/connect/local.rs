//! The reserved connection `hub`: its calls are built and judged as all others, and answered inside the program.

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

/// Answers the calls of the connection `hub`.
pub trait Local: Debug + Send + Sync {
    /// Does what a call asks for. Never fails: what cannot be done is an answer too.
    fn answer<'a>(&'a self, path: &'a str, body: Bytes) -> BoxFuture<'a, http::Response<Bytes>>;
}

/// How long a caller that meets a locked link waits before it tries again, unless the answer says how long.
const HELD_AGAIN: Duration = Duration::from_secs(1);

/// Operations at once from this node: they use the engine's own connections to the database, of which the heartbeat needs one.
const CONCURRENCY: usize = 3;

/// The connection as if `hub.yaml` had it. Its address leads nowhere.
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
        // Someone else works on it: a wait, not a failure.
        faults: vec![rule(423, FaultClass::Throttled, Some(HELD_AGAIN))],
        concurrency: CONCURRENCY,
        ..Connection::default()
    }
}

/// An operation's answer over HTTP.
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

/// The path of an operation, if a URI names one.
#[must_use]
pub fn operation(uri: &str) -> Option<&str> {
    match target::parse(uri) {
        target::Uri::Connection { name: memory::CONNECTION, rest } => Some(rest),
        _ => None,
    }
}

impl Connections {
    /// From now on this answers what goes to the connection `hub`. The first one stays.
    pub fn serve_locally(&self, local: Arc<dyn Local>) {
        // A second engine on the same connections does not exist.
        let _ = self.local.set(local);
    }

    /// A call that stays in the program.
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
