//! Caches tokens until they expire or a call is refused. Each source has at most one request in flight.
//!
//! Each node keeps its own tokens in memory, except those obtained with a refresh token: [`super::stored`].

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::task::TaskTracker;
use url::Url;

use super::ask::NotGranted;
use super::stored::{self, Stored};
use super::vault::TokenVault;
use super::{Wire, ask};
use crate::connect::Secret;
use crate::connect::keyring::Keyring;
use crate::connect::problem::Problem;
use crate::dsl::authentication::{Grant, OAuth2};
use crate::machine::TargetEffect;

/// How long before expiry a token is renewed; a tenth of its lifetime if that is shorter.
const SKEW_MAX: Duration = Duration::from_secs(30);

/// More policies than any installation has. Beyond it, all tokens are requested again.
const SOURCES_MAX: usize = 1_024;

/// Token sources by connection and settings: a changed secret makes a new source.
#[derive(Default)]
pub(super) struct Tokens {
    sources: Mutex<HashMap<Key, Arc<Source>>>,
    /// Where all nodes keep tokens obtained with refresh tokens. If unset, each node keeps its own in memory.
    shared: OnceLock<(Arc<dyn TokenVault>, Keyring)>,
    /// Token requests in flight.
    asking: TaskTracker,
}

type Key = (String, OAuth2<Secret>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}

impl Tokens {
    pub(super) fn share(&self, vault: Arc<dyn TokenVault>, keyring: Keyring) {
        // A second call has no effect.
        let _ = self.shared.set((vault, keyring));
    }

    /// Waits for requests in flight: an answer that is dropped may hold the only refresh token that is still valid.
    pub(super) async fn finish(&self, within: Duration) {
        self.asking.close();
        if tokio::time::timeout(within, self.asking.wait()).await.is_err() {
            tracing::warn!("a token request did not finish in time; the next node retries");
        }
    }

    pub(super) fn source(&self, connection: &str, base: Option<&Url>, settings: OAuth2<Secret>) -> Arc<Source> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (connection.to_owned(), settings);
        if let Some(source) = sources.get(&key) {
            return Arc::clone(source);
        }
        if sources.len() >= SOURCES_MAX {
            sources.clear();
        }
        let stored = match (self.shared.get(), key.1.grant) {
            (Some((vault, keyring)), Grant::RefreshToken) => Stored::new(vault, keyring, connection, &key.1),
            _ => None,
        };
        let source = Arc::new(Source {
            connection: connection.to_owned(),
            settings: key.1.clone(),
            base: base.cloned(),
            stored,
            asking: self.asking.clone(),
            asked: AtomicU64::new(0),
            state: Arc::default(),
        });
        sources.insert(key, Arc::clone(&source));
        source
    }
}

/// A token with its serial number within its source.
#[derive(Debug, Clone)]
pub(in crate::connect) struct Token {
    pub(super) value: Secret,
    pub(super) serial: u64,
    pub(super) usable_until: Option<Instant>,
}

/// Obtains the tokens of one policy.
#[derive(Debug)]
pub(in crate::connect) struct Source {
    connection: String,
    settings: OAuth2<Secret>,
    base: Option<Url>,
    stored: Option<Stored>,
    asking: TaskTracker,
    /// Number of finished token requests.
    asked: AtomicU64,
    /// Locked while a token is requested, so that waiting callers share the result.
    state: Arc<tokio::sync::Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    serial: u64,
    endpoint: Option<Url>,
    /// The newest refresh token from the server, which supersedes the configured one.
    refresh: Option<Secret>,
    failed: Option<Box<Problem>>,
}

impl Source {
    /// Returns an unexpired token; never the `refused` one.
    pub(super) async fn token(self: &Arc<Self>, wire: &Wire, refused: Option<&Token>) -> Result<Token, Box<Problem>> {
        self.token_after(wire, refused.map(|token| token.serial)).await
    }

    /// Returns an unexpired token; never the one with the `refused` serial.
    pub(super) async fn token_after(
        self: &Arc<Self>,
        wire: &Wire,
        refused: Option<u64>,
    ) -> Result<Token, Box<Problem>> {
        let asked = self.asked.load(Ordering::Acquire);
        let mut state = Arc::clone(&self.state).lock_owned().await;
        let usable = |token: &&Token| {
            refused.is_none_or(|refused| refused != token.serial)
                && token.usable_until.is_none_or(|until| Instant::now() < until)
        };
        if let Some(token) = state.token.as_ref().filter(usable) {
            return Ok(token.clone());
        }
        if let Some(problem) = state.failed.as_ref().filter(|_| asked != self.asked.load(Ordering::Acquire)) {
            return Err(problem.clone());
        }
        let (source, wire) = (Arc::clone(self), wire.clone());
        // In its own task: if the call is aborted, the new refresh token from the server is not lost.
        let fetching = self.asking.spawn(async move {
            let fetched = source.fetch(&wire, &mut state, refused).await;
            state.failed = fetched.as_ref().err().cloned();
            source.asked.fetch_add(1, Ordering::AcqRel);
            fetched
        });
        fetching.await.unwrap_or_else(|_| {
            Err(Problem::communication("No token", "the request for a token was aborted", TargetEffect::None))
        })
    }

    async fn fetch(&self, wire: &Wire, state: &mut State, refused: Option<u64>) -> Result<Token, Box<Problem>> {
        let begin = Instant::now();
        let endpoint = match &state.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => state.endpoint.insert(ask::endpoint(wire, &self.settings, self.base.as_ref()).await?).clone(),
        };
        if let Some(stored) = &self.stored {
            // Every token known here is stale.
            let stale = state.token.as_ref().map(|token| token.serial).max(refused);
            let stale = stale.and_then(|serial| i64::try_from(serial).ok());
            let token = stored.token(wire, &self.settings, &endpoint, stale).await?;
            state.token = Some(token.clone());
            return Ok(token);
        }
        let granted = ask::ask(wire, &self.settings, &endpoint, state.refresh.as_ref()).await;
        let granted = granted.map_err(NotGranted::into_problem)?;
        if self.settings.grant == Grant::RefreshToken {
            let sent = state.refresh.as_ref().or(self.settings.subject.as_ref().map(|subject| &subject.token));
            if let Some(replaced) = granted.refresh.filter(|token| Some(token) != sent) {
                stored::not_stored(&self.connection);
                state.refresh = Some(replaced);
            }
        }
        if let Some(trouble) = granted.trouble {
            return Err(trouble);
        }
        state.serial += 1;
        let usable_until = granted.lifetime.and_then(|lifetime| begin.checked_add(usable_for(lifetime)));
        let token = Token { value: granted.token, serial: state.serial, usable_until };
        state.token = Some(token.clone());
        Ok(token)
    }
}

pub(super) fn usable_for(lifetime: Duration) -> Duration {
    lifetime.saturating_sub(SKEW_MAX.min(lifetime / 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_before_it_expires() {
        assert_eq!(usable_for(Duration::from_hours(1)), Duration::from_secs(3_570));
        assert_eq!(usable_for(Duration::from_secs(10)), Duration::from_secs(9));
        assert_eq!(usable_for(Duration::ZERO), Duration::ZERO);
    }
}
