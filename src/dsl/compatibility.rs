//! What a new version of a workflow changes for those who start it, send it events or read its output.
//!
//! JSON Schemas are compared as far as that can be said for sure; where it cannot, the finding says so.

use std::collections::BTreeSet;

use serde_json::Value;

use super::definition::{Definition, EventFilter, Schema, Wanted};

/// What a change means to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// What worked may not work any more.
    Breaking,
    /// It cannot be told from the definitions.
    Unclear,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it means.
    pub change: Change,
    /// JSON pointer into the new definition.
    pub pointer: String,
    /// What changed.
    pub message: String,
}

/// All that changed for callers.
#[must_use]
pub fn compare(old: &Definition, new: &Definition) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    let (input, output) = ("/input/schema/document", "/output/schema/document");
    match (schema(old.input.schema.as_ref()), schema(new.input.schema.as_ref())) {
        (_, None) => {}
        (None, Some(new)) => findings.narrowed(&Value::Bool(true), new, input, Side::Input),
        (Some(old), Some(new)) => findings.narrowed(old, new, input, Side::Input),
    }
    match (schema(old.output.schema.as_ref()), schema(new.output.schema.as_ref())) {
        (None, _) => {
            if old.document.pointer("/output/as") != new.document.pointer("/output/as") {
                findings.unclear("/output/as", "the output is made in another way, and no schema says what it is");
            }
        }
        (Some(_), None) => findings.breaking("/output", "the output has no schema any more: readers relied on it"),
        // What a reader may meet grows where the schema of the output does.
        (Some(old), Some(new)) => findings.narrowed(new, old, output, Side::Output),
    }
    let kept: BTreeSet<String> = new.triggers.iter().map(described).collect();
    for gone in old.triggers.iter().map(described).filter(|trigger| !kept.contains(trigger)) {
        findings.breaking("/schedule", &format!("events with {gone} start it no more"));
    }
    if old.document.pointer("/document/metadata/key") != new.document.pointer("/document/metadata/key") {
        findings.unclear(
            "/document/metadata/key",
            "the business key is another one: who looks for runs by it finds others",
        );
    }
    findings.0.sort_by(|a, b| (a.change, &a.pointer).cmp(&(b.change, &b.pointer)));
    findings.0
}

/// Whether the version says that callers must look: another major version, or another minor one before 1.0.
#[must_use]
pub fn announces_a_break(old: &str, new: &str) -> bool {
    let (Ok(old), Ok(new)) = (semver::Version::parse(old), semver::Version::parse(new)) else { return false };
    if old.major == 0 && new.major == 0 { new.minor > old.minor } else { new.major > old.major }
}

/// Whether the second version comes after the first.
#[must_use]
pub fn is_later(old: &str, new: &str) -> bool {
    matches!((semver::Version::parse(old), semver::Version::parse(new)), (Ok(old), Ok(new)) if new > old)
}

fn schema(schema: Option<&Schema>) -> Option<&Value> {
    schema.map(|schema| &schema.document)
}

/// A filter as a text that is the same for the same filter.
fn described(filter: &EventFilter) -> String {
    let mut parts: Vec<String> = filter
        .with
        .iter()
        .map(|(name, wanted)| match wanted {
            Wanted::Text(text) => format!("{name} `{text}`"),
            Wanted::Pattern(pattern) => format!("{name} like `{}`", pattern.as_str()),
            Wanted::Computed(expression) => format!("{name} `{}`", expression.text()),
        })
        .collect();
    parts.extend(filter.data.as_ref().map(|data| format!("data `{}`", data.text())));
    parts.sort();
    parts.join(" and ")
}

/// Whose values are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// All that was taken must still be taken.
    Input,
    /// All that may come must be what came before.
    Output,
}

/// Keywords that only describe.
const SILENT: [&str; 9] =
    ["title", "description", "examples", "default", "$comment", "$id", "$schema", "deprecated", "readOnly"];
/// Keywords that are compared one by one.
const COMPARED: [&str; 14] = [
    "type",
    "required",
    "properties",
    "additionalProperties",
    "enum",
    "items",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "const",
    "multipleOf",
];
/// Lower and upper bounds.
const BOUNDS: [(&str, bool); 6] = [
    ("minimum", true),
    ("minLength", true),
    ("minItems", true),
    ("maximum", false),
    ("maxLength", false),
    ("maxItems", false),
];

struct Findings(Vec<Finding>);

