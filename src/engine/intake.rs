//! How an event is accepted and starts runs, and how any start is committed. Nothing is acknowledged before that.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tracing::warn;
use uuid::Uuid;

use super::batch::{Accept, AcceptOutcome, FirstStep};
use super::catalog::Loaded;
use super::consequences::{Nudge, consequences};
use super::driver::{Driven, First, change_of, drive, state_of, stays};
use super::events::{Routed, envelope};
use super::follow::Snapshot;
use super::mailbox::Mailbox;
use super::node::Node;
use super::starts::Cause;
use super::{AcceptError, Accepted, IncomingEvent, Inner, OtherBytes, RunChange};
use crate::dsl::Definition;
use crate::machine::view::RunHead;
use crate::machine::{Actor, Begin, Effect, Fact, Record, Rejected, Run, RunId, SchemaViolation, Started, Time};
use crate::store::acts::StartAct;
use crate::store::commit::{NewEvent, NewRun};
use crate::store::journal;

/// A run that is decided but not committed.
pub(super) struct Prepared {
    pub(super) first: FirstStep,
    loaded: Loaded,
    records: Vec<Record>,
    /// What live views and metrics are told after the commit, whether or not the run stays in memory.
    change: RunChange,
    /// Set when this node drives it: what to do after the commit.
    here: Option<Here>,
}

impl Prepared {
    /// The run as its commit will leave it.
    pub(super) fn snapshot(&mut self) -> Snapshot {
        let new = &self.first.run;
        Snapshot {
            definition: Arc::clone(&self.loaded.definition),
            head: RunHead { id: new.id, parent: new.parent_id, created_at: new.created_at, wake_at: new.state.wake_at },
            records: std::mem::take(&mut self.records),
            settled: self.change.is_settled(),
        }
    }
}

struct Here {
    driven: Driven,
    effects: Vec<Effect>,
    mailbox: Arc<Mailbox>,
}

impl Inner {
    /// Whether more work may come in.
    pub(super) fn admits(&self, node: &Node) -> Result<(), String> {
        if node.draining.is_cancelled() {
            return Err("the node is going down".to_owned());
        }
        if !node.is_alive() {
            return Err("the database is not available".to_owned());
        }
        if self.committer.depth() >= self.settings.queue_max {
            return Err("the node is full".to_owned());
        }
        Ok(())
    }

    pub(super) async fn accept(self: Arc<Self>, mut event: IncomingEvent) -> Result<Accepted, AcceptError> {
        event.hide(&self.redactor());
        let node = self.node();
        self.admits(&node).map_err(AcceptError::Unavailable)?;
        let id = Uuid::now_v7();
        let now = self.clock.now();
        let mut prepared = Vec::new();
        let mut violations = Vec::new();
        let envelope = envelope_of(&event);
        for definition in self.subscribers(&envelope).await {
            let started = Started {
                input: Arc::new(Value::Array(vec![event.data.clone()])),
                event: Some(id),
                parent: None,
                actor: Actor(format!("source:{}", event.source)),
                environment: self.environment.clone(),
                begin: self.begin_here(&node),
            };
            match self.prepare(&node, &definition, RunId::now_v7(), started, now).await {
                Ok(run) => prepared.push(run),
                Err(rejected) => violations.extend(explain(rejected)),
            }
        }
        let runs: Vec<RunId> = prepared.iter().map(|p| p.first.run.id).collect();
        let outcome = match (runs.is_empty(), violations.is_empty()) {
            (false, _) => "run",
            (true, true) => "unmatched",
            (true, false) => "rejected",
        };
        let mut new_event = new_event(&event, id, now, outcome, runs.clone(), &violations);
        new_event.awaited = !self.gatherers(&envelope).await.is_empty();
        let cause = Cause { by: "event", source: Some(event.source.clone()) };
        match self.commit_accept(&node, cause, Some(new_event), prepared, None).await {
            AcceptOutcome::Done { awaited } => {
                let routed = if awaited { self.tell_waiting(id).await } else { Routed::default() };
                let others = routed.runs.into_iter().filter(|run| !runs.contains(run)).collect::<Vec<_>>();
                let runs = [runs, others].concat();
                let is_wanted = !runs.is_empty() || !routed.resumed.is_empty() || routed.gathered;
                match (is_wanted, violations.is_empty()) {
                    (true, _) => Ok(Accepted::Started { event: id, runs, resumed: routed.resumed }),
                    (false, true) => Ok(Accepted::Unmatched { event: id }),
                    (false, false) => Ok(Accepted::Refused { event: id, violations }),
                }
            }
            AcceptOutcome::Duplicate { event, runs, resumed, is_same: true } => {
                Ok(Accepted::Duplicate { event, runs, resumed })
            }
            AcceptOutcome::Duplicate { event: first, .. } => {
                Err(AcceptError::Conflict { first, source_name: event.source, event_id: event.event_id })
            }
            AcceptOutcome::Refused(why) => Err(AcceptError::Refused(why)),
            AcceptOutcome::Failed(why) => Err(AcceptError::Unavailable(why)),
        }
    }

