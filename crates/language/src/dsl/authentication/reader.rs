//! Reads the fields of a policy and collects its flaws, wherever the policy is written. No message contains a value.

use serde_json::{Map, Value};

use super::Authentication;
use crate::dsl::definition::SecretTemplate;
use crate::dsl::fields::listed;
use crate::dsl::mistake::did_you_mean;
use crate::dsl::{Severity, credentials};

/// Where a policy is written, which decides what it may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A new definition: the fields of the language only.
    Definition,
    /// A definition deployed by an earlier version, which still allowed literal credentials.
    Deployed,
    /// `hub.yaml`: Stepwell's additions are allowed as well.
    Hub,
    /// The value of a secret: its texts are literal, never references to other secrets.
    Secret,
}

impl Origin {
    pub(super) fn is_definition(self) -> bool {
        matches!(self, Self::Definition | Self::Deployed)
    }
}

/// Which part of an entry a flaw concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlawPlace {
    /// The key.
    Key,
    /// The value.
    Value,
}

/// A mistake in a policy.
#[derive(Debug, Clone)]
pub struct Flaw {
    /// Keys and indexes from the root of the policy to the entry.
    pub path: Vec<String>,
    /// Which part of the last entry in `path` is meant.
    pub place: FlawPlace,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to fix it, if that is known.
    pub hint: Option<String>,
    /// Whether the policy is unusable or only questionable.
    pub severity: Severity,
}

/// The result of reading a policy.
#[derive(Debug)]
pub struct Reading {
    /// The policy; `None` if any flaw is an error.
    pub policy: Option<Authentication>,
    /// The flaws, in the order of reading.
    pub flaws: Vec<Flaw>,
    /// References to secrets: the path of each in the policy, and the secret's name.
    pub secrets: Vec<(Vec<String>, String)>,
}

/// Whether a literal value of a setting would expose a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposure {
    Public,
    Secret,
}

/// An object of the policy, with its path.
pub(super) struct Fields<'v> {
    object: &'v Map<String, Value>,
    path: Vec<String>,
}

impl<'v> Fields<'v> {
    pub(super) fn get(&self, key: &str) -> Option<&'v Value> {
        self.object.get(key)
    }

    pub(super) fn at(&self, key: &str) -> Vec<String> {
        self.path.iter().cloned().chain([key.to_owned()]).collect()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'v str> {
        self.object.keys().map(String::as_str)
    }
}

pub(super) struct Reader {
    pub(super) origin: Origin,
    pub(super) flaws: Vec<Flaw>,
    pub(super) secrets: Vec<(Vec<String>, String)>,
}

impl Reader {
    pub(super) fn error(&mut self, path: Vec<String>, place: FlawPlace, message: String, hint: Option<String>) {
        self.flaws.push(Flaw { path, place, message, hint, severity: Severity::Error });
    }

    pub(super) fn has_errors(&self) -> bool {
        self.flaws.iter().any(|flaw| flaw.severity == Severity::Error)
    }

