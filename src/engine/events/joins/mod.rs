//! Events that start a run together: `schedule.on` with `all` or `until`.
//!
//! An event is added to an event join in the transaction that marks it as routed, so once. What completes an event join gives it
//! the id of its run; the run is started after that under the event join's name, so that any node that finds it complete starts
//! the same one, also after a crash.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::PgConnection;
use tracing::warn;
use uuid::Uuid;

use super::filters::{Matcher, attributes_fit};
use super::subscriptions::{Patience, Subscriptions};
use super::{Seen, seen};
use crate::dsl::{Definition, EventJoin, EventStrategy, Step};
use crate::engine::context::Context;
use crate::engine::runs::Runs;
use crate::engine::runs::starts::Origin;
use crate::engine::{StartError, StartRequest};
use crate::machine::{Actor, RunId};
use crate::store::StoreError;
use crate::store::events::joins::{self, Addition, Complete, Kinship, Open};
use crate::store::runs::journal::Hash;
use crate::text::without_nul;

/// Events in the input of one run; further ones begin another.
const TAKEN_MAX: i32 = 10_000;
/// Complete event joins read at once.
const PAGE: i64 = 100;

/// A workflow with an event join that wants this event.
pub(super) struct Joiner {
    definition: Arc<Definition>,
    /// Numbers of the filters that it fits, with the key of the event joins that want it so.
    fits: Vec<(u16, Hash)>,
}

impl Joiner {
    fn join(&self) -> Option<&EventJoin> {
        self.definition.join.as_ref()
    }
}

/// Adds events to event joins and starts the runs of those that are complete.
pub(in crate::engine) struct Joins {
    context: Arc<Context>,
    runs: Arc<Runs>,
    /// Which subscriptions take too long.
    subscriptions: Arc<Subscriptions>,
}

impl Joins {
    pub(in crate::engine) fn new(runs: &Arc<Runs>, subscriptions: &Arc<Subscriptions>) -> Self {
        let context = Arc::clone(&runs.context);
        Self { context, runs: Arc::clone(runs), subscriptions: Arc::clone(subscriptions) }
    }

    /// The latest versions whose event joins want the event; and those whose filters took too long to tell.
    pub(super) async fn joiners(&self, matcher: &Matcher<'_>) -> (Vec<Joiner>, Vec<Arc<Definition>>) {
        let deployed = self.context.catalog.deployed();
        let (mut found, mut not_asked) = (Vec::new(), Vec::new());
        for definition in deployed.definitions.values().filter_map(|versions| versions.first()) {
            let Some(EventJoin { strategy, .. }) = &definition.join else { continue };
            let filters = || strategy.filters.iter().chain(strategy.until_filters());
            if !filters().any(|filter| attributes_fit(filter, matcher.envelope)) {
                continue;
            }
            if self.subscriptions.is_set_aside(&definition.workflow) {
                not_asked.push(Arc::clone(definition));
                continue;
            }
            let mut fits = Vec::new();
            for (number, filter) in (0_u16..).zip(filters()) {
                if let Some(key) = matcher.start_key(filter).await {
                    fits.push((number, key));
                }
            }
            let took_too_long = matcher.patience.was_lost();
            self.subscriptions.asked(definition, took_too_long);
            if took_too_long {
                not_asked.push(Arc::clone(definition));
            } else if !fits.is_empty() {
                found.push(Joiner { definition: Arc::clone(definition), fits });
            }
        }
        (found, not_asked)
    }

    /// Adds an event to the event joins that want it; says whether one took it.
    pub(super) async fn join_events(
        &self,
        conn: &mut PgConnection,
        event: &Seen,
        joiners: &[Joiner],
    ) -> Result<bool, StoreError> {
        let mut gathered = false;
        // Workflows come in the order of their names: two events lock what they share in one order.
        for joiner in joiners {
            gathered |= self.join_events_for(conn, event, joiner).await?;
        }
        Ok(gathered)
    }

