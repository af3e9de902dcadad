//! Tokens, kept in memory until they expire or a call finds them refused. One request at a time fetches one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use url::Url;

use super::{Wire, ask};
use crate::connect::Secret;
use crate::connect::problem::Problem;
use crate::dsl::authentication::{Grant, OAuth2};
use crate::machine::TargetEffect;

/// A token is renewed this long before it expires, or a tenth of its life if that is shorter.
const SKEW_MAX: Duration = Duration::from_secs(30);

/// More policies than any installation has; beyond it all tokens are fetched anew.
const SOURCES_MAX: usize = 1_024;

/// All token sources, by connection and by what they would send: changed secrets make another source.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<Key, Arc<Source>>>);

type Key = (String, OAuth2<Secret>);

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}

impl Tokens {
    pub(super) fn source(&self, connection: &str, base: Option<&Url>, settings: OAuth2<Secret>) -> Arc<Source> {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (connection.to_owned(), settings);
        if let Some(source) = sources.get(&key) {
            return Arc::clone(source);
        }
        if sources.len() >= SOURCES_MAX {
            sources.clear();
        }
        let source = Arc::new(Source::new(key.1.clone(), base.cloned()));
        sources.insert(key, Arc::clone(&source));
        source
    }
}

/// A token, and which one of its source it is.
#[derive(Debug, Clone)]
pub(in crate::connect) struct Token {
    pub(super) value: Secret,
    serial: u64,
    usable_until: Option<Instant>,
}

/// Where tokens of one policy come from.
#[derive(Debug)]
pub(in crate::connect) struct Source {
    settings: OAuth2<Secret>,
    base: Option<Url>,
    /// Requests for a token that have ended.
    asked: AtomicU64,
    /// Held while a token is fetched: whoever waits for it gets what came of that.
    state: Arc<tokio::sync::Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    serial: u64,
    endpoint: Option<Url>,
    /// The server's newest, which makes the configured one void.
    refresh: Option<Secret>,
    failed: Option<Box<Problem>>,
}

impl Source {
    fn new(settings: OAuth2<Secret>, base: Option<Url>) -> Self {
        Self { settings, base, asked: AtomicU64::new(0), state: Arc::default() }
    }

    /// A token that has not expired; never the `refused` one.
    pub(super) async fn token(self: &Arc<Self>, wire: &Wire, refused: Option<&Token>) -> Result<Token, Box<Problem>> {
        let asked = self.asked.load(Ordering::Acquire);
        let mut state = Arc::clone(&self.state).lock_owned().await;
        let usable = |token: &&Token| {
            refused.is_none_or(|refused| refused.serial != token.serial)
                && token.usable_until.is_none_or(|until| Instant::now() < until)
        };
        if let Some(token) = state.token.as_ref().filter(usable) {
            return Ok(token.clone());
        }
        if let Some(problem) = state.failed.as_ref().filter(|_| asked != self.asked.load(Ordering::Acquire)) {
            return Err(problem.clone());
        }
        let (source, wire) = (Arc::clone(self), wire.clone());
        // A task of its own: if the call is aborted meanwhile, a refresh token that the server exchanged is not lost.
        let fetching = tokio::spawn(async move {
            let fetched = source.fetch(&wire, &mut state).await;
            state.failed = fetched.as_ref().err().cloned();
            source.asked.fetch_add(1, Ordering::AcqRel);
            fetched
        });
        fetching.await.unwrap_or_else(|_| {
            Err(Problem::communication("No token", "the request for a token was aborted", TargetEffect::None))
        })
    }

    async fn fetch(&self, wire: &Wire, state: &mut State) -> Result<Token, Box<Problem>> {
        let begin = Instant::now();
        let endpoint = match &state.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => state.endpoint.insert(ask::endpoint(wire, &self.settings, self.base.as_ref()).await?).clone(),
        };
        let granted = ask::ask(wire, &self.settings, &endpoint, state.refresh.as_ref()).await?;
        if self.settings.grant == Grant::RefreshToken && granted.refresh.is_some() {
            state.refresh = granted.refresh;
        }
        state.serial += 1;
        let usable_until = granted.lifetime.and_then(|lifetime| begin.checked_add(usable_for(lifetime)));
        let token = Token { value: granted.token, serial: state.serial, usable_until };
        state.token = Some(token.clone());
        Ok(token)
    }
}

fn usable_for(lifetime: Duration) -> Duration {
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
