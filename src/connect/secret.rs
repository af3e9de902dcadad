//! Secrets: looked up at the moment of use, never stored, never shown.
//!
//! A secret's value leaves this module only inside [`Secret`], whose `Debug` hides it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::dsl::SecretTemplate;
use crate::redact::Known;

/// Where secrets come from. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    lookup: Arc<Lookup>,
    /// Those that were looked up.
    known: Known,
}

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Secrets {
    /// `NAME` is the environment variable `STEPWELL_SECRET_NAME`, upper case.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::of_process(|name| std::env::var(variable(name)).ok())
    }

    /// As [`Self::from_environment`], with values for what is not set there.
    #[must_use]
    pub fn from_environment_or(fallback: &'static [(&'static str, &'static str)]) -> Self {
        Self::of_process(move |name| {
            let known = || fallback.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            std::env::var(variable(name)).ok().or_else(known)
        })
    }

    /// Secrets of the environment are hidden from the first line of the log on, whether anyone looks them up or not.
    fn of_process(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let known = Known::of_process();
        let values = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(VARIABLE));
        values.for_each(|(_, value)| known.note(&value.to_string_lossy()));
        Self { lookup: Arc::new(lookup), known }
    }

    /// Known values, by name: for tests and for programs that embed Stepwell.
    #[must_use]
    pub fn fixed<const N: usize>(values: [(&str, &str); N]) -> Self {
        let values: BTreeMap<String, String> =
            values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self::from_lookup(move |name| values.get(name).cloned())
    }

    /// From a function: for programs that keep their secrets elsewhere.
    #[must_use]
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { lookup: Arc::new(lookup), known: Known::default() }
    }

    /// The value of one secret, now.
    ///
    /// # Errors
    /// It is missing or empty; the error names the variable.
    pub fn resolve(&self, name: &str) -> Result<Secret, MissingSecret> {
        match (self.lookup)(name) {
            Some(value) if !value.is_empty() => {
                self.known.note(&value);
                Ok(Secret(value))
            }
            _ => Err(MissingSecret { name: name.to_owned(), variable: variable(name) }),
        }
    }

    /// The secrets that are known so far.
    #[must_use]
    pub fn known(&self) -> Known {
        self.known.clone()
    }

    /// The text that a template stands for, now.
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

/// What the names of all variables of secrets begin with.
const VARIABLE: &str = "STEPWELL_SECRET_";

/// The environment variable of a secret.
#[must_use]
pub fn variable(name: &str) -> String {
    format!("{VARIABLE}{}", name.to_ascii_uppercase())
}

/// The name in `${ $secrets.NAME }`, where the whole text is that.
#[must_use]
pub fn reference(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${")?.strip_suffix('}')?.trim();
    let name = inner.strip_prefix("$secrets.")?;
    let valid = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    valid.then_some(name)
}

/// A secret's value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl Secret {
    /// The value itself: for the wire only.
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

/// A secret that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("secret {name} is not set: give the environment variable {variable} a value")]
pub struct MissingSecret {
    /// Its name in documents.
    pub name: String,
    /// Where it is looked for.
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
