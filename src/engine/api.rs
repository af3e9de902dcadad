//! What the outside asks of the engine. HTTP, dashboard and command line use nothing else to change a run.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use uuid::Uuid;

use super::runs::acts::restarts::Restarted;
use super::runs::proposals::Proposal;
use super::runs::starts::Origin;
use crate::dsl::{Definition, TASK_COMPLETED, WorkflowRef};
use crate::machine::{Actor, Attention, RunId, SchemaViolation, Status, Time};
use crate::memory::sequences::Counted;
use crate::store::runs::commit::START_TYPE;

/// An event as a source delivered it, checked and parsed, not yet stored.
#[derive(Debug, Clone)]
pub struct IncomingEvent {
    /// Name of the source; with `event_id` the identity for dedupe.
    pub source: String,
    /// The sender's id of the event.
    pub event_id: String,
    /// CloudEvents `type`.
    pub r#type: String,
    /// All CloudEvents attributes (`id`, `source`, `type`, `time`, `subject`, extensions) as text.
    pub attributes: Vec<(String, String)>,
    /// The event's data: for a webhook the whole parsed body.
    pub data: Value,
    /// Whether the data is what the body says, as JSON.
    pub data_is_body: bool,
    /// The body as received.
    pub body: Bytes,
    /// Headers as received, credentials and signatures left out.
    pub headers: Vec<(String, String)>,
    /// Its place among the events of its sender, if that one counts.
    pub counted: Option<Counted>,
    /// What was replaced in its data when it was read.
    pub note: Option<String>,
    /// What it is if its id came before with other bytes.
    pub other_bytes: OtherBytes,
}

/// What an event is whose id came before with other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherBytes {
    /// The same event. Its sender proved itself for this source, and what senders count or reformat between two deliveries
    /// makes no other event of it; the difference is kept beside the first.
    Duplicate,
    /// A mistake of the caller who chose the id: it is refused.
    Conflict,
}

impl IncomingEvent {
    /// Whether only Stepwell itself may send such an event: its source is one of Stepwell's own, or the name under which a start
    /// with an idempotency key is remembered.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        let source = self.source.trim().to_ascii_lowercase();
        let path = source.trim_start_matches('/');
        path == "stepwell"
            || path.starts_with("stepwell/")
            || source.starts_with("https://stepwell.invalid")
            || self.r#type == TASK_COMPLETED
            || self.is_start()
    }

    /// Whether it would pass for a start that was asked for under an idempotency key.
    #[must_use]
    pub fn is_start(&self) -> bool {
        self.r#type == START_TYPE || Origin::PREFIXES.iter().any(|prefix| self.source.starts_with(prefix))
    }
}

/// The outcome of an event. Said only after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// Stored; runs started, or waited for it.
    Started {
        /// Its id here.
        event: Uuid,
        /// One run per matching workflow.
        runs: Vec<RunId>,
        /// Runs that waited for it.
        resumed: Vec<RunId>,
    },
    /// Seen before: the first ids.
    Duplicate {
        /// The first event's id.
        event: Uuid,
        /// The first event's runs.
        runs: Vec<RunId>,
        /// Runs that waited for the first.
        resumed: Vec<RunId>,
    },
    /// Stored; no workflow wants it.
    Unmatched {
        /// Its id here.
        event: Uuid,
    },
    /// Stored as rejected: the matching workflow's schema refuses it.
    Refused {
        /// Its id here.
        event: Uuid,
        /// Where and why.
        violations: Vec<SchemaViolation>,
    },
}

/// Why an event was not accepted. Nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The same id came before with another body.
    #[error("event {event_id} of source {source_name} was already received with a different body, as {first}")]
    Conflict {
        /// The first event's id here.
        first: Uuid,
        /// The source.
        source_name: String,
        /// The sender's id.
        event_id: String,
    },
    /// The database refuses one of its values, and always will.
    #[error("the event cannot be stored: {0}")]
    Refused(String),
    /// The node is full, is going down, or the database is away: try again.
    #[error("{0}")]
    Unavailable(String),
}

/// A run to start through the API.
#[derive(Debug, Clone)]
pub struct StartRequest {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Exact version, or the latest.
    pub version: Option<String>,
    /// Raw input.
    pub input: Value,
    /// The same key starts one run, whatever the number of calls.
    pub idempotency_key: Option<String>,
    /// Who asks.
    pub actor: Actor,
}

