//! What pages ask of the engine.

use std::sync::Arc;

use futures::future::BoxFuture;
use uuid::Uuid;

use super::Swept;
use super::bulk::BulkOperations;
use super::proposals::Decision;
use crate::connect::Standing;
use crate::engine::runs::proposals::{Proposal, ProposalError};
use crate::engine::sync::totals::{Signed, Signing};
use crate::engine::{
    Accepted, ActError, COUNTED_MAX, Deployed, Engine, FreezeError, MoveError, ReplayError, Retried, Schedule,
    ScheduleAct, ScheduleActed, Settled, StartError, Sweep,
};
use crate::machine::moves::Preview;
use crate::machine::{Act, Actor, RunId, Status, Time};
use crate::memory::links::Side;
use crate::store::StoreError;
use crate::store::acts::By;
use crate::store::runs::freezes::Freeze;
use crate::store::runs::proposals::ProposalFilter;

/// What pages need of the engine.
pub trait Operations: BulkOperations + Send + Sync {
    /// See [`Engine::act`].
    fn act(&self, run: RunId, act: Act, by: Actor, reason: String) -> BoxFuture<'_, Result<Status, ActError>>;

    /// See [`Engine::preview_move`].
    fn preview_move(&self, run: RunId, to: String, by: Actor) -> BoxFuture<'_, Result<Preview, MoveError>>;

    /// See [`Engine::proposals`].
    fn proposals(&self, filter: ProposalFilter, limit: i64) -> BoxFuture<'_, Result<Vec<Proposal>, StoreError>>;

    /// See [`Engine::proposal`].
    fn proposal(&self, id: Uuid) -> BoxFuture<'_, Result<Option<Proposal>, StoreError>>;

    /// See [`Engine::approve`] and [`Engine::decline`].
    fn decide(
        &self,
        id: Uuid,
        decision: Decision,
        by: Actor,
        reason: String,
    ) -> BoxFuture<'_, Result<Proposal, ProposalError>>;

    /// See [`Engine::deployed`].
    fn deployed(&self) -> Arc<Deployed>;

    /// How the connections stand on this node, and whether it stores tokens. See [`Engine::connections`], [`Engine::stores_tokens`].
    fn connections(&self) -> (Vec<Standing>, bool);

    /// Sources that subscribe, each with its connection. See [`Engine::subscribed`].
    fn subscribed(&self) -> Vec<(String, String)>;

    /// See [`Engine::schedules`]; the next firing of each.
    fn schedules(
        &self,
        after: Option<(String, String)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Schedule>, StoreError>>;

    /// See [`Engine::schedule`].
    fn schedule(
        &self,
        workflow: (String, String),
        upcoming: usize,
    ) -> BoxFuture<'_, Result<Option<Schedule>, StoreError>>;

    /// See [`Engine::act_on_schedule`].
    fn act_on_schedule(
        &self,
        workflow: (String, String),
        act: ScheduleAct,
        by: Actor,
        reason: String,
    ) -> BoxFuture<'_, Result<ScheduleActed, StartError>>;

    /// See [`Engine::freeze`].
    fn freeze(
        &self,
        workflows: Vec<String>,
        connections: Vec<String>,
        until: Option<Time>,
        by: Actor,
        reason: String,
    ) -> BoxFuture<'_, Result<Freeze, FreezeError>>;

    /// See [`Engine::end_freeze`].
    fn end_freeze(&self, id: Uuid, by: Actor, reason: String) -> BoxFuture<'_, Result<Option<bool>, StoreError>>;

    /// See [`Engine::replay`].
    fn replay_event(&self, event: Uuid, by: Actor, reason: String) -> BoxFuture<'_, Result<Accepted, ReplayError>>;

    /// See [`Engine::dismiss_event`].
    fn dismiss_event(&self, event: Uuid, by: Actor, reason: String) -> BoxFuture<'_, Result<(), ReplayError>>;

    /// See [`Engine::retry_batch`].
    fn retry_batch(&self, batch: Uuid, by: Actor, reason: String) -> BoxFuture<'_, Result<Retried, StartError>>;

    /// See [`Engine::sweeps`].
    fn sweeps(&self, before: Option<RunId>, limit: usize) -> BoxFuture<'_, Result<Vec<Sweep>, StoreError>>;

    /// A sweep and its records; none if the run is not a reconciliation. See [`Engine::drift`].
    fn drift(&self, sweep: RunId) -> BoxFuture<'_, Result<Option<Swept>, StoreError>>;

    /// See [`Engine::settle_conflict`].
    fn settle_conflict(
        &self,
        conflict: Uuid,
        side: Side,
        by: Actor,
        reason: String,
    ) -> BoxFuture<'_, Result<Settled, StoreError>>;

    /// See [`Engine::sign_totals`].
    fn sign_totals(&self, signing: Signing, by: Actor) -> BoxFuture<'_, Result<Signed, StoreError>>;
}

impl Operations for Engine {
    fn act(&self, run: RunId, act: Act, by: Actor, reason: String) -> BoxFuture<'_, Result<Status, ActError>> {
        Box::pin(Engine::act(self, run, act, by, Some(reason)))
    }

