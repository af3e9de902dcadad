//! The known secret values: from the environment, granted tokens, passwords in URLs.
//!
//! Every secret is registered here before it is used, so that anything that shows text later can mask it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use url::Url;

use super::{Redactor, SECRET_BYTES_MIN};

/// A value at least this long is masked everywhere. A shorter one could occur by chance, so it is masked only where it
/// was used, and in logs and messages.
pub const LONG_BYTES_MIN: usize = 8;

/// Most granted tokens remembered; the oldest are forgotten.
const TOKENS_MAX: usize = 256;

/// Most redactors cached.
const CACHED_MAX: usize = 64;

/// Well-known default passwords are no secrets, and they occur as words in many log lines.
const NO_SECRETS: [&str; 4] = ["postgres", "stepwell", "password", "localhost"];

/// All known secrets. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct Known(Arc<RwLock<State>>);

#[derive(Default)]
struct State {
    lasting: BTreeSet<String>,
    tokens: VecDeque<String>,
    all: Redactor,
    /// Redactors by the values that they mask in addition to the long ones.
    with: HashMap<Vec<String>, Redactor>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Known(..)")
    }
}

/// Secrets of this process, which logs and error messages mask.
static PROCESS: LazyLock<Known> = LazyLock::new(Known::default);

impl Known {
    /// Returns the secrets of this process.
    #[must_use]
    pub fn of_process() -> Self {
        PROCESS.clone()
    }

    /// Registers a secret permanently.
    pub fn note(&self, value: &str) {
        let is_known = |state: &State| state.lasting.contains(value);
        if value.len() < SECRET_BYTES_MIN || is_known(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.lasting.extend(forms(value).filter(|form| form.len() >= SECRET_BYTES_MIN).map(str::to_owned));
        state.change();
    }

    /// Registers a granted token.
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

    /// Registers a URL's password, or its user name if there is no password.
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

    /// Masks all secrets; for logs and messages.
    #[must_use]
    pub fn all(&self) -> Redactor {
        self.0.read().unwrap_or_else(PoisonError::into_inner).all.clone()
    }

    /// Masks these values and all long secrets; for data.
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

/// Returns the secret and the parts of it that are equally sensitive: a webhook key without its prefix, each line of a
/// PEM key.
fn forms(value: &str) -> impl Iterator<Item = &str> {
    const LINE_BYTES_MIN: usize = 16;
    let lines = value
        .lines()
        .map(str::trim)
        .filter(move |line| *line != value && line.len() >= LINE_BYTES_MIN && !line.starts_with("-----"));
    [Some(value), value.strip_prefix("whsec_"), Some(value.trim())].into_iter().flatten().chain(lines)
}
