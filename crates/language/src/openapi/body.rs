//! The body of an operation: which parameters form it, and its content type.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::style::{Pieces, Style};
use super::{Document, Refusal};

/// The parameter that may contain the whole body.
pub(super) const WHOLE: &str = "body";

/// How a body is serialized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Json,
    Form,
    /// Text, sent verbatim. It cannot be assembled from parts.
    Text,
}

/// The body that an operation accepts.
#[derive(Debug, Clone)]
pub struct Body {
    /// Whether a call must send a body.
    pub required: bool,
    /// JSON pointer of its description in the document.
    pub pointer: String,
    pub(super) content_type: String,
    pub(super) kind: Kind,
    /// Parameters that may contain the whole body.
    pub(super) whole: Vec<String>,
    /// The parts that the document declares, by name.
    pub(super) fields: BTreeMap<String, Field>,
    /// Whether only the parts in `fields` are allowed.
    pub(super) closed: bool,
}

/// A declared part of a body.
#[derive(Debug, Clone, Default)]
pub(super) struct Field {
    pub(super) required: bool,
    pub(super) pointer: String,
    /// In forms, the separator of an array's items; `None`: the field is repeated for each item.
    pub(super) separator: Option<&'static str>,
}

impl Body {
    /// Returns the name among `names` that contains the whole body. A declared part takes precedence over it.
    pub(super) fn whole_name<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        let named = |name: &&str| self.whole.iter().any(|w| w == name) && !self.fields.contains_key(*name);
        names.iter().copied().find(named)
    }

    /// Whether a part with this name may be sent.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.kind != Kind::Text && (!self.closed || self.fields.contains_key(name))
    }

    /// Assembles the body from parameters; `None` if there is nothing to send.
    pub(super) fn value(&self, rest: &Map<String, Value>) -> Result<Option<Value>, Refusal> {
        let names: Vec<&str> = rest.keys().map(String::as_str).collect();
        let value = match self.whole_name(&names) {
            Some(name) => rest.get(name).cloned().unwrap_or_default(),
            None if rest.is_empty() => return Ok(None),
            None => Value::Object(rest.clone()),
        };
        match (self.kind, value) {
            (_, Value::Null) => Ok(None),
            (Kind::Form, Value::Object(fields)) => self.form(fields).map(|form| Some(Value::Object(form))),
            (Kind::Text | Kind::Form, value) if !value.is_string() => Err(Refusal::new(
                &self.pointer,
                format!("the body goes out as {}, so it must be a text", self.content_type),
            )),
            (_, value) => Ok(Some(value)),
        }
    }

    fn form(&self, fields: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
        let mut form = Map::new();
        for (name, value) in fields {
            let separator = self.fields.get(&name).and_then(|field| field.separator);
            let value = match separator.filter(|_| value.is_array()) {
                None => value,
                Some(separator) => {
                    let pieces = Pieces::of(&value, &str::to_owned).ok_or_else(|| {
                        Refusal::new(&self.pointer, format!("the form field `{name}` contains an array inside another"))
                            .about(&name)
                    })?;
                    Value::String(Style::Separated(separator).header(false, &pieces))
                }
            };
            form.insert(name, value);
        }
        Ok(form)
    }
}

/// Returns the content type to send: JSON, else a form, else the first text type.
pub(super) fn chosen<'t>(types: impl IntoIterator<Item = &'t str>) -> Option<(&'t str, Kind)> {
    types
        .into_iter()
        .filter_map(|name| Some((name, kind(name)?)))
        .min_by_key(|(name, kind)| (*kind as u8, essence(name) != "application/json"))
}

fn kind(content_type: &str) -> Option<Kind> {
    let essence = essence(content_type);
    match essence.as_str() {
        "*/*" | "application/*" | "application/json" => Some(Kind::Json),
        "application/x-www-form-urlencoded" => Some(Kind::Form),
        multipart if multipart.starts_with("multipart/") => None,
        json if json.ends_with("+json") => Some(Kind::Json),
        _ => Some(Kind::Text),
    }
}

/// Returns the content type to write for one with a wildcard.
pub(super) fn concrete(content_type: &str) -> &str {
    if content_type.contains('*') { "application/json" } else { content_type }
}

fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns the `Accept` header; `None` if the operation may answer with JSON.
pub(super) fn accept<'t>(types: impl IntoIterator<Item = &'t str>) -> Option<String> {
    let types: Vec<&str> = types.into_iter().collect();
    let is_json = |name: &&str| kind(name) == Some(Kind::Json);
    (!types.is_empty() && !types.iter().any(is_json)).then(|| types.join(", "))
}

/// Returns the properties that an object schema declares, and whether it forbids others. References are followed.
/// Choices are not: they only allow more properties.
pub(super) fn properties(document: &Document, schema: &Value, pointer: &str) -> (Vec<String>, bool) {
    let Ok(schema) = document.followed(schema, pointer) else { return (Vec::new(), false) };
    let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let combined = ["allOf", "anyOf", "oneOf"].iter().any(|key| schema.get(key).is_some());
    (names, !combined && schema["additionalProperties"] == Value::Bool(false))
}
