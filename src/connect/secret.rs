//! Secrets: resolved when needed, never stored, never shown.
//!
//! A secret's value leaves this module only inside [`Secret`], whose `Debug` output hides it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::dsl::SecretTemplate;
use crate::redact::Known;

/// Resolves secrets by name. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    lookup: Arc<Lookup>,
    /// Values resolved so far.
    known: Known,
}

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Secrets {
    /// Reads secret `NAME` from the environment variable `STEPWELL_SECRET_NAME` (upper case).
    #[must_use]
    pub fn from_environment() -> Self {
        Self::of_process(|name| std::env::var(variable(name)).ok())
    }

    /// Like [`Self::from_environment`], with fallback values for unset variables.
    #[must_use]
    pub fn from_environment_or(fallback: &'static [(&'static str, &'static str)]) -> Self {
        Self::of_process(move |name| {
            let known = || fallback.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            std::env::var(variable(name)).ok().or_else(known)
        })
    }

    /// Registers all secrets of the environment at once, so that logs mask them from the first line on, even if they
    /// are never resolved.
    fn of_process(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let known = Known::of_process();
        let values = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(VARIABLE));
        values.for_each(|(_, value)| known.note(&value.to_string_lossy()));
        Self { lookup: Arc::new(lookup), known }
    }

    /// A fixed set of secrets, for tests and for programs that embed Stepwell.
    #[must_use]
    pub fn fixed<const N: usize>(values: [(&str, &str); N]) -> Self {
        let values: BTreeMap<String, String> =
            values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self::from_lookup(move |name| values.get(name).cloned())
    }

    /// Secrets from a function, for programs that keep their secrets elsewhere.
    #[must_use]
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { lookup: Arc::new(lookup), known: Known::default() }
    }

    /// Returns the current value of a secret.
    ///
    /// # Errors
    /// The secret is missing or empty; the error names its variable.
    pub fn resolve(&self, name: &str) -> Result<Secret, MissingSecret> {
        match (self.lookup)(name) {
            Some(value) if !value.is_empty() => {
                self.known.note(&value);
                Ok(Secret(value))
            }
            _ => Err(MissingSecret { name: name.to_owned(), variable: variable(name) }),
        }
    }

    /// The secret values registered so far.
    #[must_use]
    pub fn known(&self) -> Known {
        self.known.clone()
    }

    /// Resolves a template to its current text.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn fill(&self, template: &SecretTemplate) -> Result<Secret, MissingSecret> {
        match template {
            SecretTemplate::Literal(text) => Ok(Secret(text.clone())),
            SecretTemplate::Secret(name) => self.resolve(name),
        }
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self::from_environment()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

/// Prefix of the environment variables that hold secrets.
const VARIABLE: &str = "STEPWELL_SECRET_";

/// Returns the environment variable of a secret.
#[must_use]
pub fn variable(name: &str) -> String {
    format!("{VARIABLE}{}", name.to_ascii_uppercase())
}

/// Returns the name in `${ $secrets.NAME }` if that is the whole text.
#[must_use]
pub fn reference(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${")?.strip_suffix('}')?.trim();
    let name = inner.strip_prefix("$secrets.")?;
    let valid = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    valid.then_some(name)
}

/// The value of a secret.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl Secret {
    /// Returns the plain value. Use it only to send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// A secret is missing or empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("secret {name} is not set: give the environment variable {variable} a value")]
pub struct MissingSecret {
    /// Name of the secret in documents.
    pub name: String,
    /// The environment variable that should hold it.
    pub variable: String,
}

impl super::Connections {
    /// The value of a secret, now: for what is sent to people.
    ///
    /// # Errors
    /// It is missing or empty.
    pub fn secret(&self, name: &str) -> Result<Secret, MissingSecret> {
        self.secrets.resolve(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_secret_is_a_missing_one_and_the_variable_is_named() {
        let secrets = Secrets::fixed([("netsuiteToken", "")]);
        let error = secrets.resolve("netsuiteToken").expect_err("missing").to_string();
        assert!(error.contains("STEPWELL_SECRET_NETSUITETOKEN"), "{error}");
    }

    #[test]
    fn only_a_whole_reference_names_a_secret() {
        assert_eq!(reference("${ $secrets.netsuiteToken }"), Some("netsuiteToken"));
        assert_eq!(reference("${$secrets.a}"), Some("a"));
        for other in ["netsuiteToken", "${ $secrets.a + \"b\" }", "${ $secrets. }", "Bearer ${ $secrets.a }"] {
            assert_eq!(reference(other), None, "{other}");
        }
    }

    #[test]
    fn debug_output_hides_the_value() {
        let secret = Secrets::fixed([("a", "canary")]).resolve("a").expect("set");
        assert!(!format!("{secret:?}").contains("canary"));
    }
}
