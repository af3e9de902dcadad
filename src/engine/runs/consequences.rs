//! Effects that are rows: they are written in the transaction of the records that they follow from.

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tracing::warn;
use uuid::Uuid;

use crate::canonical;
use crate::dsl::{EventFilter, ListenTask, TaskKind, Wanted};
use crate::engine::Inner;
use crate::engine::catalog::Loaded;
use crate::engine::node::loops::Look;
use crate::engine::settings::Sink;
use crate::engine::tasks;
use crate::machine::{
    Act, Change, CompensationEnd, Decision, Effect, Listening, Message, Record, Run, RunId, Status, lifecycle,
};
use crate::store::events::listeners::NewListener;
use crate::store::events::outgoing::NewOutgoing;
use crate::store::runs::commands::NewMessage;
use crate::store::runs::commit::Consequences;
use crate::store::runs::journal::Hash;
use crate::store::runs::queues::ConcurrencyKey;

/// What is to be written for a decision about a run that was `before`.
pub(in crate::engine) fn consequences(
    loaded: &Loaded,
    before: &Run,
    decision: &Decision,
    sinks: &[Sink],
) -> Consequences {
    let mut found = Consequences::default();
    let Decision { run, records, effects } = decision;
    tell_life_cycle(loaded, before, run, records, sinks, &mut found);
    if loaded.definition.metadata.serialize {
        found.enters = concurrency_key(loaded, run).filter(|_| run.queued && before.started_at.is_none());
        found.leaves = concurrency_key(loaded, run).filter(|_| run.is_closed() && !before.is_closed());
    }
    found.tasks = tasks::changes(loaded, before, decision);
    found.thawed = records.iter().any(|r| matches!(r.change, Change::OperatorActed { act: Act::Resume, .. }));
    found.undoing = run.parent.is_none_or(|parent| !parent.awaits) && records.iter().any(is_undone_by_fault);
    found.undone = run.status == Status::Compensated && run.is_closed() && !before.is_closed();
    for effect in effects {
        match effect {
            Effect::Listen { execution, listening } => {
                let Some(open) = run.execution(*execution) else { continue };
                let task = loaded.definition.task(open.task);
                let TaskKind::Listen(listen) = &task.kind else { continue };
                // Nothing routes the answer of a person: it is addressed to the step.
                let routed = listening.iter().filter(|listening| listening.asks.is_none());
                for (filter, listening) in (0_i16..).zip(routed) {
                    let execution = i32::try_from(*execution).unwrap_or(i32::MAX);
                    let kind = Kind { definition: loaded.id, filter, task: &task.reference };
                    found.listeners.push(listener(execution, &kind, listen, listening));
                }
            }
            Effect::Unlisten { execution } => found.unlisten.push(i32::try_from(*execution).unwrap_or(i32::MAX)),
            Effect::Emit { event } => {
                found.outgoing.push(outgoing(event, None));
                found.outgoing.extend(sinks.iter().filter(|sink| sink.wants(event)).map(|s| outgoing(event, Some(s))));
            }
            Effect::Tell { run: other, message } => {
                // A child whose start was on its way when its parent gave it up may exist later: it is told to stop all the same.
                let is_kept = matches!(message, Message::Stop { .. });
                let message = serde_json::to_string(message).unwrap_or_else(|_| "null".to_owned());
                let actor = format!("run:{}", run.id);
                found.messages.push(NewMessage {
                    id: Uuid::now_v7(),
                    run: *other,
                    message,
                    actor,
                    event: None,
                    is_kept,
                });
            }
            Effect::Call { .. } | Effect::Abort { .. } | Effect::StartChild { .. } | Effect::Continue => {}
        }
    }
    found
}

/// Whether a record says that a run undoes its work because of a fault, and not because a person wanted that.
fn is_undone_by_fault(record: &Record) -> bool {
    let end = CompensationEnd::Compensated;
    matches!(&record.change, Change::CompensationStarted { error: Some(_), end: to, .. } if *to == end)
}

/// Where a run waits for those with the same key.
fn concurrency_key(loaded: &Loaded, run: &Run) -> Option<ConcurrencyKey> {
    let workflow = &loaded.definition.workflow;
    let (namespace, name) = (workflow.namespace.clone(), workflow.name.clone());
    run.key.clone().map(|key| ConcurrencyKey { namespace, name, key })
}

/// Life-cycle events go only to sinks that ask for them.
fn tell_life_cycle(
    loaded: &Loaded,
    before: &Run,
    run: &Run,
    records: &[Record],
    sinks: &[Sink],
    found: &mut Consequences,
) {
    if !sinks.iter().any(|sink| sink.lifecycle) {
        return;
    }
    for event in lifecycle::events(&loaded.definition, before, run, records) {
        let wanting = sinks.iter().filter(|sink| sink.lifecycle && sink.wants(&event));
        found.outgoing.extend(wanting.map(|sink| outgoing(&event, Some(sink))));
    }
}

