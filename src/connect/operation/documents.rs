//! OpenAPI documents from URLs: fetched like any call, cached for a while, revalidated with their `ETag`.
//!
//! Many runs may need a document at the same time: it is fetched once, and the others wait.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::header::{ACCEPT, IF_NONE_MATCH};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::super::problem::Problem;
use super::super::{Connections, Prepared};
use super::Found;
use crate::connect::answer::json;
use crate::connect::answer::outcome::ANSWER_RULES;
use crate::connect::request::target;
use crate::dsl::{HttpOutput, OwnAuthentication, Redirect, source};
use crate::machine::{CallFailure, CallOutcome, CallRequest, ErrorKind, ResponseSummary, TargetEffect, WorkflowError};
use crate::openapi::Document;

/// How long a document counts as fresh if its server does not say.
const FRESH: Duration = Duration::from_mins(5);

/// Longest freshness that a server may set.
const FRESH_MAX: Duration = Duration::from_hours(1);

/// Most documents cached.
const DOCUMENTS_MAX: usize = 32;

/// Most bytes cached, before parsing. Parsed documents take several times as much.
const BYTES_MAX: usize = 8 << 20;

/// Most fetches in flight; documents that share a lane wait for each other.
const LANES: usize = 16;

const ACCEPTED: &str = "application/json, application/yaml;q=0.9, */*;q=0.5";

/// Cache key. Includes the credentials, so that callers without access do not get a document from the cache.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    uri: String,
    /// A digest, because the policy may contain a secret from the definition.
    authentication: [u8; 32],
}

impl Key {
    fn new(uri: &str, authentication: Option<&OwnAuthentication>) -> Self {
        let authentication = Sha256::digest(format!("{authentication:?}")).into();
        Self { uri: uri.to_owned(), authentication }
    }
}

/// Cache of fetched documents.
#[derive(Debug)]
pub(in crate::connect) struct Documents {
    kept: Mutex<HashMap<Key, Kept>>,
    lanes: [tokio::sync::Mutex<()>; LANES],
    hasher: RandomState,
}

#[derive(Debug, Clone)]
struct Kept {
    found: Found,
    etag: Option<String>,
    fresh_until: Instant,
    used: Instant,
    bytes: usize,
}

impl Default for Documents {
    fn default() -> Self {
        let lanes = std::array::from_fn(|_| tokio::sync::Mutex::new(()));
        Self { kept: Mutex::default(), lanes, hasher: RandomState::new() }
    }
}

impl Documents {
    /// A poisoned lock is safe to use: each change is a single insertion or removal.
    fn kept(&self) -> MutexGuard<'_, HashMap<Key, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lane(&self, key: &Key) -> &tokio::sync::Mutex<()> {
        let lane = self.hasher.hash_one(key) % LANES as u64;
        &self.lanes[usize::try_from(lane).unwrap_or(0)]
    }

    fn find(&self, key: &Key) -> Option<Kept> {
        let mut kept = self.kept();
        let found = kept.get_mut(key)?;
        found.used = Instant::now();
        Some(found.clone())
    }

    fn keep(&self, key: Key, new: Kept) {
        let mut kept = self.kept();
        kept.insert(key, new);
        while kept.len() > 1
            && (kept.len() > DOCUMENTS_MAX || kept.values().map(|k| k.bytes).sum::<usize>() > BYTES_MAX)
        {
            let Some(oldest) = kept.iter().min_by_key(|(_, k)| k.used).map(|(key, _)| key.clone()) else { return };
            kept.remove(&oldest);
        }
    }
}

impl Kept {
    fn is_fresh(&self) -> bool {
        Instant::now() < self.fresh_until
    }
}

impl Connections {
    /// Returns the document at a URL, from the cache if it is fresh.
    pub(super) async fn document(
        &self,
        uri: &str,
        traceparent: &str,
        authentication: Option<&OwnAuthentication>,
    ) -> Result<Found, Box<CallFailure>> {
        let key = Key::new(uri, authentication);
        if let Some(kept) = self.documents.find(&key).filter(Kept::is_fresh) {
            return Ok(kept.found);
        }
        let (connection, url) = self.route(uri).map_err(|problem| unavailable(problem.into_failure(&self.direct)))?;
        let fetch = async {
            let _alone = self.documents.lane(&key).lock().await;
            match self.documents.find(&key) {
                Some(kept) if kept.is_fresh() => Ok(kept.found),
                known => self
                    .fetch(connection, url, traceparent, authentication, known)
                    .await
                    .inspect(|kept| {
                        self.documents.keep(key.clone(), kept.clone());
                    })
                    .map(|kept| kept.found),
            }
        };
        match tokio::time::timeout(connection.timeout, fetch).await {
            Ok(found) => found,
            Err(_) => {
                let detail = format!("it did not arrive within {:?}", connection.timeout);
                let problem = Problem::communication("Timed out", detail, TargetEffect::None);
                Err(unavailable(problem.into_failure(connection)))
            }
        }
    }

