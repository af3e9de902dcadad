//! The mappings that deployed definitions use, as they were deployed: which tables there are of a name, and who uses which.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::dsl::mapping::Mapping;
use crate::dsl::{Definition, TaskKind, WorkflowRef};
use crate::engine::{Deployed, Engine};
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::runs::listing::{self, Order, RunFilter, RunRow};

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

impl Engine {
    /// Runs of workflows that call functions of a mapping in any deployed version, accepted from `since` on and before `until`;
    /// at most `limit`, oldest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn runs_through(
        &self,
        mapping: &str,
        since: Time,
        until: Option<Time>,
        limit: usize,
    ) -> Result<Vec<RunRow>, StoreError> {
        let deployed = self.deployed();
        let calls = |definition: &Arc<Definition>| definition.tasks.iter().any(|task| calls(&task.kind, mapping));
        let using = deployed.definitions.iter().filter(|(_, versions)| versions.iter().any(calls));
        let mut found = Vec::new();
        for ((namespace, name), _) in using {
            let workflow = Some(format!("{namespace}/{name}"));
            let filter =
                RunFilter { workflow, since: Some(since), until, order: Order::Oldest, ..RunFilter::default() };
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            found.extend(listing::runs(self.reader(), &filter, None, limit).await?.rows);
        }
        found.sort_by_key(|run| (run.created_at, run.id));
        found.truncate(limit);
        Ok(found)
    }
}

fn calls(kind: &TaskKind, mapping: &str) -> bool {
    let TaskKind::Function { name, .. } = kind else { return false };
    name.strip_prefix(mapping).is_some_and(|rest| rest.starts_with('.'))
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