    /// The first filter that still wants the event takes it, in the oldest event join that does.
    async fn join_events_for(
        &self,
        conn: &mut PgConnection,
        event: &Seen,
        joiner: &Joiner,
    ) -> Result<bool, StoreError> {
        let Some(EventJoin { strategy, signature }) = joiner.join() else { return Ok(false) };
        let workflow = &joiner.definition.workflow;
        for (number, key) in &joiner.fits {
            let of = Kinship { namespace: &workflow.namespace, name: &workflow.name, signature, key };
            let open = joins::open(conn, of).await?;
            let id = match open.iter().find(|open| wants(strategy, open, *number)) {
                Some(open) => open.id,
                // What only ends an event join begins none.
                None if strategy.is_until(usize::from(*number)) => {
                    joins::close(conn, of).await?;
                    continue;
                }
                None => {
                    let id = Uuid::now_v7();
                    joins::begin(conn, id, of).await?;
                    id
                }
            };
            let met = open.iter().find(|open| open.id == id).map_or(&[][..], |open| &open.met);
            let enough = self.is_enough(conn, strategy, id, met, *number, event).await?;
            let addition = Addition {
                event: event.id,
                filter: i16::try_from(*number).unwrap_or(i16::MAX),
                is_taken: !strategy.is_until(usize::from(*number)),
                completes: enough.then(RunId::now_v7),
            };
            joins::add(conn, id, addition).await?;
            if enough {
                joins::close(conn, of).await?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    async fn is_enough(
        &self,
        conn: &mut PgConnection,
        strategy: &EventStrategy,
        join: Uuid,
        met: &[i16],
        number: u16,
        event: &Seen,
    ) -> Result<bool, StoreError> {
        let met = met.iter().filter_map(|number| u16::try_from(*number).ok()).collect();
        match strategy.step(&met, number) {
            Step::Refused => Ok(false),
            Step::Taken { enough } => Ok(enough),
            Step::Depends(condition) => {
                let mut taken = taken(conn, join, strategy).await?;
                taken.push(data(event));
                let patience = Patience::unlimited();
                let matcher = Matcher::new(&self.context.evaluator, &patience, &event.envelope);
                let holds = matcher.value_of(condition, &Arc::new(Value::Array(taken))).await;
                if holds.is_none() {
                    warn!(condition = condition.text(), event = %event.id, "`until` of a schedule failed; waiting for more events");
                }
                Ok(!matches!(holds, None | Some(Value::Null | Value::Bool(false))))
            }
        }
    }

    /// Starts the runs of complete event joins: of those that an event completed, or of any. One that cannot be started,
    /// however often it is tried, is given up, and its events say why.
    pub(in crate::engine) async fn start_joined(&self, by: Option<Uuid>) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = joins::complete(&self.context.pool, by, after, PAGE).await?;
            after = page.last().map(|complete| complete.id);
            let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            for complete in page {
                self.start_or_give_up(&complete).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn start_or_give_up(&self, complete: &Complete) -> Result<(), StoreError> {
        match self.start_complete(complete).await {
            Err(error) if error.is_about_values() => {
                warn!(workflow = complete.name, join = %complete.id, %error, "gathered events cannot start their run");
                if self.context.membership.health.is_hopeless(complete.id) {
                    let message = without_nul(error.to_string()).0;
                    let detail = json!({ "errors": [{ "pointer": "", "message": message }] }).to_string();
                    joins::refused(&self.context.pool, complete.id, &detail).await?;
                }
                Ok(())
            }
            done => done,
        }
    }

    async fn start_complete(&self, complete: &Complete) -> Result<(), StoreError> {
        // A node that does not know the version yet leaves the event join to others, or to a later sweep.
        let Some(definition) = self.joining_version(complete) else { return Ok(()) };
        let Some(EventJoin { strategy, .. }) = &definition.join else { return Ok(()) };
        let input = {
            let mut connection = self.context.pool.acquire().await?;
            taken(&mut connection, complete.id, strategy).await?
        };
        if input.is_empty() {
            // Another node was faster, and the event join is gone.
            return Ok(());
        }
        let request = StartRequest {
            namespace: complete.namespace.clone(),
            name: complete.name.clone(),
            version: Some(definition.workflow.version.clone()),
            input: Value::Array(input),
            idempotency_key: Some(complete.id.to_string()),
            actor: Actor(format!("source:{}", complete.source)),
        };
        let origin = Origin::Events { last: complete.last };
        match self.runs.start_as(complete.run_id, None, request, origin).await {
            Ok(run) => joins::started(&self.context.pool, complete.id, run).await,
            Err(StartError::Refused(violations)) => {
                warn!(workflow = %definition.workflow, join = %complete.id, "gathered events start no run: the input schema rejects them");
                let detail = json!({ "errors": violations }).to_string();
                joins::refused(&self.context.pool, complete.id, &detail).await
            }
            Err(error) => {
                warn!(workflow = %definition.workflow, join = %complete.id, %error, "gathered events cannot start their run yet, trying again later");
                Ok(())
            }
        }
    }

    /// The highest version with this event join.
    fn joining_version(&self, complete: &Complete) -> Option<Arc<Definition>> {
        let deployed = self.context.catalog.deployed();
        let versions = deployed.definitions.get(&(complete.namespace.clone(), complete.name.clone()))?;
        let same = |d: &&Arc<Definition>| d.join.as_ref().is_some_and(|g| g.signature == complete.signature);
        versions.iter().find(same).map(Arc::clone)
    }
}

fn wants(strategy: &EventStrategy, open: &Open, number: u16) -> bool {
    let met = open.met.iter().filter_map(|number| u16::try_from(*number).ok()).collect();
    let has_room = open.taken < TAKEN_MAX || strategy.is_until(usize::from(number));
    has_room && !matches!(strategy.step(&met, number), Step::Refused)
}

/// The data of the events that go into the run's input.
async fn taken(conn: &mut PgConnection, join: Uuid, strategy: &EventStrategy) -> Result<Vec<Value>, StoreError> {
    let filters = i16::try_from(strategy.filters.len()).unwrap_or(i16::MAX);
    let events = joins::events(conn, join, filters).await?;
    Ok(events.into_iter().filter_map(seen).map(|event| data(&event)).collect())
}

fn data(event: &Seen) -> Value {
    event.envelope.get("data").cloned().unwrap_or_default()
}
