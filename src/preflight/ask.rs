//! Questions to a connected account, through the connection that runs use: its address, credentials, limits and rules.
//!
//! Nothing here can write: it sends `GET`, and SuiteQL, which only reads. One call is under way at a time.

use std::cell::Cell;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::connect::{Connections, Grant, Ledger, SharedLimits};
use crate::machine::{CallFailure, CallOutcome, CallRequest, FaultClass};

/// How often a question is asked that was refused for now.
const ATTEMPTS_MAX: u32 = 4;

/// How long it waits between, at most.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// A connection to ask.
pub struct Ask<'c> {
    connections: &'c Connections,
    connection: &'c str,
    calls: Cell<usize>,
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The status, if there was an answer at all.
    pub status: Option<u16>,
    /// In the words of the connection and the target.
    pub detail: String,
}

impl Refused {
    /// Whether the target's message says this, in any case.
    pub fn says(&self, text: &str) -> bool {
        self.detail.to_lowercase().contains(&text.to_lowercase())
    }
}

impl<'c> Ask<'c> {
    /// Through a connection.
    pub fn new(connections: &'c Connections, connection: &'c str) -> Self {
        Self { connections, connection, calls: Cell::new(0) }
    }

    /// How many calls it took so far.
    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    /// Reads a resource.
    pub async fn get(&self, path: &str, query: &[(&str, &str)], headers: &[(&str, &str)]) -> Result<Value, Refused> {
        self.send("GET", path, query, headers, None).await
    }

    /// The rows of a SuiteQL query, at most a page of this many.
    pub async fn suiteql(&self, q: &str, limit: usize) -> Result<Vec<Value>, Refused> {
        let limit = limit.to_string();
        let (query, headers) = ([("limit", limit.as_str())], [("Prefer", "transient")]);
        let answer =
            self.send("POST", "services/rest/query/v1/suiteql", &query, &headers, Some(json!({"q": q}))).await?;
        Ok(answer["items"].as_array().cloned().unwrap_or_default())
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Value, Refused> {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let request = CallRequest {
            method: method.to_owned(),
            uri: format!("connection://{}/{path}", self.connection),
            headers: owned(headers),
            query: owned(query),
            body,
            ..CallRequest::default()
        };
        let mut attempt = 1;
        loop {
            self.calls.set(self.calls.get() + 1);
            match self.connections.call(&request, None).await {
                CallOutcome::Succeeded { output, .. } => return Ok((*output).clone()),
                CallOutcome::Failed(failure) if failure.class == FaultClass::Transient && attempt < ATTEMPTS_MAX => {
                    let pause = failure.retry_after.unwrap_or(Duration::from_millis(250) * 2_u32.pow(attempt));
                    tokio::time::sleep(pause.min(PAUSE_MAX)).await;
                    attempt += 1;
                }
                CallOutcome::Failed(failure) => return Err(refused(failure)),
            }
        }
    }
}

fn refused(failure: CallFailure) -> Refused {
    let status = failure.response.map(|response| response.status);
    Refused { status, detail: failure.error.detail.unwrap_or(failure.error.title.unwrap_or_default()) }
}

/// The limits of connections for a program that has one call under way at a time: it never takes more than one place.
#[derive(Debug, Default)]
pub struct OneAtATime;

impl Ledger for OneAtATime {
    fn take<'a>(
        &'a self,
        _connection: &'a str,
        _limits: &'a SharedLimits,
        used: u32,
        wanted: u32,
    ) -> BoxFuture<'a, Result<Grant, String>> {
        let calls = u32::from(used == 0 && wanted > 0);
        Box::pin(async move { Ok(Grant { calls, again: Duration::from_millis(20) }) })
    }
}
