//! How an event is accepted and starts runs, and how any start is committed. Nothing is acknowledged before that.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tracing::warn;
use uuid::Uuid;

use super::filters::{Matcher, attributes_fit};
use super::subscriptions::{Patience, Subscriptions, not_asked};
use super::{Routed, Router, envelope};
use crate::dsl::Definition;
use crate::engine::context::Context;
use crate::engine::node::Node;
use crate::engine::runs::Runs;
use crate::engine::runs::batch::{AcceptOutcome, LOST};
use crate::engine::runs::beginning::{PendingStart, Prepared, explain};
use crate::engine::runs::starts::Cause;
use crate::engine::{AcceptError, Accepted, IncomingEvent, OtherBytes};
use crate::machine::{Actor, RunId, SchemaViolation, Started, Time};
use crate::store::events::topics::NewPosition;
use crate::store::runs::commit::NewEvent;
use crate::store::runs::freezes::Freeze;
use crate::store::runs::journal::Source;

/// An event on its way in.
struct EventOf<'a> {
    event: &'a IncomingEvent,
    envelope: &'a Arc<Value>,
    id: Uuid,
    now: Time,
    /// Its text, which is also the input of runs.
    source: Option<&'a Source<'a>>,
}

/// What an event starts.
#[derive(Default)]
struct Matched {
    prepared: Vec<Prepared>,
    /// Why workflows that want it do not take it.
    violations: Vec<SchemaViolation>,
    /// Whether it may start a run together with others.
    is_gathered: bool,
}

impl Matched {
    fn starts_nothing(&self) -> bool {
        self.prepared.is_empty() && !self.is_gathered
    }

    /// What is stored of the event at first. Refused by all that want it, it reaches nobody else either: a sender that is told so, and
    /// a person who replays it, must not find that some have had it already.
    fn outcome(&self) -> &'static str {
        match (self.prepared.is_empty(), self.is_gathered || self.violations.is_empty()) {
            (false, _) => "run",
            (true, true) => "unmatched",
            (true, false) => "rejected",
        }
    }
}

/// Takes events in, from outside and from this hub itself.
pub(in crate::engine) struct Intake {
    pub(super) context: Arc<Context>,
    pub(super) runs: Arc<Runs>,
    router: Arc<Router>,
    /// Which subscriptions take too long.
    subscriptions: Arc<Subscriptions>,
}

impl Intake {
    pub(in crate::engine) fn new(runs: &Arc<Runs>, router: &Arc<Router>, subscriptions: Arc<Subscriptions>) -> Self {
        let context = Arc::clone(&runs.context);
        Self { context, runs: Arc::clone(runs), router: Arc::clone(router), subscriptions }
    }

    pub(in crate::engine) async fn accept(&self, event: IncomingEvent) -> Result<Accepted, AcceptError> {
        self.accept_at(event, None).await
    }

    /// The same of an event that was read from a topic: it is stored together with how far the topic has come, or not at all.
    pub(super) async fn accept_at(
        &self,
        mut event: IncomingEvent,
        position: Option<NewPosition>,
    ) -> Result<Accepted, AcceptError> {
        event.hide(&self.context.redactor());
        for _ in 0..JUDGED_MAX {
            if let Some(accepted) = self.accept_once(&event, position.clone()).await? {
                return Ok(accepted);
            }
            self.runs.freezes.forget();
        }
        Err(AcceptError::Unavailable("new freezes keep starting while the event is being matched".to_owned()))
    }

