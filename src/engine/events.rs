//! Events and the runs that wait for them. An event that comes finds who waits by an index; a run that begins to wait
//! looks at what came before. Both look after their own commit, so one of the two sees the other; whoever was told already
//! is not told again.

use std::sync::Arc;

use serde_json::{Map, Value};
use tracing::warn;
use uuid::Uuid;

use super::Inner;
use super::consequences::{Kind, key};
use crate::dsl::{EventFilter, TaskKind, Wanted};
use crate::expr::{Class, Evaluation, Expression};
use crate::machine::{ExecutionId, Message, RunId};
use crate::store::commands::{self, NewMessage};
use crate::store::events::{self, Candidate};
use crate::store::journal::Hash;
use crate::store::{StoreError, listeners};

/// Runs that one event may wake at once; the rest follow with the next sweep.
const WAITING_MAX: i64 = 10_000;
/// Earlier events that a run looks at when it begins to wait.
const MISSED_MAX: i64 = 1_000;
/// Events and runs looked at in one sweep.
const SWEEP_MAX: i64 = 200;

/// An event as filters see it.
struct Seen {
    id: Uuid,
    source: String,
    envelope: Arc<Value>,
}

impl Inner {
    /// Tells the runs that wait for an event; gives them.
    pub(super) async fn route(&self, event: Uuid) -> Result<Vec<RunId>, StoreError> {
        let mut told = Vec::new();
        for candidate in events::unrouted(&self.pool, Some(event), 1).await? {
            told.extend(self.route_one(candidate).await?);
        }
        Ok(told)
    }

    /// What a crash left undone: events that nobody was told of, runs that did not look at earlier events yet.
    pub(super) async fn catch_up_on_events(&self) -> Result<(), StoreError> {
        for candidate in events::unrouted(&self.pool, None, SWEEP_MAX).await? {
            self.route_one(candidate).await?;
        }
        for run in listeners::unchecked_runs(&self.pool, SWEEP_MAX).await? {
            self.look_back(run).await?;
        }
        Ok(())
    }

    async fn route_one(&self, candidate: Candidate) -> Result<Vec<RunId>, StoreError> {
        let event_type = candidate.r#type.clone();
        let Some(event) = seen(candidate) else { return Ok(Vec::new()) };
        let mut messages = Vec::new();
        for wanted in [event_type.as_str(), ""] {
            for kind in listeners::kinds(&self.pool, wanted).await? {
                let Some(key) = self.fits(&kind, &event).await else { continue };
                for waiting in listeners::waiting(&self.pool, wanted, &kind, &key, WAITING_MAX).await? {
                    messages.push(message(waiting.run_id, waiting.execution, waiting.filter, &event));
                }
            }
        }
        let mut runs: Vec<RunId> = messages.iter().map(|m| m.run).collect();
        runs.sort_unstable();
        runs.dedup();
        let mut transaction = self.pool.begin().await?;
        if !messages.is_empty() {
            commands::tell(&mut transaction, &messages.iter().collect::<Vec<_>>()).await?;
        }
        events::routed(&mut transaction, event.id, &runs).await?;
        transaction.commit().await?;
        if !runs.is_empty() {
            self.node().sweep.notify_one();
        }
        Ok(runs)
    }

    /// Shows a run that begins to wait the events that came before.
    pub(super) async fn look_back(&self, run: RunId) -> Result<(), StoreError> {
        for waiting in listeners::unchecked(&self.pool, run).await? {
            let under_way = listeners::under_way(&self.pool).await?;
            if waiting.settles.is_some_and(|settles| under_way.oldest < settles) {
                continue;
            }
            let kept = self.settings.events_kept.as_secs_f64();
            let mut messages = Vec::new();
            for candidate in events::missed(&self.pool, run, &waiting, kept, MISSED_MAX).await? {
                let Some(event) = seen(candidate) else { continue };
                if self.fits(&waiting.kind, &event).await.is_some_and(|key| key.as_slice() == waiting.key) {
                    messages.push(message(run, waiting.execution, waiting.filter, &event));
                }
            }
            let ids: Vec<Uuid> = messages.iter().filter_map(|m| m.event.map(|(id, _)| id)).collect();
            if !messages.is_empty() {
                let mut transaction = self.pool.begin().await?;
                commands::tell(&mut transaction, &messages.iter().collect::<Vec<_>>()).await?;
                for id in ids {
                    events::routed(&mut transaction, id, &[run]).await?;
                }
                transaction.commit().await?;
                self.node().sweep.notify_one();
            }
            // Whatever was under way at the first look may still bring an event that saw nobody wait.
            let settles = waiting.settles.is_none().then_some(under_way.next);
            listeners::looked(&self.pool, run, &waiting, settles).await?;
        }
        Ok(())
    }