    /// Tells the runs that wait for a stored event. What goes wrong here is made good by a sweep.
    async fn tell_waiting(self: &Arc<Self>, event: Uuid) -> Routed {
        self.route(event).await.unwrap_or_else(|error| {
            warn!(%error, %event, "the runs that wait for an event are told later");
            Routed::default()
        })
    }

    /// A full node leaves new runs in the database for whoever has room.
    pub(super) fn begin_here(&self, node: &Node) -> Begin {
        if node.load() < self.settings.runs_max { Begin::Now } else { Begin::Later }
    }

    /// The latest version of each workflow that wants the event.
    async fn subscribers(&self, envelope: &Value) -> Vec<Arc<Definition>> {
        let deployed = self.catalog.deployed();
        let mut wanted = Vec::new();
        for definition in deployed.definitions.values().filter_map(|versions| versions.first()) {
            for trigger in &definition.triggers {
                if self.start_key(trigger, envelope).await.is_some() {
                    wanted.push(Arc::clone(definition));
                    break;
                }
            }
        }
        wanted
    }

    pub(super) async fn prepare(
        &self,
        node: &Node,
        definition: &Arc<Definition>,
        id: RunId,
        started: Started,
        now: Time,
    ) -> Result<Prepared, Rejected> {
        let definition_id = self.catalog.id_of(&definition.workflow).unwrap_or_default();
        let loaded = Loaded { id: definition_id, definition: Arc::clone(definition) };
        let (event_id, begin) = (started.event, started.begin);
        let parent_id = started.parent.map(|parent| parent.run);
        let unborn = Run::new(id);
        let decision = self.decide(&loaded, &unborn, Fact::Started(Box::new(started)), now).await?;
        let (rows, head) = journal::encode(&decision.records, 0, journal::genesis(id))
            .map_err(|e| Rejected::KeyRefused(e.to_string()))?;
        let here = begin == Begin::Now && stays(self, node, &decision.run, &decision.effects);
        let mut state = state_of(&loaded, &decision.run, head, here.then_some(node.id));
        if begin == Begin::Later && !decision.run.queued {
            state.wake_at = Some(now);
        }
        let key = decision.run.key.clone();
        let new = NewRun { id, definition_id: loaded.id, event_id, parent_id, key, created_at: now, state };
        let consequences = consequences(&loaded, &unborn, &decision, &self.settings.sinks);
        let change = change_of(&loaded, &decision.run, now);
        let here = here.then(|| Here {
            mailbox: node.expect_run(id),
            effects: decision.effects,
            driven: Driven { run: decision.run, loaded: loaded.clone(), fence: 1, head, last_at: now },
        });
        let first = FirstStep { run: new, rows, consequences };
        Ok(Prepared { first, loaded, records: decision.records, change, here })
    }

