//! Freezes: runs that events start wait while someone closes the books, and go on afterwards in the order in which they came.
//!
//! A frozen run is an ordinary suspended one: it exists, shows why it waits, and anyone who may resume runs can release a single one
//! on. What is under way, and what people, schedules or other runs start, is not held back, unless the freeze pauses a workflow: then every
//! start of it is, and with [`Holds::Steps`] a loop suspends what was in progress, which waits beside the others.
//!
//! No run slips through. A node judges an event by freezes that it has read within [`FRESH_MAX`]; the transaction that writes the
//! run looks again, however late it comes, and writes nothing if a freeze has begun since: then the event is judged again. Whoever begins
//! a freeze waits for the transactions that have looked already, so all that is written after the answer is held back. A freeze that
//! has ended holds new runs back until the last of the older ones continues, so none overtakes them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::dsl::Definition;
use crate::engine::Engine;
use crate::engine::context::Context;
use crate::engine::node::fresh::Fresh;
use crate::machine::{Actor, Hold, RunId};
use crate::store::StoreError;
use crate::store::acts::By;
use crate::store::runs::freezes::{self, Freeze, Holds, NewFreeze};

/// What a node knows of freezes is at most so old when it judges an event; older knowledge would only be judged twice.
pub const FRESH_MAX: Duration = Duration::from_secs(2);

/// Runs that continue in one transaction.
const PAGE: i64 = 500;

/// The freezes that hold runs back, as this node knows them.
pub(in crate::engine) struct Freezes {
    context: Arc<Context>,
    known: Fresh<Vec<Freeze>>,
}

