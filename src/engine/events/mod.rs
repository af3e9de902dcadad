//! Events and the runs that wait for them. An event that comes finds who waits by an index; a run that begins to wait
//! looks at what came before. Both look after their own commit, so one of the two sees the other; a run that was told already
//! is not told again.

pub(super) mod filters;
pub(super) mod incoming;
pub(super) mod intake;
pub(super) mod joins;
pub(super) mod look_back;
pub(super) mod looking;
pub(super) mod recordings;
pub(super) mod relay;
pub(super) mod replays;
pub(super) mod sequences;
pub(super) mod subscriptions;
pub(super) mod topics;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use tracing::{error, warn};
use uuid::Uuid;

use super::context::Context;
use super::node::loops::Look;
use crate::machine::{ExecutionId, Message, RunId};
use crate::store::StoreError;
use crate::store::events::listeners;
use crate::store::events::{self, Candidate, Routing};
use crate::store::runs::commands::{self, NewMessage};
use crate::store::runs::journal::Hash;
use crate::text::without_nul;
use filters::Matcher;
use joins::Joins;
use look_back::LookBack;
use subscriptions::Patience;

/// Rows read at once: events with their bodies, runs that wait. Nothing ends there: the next page follows.
const PAGE: i64 = 100;
/// Runs read at once that wait for an event.
const WAITING_PAGE: i64 = 5_000;
/// Messages of one transaction, and the bytes of events in them together.
const MESSAGES_MAX: usize = 1_000;
const MESSAGES_BYTES_MAX: usize = 8 << 20;

/// An event as filters see it.
pub(super) struct Seen {
    pub(super) id: Uuid,
    pub(super) source: String,
    pub(super) envelope: Arc<Value>,
}

/// Whom an event reached.
#[derive(Debug, Default)]
pub(super) struct Routed {
    /// Runs that it started, alone or with events before it.
    pub(super) runs: Vec<RunId>,
    /// Runs that waited for it.
    pub(super) resumed: Vec<RunId>,
    /// Whether it waits in a join for other events.
    pub(super) gathered: bool,
}

impl From<Routing> for Routed {
    fn from(there: Routing) -> Self {
        Self { runs: there.runs, resumed: there.resumed, gathered: there.gathered }
    }
}

/// Brings events to the runs that wait for them, and to event joins.
pub(super) struct Router {
    context: Arc<Context>,
    look_back: Arc<LookBack>,
    joins: Arc<Joins>,
}

impl Router {
    pub(super) fn new(context: &Arc<Context>, look_back: &Arc<LookBack>, joins: &Arc<Joins>) -> Self {
        Self { context: Arc::clone(context), look_back: Arc::clone(look_back), joins: Arc::clone(joins) }
    }

    /// Tells the runs that wait for an event, and lets it start a run with others.
    pub(super) async fn route(&self, event: Uuid) -> Result<Routed, StoreError> {
        for candidate in events::unrouted(&self.context.crowd, Some(event), None, 1).await? {
            let routed = self.route_one(candidate).await?;
            if !routed.gathered {
                return Ok(routed);
            }
            self.joins.start_joined(Some(event)).await?;
        }
        // Read back, for a sweep may have been faster.
        let mut connection = self.context.crowd.acquire().await?;
        Ok(events::routing(&mut connection, event).await?.into())
    }

    /// What a crash left undone: events that reached no run. One that cannot be handled is set aside. The first failure is given
    /// back, after all were tried.
    pub(super) async fn catch_up_on_events(&self) -> Result<(), StoreError> {
        let (mut after, mut outcome) = (None, Ok(()));
        loop {
            let page = events::unrouted(&self.context.pool, None, after, PAGE).await?;
            after = page.last().map(|candidate| candidate.id);
            let is_last = is_last(&page, PAGE);
            for candidate in page {
                let id = candidate.id;
                let routed = match self.route_one(candidate).await {
                    Err(error) => self.set_event_aside(id, error).await,
                    Ok(_) => Ok(()),
                };
                self.context.membership.health.came_round("events");
                match routed {
                    Err(error) if error.is_disconnected() => return Err(error),
                    routed => outcome = outcome.and(routed),
                }
            }
            if is_last {
                return outcome;
            }
        }
    }

    /// An event that cannot be handled, however often it is tried, is left to a person. Gives back what is no fault of the
    /// event.
    async fn set_event_aside(&self, event: Uuid, error: StoreError) -> Result<(), StoreError> {
        if !error.is_about_values() {
            return Err(error);
        }
        if !self.context.membership.health.is_hopeless(event) {
            warn!(%event, %error, "cannot notify the runs that wait for an event, trying again later");
            return Ok(());
        }
        error!(%event, %error, "an event cannot be handled and is set aside as rejected; replay it once the cause is fixed");
        let message = without_nul(format!("set aside, no run was notified: {error}")).0;
        let detail = json!({ "errors": [{ "pointer": "", "message": message }] }).to_string();
        events::set_aside(&self.context.pool, event, &detail).await
    }