    async fn fetch(
        &self,
        connection: &Prepared,
        url: Url,
        traceparent: &str,
        authentication: Option<&OwnAuthentication>,
        known: Option<Kept>,
    ) -> Result<Kept, Box<CallFailure>> {
        let mut headers = vec![(ACCEPT.to_string(), ACCEPTED.to_owned())];
        headers.extend(known.iter().filter_map(|k| Some((IF_NONE_MATCH.to_string(), k.etag.clone()?))));
        let request = CallRequest {
            method: "GET".to_owned(),
            headers,
            output: HttpOutput::Response,
            redirect: Redirect::Follow,
            traceparent: traceparent.to_owned(),
            ..CallRequest::default()
        };
        let fetched = self.attempt(connection, &request, authentication, url.clone()).await;
        let (output, response) = match fetched.map_err(|problem| unavailable(problem.into_failure(connection)))? {
            CallOutcome::Succeeded { output, response } => (output, response),
            CallOutcome::Failed(failure) => return Err(unavailable(failure)),
        };
        let headers = &output["headers"];
        let fresh_until = Instant::now() + freshness(headers["cache-control"].as_str().unwrap_or_default());
        match known {
            Some(kept) if response.status == 304 => Ok(Kept { fresh_until, ..kept }),
            _ => {
                let (document, bytes) = parsed(output["content"].clone())
                    .await
                    .map_err(|why| unavailable(unusable(&url, &why).into_failure(connection)))?;
                let base = base(&response, url);
                let etag = headers["etag"].as_str().map(str::to_owned);
                let found = Found { document: Arc::new(document), base: Some(base) };
                Ok(Kept { found, etag, fresh_until, used: Instant::now(), bytes })
            }
        }
    }
}

/// URL of the document after redirects.
fn base(response: &ResponseSummary, asked: Url) -> Url {
    Url::parse(&response.url).unwrap_or(asked)
}

/// Reads `max-age`; `no-store` and `no-cache` mean zero.
fn freshness(cache_control: &str) -> Duration {
    let directives = || cache_control.split(',').map(str::trim);
    if directives().any(|d| d.eq_ignore_ascii_case("no-store") || d.eq_ignore_ascii_case("no-cache")) {
        return Duration::ZERO;
    }
    let seconds = directives().find_map(|d| d.strip_prefix("max-age=")?.parse().ok());
    seconds.map_or(FRESH, |seconds| Duration::from_secs(seconds).min(FRESH_MAX))
}

/// Parses JSON, or YAML given as text. Runs on a blocking thread, because large texts take a while.
async fn parsed(content: Value) -> Result<(Document, usize), String> {
    let parse = move || {
        let (value, bytes) = match content {
            Value::String(text) => (read(&text)?, text.len()),
            value => {
                let bytes = value.to_string().len();
                (value, bytes)
            }
        };
        Document::new(value).map(|document| (document, bytes)).map_err(|refusal| refusal.to_string())
    };
    tokio::task::spawn_blocking(parse).await.unwrap_or_else(|_| Err("reading it failed".to_owned()))
}

/// Parses text that was not announced as JSON: file servers often send `text/plain`.
fn read(text: &str) -> Result<Value, String> {
    if text.trim_start().starts_with('{') {
        return json::read(text.as_bytes(), ANSWER_RULES).map_err(|bad| bad.to_string());
    }
    let source = source::read("document", text).map_err(|mistakes| {
        mistakes.first().map_or_else(String::new, |m| format!("line {}, column {}: {}", m.line, m.column, m.message))
    })?;
    Ok(source.root().to_value())
}

fn unusable(url: &Url, why: &str) -> Box<Problem> {
    Problem::configuration("Unusable", format!("{} cannot be used: {why}", target::short(url)))
}

/// Marks the operation as not called. Drops the status of the document's server, which would be mistaken for the
/// operation's. Errors of the definition or the settings keep their type.
fn unavailable(mut failure: CallFailure) -> Box<CallFailure> {
    let detail = failure.error.detail.take().unwrap_or_default();
    let detail = format!("nothing was sent, because the OpenAPI document is not available: {detail}");
    let kind = if failure.error.r#type.ends_with(ErrorKind::Configuration.name()) {
        ErrorKind::Configuration
    } else {
        ErrorKind::Communication
    };
    failure.error = WorkflowError::standard(kind, "OpenAPI document not available", detail);
    failure.effect = TargetEffect::None;
    Box::new(failure)
}
