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
use crate::engine::node::fresh::Fresh;
use crate::engine::{Engine, Inner};
use crate::machine::{Actor, Hold, RunId};
use crate::store::StoreError;
use crate::store::acts::By;
use crate::store::runs::freezes::{self, Freeze, Holds, NewFreeze};

/// What a node knows of freezes is at most so old when it judges an event; older knowledge would only be judged twice.
pub const FRESH_MAX: Duration = Duration::from_secs(2);

/// Runs that continue in one transaction.
const PAGE: i64 = 500;

/// The freezes that hold runs back, as this node knows them.
pub(in crate::engine) type Freezes = Fresh<Vec<Freeze>>;

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

impl Inner {
    /// The freezes that an event that comes now meets.
    pub(in crate::engine) async fn freezes_in_force(&self) -> Result<Arc<Vec<Freeze>>, StoreError> {
        self.freezes.get(FRESH_MAX, freezes::unreleased(&self.crowd)).await
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
        let reason = self.redactor().text(shown_reason(freeze));
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
        let deployed = self.catalog.deployed();
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
        let mut in_force = self.freezes.get(Duration::ZERO, freezes::unreleased(&self.pool)).await?;
        // The database's clock decides; ours only saves the question.
        let soon = self.clock.now() + chrono::Duration::seconds(1);
        if in_force.iter().any(|freeze| freeze.ended_at.is_none() && freeze.until.is_some_and(|until| until <= soon)) {
            freezes::expire(&self.pool).await?;
            in_force = self.freezes.get(Duration::ZERO, freezes::unreleased(&self.pool)).await?;
        }
        for pause in in_force.iter().filter(|freeze| freeze.holds == Holds::Steps.as_str()) {
            if pause.ended_at.is_none() && pause.suspended_at.is_none() {
                self.suspend_running(pause).await?;
            }
        }
        for ended in freezes::ended_with_runs(&self.pool).await? {
            self.release_all(&ended).await?;
        }
        if in_force.iter().any(|freeze| freeze.ended_at.is_some()) {
            freezes::forget_begun(&self.pool).await?;
            freezes::note_released(&self.pool).await?;
        }
        Ok(())
    }

    /// Tells the runs that were in progress when their workflow was paused to wait.
    async fn suspend_running(&self, pause: &Freeze) -> Result<(), StoreError> {
        let reason = self.redactor().text(shown_reason(pause));
        while freezes::suspend(&self.pool, pause, &reason, PAGE).await? > 0 {
            self.node().wakes.wake(crate::engine::node::loops::Look::Commands);
        }
        freezes::note_suspended(&self.pool, pause.id).await
    }

    async fn release_all(&self, ended: &Freeze) -> Result<(), StoreError> {
        let mut after: Option<RunId> = None;
        loop {
            // Someone may freeze again meanwhile.
            let in_force = self.freezes.get(Duration::ZERO, freezes::unreleased(&self.pool)).await?;
            let page = freezes::thawed(&self.pool, ended.id, after, PAGE).await?;
            after = page.last().map(|thawed| thawed.run);
            let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            let mut free = Vec::new();
            for thawed in page {
                let other = match self.definition_of(thawed.definition_id).await {
                    Ok(loaded) => in_force
                        .iter()
                        .find(|freeze| freeze.ended_at.is_none() && self.is_frozen(freeze, &loaded.definition)),
                    // What can never be read is parked when it is driven.
                    Err(error) if error.is_about_values() => None,
                    Err(error) => return Err(error),
                };
                match other {
                    Some(other) => freezes::hand_over(&self.pool, &[thawed.run], other.id).await?,
                    None => free.push(thawed.run),
                }
            }
            if !free.is_empty() {
                freezes::release(&self.pool, ended, &free).await?;
                self.node().wakes.wake(crate::engine::node::loops::Look::Commands);
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
        let reason = by.reason.map(|reason| inner.redactor().text(reason.to_owned()));
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
        if until.is_some_and(|until| until <= inner.clock.now()) {
            return Err(FreezeError::Invalid("`until` is in the past: give a future time, or leave it out".to_owned()));
        }
        inner.catalog.catch_up(&inner.pool).await?;
        let deployed = inner.catalog.deployed();
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
        let id = freezes::create(&inner.pool, new, by).await?;
        inner.node().wakes.wake(crate::engine::node::loops::Look::Freezes);
        let _ = inner.freezes.get(Duration::ZERO, freezes::unreleased(&inner.pool)).await;
        let missing = || StoreError::Unreadable { table: "freezes", why: format!("{id} no longer exists") };
        Ok(freezes::find(&inner.pool, id).await?.ok_or_else(missing)?)
    }

    /// Ends a freeze: what waited continues in the order in which it came. False if it has ended before; none if there is no such
    /// freeze.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_freeze(&self, id: uuid::Uuid, by: By<'_>) -> Result<Option<(bool, Freeze)>, StoreError> {
        let reason = by.reason.map(|reason| self.inner.redactor().text(reason.to_owned()));
        let by = By { actor: by.actor, reason: reason.as_deref() };
        let ended = freezes::end(&self.inner.pool, id, by).await?;
        self.inner.node().wakes.wake(crate::engine::node::loops::Look::Freezes);
        Ok(freezes::find(&self.inner.pool, id).await?.map(|freeze| (ended, freeze)))
    }

    /// Freezes, latest first, those before `before`.
    ///
    /// # Errors
    /// The database is away.
    pub async fn freezes(&self, before: Option<uuid::Uuid>, limit: i64) -> Result<Vec<Freeze>, StoreError> {
        freezes::list(&self.inner.reader, before, limit).await
    }
}

#[cfg(test)]
mod tests;
