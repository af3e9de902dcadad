//! How one run is started by name: through the API, by a schedule, by another run, by events that came together. And what is
//! counted of every start.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

use super::Runs;
use super::batch::AcceptOutcome;
use super::beginning::{PendingStart, Prepared, explain};
use super::follow::{Following, Snapshot};
use crate::canonical;
use crate::dsl::Definition;
use crate::engine::context::Context;
use crate::engine::node::Node;
use crate::engine::{Engine, RunChange, StartError, StartRequest};
use crate::identifiers::Declared;
use crate::machine::{Actor, Parent, Restarts, RunId, SchemaViolation, Started, Time};
use crate::store::acts::StartAct;
use crate::store::runs::commit::{NewEvent, START_TYPE};
use crate::store::runs::journal::Source;
use crate::store::{StoreError, events};
use crate::telemetry;

/// Who may use an idempotency key: the keys of one kind never meet those of another, whatever a caller of the API invents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Origin {
    /// The API, and runs that start others.
    Api,
    /// A schedule.
    Schedule,
    /// Events that came together.
    Events {
        /// The last of them.
        last: Uuid,
    },
    /// A person who starts a run again that has ended.
    Restart {
        /// That run.
        of: RunId,
        /// Event that started it.
        event: Option<Uuid>,
    },
}

impl Origin {
    /// What sources of starts begin with. No event from outside may have such a source, or it would take someone's key.
    pub(in crate::engine) const PREFIXES: [&'static str; 4] = ["api:", "schedule:", "event:", "restart:"];

    fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Schedule => "schedule",
            Self::Events { .. } => "event",
            Self::Restart { .. } => "restart",
        }
    }

    /// The source whose events start the run, which is then the run's actor.
    fn source(self, actor: &Actor) -> Option<String> {
        match self {
            Self::Events { .. } => actor.0.strip_prefix("source:").map(str::to_owned),
            Self::Api | Self::Schedule | Self::Restart { .. } => None,
        }
    }

    /// The event that the run names as its cause.
    fn event(self) -> Option<Uuid> {
        match self {
            Self::Events { last } => Some(last),
            Self::Restart { event, .. } => event,
            Self::Api | Self::Schedule => None,
        }
    }

    /// The source under which a start with an idempotency key is remembered.
    fn keyed(self, request: &StartRequest) -> String {
        match self {
            Self::Restart { of, .. } => format!("{}:{of}", self.as_str()),
            _ => format!("{}:{}/{}", self.as_str(), request.namespace, request.name),
        }
    }
}

/// What starts runs, as metrics name it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Cause {
    pub(in crate::engine) by: &'static str,
    /// The sender of the event.
    pub(in crate::engine) source: Option<String>,
}

/// A start is decided so often at most; new freezes do not keep beginning.
const DECIDED_MAX: usize = 3;

const FREEZES: &str = "new freezes keep starting while the start is being decided";

impl Runs {
    pub(in crate::engine) async fn start(self: &Arc<Self>, mut request: StartRequest) -> Result<RunId, StartError> {
        request.hide(&self.context.redactor());
        self.start_as(RunId::now_v7(), None, request, Origin::Api).await
    }

    /// Starts a run under an id that is known before, as the child of another if it is one.
    pub(in crate::engine) async fn start_as(
        self: &Arc<Self>,
        id: RunId,
        parent: Option<Parent>,
        request: StartRequest,
        origin: Origin,
    ) -> Result<RunId, StartError> {
        self.begin_run((id, parent), &request, origin, None, None).await
    }

    /// Decides and commits a start. If a freeze has begun in between, it is decided again.
    async fn begin_run(
        self: &Arc<Self>,
        (id, parent): (RunId, Option<Parent>),
        request: &StartRequest,
        origin: Origin,
        restarts: Option<Restarts>,
        act: Option<StartAct>,
    ) -> Result<RunId, StartError> {
        let node = self.context.node();
        for _ in 0..DECIDED_MAX {
            let prepared = self.prepare_start(&node, id, parent, request, origin, restarts.clone()).await?;
            if let Some(run) = self.commit_start(&node, request, origin, prepared, act.clone()).await? {
                return Ok(run);
            }
        }
        Err(StartError::Unavailable(FREEZES.to_owned()))
    }

    /// Starts a run by an act of a person, which is recorded with it.
    pub(in crate::engine) async fn start_by(
        self: &Arc<Self>,
        mut request: StartRequest,
        act: StartAct,
    ) -> Result<RunId, StartError> {
        request.hide(&self.context.redactor());
        self.begin_run((RunId::now_v7(), None), &request, Origin::Api, None, Some(act)).await
    }