    /// The key under which runs of this kind wait for the event; none if it does not fit their filter at all.
    async fn fits(&self, kind: &str, event: &Seen) -> Option<Hash> {
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
        match listen.filter(usize::try_from(parsed.filter).ok()?) {
            Some(filter) => self.key_of(filter, &event.envelope).await,
            // An empty `any` takes everything.
            None => Some(key(&[])),
        }
    }

    async fn key_of(&self, filter: &EventFilter, envelope: &Value) -> Option<Hash> {
        if !self.lets_through(filter, envelope).await {
            return None;
        }
        let mut parts = Vec::new();
        for (name, _) in filter.with.iter().filter(|(_, wanted)| matches!(wanted, Wanted::Computed(_))) {
            parts.push(envelope.get(name)?.clone());
        }
        for correlation in filter.correlate.iter().filter(|c| c.expect.is_some()) {
            let value = self.value_of(&correlation.from, envelope).await.filter(|value| !value.is_null());
            let data = envelope.get("data").unwrap_or(&Value::Null);
            parts.push(match value {
                Some(value) => value,
                None => self.value_of(&correlation.from, data).await?,
            });
        }
        Some(key(&parts))
    }

    /// Whether everything that does not depend on a run holds.
    pub(super) async fn lets_through(&self, filter: &EventFilter, envelope: &Value) -> bool {
        let fits = filter.with.iter().all(|(name, wanted)| {
            envelope.get(name).and_then(Value::as_str).is_some_and(|has| match wanted {
                Wanted::Text(text) => text == has,
                Wanted::Pattern(pattern) => pattern.is_match(has),
                Wanted::Computed(_) => true,
            })
        });
        let Some(condition) = filter.data.as_ref().filter(|_| fits) else { return fits };
        let data = envelope.get("data").unwrap_or(&Value::Null);
        !matches!(self.value_of(condition, data).await, None | Some(Value::Null | Value::Bool(false)))
    }

    /// What an expression over an event gives; none if it fails.
    async fn value_of(&self, expression: &Expression, input: &Value) -> Option<Value> {
        match expression.class() {
            Class::Bounded => expression.evaluate(input, &[]).ok(),
            Class::Unbounded => {
                let evaluation = Evaluation {
                    text: expression.text().to_owned(),
                    variables: Vec::new(),
                    input: input.clone(),
                    arguments: Vec::new(),
                };
                self.evaluator.evaluate(evaluation).await.ok()
            }
        }
    }
}

fn message(run: RunId, execution: i32, filter: i16, event: &Seen) -> NewMessage {
    let message = Message::Event {
        execution: ExecutionId::try_from(execution).unwrap_or_default(),
        filter: u16::try_from(filter).unwrap_or_default(),
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

fn seen(candidate: Candidate) -> Option<Seen> {
    let attributes: Map<String, Value> = serde_json::from_str(&candidate.attributes).ok()?;
    let data = match &candidate.data {
        Some(data) => serde_json::from_str(data).ok()?,
        None => serde_json::from_slice(&candidate.body).ok()?,
    };
    let envelope = Arc::new(envelope(attributes.into_iter(), data));
    Some(Seen { id: candidate.id, source: candidate.source, envelope })
}

/// A CloudEvent as JSON.
pub(super) fn envelope(attributes: impl Iterator<Item = (String, Value)>, data: Value) -> Value {
    let mut members = Map::new();
    members.insert("specversion".to_owned(), "1.0".into());
    members.extend(attributes);
    members.insert("data".to_owned(), data);
    Value::Object(members)
}