    pub(super) fn object<'v>(&mut self, value: &'v Value, path: Vec<String>) -> Option<Fields<'v>> {
        if let Some(object) = value.as_object() {
            return Some(Fields { object, path });
        }
        let what = path.last().map_or("an authentication", String::as_str).to_owned();
        self.error(path, FlawPlace::Value, format!("`{what}` must be an object"), None);
        None
    }

    pub(super) fn closed<'v>(&mut self, value: &'v Value, path: Vec<String>, known: &[&str]) -> Option<Fields<'v>> {
        let fields = self.object(value, path)?;
        self.known(&fields, known);
        Some(fields)
    }

    pub(super) fn known(&mut self, fields: &Fields<'_>, known: &[&str]) {
        for key in fields.keys().filter(|key| !known.contains(key)) {
            let hint = did_you_mean(key, known.iter().copied());
            let hint = hint.unwrap_or_else(|| format!("known here: {}", listed(known.iter().copied())));
            self.error(fields.at(key), FlawPlace::Key, format!("unknown property `{}`", shortened(key)), Some(hint));
        }
    }

    pub(super) fn missing(&mut self, fields: &Fields<'_>, key: &str, why: &str) {
        let place = fields.path.last().map_or_else(String::new, |name| format!(" in `{name}`"));
        self.error(fields.path.clone(), FlawPlace::Key, format!("`{key}` is missing{place}{why}"), None);
    }

    pub(super) fn required(&mut self, fields: &Fields<'_>, key: &str, exposure: Exposure) -> Option<SecretTemplate> {
        if fields.get(key).is_none() {
            self.missing(fields, key, "");
        }
        self.optional(fields, key, exposure)
    }

    pub(super) fn optional(&mut self, fields: &Fields<'_>, key: &str, exposure: Exposure) -> Option<SecretTemplate> {
        self.template(fields.get(key)?, fields.at(key), exposure)
    }

    pub(super) fn list(&mut self, fields: &Fields<'_>, key: &str) -> Vec<SecretTemplate> {
        let Some(value) = fields.get(key) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.error(fields.at(key), FlawPlace::Value, format!("`{key}` must be a list of texts"), None);
            return Vec::new();
        };
        let path = |index: usize| fields.at(key).into_iter().chain([index.to_string()]).collect();
        let items = items.iter().enumerate();
        items.filter_map(|(index, item)| self.template(item, path(index), Exposure::Public)).collect()
    }

    pub(super) fn word<T: Copy>(&mut self, fields: &Fields<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let value = fields.get(key)?;
        let found = words.iter().find(|(word, _)| value.as_str() == Some(word));
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            // The message must not repeat the value of a secret.
            let given = value.as_str().filter(|_| self.origin != Origin::Secret);
            let given = given.map(|text| format!(", not `{}`", shortened(text))).unwrap_or_default();
            let message = format!("`{key}` must be one of {}{given}", listed(names.iter().copied()));
            let hint = value.as_str().and_then(|text| did_you_mean(text, names));
            self.error(fields.at(key), FlawPlace::Value, message, hint);
        }
        found.map(|(_, meaning)| *meaning)
    }

    fn template(&mut self, value: &Value, path: Vec<String>, exposure: Exposure) -> Option<SecretTemplate> {
        let label = path.last().cloned().unwrap_or_default();
        let Some(text) = value.as_str() else {
            let hint = (value.is_number() || value.is_boolean()).then(|| "put it into quotes".to_owned());
            self.error(path, FlawPlace::Value, format!("`{label}` must be a text"), hint);
            return None;
        };
        if self.origin == Origin::Secret {
            return Some(SecretTemplate::Literal(text.to_owned()));
        }
        if let Some(name) = secret_name(text) {
            self.secrets.push((path, name.to_owned()));
            return Some(SecretTemplate::Secret(name.to_owned()));
        }
        if text.contains("${") {
            let message = format!("`{label}` must be a text or exactly `${{ $secrets.NAME }}`");
            self.error(path, FlawPlace::Value, message, None);
            return None;
        }
        if exposure == Exposure::Secret && self.origin != Origin::Deployed && !text.is_empty() {
            let hint = match self.origin {
                Origin::Hub => {
                    "write '${ $secrets.NAME }' and give the environment variable STEPWELL_SECRET_NAME the value"
                }
                _ => credentials::HINT,
            };
            self.error(path.clone(), FlawPlace::Value, credentials::written_out(&label), Some(hint.to_owned()));
        }
        Some(SecretTemplate::Literal(text.to_owned()))
    }
}

fn shortened(key: &str) -> String {
    crate::dsl::mistake::shortened(key)
}

/// Returns NAME if the whole text is `${ $secrets.NAME }`.
pub(in crate::dsl) fn secret_name(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("${")?.strip_suffix('}')?.trim().strip_prefix("$secrets.")?;
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    fits.then_some(name)
}
