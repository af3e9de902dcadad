//! Queries a connected account through the connection that runs use: its address, credentials, limits and rules.
//!
//! Only reads: sends `GET`, and SuiteQL queries. One call is in flight at a time.

use std::cell::Cell;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::connect::{Connections, Grant, Ledger, SharedLimits};
use crate::machine::{CallFailure, CallOutcome, CallRequest, FaultClass};

/// Most attempts for a call that is throttled.
const ATTEMPTS_MAX: u32 = 4;

/// Longest pause between attempts.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// A client for one connection.
pub struct Ask<'c> {
    connections: &'c Connections,
    connection: &'c str,
    calls: Cell<usize>,
}

/// Why a query has no answer.
#[derive(Debug, Clone)]
pub struct Refused {
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Message of the connection or the target.
    pub detail: String,
}

impl Refused {
    /// Whether the message contains this text, ignoring case.
    pub fn says(&self, text: &str) -> bool {
        self.detail.to_lowercase().contains(&text.to_lowercase())
    }
}

impl<'c> Ask<'c> {
    /// Creates a client for a connection.
    pub fn new(connections: &'c Connections, connection: &'c str) -> Self {
        Self { connections, connection, calls: Cell::new(0) }
    }

    /// Number of calls so far.
    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    /// Reads a resource.
    pub async fn get(&self, path: &str, query: &[(&str, &str)], headers: &[(&str, &str)]) -> Result<Value, Refused> {
        self.send("GET", path, query, headers, None).await
    }

    /// Runs a SuiteQL query and returns up to `limit` rows.
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

/// Grants one call at a time, for a program that never has more in flight.
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
