//! Finds values that one JSON Schema accepts and another refuses.
//!
//! Comparing schemas in full is a hard problem, so this compares keyword by keyword. A keyword that is not understood
//! here makes a finding unclear, unless both schemas have it alike.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Change, Findings, bounds};
use crate::dsl::source::escaped;

type Object = Map<String, Value>;

/// The side whose values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Input: the new version must accept everything that the old one accepted.
    Input,
    /// Output: the new version may return only what the old one could return.
    Output,
}

/// Deepest level of a schema that is compared.
const DEPTH_MAX: usize = 64;
/// Most findings of one comparison. Nobody would read more.
const FINDINGS_MAX: usize = 200;
/// Most pairs of subschemas that are compared, because references can multiply them.
const PAIRS_MAX: usize = 20_000;

/// Keywords that only describe, and never refuse a value.
const SILENT: [&str; 15] = [
    "title",
    "description",
    "examples",
    "default",
    "$comment",
    "$id",
    "$schema",
    "$anchor",
    "$defs",
    "definitions",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentEncoding",
    "contentMediaType",
];
/// Keywords that are compared.
const COMPARED: [&str; 20] = [
    "type",
    "enum",
    "const",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "uniqueItems",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "$ref",
];
const KINDS: [&str; 7] = ["null", "boolean", "object", "array", "string", "whole", "fraction"];

/// Reports where `narrow` refuses what `wide` accepts. `at` points into the new schema.
pub(super) fn compare(wide: &Value, narrow: &Value, at: &str, side: Side, findings: &mut Findings) {
    let same_root = wide == narrow;
    if !same_root {
        let before = findings.0.len();
        let mut comparison = Comparison { wide, narrow, side, findings, before, open: Vec::new(), pairs: 0 };
        comparison.narrowed(wide, narrow, at, Change::Breaking);
    }
}

struct Comparison<'a> {
    /// The root schemas, to resolve references.
    wide: &'a Value,
    narrow: &'a Value,
    side: Side,
    findings: &'a mut Findings,
    /// Number of findings before this comparison.
    before: usize,
    /// Pairs being compared, outermost first, so that a recursive schema is compared only once.
    open: Vec<(*const Value, *const Value)>,
    pairs: usize,
}

impl<'a> Comparison<'a> {
    fn note(&mut self, change: Change, at: &str, message: impl Into<String>) {
        if self.findings.0.len() - self.before < FINDINGS_MAX {
            self.findings.note(change, at, message.into());
        }
    }