    /// Starts a run that does the work of another one again; false if an earlier call under the same key did.
    pub(in crate::engine) async fn start_again(
        self: &Arc<Self>,
        mut request: StartRequest,
        origin: Origin,
        restarts: Restarts,
        act: StartAct,
    ) -> Result<(RunId, bool), StartError> {
        request.hide(&self.context.redactor());
        let id = RunId::now_v7();
        let run = self.begin_run((id, None), &request, origin, Some(restarts), Some(act)).await?;
        Ok((run, run == id))
    }

    /// Starts a run for a caller of the API and keeps what there is to show of it: its first commit, or all of them to come if
    /// the caller follows it. Neither if the idempotency key has started another run before.
    pub(super) async fn begin_shown(
        self: &Arc<Self>,
        mut request: StartRequest,
        follow: bool,
    ) -> Result<(RunId, Option<Snapshot>, Option<Following>), StartError> {
        request.hide(&self.context.redactor());
        let (node, id) = (self.context.node(), RunId::now_v7());
        for _ in 0..DECIDED_MAX {
            let mut prepared = self.prepare_start(&node, id, None, &request, Origin::Api, None).await?;
            let snapshot = prepared.snapshot();
            let (snapshot, following) =
                if follow { (None, Some(Following::begin(self, snapshot))) } else { (Some(snapshot), None) };
            match self.commit_start(&node, &request, Origin::Api, prepared, None).await? {
                Some(run) if run == id => return Ok((run, snapshot, following)),
                Some(run) => return Ok((run, None, None)),
                None => {}
            }
        }
        Err(StartError::Unavailable(FREEZES.to_owned()))
    }

    async fn prepare_start(
        &self,
        node: &Arc<Node>,
        id: RunId,
        parent: Option<Parent>,
        request: &StartRequest,
        origin: Origin,
        restarts: Option<Restarts>,
    ) -> Result<Prepared, StartError> {
        self.admits(node).map_err(StartError::Unavailable)?;
        let definition = find_current(&self.context, request).await?;
        let input =
            shaped(&self.context.settings.identifiers, &definition, &request.input).map_err(StartError::Refused)?;
        let freezes = self.freezes.in_force().await.map_err(|e| StartError::Unavailable(e.to_string()))?;
        let hold = match origin {
            Origin::Events { .. } => self.freezes.hold_of(&freezes, &definition),
            Origin::Api | Origin::Schedule | Origin::Restart { .. } => self.freezes.pause_of(&freezes, &definition),
        };
        let started = Started {
            input: Arc::new(input),
            event: origin.event(),
            parent,
            actor: request.actor.clone(),
            environment: self.context.environment.clone(),
            begin: node.begins(&self.context.settings),
            hold,
            restarts,
        };
        let keyed = request.idempotency_key.as_ref().map(|_| (Uuid::now_v7(), started.input.to_string()));
        let body = keyed.as_ref().map(|_| request.input.to_string());
        let source = keyed.as_ref().zip(body.as_deref());
        let source = source.and_then(|((event, input), body)| Source::of(*event, body.as_bytes(), None, input));
        let prepared = self.prepare(node, &definition, id, started, source.as_ref(), self.context.now()).await;
        let mut prepared = prepared.map_err(|rejected| StartError::Refused(explain(rejected)))?;
        prepared.judged_by = Some(freezes);
        prepared.keyed_by = keyed.map(|(event, _)| event);
        Ok(prepared)
    }

    /// Commits a start; gives the run of an earlier start under the same key where there was one. None, and nothing was written, if a
    /// freeze has begun since it was decided.
    async fn commit_start(
        self: &Arc<Self>,
        node: &Arc<Node>,
        request: &StartRequest,
        origin: Origin,
        prepared: Prepared,
        act: Option<StartAct>,
    ) -> Result<Option<RunId>, StartError> {
        let (run, now) = (prepared.first.run.id, prepared.first.run.created_at);
        let key = prepared.keyed_by.zip(request.idempotency_key.clone());
        let event = key.map(|(id, key)| keyed_start(request, origin, (id, key), now, run));
        let cause = Cause { by: origin.as_str(), source: origin.source(&request.actor) };
        let judged_by = prepared.judged_by.clone();
        let pending = PendingStart { event, prepared: vec![prepared], act, position: None, judged_by };
        match self.commit_accept(node, cause, pending).await {
            AcceptOutcome::Done { .. } => Ok(Some(run)),
            AcceptOutcome::Duplicate { event, runs, is_same, .. } => {
                if is_same || had_input(&self.context.pool, event, &request.input).await? {
                    return Ok(Some(runs.first().copied().unwrap_or(run)));
                }
                Err(StartError::Conflict {
                    key: request.idempotency_key.clone().unwrap_or_default(),
                    run: runs.first().copied().unwrap_or_default(),
                })
            }
            AcceptOutcome::Refused(message) => {
                Err(StartError::Refused(vec![SchemaViolation { pointer: String::new(), message }]))
            }
            AcceptOutcome::Lost => {
                Err(StartError::Unavailable("a start was mistaken for an event of a topic".to_owned()))
            }
            AcceptOutcome::Frozen => {
                self.freezes.forget();
                Ok(None)
            }
            AcceptOutcome::Failed(why) => Err(StartError::Unavailable(why)),
        }
    }