    /// None if a freeze has begun since the event was judged.
    async fn accept_once(
        &self,
        event: &IncomingEvent,
        position: Option<NewPosition>,
    ) -> Result<Option<Accepted>, AcceptError> {
        let node = self.context.node();
        self.runs.admits(&node).map_err(AcceptError::Unavailable)?;
        let id = Uuid::now_v7();
        let now = self.context.now();
        let envelope = Arc::new(envelope_of(event));
        let data = event.data.to_string();
        let stored_data = (!event.data_is_body).then_some(data.as_str());
        let source = Source::of(id, &event.body, stored_data, &data);
        let of_event = EventOf { event, envelope: &envelope, id, now, source: source.as_ref() };
        let known = self.context.catalog.deployed();
        let freezes = self.runs.freezes.in_force().await.map_err(|e| AcceptError::Unavailable(e.to_string()))?;
        let mut matched = self.match_event(&node, &of_event, &freezes).await;
        if matched.starts_nothing() {
            // No sender repeats an event that nobody wanted: a deploy that another node answered must count here, too.
            self.context
                .catalog
                .catch_up(&self.context.pool)
                .await
                .map_err(|e| AcceptError::Unavailable(e.to_string()))?;
            if !Arc::ptr_eq(&known, &self.context.catalog.deployed()) {
                matched = self.match_event(&node, &of_event, &freezes).await;
            }
        }
        drop(known);
        let outcome = matched.outcome();
        let Matched { prepared, violations, is_gathered } = matched;
        let runs: Vec<RunId> = prepared.iter().map(|p| p.first.run.id).collect();
        let data = (!event.data_is_body).then_some(data);
        let mut new_event = new_event(event, data, (id, now), outcome, runs.clone(), &violations);
        new_event.awaited = is_gathered;
        let cause = Cause { by: "event", source: Some(event.source.clone()) };
        let pending = PendingStart { event: Some(new_event), prepared, act: None, position, judged_by: Some(freezes) };
        match self.runs.commit_accept(&node, cause, pending).await {
            AcceptOutcome::Done { awaited } => Ok(Some(self.committed(id, runs, violations, awaited).await)),
            AcceptOutcome::Frozen => Ok(None),
            AcceptOutcome::Duplicate { event, runs, resumed, is_same: true } => {
                Ok(Some(Accepted::Duplicate { event, runs, resumed }))
            }
            AcceptOutcome::Duplicate { event: first, .. } => Err(AcceptError::Conflict {
                first,
                source_name: event.source.clone(),
                event_id: event.event_id.clone(),
            }),
            AcceptOutcome::Refused(why) => Err(AcceptError::Refused(why)),
            AcceptOutcome::Lost => Err(AcceptError::Unavailable(LOST.to_owned())),
            AcceptOutcome::Failed(why) => Err(AcceptError::Unavailable(why)),
        }
    }

    /// The outcome of a stored event, once those who wait for it were told.
    async fn committed(&self, id: Uuid, runs: Vec<RunId>, violations: Vec<SchemaViolation>, awaited: bool) -> Accepted {
        let told = if awaited { self.tell_waiting(id).await } else { Some(Routed::default()) };
        let is_told_later = told.is_none();
        let routed = told.unwrap_or_default();
        let others = routed.runs.into_iter().filter(|run| !runs.contains(run)).collect::<Vec<_>>();
        let runs = [runs, others].concat();
        let is_wanted = !runs.is_empty() || !routed.resumed.is_empty() || routed.gathered || is_told_later;
        match (is_wanted, violations.is_empty()) {
            (true, _) => Accepted::Started { event: id, runs, resumed: routed.resumed },
            (false, true) => Accepted::Unmatched { event: id },
            (false, false) => Accepted::Refused { event: id, violations },
        }
    }