    /// Commits, then begins to drive what belongs to this node. Runs in a task of its own: a sender that hangs up between
    /// commit and answer strands nothing.
    pub(super) async fn commit_accept(
        self: &Arc<Self>,
        node: &Arc<Node>,
        cause: Cause,
        event: Option<NewEvent>,
        prepared: Vec<Prepared>,
        act: Option<StartAct>,
    ) -> AcceptOutcome {
        let inner = Arc::clone(self);
        let node = Arc::clone(node);
        let (reply, outcome) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let mut runs = Vec::with_capacity(prepared.len());
            let (mut here, mut begun) = (Vec::with_capacity(prepared.len()), Vec::with_capacity(prepared.len()));
            let mut nudge = Nudge::default();
            for Prepared { first, here: mine, change, loaded, .. } in prepared {
                here.extend(mine);
                begun.push((loaded, change));
                nudge.note(first.run.id, &first.consequences);
                runs.push(first);
            }
            let is_counted = event.as_ref().is_some_and(|event| event.counted.is_some());
            let done = inner.committer.accept(Accept { event, runs, act }).await;
            let committed = matches!(done, AcceptOutcome::Done { .. });
            if committed {
                for (loaded, change) in begun {
                    inner.has_begun(&cause, &loaded.definition, change);
                }
                nudge.carry_out(&inner);
            }
            if committed && is_counted {
                inner.counted.notify_one();
            }
            // Nobody waiting for the answer is no error: the run goes on.
            let _ = reply.send(done);
            for here in here {
                begin_driving(&inner, &node, here, committed);
            }
        });
        match tokio::time::timeout(ACCEPT_WAIT_MAX, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => AcceptOutcome::Failed("the node is going down".to_owned()),
            Err(_) => AcceptOutcome::Failed("the database did not answer in time".to_owned()),
        }
    }
}

/// Drives a run that was just committed; forgets it if it was not.
fn begin_driving(inner: &Arc<Inner>, node: &Arc<Node>, here: Here, committed: bool) {
    let Here { driven, effects, mailbox } = here;
    if !committed {
        node.forget(driven.run.id);
        return;
    }
    tokio::spawn(drive(Arc::clone(inner), Arc::clone(node), driven, First::Effects(effects), mailbox));
}

/// How long an event may wait for its commit before its sender is told to try again. Senders wait five to ten seconds.
const ACCEPT_WAIT_MAX: std::time::Duration = std::time::Duration::from_secs(4);

fn envelope_of(event: &IncomingEvent) -> Value {
    let attributes = event.attributes.iter().map(|(name, value)| (name.clone(), Value::String(value.clone())));
    envelope(attributes, event.data.clone())
}

pub(super) fn explain(rejected: Rejected) -> Vec<SchemaViolation> {
    match rejected {
        Rejected::InputRefused(violations) => violations,
        other => vec![SchemaViolation { pointer: String::new(), message: other.to_string() }],
    }
}

fn new_event(
    event: &IncomingEvent,
    id: Uuid,
    now: Time,
    outcome: &'static str,
    runs: Vec<RunId>,
    violations: &[SchemaViolation],
) -> NewEvent {
    let pairs = |pairs: &[(String, String)]| {
        Value::Object(pairs.iter().map(|(n, v)| (n.clone(), Value::String(v.clone()))).collect()).to_string()
    };
    NewEvent {
        id,
        source: event.source.clone(),
        event_id: event.event_id.clone(),
        r#type: event.r#type.clone(),
        received_at: now,
        headers: pairs(&event.headers),
        body: event.body.to_vec(),
        body_hash: Sha256::digest(&event.body).into(),
        attributes: pairs(&event.attributes),
        data: (!event.data_is_body).then(|| event.data.to_string()),
        outcome,
        runs,
        detail: detail(violations, event.note.as_deref()),
        awaited: false,
        counted: event.counted.clone(),
        is_proven: event.other_bytes == OtherBytes::Duplicate,
    }
}

/// Details recorded with an event's outcome: why it was rejected, or what was replaced in it.
fn detail(violations: &[SchemaViolation], note: Option<&str>) -> Option<String> {
    let mut detail = serde_json::Map::new();
    if !violations.is_empty() {
        detail.insert("errors".to_owned(), json!(violations));
    }
    detail.extend(note.map(|note| ("note".to_owned(), note.into())));
    (!detail.is_empty()).then(|| Value::Object(detail).to_string())
}