    /// Counts and announces a run that was just committed; it may have ended already.
    pub(in crate::engine) fn has_begun(&self, cause: &Cause, definition: &Definition, change: RunChange) {
        let source = match cause.source.as_deref() {
            None => telemetry::NO_SOURCE,
            Some(source) if self.context.settings.sources.contains(source) => source,
            Some(source) if definition.sources().any(|named| named == source) => source,
            Some(_) => telemetry::OTHER_SOURCE,
        };
        telemetry::run_started(cause.by, name_of(definition), source);
        self.announce(change);
    }
}

impl Engine {
    /// Which sources start which workflows, as far as definitions name them: `namespace/name` and source.
    #[must_use]
    pub fn expected_sources(&self) -> Vec<(String, String)> {
        let deployed = self.inner.context.catalog.deployed();
        let latest = deployed.definitions.values().filter_map(|versions| versions.first());
        latest.flat_map(|d| d.sources().map(|source| (name_of(d), source.to_owned()))).collect()
    }
}

/// The input with its identifiers in the form that they have in events that start the workflow.
fn shaped(identifiers: &Declared, definition: &Definition, input: &Value) -> Result<Value, Vec<SchemaViolation>> {
    let mut input = input.clone();
    let shaped = identifiers.shape_input(definition.sources(), &mut input);
    shaped.map_err(|bad| vec![SchemaViolation { message: bad.why, pointer: bad.pointer }])?;
    Ok(input)
}

/// Whether an earlier start had an input of equal value, however each of them was written: clients order members as they like.
async fn had_input(pool: &PgPool, start: Uuid, input: &Value) -> Result<bool, StartError> {
    let away = |error: StoreError| StartError::Unavailable(error.to_string());
    let Some(stored) = events::find(pool, start).await.map_err(away)? else { return Ok(false) };
    Ok(serde_json::from_slice::<Value>(&stored.body).is_ok_and(|first| canonical::same(&first, input)))
}

/// What a start asks for. Where this node knows no such version, another one may have deployed it a moment ago.
async fn find_current(context: &Context, request: &StartRequest) -> Result<Arc<Definition>, StartError> {
    if let Some(definition) = find(context, request) {
        return Ok(definition);
    }
    context.catalog.catch_up(&context.pool).await.map_err(|error| StartError::Unavailable(error.to_string()))?;
    find(context, request).ok_or_else(|| StartError::Unknown(named(request)))
}

fn find(context: &Context, request: &StartRequest) -> Option<Arc<Definition>> {
    let deployed = context.catalog.deployed();
    let versions = deployed.definitions.get(&(request.namespace.clone(), request.name.clone()))?;
    match request.version.as_deref() {
        None | Some("latest") => versions.first().cloned(),
        Some(version) => versions.iter().find(|d| d.workflow.version == version).cloned(),
    }
}

fn name_of(definition: &Definition) -> String {
    format!("{}/{}", definition.workflow.namespace, definition.workflow.name)
}

fn named(request: &StartRequest) -> String {
    let version = request.version.as_ref().map(|v| format!(":{v}")).unwrap_or_default();
    format!("{}/{}{version}", request.namespace, request.name)
}

/// A start through the API under an idempotency key is remembered like an event, so that there is one way to dedupe.
fn keyed_start(request: &StartRequest, origin: Origin, (id, key): (Uuid, String), now: Time, run: RunId) -> NewEvent {
    let body = Bytes::from(request.input.to_string());
    NewEvent {
        id,
        source: origin.keyed(request),
        event_id: key,
        r#type: START_TYPE.to_owned(),
        received_at: now,
        headers: "{}".to_owned(),
        body_hash: Sha256::digest(&body).into(),
        body,
        attributes: "{}".to_owned(),
        data: None,
        outcome: "run",
        runs: vec![run],
        detail: None,
        awaited: false,
        counted: None,
        needs_attention: false,
        is_proven: false,
    }
}
