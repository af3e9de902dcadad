//! Deployed definitions in memory: built once per version, shared by all runs.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, RwLock};
use std::time::Instant;

use sqlx::PgPool;
use tracing::{error, info};

use super::{DeployError, DeployOutcome, Deployed};
use crate::dsl::{self, Built, Definition, Functions};
use crate::machine::Time;
use crate::retention::ArchivedDefinition;
use crate::store::acts::By;
use crate::store::definitions::{self, DefinitionRow, NewDefinition};
use crate::store::nodes::formats::DEFINITION;
use crate::store::{StoreError, definitions::deployed_after};

/// A definition and the id of its row.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) id: i32,
    pub(super) definition: Arc<Definition>,
}

#[derive(Default)]
struct Known {
    by_id: HashMap<i32, Loaded>,
    deployed: Arc<Deployed>,
    ids: HashMap<dsl::WorkflowRef, i32>,
    last_id: i32,
    /// Rows that were looked at, readable or not.
    seen: BTreeSet<i32>,
    /// Workflows of which a version was loaded and whose schedule was not looked at since.
    unscheduled: Vec<(String, String)>,
}

/// What is deployed, as this node knows it.
#[derive(Default)]
pub(super) struct Catalog {
    known: RwLock<Known>,
    /// When the last complete look for newer definitions began. Whoever looks holds the lock.
    looked: tokio::sync::Mutex<Option<Instant>>,
}

/// Ids before the last one that are looked for again: a deploy may commit after one with a higher id.
const OVERLAP: i32 = 1_000;

/// Definitions read at once.
const PAGE: i64 = 100;

impl Catalog {
    pub(super) fn deployed(&self) -> Arc<Deployed> {
        Arc::clone(&self.read().deployed)
    }

    pub(super) fn by_id(&self, id: i32) -> Option<Loaded> {
        self.read().by_id.get(&id).cloned()
    }

    pub(super) fn id_of(&self, workflow: &dsl::WorkflowRef) -> Option<i32> {
        self.read().ids.get(workflow).copied()
    }

    /// Id of the last definition that was read. Ask this first and then [`Catalog::deployed`], which knows at least as much.
    pub(super) fn last_read(&self) -> i32 {
        self.read().last_id
    }

