//! Which values are secrets: those of the environment, tokens that were granted, passwords in URLs.
//!
//! Every secret that is looked up is noted here before it is used, so whatever shows a text later can hide it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use url::Url;

use super::{Redactor, SECRET_BYTES_MIN};

/// A value this long is hidden wherever it turns up. A shorter one could be there by chance, so it is hidden where it was
/// used, and in logs and messages.
pub const LONG_BYTES_MIN: usize = 8;

/// Tokens that were granted and are still hidden; the oldest are forgotten.
const TOKENS_MAX: usize = 256;

/// Redactors that are kept for sets of values.
const CACHED_MAX: usize = 64;

/// Passwords that everyone knows are not secrets, and their words are in every other line.
const NO_SECRETS: [&str; 4] = ["postgres", "stepwell", "password", "localhost"];

/// The secrets that are known. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct Known(Arc<RwLock<State>>);

#[derive(Default)]
struct State {
    lasting: BTreeSet<String>,
    tokens: VecDeque<String>,
    all: Redactor,
    /// By the values that are hidden beside the long ones.
    with: HashMap<Vec<String>, Redactor>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Known(..)")
    }
}

/// Those of this process: logs and error messages are cleaned of them.
static PROCESS: LazyLock<Known> = LazyLock::new(Known::default);

impl Known {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        PROCESS.clone()
    }

    /// Notes a secret for good.
    pub fn note(&self, value: &str) {
        let is_known = |state: &State| state.lasting.contains(value);
        if value.len() < SECRET_BYTES_MIN || is_known(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.lasting.extend(forms(value).filter(|form| form.len() >= SECRET_BYTES_MIN).map(str::to_owned));
        state.change();
    }

    /// Notes a token that was granted for a while.
    pub fn note_token(&self, value: &str) {
        let is_known = |state: &State| state.tokens.iter().any(|known| known == value);
        if value.len() < SECRET_BYTES_MIN || is_known(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if state.tokens.len() >= TOKENS_MAX {
            state.tokens.pop_front();
        }
        state.tokens.push_back(value.to_owned());
        state.change();
    }

    /// Notes the password of a URL, and the user's name where it stands alone.
    pub fn note_url(&self, text: &str) {
        let Ok(url) = Url::parse(text) else { return };
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (decoded(url.username()), url.password().map(decoded));
        let secret = match password {
            Some(password) => Some(password).filter(|password| *password != user),
            None => Some(user).filter(|_| matches!(url.scheme(), "http" | "https")),
        };
        let parameters = url.query_pairs().filter(|(name, _)| crate::dsl::credentials::hides_value(name));
        let values = secret.into_iter().chain(parameters.map(|(_, value)| value.into_owned()));
        values.filter(|value| !NO_SECRETS.contains(&value.as_str())).for_each(|value| self.note(&value));
    }

    /// Hides all of them: for logs and messages.
    #[must_use]
    pub fn all(&self) -> Redactor {
        self.0.read().unwrap_or_else(PoisonError::into_inner).all.clone()
    }

    /// Hides these values and all long ones: for data.
    #[must_use]
    pub fn with(&self, values: &[&str]) -> Redactor {
        let mut key: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        key.sort_unstable();
        key.dedup();
        if let Some(kept) = self.0.read().unwrap_or_else(PoisonError::into_inner).with.get(&key) {
            return kept.clone();
        }
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let long = state.values().filter(|value| value.len() >= LONG_BYTES_MIN);
        let redactor = Redactor::of(long.chain(values.iter().copied()));
        if state.with.len() >= CACHED_MAX {
            state.with.clear();
        }
        state.with.insert(key, redactor.clone());
        redactor
    }
}

impl State {
    fn values(&self) -> impl Iterator<Item = &str> {
        self.lasting.iter().chain(&self.tokens).map(String::as_str)
    }

    fn change(&mut self) {
        self.with.clear();
        self.all = Redactor::of(self.values());
    }
}

/// A secret, and the parts of it that are as good: a webhook's key without its prefix, each line of a PEM key.
fn forms(value: &str) -> impl Iterator<Item = &str> {
    const LINE_BYTES_MIN: usize = 16;
    let lines = value
        .lines()
        .map(str::trim)
        .filter(move |line| *line != value && line.len() >= LINE_BYTES_MIN && !line.starts_with("-----"));
    [Some(value), value.strip_prefix("whsec_"), Some(value.trim())].into_iter().flatten().chain(lines)
}