    fn said(&self, of_input: &'static str, of_output: &'static str) -> &'static str {
        if self.side == Side::Input { of_input } else { of_output }
    }

    /// Compares two subschemas. `worst` limits the findings: breaking only if it is certain that values reach this
    /// place.
    fn narrowed(&mut self, wide: &'a Value, narrow: &'a Value, at: &str, worst: Change) {
        let (Some(wide), Some(narrow)) = (resolved(wide, self.wide), resolved(narrow, self.narrow)) else {
            if !self.is_alike(wide, Some(narrow)) {
                self.note(
                    Change::Unclear,
                    at,
                    "a reference points outside the schema: the change cannot be determined",
                );
            }
            return;
        };
        let pair = (std::ptr::from_ref(wide), std::ptr::from_ref(narrow));
        if self.open.contains(&pair) || (wide == narrow && !refers(wide)) || *wide == Value::Bool(false) {
            return;
        }
        self.pairs += 1;
        if self.open.len() >= DEPTH_MAX || self.pairs > PAIRS_MAX {
            self.note(Change::Unclear, at, "the schema is nested too deeply to compare further");
            return;
        }
        self.open.push(pair);
        self.parts(wide, narrow, at, worst);
        self.open.pop();
    }

    fn parts(&mut self, wide: &'a Value, narrow: &'a Value, at: &str, worst: Change) {
        static ANYTHING: std::sync::LazyLock<Object> = std::sync::LazyLock::new(Map::new);
        let object = |schema: &'a Value| match schema {
            Value::Object(object) => Some(object),
            Value::Bool(true) => Some(&*ANYTHING),
            _ => None,
        };
        if *narrow == Value::Bool(false) {
            let message = self.said("nothing is allowed here now", "something is allowed here now");
            return self.note(worst, at, message);
        }
        let (Some(w), Some(n)) = (object(wide), object(narrow)) else {
            return self.note(Change::Unclear, at, "the change here cannot be determined");
        };
        // Other keywords of the wide schema may already refuse what the narrow one refuses.
        let hidden = w.iter().any(|(name, value)| is_opaque(name) && !self.is_alike(value, n.get(name)));
        let worst = if hidden { Change::Unclear } else { worst };
        if let Some(values) = values(w) {
            return self.values(&values, wide, narrow, at, worst);
        }
        let (kinds, left) = (kinds(w), kinds(n));
        self.types(&kinds, &left, at, worst);
        if self::values(n).is_some() && !kinds.is_disjoint(&left) {
            let message = self.said("only some values are allowed now", "other values are allowed now");
            self.note(worst, at, message);
        }
        let may_be = |kind: &str| match kind {
            "number" => ["whole", "fraction"].iter().any(|kind| kinds.contains(kind) && left.contains(kind)),
            kind => kinds.contains(kind) && left.contains(kind),
        };
        for keyword in bounds::tighter(w, n, may_be) {
            let message =
                self.said("is narrower: some allowed values are now refused", "is wider: more values are allowed now");
            self.note(worst, &format!("{at}/{keyword}"), format!("`{keyword}` {message}"));
        }
        if may_be("object") {
            self.required(w, n, at, worst);
            self.properties(w, n, at, worst);
        }
        if may_be("array") {
            self.items(w, n, at, worst);
        }
        self.opaque(w, n, at);
    }

    /// The wide schema allows only these values, so each of them is tried.
    fn values(&mut self, values: &[Value], wide: &Value, narrow: &Value, at: &str, worst: Change) {
        let (Some(wide), Some(narrow)) = (validator(wide, self.wide), validator(narrow, self.narrow)) else {
            return self.note(Change::Unclear, at, "whether the values are still the same cannot be determined");
        };
        for value in values.iter().filter(|value| wide.is_valid(value) && !narrow.is_valid(value)) {
            let message = self.said("is no longer allowed", "may come now");
            self.note(worst, at, format!("the value {value} {message}"));
        }
    }

    fn types(&mut self, wide: &BTreeSet<&str>, narrow: &BTreeSet<&str>, at: &str, worst: Change) {
        let mut lost: Vec<&str> = wide.difference(narrow).copied().collect();
        if lost.contains(&"fraction") && lost.contains(&"whole") {
            lost.retain(|kind| *kind != "whole");
        }
        if lost.is_empty() {
            return;
        }
        let named = |kind: &&str| match *kind {
            "fraction" if narrow.contains("whole") => "a number that is not whole",
            "fraction" => "number",
            "whole" => "integer",
            kind => KINDS.into_iter().find(|known| *known == kind).unwrap_or_default(),
        };
        let lost: Vec<&str> = lost.iter().map(named).collect();
        let message = self.said("was allowed here and no longer is", "is newly allowed here");
        self.note(worst, &format!("{at}/type"), format!("{} {message}", lost.join(", ")));
    }

    fn required(&mut self, wide: &Object, narrow: &Object, at: &str, worst: Change) {
        let names = |schema: &Object| schema.get("required").map(names).unwrap_or_default();
        for name in names(narrow).difference(&names(wide)) {
            let message = self.said("is now required", "is no longer required");
            self.note(worst, &format!("{at}/required"), format!("`{name}` {message}"));
        }
    }

    fn properties(&mut self, wide: &'a Object, narrow: &'a Object, at: &str, worst: Change) {
        const OPEN: &Value = &Value::Bool(true);
        let (before, after) = (properties(wide), properties(narrow));
        let others = wide.get("additionalProperties").unwrap_or(OPEN);
        let further = narrow.get("additionalProperties").unwrap_or(OPEN);
        for (name, property) in &after {
            let at = format!("{at}/properties/{}", escaped(name));
            match before.get(name) {
                Some(known) => self.narrowed(known, property, &at, worst),
                None if *others == *OPEN => self.newly_described(name, property, &at, worst),
                None => self.narrowed(others, property, &at, worst),
            }
        }
        if *further == *OPEN {
            return;
        }
        let at = format!("{at}/additionalProperties");
        if wide.get("patternProperties") != narrow.get("patternProperties") {
            return self.note(
                Change::Unclear,
                &at,
                "whether it refuses what was allowed depends on `patternProperties`",
            );
        }
        let refused = self.said("was allowed and is refused now", "may come now and did not before");
        for (name, property) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
            if *further != Value::Bool(false) {
                self.narrowed(property, further, &at, worst);
            } else if **property != Value::Bool(false) {
                self.note(worst, &at, format!("`{name}` {refused}"));
            }
        }
        if *further == Value::Bool(false) && *others != Value::Bool(false) {
            let message = self.said("further properties are no longer allowed", "further properties are now allowed");
            self.note(worst, &at, message);
        } else {
            self.narrowed(others, further, &at, worst);
        }
    }

    /// Reports a property that only the narrow schema describes. A new optional input property breaks only callers that
    /// already sent something else under its name, which cannot be known. An output property that is no longer
    /// described breaks its readers.
    fn newly_described(&mut self, name: &str, property: &'a Value, at: &str, worst: Change) {
        let empty =
            |schema: &Value| schema.as_object().is_some_and(|s| s.keys().all(|key| SILENT.contains(&key.as_str())));
        if *property == Value::Bool(true) || empty(property) {
            return;
        }
        match self.side {
            Side::Input => {
                let message = format!(
                    "`{name}` is described now: callers that already sent something else under this name are rejected"
                );
                self.note(Change::Unclear, at, message);
            }
            Side::Output => self.note(worst, at, format!("`{name}` is no longer described: readers relied on it")),
        }
    }

    fn items(&mut self, wide: &'a Object, narrow: &'a Object, at: &str, worst: Change) {
        if narrow.get("uniqueItems") == Some(&Value::Bool(true)) && wide.get("uniqueItems") != Some(&Value::Bool(true))
        {
            let message = self.said("items must now differ from each other", "items may now be equal");
            self.note(worst, &format!("{at}/uniqueItems"), message);
        }
        let Some(items) = narrow.get("items") else { return };
        let at = format!("{at}/items");
        if wide.get("prefixItems") != narrow.get("prefixItems") {
            return self.note(Change::Unclear, &at, "whether it refuses what was allowed depends on `prefixItems`");
        }
        self.narrowed(wide.get("items").unwrap_or(&Value::Bool(true)), items, &at, worst);
    }

    fn opaque(&mut self, wide: &Object, narrow: &Object, at: &str) {
        for (name, value) in narrow.iter().filter(|(name, _)| is_opaque(name)) {
            if !self.is_alike(value, wide.get(name)) {
                let message = format!("`{name}` changed: whether it rejects what was allowed cannot be determined");
                self.note(Change::Unclear, &format!("{at}/{}", escaped(name)), message);
            }
        }
    }

    /// Whether two values mean the same, including everything they refer to.
    fn is_alike(&self, one: &Value, other: Option<&Value>) -> bool {
        let same_names =
            || ["/$defs", "/definitions"].iter().all(|defs| self.wide.pointer(defs) == self.narrow.pointer(defs));
        other == Some(one) && (!refers(one) || same_names())
    }
}

