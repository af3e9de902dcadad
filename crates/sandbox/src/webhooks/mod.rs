//! Webhooks that the systems send when records change. Off unless a target is configured.
//!
//! A change is queued under the lock that applied it, so messages are in the order of changes. [`deliver`] sends them
//! one at a time for each system, signed as in Standard Webhooks.

mod delivery;
mod target;

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};

pub use delivery::deliver;
pub use target::{Target, TargetSettings};

use super::call::{Call, System};

/// Most queued messages per system. Further ones count as failed.
const WAITING_MAX: usize = 10_000;
/// Most deliveries that the ledger shows.
const SHOWN_MAX: usize = 10_000;

/// The call that made a change.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The call's number in the ledger.
    pub request: u64,
    /// Number of the last effect before the call.
    pub effect: u64,
    pub at: DateTime<Utc>,
    /// Whether a person made it on the sandbox's page.
    pub by_person: bool,
    /// The caller's `client` in `Sforce-Call-Options`.
    pub client: Option<String>,
    /// The version of the API that was called.
    pub version: Option<String>,
}

/// A message about one change.
#[derive(Debug, Clone)]
pub struct Message {
    /// The id, which is the same for each attempt.
    pub id: String,
    pub body: Value,
}

/// The targets, and the queued messages.
#[derive(Default)]
pub struct Webhooks {
    crm: Option<Arc<Target>>,
    erp: Option<Arc<Target>>,
    waiting: [VecDeque<Due>; 2],
    shown: VecDeque<Delivery>,
    last: u64,
}

/// A queued message and its target.
#[derive(Clone)]
struct Due {
    seq: u64,
    target: Arc<Target>,
    message: Message,
}

/// A delivery, as the ledger shows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    seq: u64,
    at: String,
    system: System,
    #[serde(rename = "type")]
    record_type: &'static str,
    record: String,
    id: String,
    url: String,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    outcome: Outcome,
    body: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Waiting,
    Delivered,
    Failed,
}

impl Origin {
    /// Returns the origin of the changes that an API call makes.
    #[must_use]
    pub fn of(call: &Call, request: u64, effect: u64) -> Self {
        let options = call.header("sforce-call-options").unwrap_or_default();
        let client = options.split(',').find_map(|option| option.trim().strip_prefix("client="));
        let version = call.segments.iter().find(|part| part.starts_with('v') && part.ends_with(".0"));
        Self {
            request,
            effect,
            at: call.now,
            // Paths below `app` are buttons of the user interface, which only a person can press.
            by_person: call.system == System::Erp && call.segments.first().is_some_and(|first| first == "app"),
            client: client.map(str::to_owned),
            version: version.cloned(),
        }
    }
}

impl Webhooks {
    #[must_use]
    pub fn to(crm: Option<Target>, erp: Option<Target>) -> Self {
        Self { crm: crm.map(Arc::new), erp: erp.map(Arc::new), ..Self::default() }
    }

    /// Returns webhooks with the same targets but empty queues. Numbers continue, because a delivery may be in
    /// progress.
    #[must_use]
    pub fn emptied(&self, last: u64) -> Self {
        Self { crm: self.crm.clone(), erp: self.erp.clone(), last, ..Self::default() }
    }

    /// Replaces the target of a system, or removes it.
    pub fn send_to(&mut self, system: System, target: Option<Target>) {
        *self.place(system) = target.map(Arc::new);
    }

    fn place(&mut self, system: System) -> &mut Option<Arc<Target>> {
        match system {
            System::Crm => &mut self.crm,
            System::Erp => &mut self.erp,
        }
    }

    /// Returns the number of the last message.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Returns the target of messages about a record type.
    #[must_use]
    pub fn target(&self, system: System, record_type: &str) -> Option<Arc<Target>> {
        let target = match system {
            System::Crm => &self.crm,
            System::Erp => &self.erp,
        };
        target.as_ref().filter(|target| target.wants(record_type)).cloned()
    }

    /// Returns the settings, with secrets masked.
    #[must_use]
    pub fn view(&self) -> Value {
        let view = |target: &Option<Arc<Target>>| target.as_ref().map(|target| target.view());
        json!({"crm": view(&self.crm), "erp": view(&self.erp)})
    }

    /// Queues a message about a record.
    pub fn queue(
        &mut self,
        system: System,
        target: Arc<Target>,
        record: (&'static str, String),
        message: Message,
        at: DateTime<Utc>,
    ) {
        self.last += 1;
        let waiting = &mut self.waiting[place(system)];
        let full = waiting.len() >= WAITING_MAX;
        self.shown.push_back(Delivery {
            seq: self.last,
            at: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            system,
            record_type: record.0,
            record: record.1,
            id: message.id.clone(),
            url: target.url(),
            attempts: 0,
            status: None,
            outcome: if full { Outcome::Failed } else { Outcome::Waiting },
            body: message.body.clone(),
        });
        if self.shown.len() > SHOWN_MAX {
            self.shown.pop_front();
        }
        if !full {
            waiting.push_back(Due { seq: self.last, target, message });
        }
    }

    /// Returns the deliveries of the systems that satisfy `wanted`.
    #[must_use]
    pub fn deliveries(&self, wanted: impl Fn(System) -> bool) -> Vec<Delivery> {
        self.shown.iter().filter(|delivery| wanted(delivery.system)).cloned().collect()
    }

    fn next(&self, system: System) -> Option<Due> {
        self.waiting[place(system)].front().cloned()
    }

    /// Records an attempt. Unless the message must be retried, it is removed from the queue.
    fn attempted(&mut self, system: System, seq: u64, status: Option<u16>, outcome: Outcome) {
        if let Some(delivery) = self.shown.iter_mut().rev().find(|delivery| delivery.seq == seq) {
            delivery.attempts += 1;
            (delivery.status, delivery.outcome) = (status, outcome);
        }
        let waiting = &mut self.waiting[place(system)];
        if outcome != Outcome::Waiting && waiting.front().is_some_and(|due| due.seq == seq) {
            waiting.pop_front();
        }
    }
}

const fn place(system: System) -> usize {
    match system {
        System::Crm => 0,
        System::Erp => 1,
    }
}
