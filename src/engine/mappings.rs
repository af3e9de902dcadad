//! The mappings that deployed definitions use, as they were deployed: which tables there are of a name, and who uses which.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::Deployed;
use crate::dsl::WorkflowRef;
use crate::dsl::mapping::Mapping;

/// A table, and the versions that use it.
#[derive(Debug, Clone)]
pub struct UsedMapping {
    /// The table.
    pub mapping: Arc<Mapping>,
    /// Versions, those that new runs take first.
    pub users: Vec<MappingUser>,
}

/// A version that uses a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MappingUser {
    /// Which one.
    #[serde(flatten)]
    pub workflow: WorkflowRef,
    /// Whether new runs take it.
    pub latest: bool,
}

impl UsedMapping {
    fn is_current(&self) -> bool {
        self.users.iter().any(|user| user.latest)
    }
}

impl Deployed {
    /// Mappings by name. One name has as many tables as differing texts were deployed; those that new runs take come first.
    #[must_use]
    pub fn mappings(&self) -> BTreeMap<String, Vec<UsedMapping>> {
        let mut found: BTreeMap<String, Vec<UsedMapping>> = BTreeMap::new();
        for versions in self.definitions.values() {
            for (place, definition) in versions.iter().enumerate() {
                for mapping in &definition.mappings {
                    let user = MappingUser { workflow: definition.workflow.clone(), latest: place == 0 };
                    let tables = found.entry(mapping.name.clone()).or_default();
                    match tables.iter_mut().find(|table| table.mapping.text == mapping.text) {
                        Some(table) => table.users.push(user),
                        None => tables.push(UsedMapping { mapping: Arc::clone(mapping), users: vec![user] }),
                    }
                }
            }
        }
        for tables in found.values_mut() {
            tables.iter_mut().for_each(|table| table.users.sort_by_key(|user| !user.latest));
            tables.sort_by_key(|table| !table.is_current());
        }
        found
    }
}
