//! How a node behaves: leases, intervals, bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::audit::Keeper;
use super::audit::anchors::key::AuditKey;
use super::events::topics::Subscription;
use crate::identifiers::Declared;
use crate::notify::Channel;
use crate::retention::Policy;
use crate::store::nodes::formats::{Format, NEWEST};

/// Settings of the engine. Defaults suit production.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// What people call the node.
    pub name: String,
    /// A node that could not confirm its heartbeat for this long is dead.
    pub lease: Duration,
    /// How often it looks for work of others: due timers, dead nodes, commands.
    pub sweep_interval: Duration,
    /// How long calls in flight may take at shutdown.
    pub grace: Duration,
    /// Runs in memory; beyond it new runs wait in the database.
    pub runs_max: usize,
    /// Bytes of the journals of the runs in memory; beyond it new runs wait in the database too.
    pub runs_bytes_max: usize,
    /// Writes waiting for the committer; beyond it ingress answers 503.
    pub queue_max: usize,
    /// The newest format that it writes and takes up. Lower than the newest there is while a rollback must stay possible.
    pub format: Format,
    /// Connections that commit batches side by side.
    pub committers: usize,
    /// A run that waits no longer than this stays in memory.
    pub linger: Duration,
    /// How long an event that nobody wanted is kept for a run that begins to wait for it.
    pub events_kept: Duration,
    /// How long an act that needs a second person waits for one.
    pub proposals_last: Duration,
    /// Where events go.
    pub sinks: Vec<Sink>,
    /// Sources that `hub.yaml` declares: metrics name these and no others, since a sender of events may invent some.
    pub sources: BTreeSet<String>,
    /// Sources that the node subscribes to itself.
    pub subscriptions: Vec<Arc<Subscription>>,
    /// What is archived and removed, and when.
    pub retention: Policy,
    /// Which identifiers are to have one form. A workflow that a source's events start gets them in this form however it is started.
    pub identifiers: Arc<Declared>,
    /// When and where anchors of the audit are written; none: nowhere.
    pub anchors: Option<Keeper>,
    /// What signs them; none: nothing.
    pub audit_key: Option<AuditKey>,
    /// Who is told when something needs people.
    pub channels: Vec<Channel>,
    /// How long a source may send nothing before people are told, by source.
    pub silent_after: BTreeMap<String, Duration>,
    /// The address of the dashboard, without a slash at its end: messages link to it.
    pub url: String,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            name: "stepwell".to_owned(),
            lease: Duration::from_secs(10),
            sweep_interval: Duration::from_millis(500),
            grace: Duration::from_secs(10),
            runs_max: 10_000,
            runs_bytes_max: 256 << 20,
            queue_max: 20_000,
            format: NEWEST,
            committers: 2,
            linger: Duration::from_secs(2),
            events_kept: Duration::from_hours(1),
            proposals_last: Duration::from_hours(7 * 24),
            sinks: Vec::new(),
            sources: BTreeSet::new(),
            subscriptions: Vec::new(),
            retention: Policy::default(),
            identifiers: Arc::default(),
            anchors: None,
            audit_key: None,
            channels: Vec::new(),
            silent_after: BTreeMap::new(),
            url: String::new(),
        }
    }
}

/// Where events go that runs emit, and life-cycle events if it wants them: `sinks:` of `hub.yaml`.
#[derive(Debug, Clone)]
pub struct Sink {
    /// Its name.
    pub name: String,
    /// Where events are posted: `https://host/path`, or `connection://NAME/path`.
    pub endpoint: String,
    /// Types that it wants, as regular expressions over the whole text; none is all.
    pub types: Vec<regex::Regex>,
    /// Whether it wants the life-cycle events of runs and tasks too.
    pub lifecycle: bool,
}

impl Sink {
    /// Whether the sink wants this event.
    #[must_use]
    pub fn wants(&self, event: &serde_json::Value) -> bool {
        let of_type = event.get("type").and_then(serde_json::Value::as_str).unwrap_or_default();
        self.types.is_empty() || self.types.iter().any(|wanted| wanted.is_match(of_type))
    }
}