fn outgoing(event: &Value, sink: Option<&Sink>) -> NewOutgoing {
    NewOutgoing { id: Uuid::now_v7(), event: event.to_string(), sink: sink.map(|sink| sink.name.clone()) }
}

/// What all runs that wait at one filter of one task have in common.
pub(in crate::engine) struct Kind<'a> {
    pub(in crate::engine) definition: i32,
    pub(in crate::engine) filter: i16,
    pub(in crate::engine) task: &'a str,
}

impl<'a> Kind<'a> {
    fn text(&self) -> String {
        format!("{}:{}:{}", self.definition, self.filter, self.task)
    }

    /// Reads back what [`Kind::text`] wrote.
    pub(in crate::engine) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let (definition, filter, task) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { definition: definition.parse().ok()?, filter: filter.parse().ok()?, task })
    }
}

fn listener(execution: i32, kind: &Kind<'_>, listen: &ListenTask, listening: &Listening) -> NewListener {
    let filter = usize::try_from(kind.filter).ok().and_then(|n| listen.strategy.filter(n));
    let parts = filter.map(|filter| own_parts(filter, listening)).unwrap_or_default();
    NewListener {
        execution,
        filter: kind.filter,
        event_type: listening.with.get("type").cloned().unwrap_or_default(),
        kind: kind.text(),
        key: key(&parts),
    }
}

/// What a run waits for beyond what stands in its definition: computed attributes, expected correlations.
fn own_parts(filter: &EventFilter, listening: &Listening) -> Vec<Value> {
    let computed = filter.with.iter().filter(|(_, wanted)| matches!(wanted, Wanted::Computed(_)));
    let attributes = computed.map(|(name, _)| listening.with.get(name).cloned().map_or(Value::Null, Value::String));
    let expected = filter.correlate.iter().filter(|c| c.expect.is_some());
    let values = expected.map(|c| listening.correlate.get(&c.name).cloned().unwrap_or_default());
    attributes.chain(values).collect()
}

/// The hash under which a run waits, and under which an event looks for it. Equal values have the same.
pub(in crate::engine) fn key(parts: &[Value]) -> Hash {
    hash_of(parts.iter().map(canonical::text))
}

/// The hash under which versions up to 0.1 let runs wait: values that were written differently had different ones. Runs that
/// such a node left waiting are still found by it.
pub(in crate::engine) fn key_as_written(parts: &[Value]) -> Hash {
    hash_of(parts.iter().map(Value::to_string))
}

fn hash_of(parts: impl Iterator<Item = String>) -> Hash {
    let mut hash = Sha256::new();
    for text in parts {
        hash.update(text.len().to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

/// What is worth looking at as soon as consequences are committed; without it the next sweep would.
#[derive(Default)]
pub(in crate::engine) struct Nudge {
    listening: Vec<RunId>,
    outgoing: bool,
    messages: bool,
}

impl Nudge {
    pub(super) fn note(&mut self, run: RunId, consequences: &Consequences) {
        if !consequences.listeners.is_empty() {
            self.listening.push(run);
        }
        self.outgoing |= !consequences.outgoing.is_empty();
        // Others may be told that it is their turn.
        let moves_queue = consequences.enters.is_some() || consequences.leaves.is_some();
        self.messages |= !consequences.messages.is_empty() || moves_queue;
    }

    pub(super) fn carry_out(self, inner: &Arc<Inner>) {
        if self.outgoing {
            inner.outgoing.notify_one();
        }
        if self.messages {
            inner.node().wakes.wake(Look::Commands);
        }
        for run in self.listening {
            let Ok(place) = Arc::clone(&inner.looking_back).try_acquire_owned() else {
                // Many begin to wait at once: the loop looks for all of them.
                return inner.node().wakes.wake(Look::Listeners);
            };
            let inner = Arc::clone(inner);
            tokio::spawn(async move {
                let _place = place;
                if let Err(error) = inner.look_back(run).await {
                    warn!(%error, run.id = %run, "cannot check earlier events yet, trying again later");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_back_as_it_was_written() {
        let kind = Kind { definition: 12, filter: 3, task: "/do/0/wait:for:it" };
        let text = kind.text();
        let back = Kind::parse(&text).unwrap();
        assert_eq!((back.definition, back.filter, back.task), (12, 3, "/do/0/wait:for:it"));
    }

    #[test]
    fn keys_of_different_parts_differ() {
        let text = |text: &str| Value::from(text);
        assert_ne!(key(&[text("a"), text("b")]), key(&[text("ab")]));
        assert_ne!(key(&[17.into()]), key(&[text("17")]));
    }

    #[test]
    fn equal_values_have_one_key_however_they_are_written() {
        let of = |text: &str| key(&[serde_json::from_str(text).unwrap()]);
        assert_eq!(of("1004"), of("1004.0"));
        assert_eq!(of(r#"{"a": 1, "b": [2.50]}"#), of(r#"{"b": [2.5], "a": 1e0}"#));
    }
}