impl Findings {
    fn breaking(&mut self, pointer: &str, message: &str) {
        self.0.push(Finding { change: Change::Breaking, pointer: pointer.to_owned(), message: message.to_owned() });
    }

    fn unclear(&mut self, pointer: &str, message: &str) {
        self.0.push(Finding { change: Change::Unclear, pointer: pointer.to_owned(), message: message.to_owned() });
    }

    /// Finds where `narrow` refuses what `wide` lets pass.
    fn narrowed(&mut self, wide: &Value, narrow: &Value, at: &str, side: Side) {
        if wide == narrow || *narrow == Value::Bool(true) {
            return;
        }
        if *narrow == Value::Bool(false) {
            return self.breaking(at, said(side, "nothing is allowed here any more", "anything may come here now"));
        }
        let empty = serde_json::Map::new();
        let (wide, narrow) = (wide.as_object().unwrap_or(&empty), narrow.as_object().unwrap_or(&empty));
        self.types(wide.get("type"), narrow.get("type"), at, side);
        self.required(wide, narrow, at, side);
        self.properties(wide, narrow, at, side);
        self.values(wide, narrow, at, side);
        for (name, is_lower) in BOUNDS {
            self.bound(name, is_lower, wide.get(name), narrow.get(name), at, side);
        }
        if let Some(items) = narrow.get("items") {
            self.narrowed(wide.get("items").unwrap_or(&Value::Bool(true)), items, &format!("{at}/items"), side);
        }
        for (name, value) in narrow {
            let compared = SILENT.contains(&name.as_str()) || COMPARED.contains(&name.as_str());
            if !compared && wide.get(name) != Some(value) {
                let message = format!("`{name}` is another one: whether it refuses what was allowed cannot be told");
                self.unclear(&format!("{at}/{name}"), &message);
            }
        }
    }

    fn types(&mut self, wide: Option<&Value>, narrow: Option<&Value>, at: &str, side: Side) {
        let Some(narrow) = narrow else { return };
        let narrow = names(narrow);
        let wide = wide.map_or_else(
            || ["null", "boolean", "object", "array", "number", "string"].map(str::to_owned).into(),
            names,
        );
        let covers = |name: &String| narrow.contains(name) || (name == "integer" && narrow.contains("number"));
        let lost: Vec<&str> = wide.iter().filter(|name| !covers(name)).map(String::as_str).collect();
        if !lost.is_empty() {
            let lost = lost.join(", ");
            let message = match side {
                Side::Input => format!("{lost} was allowed here and is not any more"),
                Side::Output => format!("{lost} may come here now and did not before"),
            };
            self.breaking(&format!("{at}/type"), &message);
        }
    }

    fn required(
        &mut self,
        wide: &serde_json::Map<String, Value>,
        narrow: &serde_json::Map<String, Value>,
        at: &str,
        side: Side,
    ) {
        let list = |schema: &serde_json::Map<String, Value>| schema.get("required").map(names).unwrap_or_default();
        for name in list(narrow).difference(&list(wide)) {
            let message = match side {
                Side::Input => format!("`{name}` must be given now"),
                Side::Output => format!("`{name}` may be missing now"),
            };
            self.breaking(&format!("{at}/required"), &message);
        }
    }