    fn preview_move(&self, run: RunId, to: String, by: Actor) -> BoxFuture<'_, Result<Preview, MoveError>> {
        Box::pin(async move { Engine::preview_move(self, run, &to, &by).await })
    }

    fn proposals(&self, filter: ProposalFilter, limit: i64) -> BoxFuture<'_, Result<Vec<Proposal>, StoreError>> {
        Box::pin(Engine::proposals(self, filter, limit))
    }

    fn proposal(&self, id: Uuid) -> BoxFuture<'_, Result<Option<Proposal>, StoreError>> {
        Box::pin(Engine::proposal(self, id))
    }

    fn decide(
        &self,
        id: Uuid,
        decision: Decision,
        by: Actor,
        reason: String,
    ) -> BoxFuture<'_, Result<Proposal, ProposalError>> {
        Box::pin(async move {
            match decision {
                Decision::Approve => Engine::approve(self, id, &by, Some(&reason)).await,
                Decision::Decline => Engine::decline(self, id, &by, Some(&reason)).await,
            }
        })
    }

    fn deployed(&self) -> Arc<Deployed> {
        Engine::deployed(self)
    }

    fn connections(&self) -> (Vec<Standing>, bool) {
        (Engine::connections(self).1, self.stores_tokens())
    }

    fn subscribed(&self) -> Vec<(String, String)> {
        Engine::subscribed(self)
    }

    fn schedules(
        &self,
        after: Option<(String, String)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Schedule>, StoreError>> {
        Box::pin(async move {
            let after = after.as_ref().map(|(namespace, name)| (namespace.as_str(), name.as_str()));
            Engine::schedules(self, after, i64::try_from(limit).unwrap_or(i64::MAX), 1).await
        })
    }

    fn schedule(
        &self,
        (namespace, name): (String, String),
        upcoming: usize,
    ) -> BoxFuture<'_, Result<Option<Schedule>, StoreError>> {
        Box::pin(async move { Engine::schedule(self, &namespace, &name, upcoming).await })
    }

    fn act_on_schedule(
        &self,
        (namespace, name): (String, String),
        act: ScheduleAct,
        by: Actor,
        reason: String,
    ) -> BoxFuture<'_, Result<ScheduleActed, StartError>> {
        Box::pin(async move { Engine::act_on_schedule(self, &namespace, &name, act, &by, Some(&reason)).await })
    }

    fn freeze(
        &self,
        workflows: Vec<String>,
        connections: Vec<String>,
        until: Option<Time>,
        by: Actor,
        reason: String,
    ) -> BoxFuture<'_, Result<Freeze, FreezeError>> {
        Box::pin(async move {
            let by = By { actor: &by, reason: Some(&reason) };
            Engine::freeze(self, &workflows, &connections, until, by).await
        })
    }

    fn end_freeze(&self, id: Uuid, by: Actor, reason: String) -> BoxFuture<'_, Result<Option<bool>, StoreError>> {
        Box::pin(async move {
            let ended = Engine::end_freeze(self, id, By { actor: &by, reason: Some(&reason) }).await?;
            Ok(ended.map(|(ended, _)| ended))
        })
    }

    fn replay_event(&self, event: Uuid, by: Actor, reason: String) -> BoxFuture<'_, Result<Accepted, ReplayError>> {
        Box::pin(async move { Engine::replay(self, event, By { actor: &by, reason: Some(&reason) }).await })
    }

    fn dismiss_event(&self, event: Uuid, by: Actor, reason: String) -> BoxFuture<'_, Result<(), ReplayError>> {
        Box::pin(async move { Engine::dismiss_event(self, event, By { actor: &by, reason: Some(&reason) }).await })
    }

    fn retry_batch(&self, batch: Uuid, by: Actor, reason: String) -> BoxFuture<'_, Result<Retried, StartError>> {
        Box::pin(async move { Engine::retry_batch(self, batch, By { actor: &by, reason: Some(&reason) }).await })
    }

    fn sweeps(&self, before: Option<RunId>, limit: usize) -> BoxFuture<'_, Result<Vec<Sweep>, StoreError>> {
        Box::pin(async move { Engine::sweeps(self, before, limit).await })
    }

    fn drift(&self, sweep: RunId) -> BoxFuture<'_, Result<Option<Swept>, StoreError>> {
        Box::pin(async move {
            let found = self.sweep(sweep).await?.zip(Engine::drift(self, sweep, 0, COUNTED_MAX).await?);
            Ok(found)
        })
    }

    fn settle_conflict(
        &self,
        conflict: Uuid,
        side: Side,
        by: Actor,
        reason: String,
    ) -> BoxFuture<'_, Result<Settled, StoreError>> {
        Box::pin(async move { Engine::settle_conflict(self, conflict, side, &by, Some(&reason)).await })
    }

    fn sign_totals(&self, signing: Signing, by: Actor) -> BoxFuture<'_, Result<Signed, StoreError>> {
        Box::pin(async move { Engine::sign_totals(self, &signing, &by).await })
    }
}