fn is_opaque(keyword: &str) -> bool {
    // A reference without other keywords was resolved; one that is left has keywords beside it.
    keyword == "$ref" || !(SILENT.contains(&keyword) || COMPARED.contains(&keyword))
}

/// Follows a schema that is only a reference. Returns `None` if its target is not in `root`.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> Option<&'a Value> {
    let mut found = schema;
    for _ in 0..DEPTH_MAX {
        let Some(object) = found.as_object() else { return Some(found) };
        let Some(Value::String(reference)) = object.get("$ref") else { return Some(found) };
        if object.keys().any(|key| key != "$ref" && !SILENT.contains(&key.as_str())) {
            return Some(found);
        }
        found = root.pointer(reference.strip_prefix('#')?)?;
    }
    None
}

/// Whether a schema contains a reference.
fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(object) => {
            object.iter().any(|(key, value)| key.ends_with("Ref") || key == "$ref" || refers(value))
        }
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

fn properties(schema: &Object) -> std::collections::BTreeMap<&str, &Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect()
}

/// Returns the values of a schema that lists them.
fn values(schema: &Object) -> Option<Vec<Value>> {
    match (schema.get("const"), schema.get("enum"), schema.get("type").and_then(Value::as_str)) {
        (Some(value), _, _) => Some(vec![value.clone()]),
        (_, Some(Value::Array(values)), _) => Some(values.clone()),
        (_, _, Some("boolean")) => Some(vec![true.into(), false.into()]),
        (_, _, Some("null")) => Some(vec![Value::Null]),
        _ => None,
    }
}

/// Returns the kinds of value that `type` allows. Numbers count as whole or fraction.
fn kinds(schema: &Object) -> BTreeSet<&'static str> {
    let Some(written) = schema.get("type").map(names) else { return KINDS.into() };
    let allowed = |kind: &&str| match *kind {
        "whole" => written.contains("integer") || written.contains("number"),
        "fraction" => written.contains("number"),
        kind => written.contains(kind),
    };
    KINDS.into_iter().filter(allowed).collect()
}

fn names(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(name) => [name.clone()].into(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => BTreeSet::new(),
    }
}

/// Compiles a subschema together with the root's definitions, as the engine does.
fn validator(part: &Value, root: &Value) -> Option<jsonschema::Validator> {
    let mut part = part.clone();
    if let (Value::Object(part), Value::Object(root)) = (&mut part, root) {
        for name in ["$defs", "definitions"] {
            if let (false, Some(definitions)) = (part.contains_key(name), root.get(name)) {
                part.insert(name.to_owned(), definitions.clone());
            }
        }
    }
    crate::dsl::schema::validator(&part).ok()
}