/// Why a run did not start. Nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No such workflow or version.
    #[error("no workflow {0} is deployed")]
    Unknown(String),
    /// Input or key refused.
    #[error("the input does not match the workflow's input schema")]
    Refused(Vec<SchemaViolation>),
    /// The idempotency key came before with another input.
    #[error("idempotency key {key:?} was already used with a different input, for run {run}")]
    Conflict {
        /// The key.
        key: String,
        /// The run that it started.
        run: RunId,
    },
    /// Full, going down, or without database.
    #[error("{0}")]
    Unavailable(String),
}

/// What an act led to.
#[derive(Debug, Clone, Copy)]
pub struct Acted {
    /// The run's status after it.
    pub status: Status,
    /// The new run, where the act started the run again.
    pub restarted: Option<Restarted>,
}

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// No such run.
    #[error("no run {0}")]
    Unknown(RunId),
    /// The run's state forbids it.
    #[error("{0}")]
    Refused(String),
    /// It needs a second person: it is proposed, and done once another user approves it.
    #[error("{} needs a second person: it is now proposal {} and takes effect once another user approves it", .0.name(), .0.id)]
    Proposed(Box<Proposal>),
    /// Recorded, but no node has done it yet.
    #[error("{0}")]
    Pending(String),
    /// Without database, or going down.
    #[error("{0}")]
    Unavailable(String),
}

/// Something about a run changed: for live views.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RunChange {
    /// The run.
    pub id: RunId,
    /// What it runs.
    pub workflow: WorkflowRef,
    /// Business key.
    pub key: Option<String>,
    /// Now.
    pub status: Status,
    /// Now.
    pub attention: Option<Attention>,
    /// When.
    pub at: Time,
}

impl RunChange {
    /// Whether the run has ended or needs a person.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let ended =
            matches!(self.status, Status::Completed | Status::Compensated | Status::Cancelled | Status::Faulted);
        ended || self.attention.is_some()
    }
}

/// Names of what is deployed, latest version first in each list.
#[derive(Debug, Default, Clone)]
pub struct Deployed {
    /// Every loaded definition.
    pub definitions: std::collections::BTreeMap<(String, String), Vec<Arc<Definition>>>,
}

impl Deployed {
    /// The versions of a workflow, latest first.
    #[must_use]
    pub fn versions(&self, workflow: &WorkflowRef) -> &[Arc<Definition>] {
        let key = (workflow.namespace.clone(), workflow.name.clone());
        self.definitions.get(&key).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What was asked of `deploy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeployOutcome {
    /// A new version.
    Created(WorkflowRef),
    /// The same content was there already.
    Unchanged(WorkflowRef),
}

/// Why nothing was deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The document has mistakes, all of them listed.
    #[error("the definition has {} mistake(s)", .0.len())]
    Invalid(Vec<crate::dsl::Mistake>),
    /// The version exists with another content.
    #[error(
        "{0} is already deployed with different content; a version never changes, so give the new content a new version"
    )]
    VersionTaken(WorkflowRef),
    /// It has steps that wait for people, and a node does not know such steps.
    #[error(
        "{0} has steps that ask people, which not every node can run: an earlier version of Stepwell is running, or was in the last hour"
    )]
    TooEarly(WorkflowRef),
    /// Without database.
    #[error("{0}")]
    Unavailable(String),
}

/// How long [`super::Engine::act`] waits for the node that owns the run.
pub const ACT_WAIT_MAX: Duration = Duration::from_secs(10);

/// A workflow that starts by itself.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Schedule {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The version that the timing is from.
    pub version: String,
    /// `cron`, `every` or `after`.
    pub kind: &'static str,
    /// The pattern, or the interval in ISO 8601.
    pub expression: String,
    /// IANA name.
    pub time_zone: String,
    /// `skip`, `once` or `all`.
    pub misfire: &'static str,
    /// The last firing.
    pub last: Option<Time>,
    /// The run that was started last.
    pub run: Option<RunId>,
    /// The next firings; none while it is paused, or waits for the end of its run.
    pub next: Vec<Time>,
    /// Since when it is paused.
    pub paused_at: Option<Time>,
    /// By whom.
    pub paused_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// The outcome of a version that was to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undeployed {
    /// It is deleted.
    Gone,
    /// There is none.
    Unknown,
    /// It has runs; the last of them.
    InUse(RunId),
}