    /// What an event starts, as far as this node knows what is deployed.
    async fn match_event(&self, node: &Arc<Node>, of_event: &EventOf<'_>, freezes: &[Freeze]) -> Matched {
        let EventOf { event, envelope, id, now, source } = *of_event;
        let patience = Patience::of_a_sender();
        let matcher = Matcher::new(&self.context.evaluator, &patience, envelope);
        let (joiners, mut unasked) = self.router.joins.joiners(&matcher).await;
        let mut matched = Matched { is_gathered: !joiners.is_empty(), ..Matched::default() };
        let (subscribers, others) = self.subscribers(&matcher).await;
        unasked.extend(others);
        matched.violations.extend(unasked.iter().map(|definition| not_asked(definition)));
        // All of its runs share one input.
        let mut input = None;
        for definition in subscribers {
            let input = input.get_or_insert_with(|| Arc::new(Value::Array(vec![event.data.clone()])));
            let started = Started {
                input: Arc::clone(input),
                event: Some(id),
                parent: None,
                actor: Actor(format!("source:{}", event.source)),
                environment: self.context.environment.clone(),
                begin: node.begins(&self.context.settings),
                hold: self.runs.freezes.hold_of(freezes, &definition),
                restarts: None,
            };
            match self.runs.prepare(node, &definition, RunId::now_v7(), started, source, now).await {
                Ok(run) => matched.prepared.push(run),
                Err(rejected) => matched.violations.extend(explain(rejected)),
            }
        }
        matched
    }

    /// Tells the runs that wait for a stored event. What goes wrong here, or takes longer than a sender should wait, is retried by
    /// a loop; none then.
    async fn tell_waiting(&self, event: Uuid) -> Option<Routed> {
        let router = Arc::clone(&self.router);
        // A task of its own: no transaction is dropped halfway.
        let telling = tokio::spawn(async move { router.route(event).await });
        match tokio::time::timeout(TELL_WAIT_MAX, telling).await {
            Ok(Ok(Ok(routed))) => Some(routed),
            Ok(Ok(Err(error))) => {
                warn!(%error, %event, "cannot notify the runs that wait for an event, trying again later");
                None
            }
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// The latest version of each workflow that wants the event; and those of which it is not known, because their filters take too
    /// long.
    async fn subscribers(&self, matcher: &Matcher<'_>) -> (Vec<Arc<Definition>>, Vec<Arc<Definition>>) {
        let deployed = self.context.catalog.deployed();
        let (mut wanted, mut not_asked) = (Vec::new(), Vec::new());
        for definition in deployed.definitions.values().filter_map(|versions| versions.first()) {
            if !definition.triggers.iter().any(|trigger| attributes_fit(trigger, matcher.envelope)) {
                continue;
            }
            if self.subscriptions.is_set_aside(&definition.workflow) {
                not_asked.push(Arc::clone(definition));
                continue;
            }
            let mut wants = false;
            for trigger in &definition.triggers {
                if matcher.start_key(trigger).await.is_some() {
                    wants = true;
                    break;
                }
            }
            let took_too_long = matcher.patience.was_lost() && !wants;
            self.subscriptions.asked(definition, took_too_long);
            if wants {
                wanted.push(Arc::clone(definition));
            } else if took_too_long {
                not_asked.push(Arc::clone(definition));
            }
        }
        (wanted, not_asked)
    }
}

/// How often an event is judged, if each time a freeze begins before it is stored.
const JUDGED_MAX: usize = 4;

/// How long the sender of an event waits for those who wait for it to be told; they are told whatever the answer.
const TELL_WAIT_MAX: std::time::Duration = std::time::Duration::from_millis(800);

fn envelope_of(event: &IncomingEvent) -> Value {
    let attributes = event.attributes.iter().map(|(name, value)| (name.clone(), Value::String(value.clone())));
    envelope(attributes, event.data.clone())
}

/// A row for the event; `data` where it is not the body.
pub(super) fn new_event(
    event: &IncomingEvent,
    data: Option<String>,
    (id, now): (Uuid, Time),
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
        body: event.body.clone(),
        body_hash: Sha256::digest(&event.body).into(),
        attributes: pairs(&event.attributes),
        data,
        outcome,
        runs,
        detail: detail(violations, event.note.as_deref()),
        awaited: false,
        counted: event.counted.clone(),
        needs_attention: !violations.is_empty(),
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
