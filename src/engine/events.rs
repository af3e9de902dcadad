//! Events and the runs that wait for them. An event that comes finds who waits by an index; a run that begins to wait
//! looks at what came before. Both look after their own commit, so one of the two sees the other; whoever was told already
//! is not told again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tracing::{error, warn};
use uuid::Uuid;

use super::Inner;
use super::consequences::{Kind, key};
use crate::dsl::TaskKind;
use crate::machine::{ExecutionId, Message, RunId};
use crate::store::commands::{self, NewMessage};
use crate::store::events::{self, Candidate, Routing};
use crate::store::journal::Hash;
use crate::store::listeners::Unchecked;
use crate::store::{StoreError, listeners};
use crate::text::without_nul;

/// Runs that one event may wake at once; the rest follow with the next sweep.
const WAITING_MAX: i64 = 10_000;
/// Earlier events that a run looks at when it begins to wait.
const MISSED_MAX: i64 = 1_000;
/// Events and runs looked at in one sweep.
const SWEEP_MAX: i64 = 200;

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
    /// Whether it waits for others with which it starts a run.
    pub(super) gathered: bool,
}

impl From<Routing> for Routed {
    fn from(there: Routing) -> Self {
        Self { runs: there.runs, resumed: there.resumed, gathered: there.gathered }
    }
}

impl Inner {
    /// Tells the runs that wait for an event, and lets it start a run with others.
    pub(super) async fn route(self: &Arc<Self>, event: Uuid) -> Result<Routed, StoreError> {
        for candidate in events::unrouted(&self.pool, Some(event), 1).await? {
            let routed = self.route_one(candidate).await?;
            if !routed.gathered {
                return Ok(routed);
            }
            self.start_gathered(Some(event)).await?;
        }
        // Read back, for a sweep may have been faster.
        let mut connection = self.pool.acquire().await?;
        Ok(events::routing(&mut connection, event).await?.into())
    }

    /// What a crash left undone: events that nobody was told of. One that cannot be handled is set aside.
    pub(super) async fn catch_up_on_events(self: &Arc<Self>) -> Result<(), StoreError> {
        for candidate in events::unrouted(&self.pool, None, SWEEP_MAX).await? {
            let id = candidate.id;
            if let Err(error) = self.route_one(candidate).await {
                self.set_event_aside(id, error).await?;
            }
        }
        Ok(())
    }

    /// An event that cannot be handled, however often it is tried, is left to a person. Gives back what is no fault of the
    /// event.
    async fn set_event_aside(&self, event: Uuid, error: StoreError) -> Result<(), StoreError> {
        if !error.is_about_values() {
            return Err(error);
        }
        if !self.health.is_hopeless(event) {
            warn!(%event, %error, "the runs that wait for an event are told later");
            return Ok(());
        }
        error!(%event, %error, "an event cannot be handled and is set aside as rejected; replay it once the cause is fixed");
        let message = without_nul(format!("set aside, nobody was told of it: {error}")).0;
        let detail = json!({ "errors": [{ "pointer": "", "message": message }] }).to_string();
        events::set_aside(&self.pool, event, &detail).await
    }

