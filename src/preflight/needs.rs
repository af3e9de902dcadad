//! How each field of an object is used, and its entry in the object's describe.

use std::collections::BTreeMap;

use serde_json::Value;

use super::usage::{By, Fields, Object, Query};

/// How a field is used.
#[derive(Default)]
pub struct Need {
    /// Workflows that read it.
    pub reads: By,
    /// Workflows that set it in new records.
    pub creates: By,
    /// Workflows that set it in existing records.
    pub updates: By,
    /// Workflows that find records by it.
    pub keys: By,
}

impl Need {
    /// All of these workflows.
    pub fn all(&self) -> By {
        [&self.reads, &self.creates, &self.updates, &self.keys].into_iter().flatten().cloned().collect()
    }

    /// How the field is used, in words.
    pub fn verb(&self) -> &'static str {
        match (self.reads.is_empty() && self.keys.is_empty(), self.creates.is_empty() && self.updates.is_empty()) {
            (false, false) => "read and written",
            (true, false) => "written",
            _ => "read",
        }
    }
}

/// Collects the use of each field.
pub fn needs(object: Option<&Object>, query: Option<&Query>) -> BTreeMap<String, Need> {
    let mut needs: BTreeMap<String, Need> = BTreeMap::new();
    let mut add = |fields: &Fields, part: fn(&mut Need) -> &mut By| {
        for (name, by) in fields {
            part(needs.entry(name.clone()).or_default()).extend(by.iter().cloned());
        }
    };
    if let Some(object) = object {
        add(&object.reads, |need| &mut need.reads);
        add(&object.creates, |need| &mut need.creates);
        add(&object.updates, |need| &mut need.updates);
        add(&object.keys, |need| &mut need.keys);
    }
    if let Some(query) = query {
        add(&query.columns, |need| &mut need.reads);
        add(&query.filters, |need| &mut need.reads);
    }
    needs
}

/// All workflows that set one of these fields.
pub fn writers(fields: &Fields) -> By {
    fields.values().flatten().cloned().collect()
}

/// Finds a field by name, ignoring case.
pub fn field_of<'v>(describe: &'v Value, name: &str) -> Option<&'v Value> {
    let fields = describe["fields"].as_array().into_iter().flatten();
    fields.into_iter().find(|field| field["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)))
}

/// Returns the object that a relationship refers to.
pub fn parent_of(describe: &Value, relation: &str) -> Option<String> {
    let fields = describe["fields"].as_array()?;
    let is_meant =
        |field: &&Value| field["relationshipName"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(relation));
    fields.iter().find(is_meant)?["referenceTo"][0].as_str().map(str::to_owned)
}