    fn properties(
        &mut self,
        wide: &serde_json::Map<String, Value>,
        narrow: &serde_json::Map<String, Value>,
        at: &str,
        side: Side,
    ) {
        let empty = serde_json::Map::new();
        let of = |schema: &'_ serde_json::Map<String, Value>| {
            schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_else(|| empty.clone())
        };
        let (wide_properties, narrow_properties) = (of(wide), of(narrow));
        let open = Value::Bool(true);
        let others = wide.get("additionalProperties").unwrap_or(&open);
        for (name, property) in &narrow_properties {
            let before = wide_properties.get(name).unwrap_or(others);
            if *before != Value::Bool(false) {
                self.narrowed(before, property, &format!("{at}/properties/{}", super::source::escaped(name)), side);
            }
        }
        let Some(closed) = narrow.get("additionalProperties").filter(|closed| **closed != Value::Bool(true)) else {
            return;
        };
        for name in wide_properties.keys().filter(|name| !narrow_properties.contains_key(*name)) {
            let message = match side {
                Side::Input => format!("`{name}` was allowed and is refused now"),
                Side::Output => format!("`{name}` may come now and did not before"),
            };
            if *closed == Value::Bool(false) {
                self.breaking(&format!("{at}/additionalProperties"), &message);
            }
        }
        if *others != Value::Bool(false) && others != closed {
            let message = said(side, "further properties are not allowed any more", "further properties may come now");
            self.breaking(&format!("{at}/additionalProperties"), message);
        }
    }

    fn values(
        &mut self,
        wide: &serde_json::Map<String, Value>,
        narrow: &serde_json::Map<String, Value>,
        at: &str,
        side: Side,
    ) {
        let allowed = |schema: &serde_json::Map<String, Value>| match (schema.get("enum"), schema.get("const")) {
            (Some(Value::Array(values)), _) => Some(values.clone()),
            (_, Some(value)) => Some(vec![value.clone()]),
            _ => None,
        };
        let Some(narrow) = allowed(narrow) else { return };
        match allowed(wide) {
            None => self.breaking(at, said(side, "only some values are allowed now", "other values may come now")),
            Some(wide) => {
                for value in wide.iter().filter(|value| !narrow.contains(value)) {
                    let message = match side {
                        Side::Input => format!("the value {value} is not allowed any more"),
                        Side::Output => format!("the value {value} may come now"),
                    };
                    self.breaking(at, &message);
                }
            }
        }
    }

    fn bound(
        &mut self,
        name: &str,
        is_lower: bool,
        wide: Option<&Value>,
        narrow: Option<&Value>,
        at: &str,
        side: Side,
    ) {
        let Some(narrow) = narrow.and_then(Value::as_f64) else { return };
        let tighter =
            wide.and_then(Value::as_f64).is_none_or(|wide| if is_lower { narrow > wide } else { narrow < wide });
        if tighter {
            let message = match side {
                Side::Input => format!("`{name}` is tighter: what was allowed is refused now"),
                Side::Output => format!("`{name}` is wider: what could not come may come now"),
            };
            self.breaking(&format!("{at}/{name}"), &message);
        }
    }
}

fn said(side: Side, of_input: &'static str, of_output: &'static str) -> &'static str {
    if side == Side::Input { of_input } else { of_output }
}

fn names(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(name) => [name.clone()].into(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings(wide: &Value, narrow: &Value, side: Side) -> Vec<(Change, String)> {
        let mut findings = Findings(Vec::new());
        findings.narrowed(wide, narrow, "", side);
        findings.0.into_iter().map(|f| (f.change, f.pointer)).collect()
    }

    #[test]
    fn what_an_input_schema_refuses_newly_is_breaking_and_what_it_takes_newly_is_not() {
        let old = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" }, "n": { "type": "integer", "maximum": 9 } } });
        let cases = [
            (json!({ "type": "object", "required": ["id"] }), vec![]),
            (json!({ "type": ["object", "null"], "properties": { "id": { "type": ["string", "number"] } } }), vec![]),
            (json!({ "type": "object", "required": ["id", "n"] }), vec!["/required"]),
            (json!({ "type": "array" }), vec!["/type"]),
            (json!({ "properties": { "id": { "type": "string", "maxLength": 3 } } }), vec!["/properties/id/maxLength"]),
            (json!({ "properties": { "n": { "type": "integer", "maximum": 5 } } }), vec!["/properties/n/maximum"]),
            (json!({ "properties": { "n": { "type": "number", "maximum": 10 } } }), vec![]),
            (
                json!({ "properties": { "id": {}, "n": {} }, "additionalProperties": false }),
                vec!["/additionalProperties"],
            ),
            (json!({ "properties": { "new": { "type": "string" } } }), vec!["/properties/new/type"]),
        ];
        for (new, wanted) in cases {
            let found: Vec<String> = findings(&old, &new, Side::Input).into_iter().map(|(_, at)| at).collect();
            assert_eq!(found, wanted, "{new}");
        }
        let unclear = findings(&old, &json!({ "oneOf": [{}] }), Side::Input);
        assert_eq!(unclear, [(Change::Unclear, "/oneOf".to_owned())]);
    }

    #[test]
    fn versions_say_what_they_announce() {
        assert!(announces_a_break("1.4.0", "2.0.0") && announces_a_break("0.3.0", "0.4.0"));
        assert!(!announces_a_break("1.4.0", "1.5.0") && !announces_a_break("0.3.0", "0.3.1"));
        assert!(is_later("1.0.0-rc.1", "1.0.0") && !is_later("1.0.0", "1.0.0"));
    }
}