    /// Workflows whose schedule is to be looked at; they are given once.
    pub(super) fn take_unscheduled(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.known.write().expect("the catalog's lock is never poisoned").unscheduled)
    }

    /// Gives back what could not be looked at.
    pub(super) fn give_back_unscheduled(&self, workflows: Vec<(String, String)>) {
        self.known.write().expect("the catalog's lock is never poisoned").unscheduled.extend(workflows);
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().expect("the catalog's lock is never poisoned")
    }

    /// Makes sure that this node knows all that was deployed before this call. Whoever is about to say that nobody wants an
    /// event, or that there is no such workflow, asks first: a deploy that was answered by another node holds here too.
    ///
    /// Callers that come while one looks share the look after it, so the database is asked one at a time.
    pub(super) async fn catch_up(&self, pool: &PgPool) -> Result<(), StoreError> {
        let asked = Instant::now();
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|began| began >= asked) {
            return Ok(());
        }
        let began = Instant::now();
        self.refresh(pool).await?;
        *looked = Some(began);
        Ok(())
    }

    /// Loads what was deployed since the last time, here or through another node.
    pub(super) async fn refresh(&self, pool: &PgPool) -> Result<(), StoreError> {
        let after = self.read().last_id.saturating_sub(OVERLAP);
        self.load_after(pool, after).await
    }

    async fn load_after(&self, pool: &PgPool, after: i32) -> Result<(), StoreError> {
        loop {
            let seen: Vec<i32> = self.read().seen.range(after..).copied().collect();
            let rows = deployed_after(pool, after, &seen, PAGE).await?;
            for row in &rows {
                self.take_in(row);
            }
            if rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    fn take_in(&self, row: &DefinitionRow) {
        let built = rebuild(row);
        let mut known = self.known.write().expect("the catalog's lock is never poisoned");
        known.last_id = known.last_id.max(row.id);
        if !known.seen.insert(row.id) {
            return;
        }
        let definition = match built {
            Ok(definition) => definition,
            Err(why) => {
                error!(workflow = %format!("{}/{}:{}", row.namespace, row.name, row.version), why, "a deployed definition cannot be read");
                return;
            }
        };
        info!(workflow = %definition.workflow, "definition loaded");
        // Copied only while someone reads it.
        let deployed = Arc::make_mut(&mut known.deployed);
        let versions = deployed.definitions.entry((row.namespace.clone(), row.name.clone())).or_default();
        versions.push(Arc::clone(&definition));
        versions.sort_by_key(|d| Reverse(precedence(d)));
        known.unscheduled.push((row.namespace.clone(), row.name.clone()));
        known.ids.insert(definition.workflow.clone(), row.id);
        known.by_id.insert(row.id, Loaded { id: row.id, definition });
    }

    pub(super) async fn deploy(&self, pool: &PgPool, built: &Built, by: By<'_>) -> Result<DeployOutcome, DeployError> {
        let away = |e: StoreError| DeployError::Unavailable(e.to_string());
        let workflow = built.definition.workflow.clone();
        let functions =
            serde_json::to_string(&built.functions.to_stored()).map_err(|e| DeployError::Unavailable(e.to_string()))?;
        let new = NewDefinition {
            namespace: &workflow.namespace,
            name: &workflow.name,
            version: &workflow.version,
            hash: &built.hash,
            source: &built.source,
            functions: &functions,
            deployed_by: &by.actor.0,
        };
        let created = definitions::deploy(pool, &new, by).await.map_err(away)?;
        if !created {
            let there = definitions::find(pool, new.namespace, new.name, new.version).await.map_err(away)?;
            if there.is_some_and(|row| row.hash != built.hash) {
                return Err(DeployError::VersionTaken(workflow));
            }
        }
        self.refresh(pool).await.map_err(away)?;
        Ok(if created { DeployOutcome::Created(workflow) } else { DeployOutcome::Unchanged(workflow) })
    }
}

impl Catalog {
    pub(super) async fn undeploy(
        &self,
        pool: &PgPool,
        workflow: &dsl::WorkflowRef,
        by: By<'_>,
    ) -> Result<super::Undeployed, StoreError> {
        let (namespace, name, version) = (&workflow.namespace, &workflow.name, &workflow.version);
        let Some(row) = definitions::find(pool, namespace, name, version).await? else {
            return Ok(super::Undeployed::Unknown);
        };
        if let Some(run) = definitions::last_run(pool, row.id).await? {
            return Ok(super::Undeployed::InUse(run));
        }
        if !definitions::delete(pool, row.id, &workflow.to_string(), by).await? {
            let run = definitions::last_run(pool, row.id).await?;
            return Ok(run.map_or(super::Undeployed::Unknown, super::Undeployed::InUse));
        }
        self.forget(row.id, workflow);
        Ok(super::Undeployed::Gone)
    }

    /// A version is deployed no more.
    fn forget(&self, id: i32, workflow: &dsl::WorkflowRef) {
        let mut known = self.known.write().expect("the catalog's lock is never poisoned");
        let deployed = Arc::make_mut(&mut known.deployed);
        let key = (workflow.namespace.clone(), workflow.name.clone());
        if let Some(versions) = deployed.definitions.get_mut(&key) {
            versions.retain(|d| d.workflow != *workflow);
            if versions.is_empty() {
                deployed.definitions.remove(&key);
            }
        }
        known.ids.remove(workflow);
        known.by_id.remove(&id);
        known.unscheduled.push(key);
    }

    /// Drops what another node deleted, and loads what committed so late that [`Catalog::refresh`] looks for it no more.
    pub(super) async fn reconcile(&self, pool: &PgPool) -> Result<(), StoreError> {
        // Known before the look: what is deployed meanwhile is not missing, it is newer.
        let known: Vec<i32> = self.read().by_id.keys().copied().collect();
        let there: HashSet<i32> = definitions::ids(pool).await?.into_iter().collect();
        for gone in known.into_iter().filter(|id| !there.contains(id)).filter_map(|id| self.by_id(id)) {
            self.forget(gone.id, &gone.definition.workflow);
        }
        let first_unseen = there.into_iter().filter(|id| !self.read().seen.contains(id)).min();
        match first_unseen {
            Some(id) => self.load_after(pool, id - 1).await,
            None => Ok(()),
        }
    }
}

/// The latest version is the highest; a pre-release only where nothing else is deployed.
fn precedence(definition: &Definition) -> Option<(bool, semver::Version)> {
    let version: semver::Version = definition.workflow.version.parse().ok()?;
    Some((version.pre.is_empty(), version))
}

/// A version from an archive, built again.
///
/// # Errors
/// Why this version of Stepwell cannot read it.
pub(crate) fn rebuild_archived(archived: &ArchivedDefinition) -> Result<Arc<Definition>, String> {
    rebuild(&DefinitionRow {
        id: archived.id,
        namespace: archived.namespace.clone(),
        name: archived.name.clone(),
        version: archived.version.clone(),
        hash: Vec::new(),
        source: archived.source.clone(),
        functions: archived.functions.get().to_owned(),
        deployed_by: String::new(),
        deployed_at: Time::UNIX_EPOCH,
        format: None,
    })
}

/// A stored version, built again.
pub(crate) fn rebuild(row: &DefinitionRow) -> Result<Arc<Definition>, String> {
    if let Some(format) = row.format.filter(|format| *format > DEFINITION) {
        return Err(format!(
            "it has format {format}, and this version of Stepwell supports formats up to {DEFINITION}"
        ));
    }
    rebuild_built(row).map(|built| built.definition)
}

/// A deployed version as it was built.
pub(super) fn rebuild_built(row: &DefinitionRow) -> Result<Built, String> {
    let stored = serde_json::from_str(&row.functions).map_err(|e| format!("its functions: {e}"))?;
    let functions = Functions::from_stored(stored).map_err(|e| format!("its OpenAPI documents: {e}"))?;
    let file = format!("{}/{}", row.namespace, row.name);
    dsl::rebuild(&file, &row.source, &functions).map_err(|mistakes| {
        mistakes.first().map_or_else(|| "unknown".to_owned(), |m| format!("{}:{}: {}", m.line, m.column, m.message))
    })
}