    async fn route_one(&self, candidate: Candidate) -> Result<Routed, StoreError> {
        let bytes = candidate.body.len();
        let event_type = candidate.r#type.clone();
        let event = read(candidate)?;
        let fitting: Vec<((RunId, i32), Vec<i16>)> = self.who_waits(&event_type, &event).await?.into_iter().collect();
        let mut resumed: Vec<RunId> = fitting.iter().map(|((run, _), _)| *run).collect();
        resumed.dedup();
        let patience = Patience::unlimited();
        let matcher = Matcher::new(&self.context.evaluator, &patience, &event.envelope);
        let (joiners, _) = self.joins.joiners(&matcher).await;
        let at_once = (MESSAGES_BYTES_MAX / bytes.max(1)).clamp(1, MESSAGES_MAX);
        let last = fitting.len().saturating_sub(1) / at_once * at_once;
        for some in fitting[..last].chunks(at_once) {
            let mut transaction = self.context.crowd.begin().await?;
            let there = events::routing(&mut transaction, event.id).await?;
            if there.routed {
                return Ok(there.into());
            }
            let told = tell_all(&mut transaction, some, &event).await?;
            events::resumed_some(&mut transaction, event.id, &told).await?;
            transaction.commit().await?;
            self.context.node().wakes.wake(Look::Commands);
        }
        let mut transaction = self.context.crowd.begin().await?;
        let there = events::routing(&mut transaction, event.id).await?;
        if there.routed {
            return Ok(there.into());
        }
        let told = tell_all(&mut transaction, &fitting[last..], &event).await?;
        let gathered = self.joins.join_events(&mut transaction, &event, &joiners).await?;
        events::routed(&mut transaction, event.id, &told, gathered).await?;
        transaction.commit().await?;
        if !resumed.is_empty() {
            self.context.node().wakes.wake(Look::Commands);
        }
        Ok(Routed { runs: Vec::new(), resumed, gathered })
    }

    /// Every `listen` that waits for an event, with those of its filters that the event fits. A run gets an event once, so all
    /// of them must be known before.
    async fn who_waits(&self, event_type: &str, event: &Seen) -> Result<BTreeMap<(RunId, i32), Vec<i16>>, StoreError> {
        let mut fitting: BTreeMap<(RunId, i32), Vec<i16>> = BTreeMap::new();
        for wanted in [event_type, ""] {
            for kind in listeners::kinds(&self.context.crowd, wanted).await? {
                for key in self.fits(&kind, event).await {
                    let mut after = None;
                    loop {
                        let page =
                            listeners::waiting(&self.context.crowd, wanted, &kind, &key, after, WAITING_PAGE).await?;
                        after = page.last().copied();
                        for waiting in &page {
                            fitting.entry((waiting.run_id, waiting.execution)).or_default().push(waiting.filter);
                        }
                        if is_last(&page, WAITING_PAGE) {
                            break;
                        }
                    }
                }
            }
        }
        Ok(fitting)
    }

    /// The keys under which runs of this kind wait for the event; none if it does not match their filter at all.
    async fn fits(&self, kind: &str, event: &Seen) -> Vec<Hash> {
        match self.look_back.filter_of(kind).await {
            Some(asked) => self.look_back.keys_for(&asked, event).await,
            None => Vec::new(),
        }
    }
}

fn is_last<T>(page: &[T], limit: i64) -> bool {
    page.len() < usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Leaves a message for each of these; gives the runs that were not told before.
async fn tell_all(
    conn: &mut PgConnection,
    fitting: &[((RunId, i32), Vec<i16>)],
    event: &Seen,
) -> Result<Vec<RunId>, StoreError> {
    if fitting.is_empty() {
        return Ok(Vec::new());
    }
    let messages: Vec<_> = fitting.iter().map(|(to, filters)| message(*to, filters, event)).collect();
    let mut told = commands::tell(conn, &messages.iter().collect::<Vec<_>>()).await?;
    told.sort_unstable();
    told.dedup();
    Ok(told)
}

fn message((run, execution): (RunId, i32), filters: &[i16], event: &Seen) -> NewMessage {
    let mut filters: Vec<u16> = filters.iter().filter_map(|filter| u16::try_from(*filter).ok()).collect();
    filters.sort_unstable();
    let message = Message::Event {
        execution: ExecutionId::try_from(execution).unwrap_or_default(),
        filters,
        event: Arc::clone(&event.envelope),
    };
    NewMessage {
        id: Uuid::now_v7(),
        run,
        message: serde_json::to_string(&message).unwrap_or_else(|_| "null".to_owned()),
        actor: format!("source:{}", event.source),
        event: Some((event.id, execution)),
        is_kept: false,
    }
}

/// An event as filters see it; none if it cannot be read.
pub(super) fn seen(candidate: Candidate) -> Option<Seen> {
    read(candidate).ok()
}

fn read(candidate: Candidate) -> Result<Seen, StoreError> {
    let Candidate { id, source, attributes, data, body, .. } = candidate;
    let unreadable = |e: serde_json::Error| StoreError::Unreadable { table: "events", why: format!("{id}: {e}") };
    let attributes: Map<String, Value> = serde_json::from_str(&attributes).map_err(unreadable)?;
    let data = match &data {
        Some(data) => serde_json::from_str(data).map_err(unreadable)?,
        None => serde_json::from_slice(&body).map_err(unreadable)?,
    };
    Ok(Seen { id, source, envelope: Arc::new(envelope(attributes.into_iter(), data)) })
}

/// A CloudEvent as JSON.
pub(super) fn envelope(attributes: impl Iterator<Item = (String, Value)>, data: Value) -> Value {
    let mut members = Map::new();
    members.insert("specversion".to_owned(), "1.0".into());
    members.extend(attributes);
    members.insert("data".to_owned(), data);
    Value::Object(members)
}

#[cfg(test)]
mod tests;