    /// What a crash left undone: runs that did not look at earlier events yet. The first failure is given back, after all
    /// were tried.
    pub(super) async fn look_back_for_all(&self) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for run in listeners::unchecked_runs(&self.pool, SWEEP_MAX).await? {
            match self.look_back(run).await {
                Err(error) if error.is_about_values() => {
                    error!(run.id = %run, %error, "a run cannot look at the events that came before it began to wait");
                    outcome = outcome.and(Err(error));
                }
                done => done?,
            }
        }
        outcome
    }

    async fn route_one(&self, candidate: Candidate) -> Result<Routed, StoreError> {
        let event_type = candidate.r#type.clone();
        let event = read(candidate)?;
        let mut fitting: BTreeMap<(RunId, i32), Vec<i16>> = BTreeMap::new();
        for wanted in [event_type.as_str(), ""] {
            for kind in listeners::kinds(&self.pool, wanted).await? {
                for key in self.fits(&kind, &event).await.unwrap_or_default() {
                    for waiting in listeners::waiting(&self.pool, wanted, &kind, &key, WAITING_MAX).await? {
                        fitting.entry((waiting.run_id, waiting.execution)).or_default().push(waiting.filter);
                    }
                }
            }
        }
        let messages: Vec<_> = fitting.iter().map(|(to, filters)| message(*to, filters, &event)).collect();
        let mut resumed: Vec<RunId> = fitting.keys().map(|(run, _)| *run).collect();
        resumed.dedup();
        let gatherers = self.gatherers(&event.envelope).await;
        let mut transaction = self.pool.begin().await?;
        let there = events::routing(&mut transaction, event.id).await?;
        if there.routed {
            return Ok(there.into());
        }
        if !messages.is_empty() {
            commands::tell(&mut transaction, &messages.iter().collect::<Vec<_>>()).await?;
        }
        let gathered = self.gather(&mut transaction, &event, &gatherers).await?;
        events::routed(&mut transaction, event.id, &resumed, gathered).await?;
        transaction.commit().await?;
        if !resumed.is_empty() {
            self.node().sweep.notify_one();
        }
        Ok(Routed { runs: Vec::new(), resumed, gathered })
    }

    /// Shows a run that begins to wait the events that came before.
    pub(super) async fn look_back(&self, run: RunId) -> Result<(), StoreError> {
        let mut waiting: BTreeMap<i32, Vec<Unchecked>> = BTreeMap::new();
        for unchecked in listeners::unchecked(&self.pool, run).await? {
            waiting.entry(unchecked.execution).or_default().push(unchecked);
        }
        for (execution, filters) in waiting {
            let under_way = listeners::under_way(&self.pool).await?;
            if filters.iter().any(|f| f.settles.is_some_and(|settles| under_way.oldest < settles)) {
                continue;
            }
            let messages = self.missed(run, execution, &filters).await?;
            let ids: Vec<Uuid> = messages.iter().filter_map(|m| m.event.map(|(id, _)| id)).collect();
            if !messages.is_empty() {
                let mut transaction = self.pool.begin().await?;
                commands::tell(&mut transaction, &messages.iter().collect::<Vec<_>>()).await?;
                for id in ids {
                    events::resumed(&mut transaction, id, run).await?;
                }
                transaction.commit().await?;
                self.node().sweep.notify_one();
            }
            for filter in filters {
                // Whatever was under way at the first look may still bring an event that saw nobody wait.
                let settles = filter.settles.is_none().then_some(under_way.next);
                listeners::looked(&self.pool, run, &filter, settles).await?;
            }
        }
        Ok(())
    }

    /// What a `listen` missed, oldest first.
    async fn missed(&self, run: RunId, execution: i32, filters: &[Unchecked]) -> Result<Vec<NewMessage>, StoreError> {
        let kept = self.settings.events_kept.as_secs_f64();
        let mut candidates = BTreeMap::new();
        for filter in filters {
            let found = events::missed(&self.pool, run, filter, kept, MISSED_MAX).await?;
            candidates.extend(found.into_iter().map(|candidate| (candidate.id, candidate)));
        }
        let mut messages = Vec::new();
        for event in candidates.into_values().filter_map(seen) {
            let mut fitting = Vec::new();
            for filter in filters {
                let keys = self.fits(&filter.kind, &event).await.unwrap_or_default();
                if keys.iter().any(|key| key.as_slice() == filter.key) {
                    fitting.push(filter.filter);
                }
            }
            if !fitting.is_empty() {
                messages.push(message((run, execution), &fitting, &event));
            }
        }
        Ok(messages)
    }

    /// The keys under which runs of this kind wait for the event; none if it does not fit their filter at all.
    async fn fits(&self, kind: &str, event: &Seen) -> Option<Vec<Hash>> {
        let parsed = Kind::parse(kind)?;
        let loaded = match self.definition_of(parsed.definition).await {
            Ok(loaded) => loaded,
            Err(error) => {
                warn!(%error, kind, "an event cannot be matched");
                return None;
            }
        };
        let task = loaded.definition.task(*loaded.definition.by_reference.get(parsed.task)?);
        let TaskKind::Listen(listen) = &task.kind else { return None };
        match listen.strategy.filter(usize::try_from(parsed.filter).ok()?) {
            Some(filter) => self.keys_of(filter, &event.envelope).await,
            // An empty `any` takes everything.
            None => Some(vec![key(&[])]),
        }
    }
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
