//! The mappings that deployed definitions use, as they were deployed: which tables there are of a name, and who uses which.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::dsl::mapping::{Mapping, Sides};
use crate::dsl::{Definition, TaskKind, WorkflowRef};
use crate::engine::context::Context;
use crate::engine::{Deployed, Engine};
use crate::machine::Time;
use crate::memory::links::About;
use crate::store::runs::listing::{self, Order, RunFilter, RunRow};
use crate::store::{StoreError, definitions};

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

/// What the mapping of an entity calls its sides in a definition, if that uses it.
fn sides_in(definition: &Definition, entity: &str) -> Option<Arc<Sides>> {
    definition.mappings.iter().find(|mapping| mapping.name == entity).map(|mapping| Arc::clone(&mapping.sides))
}

/// What the sides of an entity are called by a run: as in the version that it is pinned to, where versions differ.
pub(super) async fn sides_for(context: &Context, about: &About) -> Result<Arc<Sides>, StoreError> {
    let mut known = context.catalog.deployed().all_sides(&about.entity);
    if known.len() > 1
        && let Some(run) = about.run
        && let Some(id) = definitions::of_run(&context.crowd, run).await?
        && let Some(own) = sides_in(&context.definition_of(id).await?.definition, &about.entity)
    {
        return Ok(own);
    }
    known.truncate(1);
    Ok(known.pop().unwrap_or_default())
}

fn calls(kind: &TaskKind, mapping: &str) -> bool {
    let TaskKind::Function { name, .. } = kind else { return false };
    name.strip_prefix(mapping).is_some_and(|rest| rest.starts_with('.'))
}

impl Deployed {
    /// What the mapping of an entity calls its sides: as it is in a version that new runs take, if one of those uses it. An entity
    /// without a mapping has the sides of one that does not name them.
    #[must_use]
    pub fn sides(&self, entity: &str) -> Arc<Sides> {
        self.all_sides(entity).into_iter().next().unwrap_or_default()
    }

    /// The same with those that earlier versions have; each pair of names once.
    pub(super) fn all_sides(&self, entity: &str) -> Vec<Arc<Sides>> {
        let latest = self.definitions.values().filter_map(|versions| versions.first());
        let earlier = self.definitions.values().flat_map(|versions| versions.iter().skip(1));
        let mut found: Vec<Arc<Sides>> = Vec::new();
        for definition in latest.chain(earlier) {
            let sides = sides_in(definition, entity);
            found.extend(sides.filter(|sides| !found.iter().any(|known| known.names() == sides.names())));
        }
        found
    }

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
