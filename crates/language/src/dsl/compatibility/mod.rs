//! What a new version of a workflow changes for callers: those who start it, send it events or read its output.
//!
//! A finding is [`Change::Breaking`] only if that is certain. If the definitions do not tell, it is
//! [`Change::Unclear`].

mod bounds;
mod schema;
mod trigger;

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::definition::{Definition, Schema};
use super::source::escaped;
use schema::Side;
use trigger::Cover;

/// What a change means to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Something that worked may fail now.
    Breaking,
    /// The definitions do not tell whether callers break.
    Unclear,
}

/// One change that callers may notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether callers break.
    pub change: Change,
    /// JSON pointer into the new definition.
    pub pointer: String,
    /// What changed, for people.
    pub message: String,
}

/// Returns everything that changed for callers.
#[must_use]
pub fn compare(old: &Definition, new: &Definition) -> Vec<Finding> {
    let mut findings = Findings::default();
    findings.identity(old, new);
    findings.input(old, new);
    findings.output(old, new);
    findings.triggers(old, new);
    if at(old, "/document/metadata/key") != at(new, "/document/metadata/key") {
        let message = "the business key changed: searches for runs by key now find different runs";
        findings.unclear("/document/metadata/key", message);
    }
    findings.0.sort_by(|a, b| (a.change, &a.pointer).cmp(&(b.change, &b.pointer)));
    findings.0
}

/// Whether the new version number announces a breaking change: another major version, another minor version before 1.0,
/// or another pre-release of the same version.
#[must_use]
pub fn announces_a_break(old: &str, new: &str) -> bool {
    let (Ok(old), Ok(new)) = (semver::Version::parse(old), semver::Version::parse(new)) else { return false };
    let numbers = |v: &semver::Version| (v.major, v.minor, v.patch);
    if numbers(&old) == numbers(&new) {
        return !old.pre.is_empty() && new > old;
    }
    if old.major == 0 && new.major == 0 { new.minor > old.minor } else { new.major > old.major }
}

/// Whether `new` is a later semantic version than `old`. False if either is not a version.
#[must_use]
pub fn is_later(old: &str, new: &str) -> bool {
    matches!((semver::Version::parse(old), semver::Version::parse(new)), (Ok(old), Ok(new)) if new > old)
}

fn at<'d>(definition: &'d Definition, pointer: &str) -> Option<&'d Value> {
    definition.document.pointer(pointer)
}

fn document(schema: Option<&Schema>) -> Option<&Value> {
    schema.map(|schema| &schema.document)
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn breaking(&mut self, pointer: &str, message: impl Into<String>) {
        self.note(Change::Breaking, pointer, message.into());
    }

    fn unclear(&mut self, pointer: &str, message: impl Into<String>) {
        self.note(Change::Unclear, pointer, message.into());
    }

    fn note(&mut self, change: Change, pointer: &str, message: String) {
        self.0.push(Finding { change, pointer: pointer.to_owned(), message });
    }

    fn identity(&mut self, old: &Definition, new: &Definition) {
        let (before, after) = (&old.workflow, &new.workflow);
        for (key, before, after) in
            [("namespace", &before.namespace, &after.namespace), ("name", &before.name, &after.name)]
        {
            if before != after {
                let message =
                    format!("the {key} was `{before}` and is `{after}`: callers now start a different workflow");
                self.breaking(&format!("/document/{key}"), message);
            }
        }
    }

    fn input(&mut self, old: &Definition, new: &Definition) {
        let Some(narrow) = document(new.input.schema.as_ref()) else { return };
        let wide = document(old.input.schema.as_ref()).unwrap_or(&Value::Bool(true));
        schema::compare(wide, narrow, "/input/schema/document", Side::Input, self);
    }

    /// Compares the outputs. A wider output schema means new values for readers, so the new schema is the wide one
    /// here.
    fn output(&mut self, old: &Definition, new: &Definition) {
        self.fields(old, new);
        match (document(old.output.schema.as_ref()), document(new.output.schema.as_ref())) {
            (None, _) => self.unsaid_output(old, new),
            (Some(_), None) => self.breaking("/output", "the output no longer has a schema: readers relied on it"),
            (Some(old), Some(new)) => schema::compare(new, old, "/output/schema/document", Side::Output, self),
        }
    }

    /// Compares the fields of outputs that are written as objects.
    fn fields(&mut self, old: &Definition, new: &Definition) {
        let fields = |definition| at(definition, "/output/as").and_then(Value::as_object);
        let (Some(before), Some(after)) = (fields(old), fields(new)) else { return };
        for name in before.keys().filter(|name| !after.contains_key(*name)) {
            self.breaking("/output/as", format!("`{name}` is no longer in the output"));
        }
        let unsaid = old.output.schema.is_none();
        for (name, _) in before.iter().filter(|(name, value)| unsaid && after.get(*name).is_some_and(|v| v != *value)) {
            let message = format!("`{name}` is computed differently, and no schema described it");
            self.unclear(&format!("/output/as/{}", escaped(name)), message);
        }
    }

    /// Compares outputs without a schema: callers can only rely on the shape that the old output happened to have.
    fn unsaid_output(&mut self, old: &Definition, new: &Definition) {
        match (at(old, "/output/as"), at(new, "/output/as")) {
            (Some(Value::Object(_)), Some(Value::Object(_))) => {}
            (before, after) if before != after => {
                self.unclear("/output/as", "the output is computed differently, and no schema described it");
            }
            (None, _) if at(old, "/do") != at(new, "/do") => {
                let message = "the output is the result of the tasks, which changed; no schema described it";
                self.unclear("/do", message);
            }
            _ => {}
        }
    }

    fn triggers(&mut self, old: &Definition, new: &Definition) {
        if let Some(before) = &old.join {
            match &new.join {
                Some(after) if after.signature == before.signature => {}
                Some(_) => self.unclear(
                    "/schedule/on",
                    "whether the same events still start it; it starts collecting events again",
                ),
                None => self.breaking("/schedule/on", "the events that started it together no longer do"),
            }
        }
        for before in &old.triggers {
            let best = new.triggers.iter().map(|after| trigger::covers(after, before)).max();
            let events = trigger::described(before);
            match best.unwrap_or(Cover::No) {
                Cover::Yes => {}
                Cover::Unclear => {
                    self.unclear("/schedule/on", format!("whether all events with {events} still start it"));
                }
                Cover::No => self.breaking("/schedule/on", format!("not all events with {events} start it now")),
            }
        }
    }
}