/// Why a freeze cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum FreezeError {
    /// No such workflow or connection, or nothing is named.
    #[error("{0}")]
    Invalid(String),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Freezes {
    pub(in crate::engine) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context), known: Fresh::default() }
    }

    /// The freezes that an event that comes now meets.
    pub(in crate::engine) async fn in_force(&self) -> Result<Arc<Vec<Freeze>>, StoreError> {
        self.known.get(FRESH_MAX, freezes::unreleased(&self.context.crowd)).await
    }

    /// A freeze has begun that this node did not know of.
    pub(in crate::engine) fn forget(&self) {
        self.known.forget();
    }

    /// Reads what stands in the database now.
    async fn read_now(&self) -> Result<Arc<Vec<Freeze>>, StoreError> {
        self.known.get(Duration::ZERO, freezes::unreleased(&self.context.pool)).await
    }

    /// The freeze that holds back an event's run of this workflow.
    pub(in crate::engine) fn hold_of(&self, freezes: &[Freeze], definition: &Definition) -> Option<Hold> {
        self.held_by(freezes.iter().find(|freeze| self.is_frozen(freeze, definition))?)
    }

    /// The pause that holds back a run of this workflow, whatever starts it.
    pub(in crate::engine) fn pause_of(&self, freezes: &[Freeze], definition: &Definition) -> Option<Hold> {
        self.held_by(freezes.iter().find(|freeze| freeze.is_pause() && self.is_frozen(freeze, definition))?)
    }

    fn held_by(&self, freeze: &Freeze) -> Option<Hold> {
        let reason = self.context.redactor().text(shown_reason(freeze));
        Some(Hold { freeze: freeze.id, actor: Actor(freeze.actor.clone()), reason })
    }

    fn is_frozen(&self, freeze: &Freeze, definition: &Definition) -> bool {
        if freeze.is_pause() {
            let workflow = &definition.workflow;
            return freeze.workflows.contains(&format!("{}/{}", workflow.namespace, workflow.name));
        }
        let (workflows, connections) = self.reached(definition);
        let is_named = |names: &[String], frozen: &[String]| names.iter().any(|name| frozen.contains(name));
        is_named(&workflows, &freeze.workflows) || is_named(&connections, &freeze.connections)
    }

    /// A workflow and all that it starts, and the connections that they call.
    fn reached(&self, definition: &Definition) -> (Vec<String>, Vec<String>) {
        let deployed = self.context.catalog.deployed();
        let own = &definition.workflow;
        let mut seen = BTreeSet::from([(own.namespace.clone(), own.name.clone())]);
        let mut connections = definition.connections();
        let mut left = children_of(definition);
        while let Some(child) = left.pop() {
            if !seen.insert(child.clone()) {
                continue;
            }
            for version in deployed.definitions.get(&child).into_iter().flatten() {
                connections.extend(version.connections());
                left.extend(children_of(version));
            }
        }
        let workflows = seen.into_iter().map(|(namespace, name)| format!("{namespace}/{name}")).collect();
        (workflows, connections.into_iter().collect())
    }

    /// Ends what is over, and lets go on what waited for it. Where nothing is frozen, this asks the database two small questions.
    pub(in crate::engine) async fn thaw(&self) -> Result<(), StoreError> {
        let mut in_force = self.read_now().await?;
        // The database's clock decides; ours only saves the question.
        let soon = self.context.now() + chrono::Duration::seconds(1);
        if in_force.iter().any(|freeze| freeze.ended_at.is_none() && freeze.until.is_some_and(|until| until <= soon)) {
            freezes::expire(&self.context.pool).await?;
            in_force = self.read_now().await?;
        }
        for pause in in_force.iter().filter(|freeze| freeze.holds == Holds::Steps.as_str()) {
            if pause.ended_at.is_none() && pause.suspended_at.is_none() {
                self.suspend_running(pause).await?;
            }
        }
        for ended in freezes::ended_with_runs(&self.context.pool).await? {
            self.release_all(&ended).await?;
        }
        if in_force.iter().any(|freeze| freeze.ended_at.is_some()) {
            freezes::forget_begun(&self.context.pool).await?;
            freezes::note_released(&self.context.pool).await?;
        }
        Ok(())
    }

    /// Tells the runs that were in progress when their workflow was paused to wait.
    async fn suspend_running(&self, pause: &Freeze) -> Result<(), StoreError> {
        let reason = self.context.redactor().text(shown_reason(pause));
        while freezes::suspend(&self.context.pool, pause, &reason, PAGE).await? > 0 {
            self.context.node().wakes.wake(crate::engine::node::loops::Look::Commands);
        }
        freezes::note_suspended(&self.context.pool, pause.id).await
    }

    async fn release_all(&self, ended: &Freeze) -> Result<(), StoreError> {
        let mut after: Option<RunId> = None;
        loop {
            // Someone may freeze again meanwhile.
            let in_force = self.read_now().await?;
            let page = freezes::thawed(&self.context.pool, ended.id, after, PAGE).await?;
            after = page.last().map(|thawed| thawed.run);
            let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            let mut free = Vec::new();
            for thawed in page {
                let other = match self.context.definition_of(thawed.definition_id).await {
                    Ok(loaded) => in_force
                        .iter()
                        .find(|freeze| freeze.ended_at.is_none() && self.is_frozen(freeze, &loaded.definition)),
                    // What can never be read is parked when it is driven.
                    Err(error) if error.is_about_values() => None,
                    Err(error) => return Err(error),
                };
                match other {
                    Some(other) => freezes::hand_over(&self.context.pool, &[thawed.run], other.id).await?,
                    None => free.push(thawed.run),
                }
            }
            if !free.is_empty() {
                freezes::release(&self.context.pool, ended, &free).await?;
                self.context.node().wakes.wake(crate::engine::node::loops::Look::Commands);
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

/// What a run shows that waits for a freeze.
fn shown_reason(freeze: &Freeze) -> String {
    let what = if freeze.is_pause() { "paused" } else { "freeze" };
    format!("{what}: {}", freeze.reason)
}

fn children_of(definition: &Definition) -> Vec<(String, String)> {
    definition.children().map(|run| (run.namespace.clone(), run.name.clone())).collect()
}

impl Engine {
    /// Freezes what events start. Holds on every node once it is answered.
    ///
    /// # Errors
    /// Nothing is named, a workflow is not deployed, the time is over, or the database is away.
    pub async fn freeze(&self, new: &NewFreeze<'_>, by: By<'_>) -> Result<Freeze, FreezeError> {
        let inner = &self.inner;
        let NewFreeze { workflows, connections, until, holds } = *new;
        let reason = by.reason.map(|reason| inner.context.redactor().text(reason.to_owned()));
        let by = By { actor: by.actor, reason: reason.as_deref() };
        if workflows.is_empty() && connections.is_empty() {
            return Err(FreezeError::Invalid("name at least one workflow or connection to freeze".to_owned()));
        }
        if by.reason.is_none_or(|reason| reason.trim().is_empty()) {
            return Err(FreezeError::Invalid("give a reason: it is shown on every waiting run".to_owned()));
        }
        if holds != Holds::Events && !connections.is_empty() {
            return Err(FreezeError::Invalid(format!(
                "a freeze of {} names workflows; pause the connection to hold back its calls",
                holds.as_str()
            )));
        }
        if until.is_some_and(|until| until <= inner.context.now()) {
            return Err(FreezeError::Invalid("`until` is in the past: give a future time, or leave it out".to_owned()));
        }
        inner.context.catalog.catch_up(&inner.context.pool).await?;
        let deployed = inner.context.catalog.deployed();
        let is_known = |workflow: &&String| {
            let parts = workflow.split_once('/').map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
            parts.is_some_and(|parts| deployed.definitions.contains_key(&parts))
        };
        if let Some(unknown) = workflows.iter().find(|workflow| !is_known(workflow)) {
            return Err(FreezeError::Invalid(format!(
                "{unknown:?} is not deployed: name a workflow as namespace/name"
            )));
        }
        let called: BTreeSet<String> =
            deployed.definitions.values().flatten().flat_map(|definition| definition.connections()).collect();
        if let Some(unknown) = connections.iter().find(|connection| !called.contains(*connection)) {
            return Err(FreezeError::Invalid(format!("no deployed workflow calls a connection {unknown:?}")));
        }
        let id = freezes::create(&inner.context.pool, new, by).await?;
        inner.context.node().wakes.wake(crate::engine::node::loops::Look::Freezes);
        let _ = inner.freezes.read_now().await;
        let missing = || StoreError::Unreadable { table: "freezes", why: format!("{id} no longer exists") };
        Ok(freezes::find(&inner.context.pool, id).await?.ok_or_else(missing)?)
    }

    /// Ends a freeze: what waited continues in the order in which it came. False if it has ended before; none if there is no such
    /// freeze.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_freeze(&self, id: uuid::Uuid, by: By<'_>) -> Result<Option<(bool, Freeze)>, StoreError> {
        let reason = by.reason.map(|reason| self.inner.context.redactor().text(reason.to_owned()));
        let by = By { actor: by.actor, reason: reason.as_deref() };
        let ended = freezes::end(&self.inner.context.pool, id, by).await?;
        self.inner.context.node().wakes.wake(crate::engine::node::loops::Look::Freezes);
        Ok(freezes::find(&self.inner.context.pool, id).await?.map(|freeze| (ended, freeze)))
    }

    /// Lists freezes, newest first, before the freeze `before`.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn freezes(&self, before: Option<uuid::Uuid>, limit: i64) -> Result<Vec<Freeze>, StoreError> {
        freezes::list(&self.inner.context.reader, before, limit).await
    }
}

#[cfg(test)]
mod tests;
