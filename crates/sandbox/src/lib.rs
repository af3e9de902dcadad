//! A CRM like Salesforce and an ERP like NetSuite for development and tests: in memory, with fault injection and a
//! ledger.
//!
//! | path | what it is |
//! | --- | --- |
//! | `/crm/services/...` | the CRM: `oauth2/token`, `data/vNN.0/` with `sobjects`, `query`, `composite`, `limits` |
//! | `/erp/services/rest/...` | the ERP: `record/v1`, `query/v1/suiteql`, `async/v1/job`, `auth/oauth2/v1/token` |
//! | `/services/...` | both without mount point, for clients that build next-page links from the host alone |
//! | `GET /` | a page for people: both systems' records side by side, the latest changes, and forms |
//! | `POST, GET, DELETE /faults`, `DELETE /faults/{id}` | faults, see below |
//! | `GET /ledger?system=&path=&type=&after=&records=` | every call received and every effect applied |
//! | `GET /records/{system}/{type}` | current records |
//! | `GET /closed-won/{n}` | the body of the nth demo webhook, see [`closed_won_event`] |
//! | `GET, POST /settings` | `{"profile": "large", "erp": {"concurrency": 15, "role": {hidden, readOnly}}, "crm": {"role": {...}, "dailyRequests": n, "pageSize": n, "refreshTokens": {rotate, graceSeconds, accessSeconds}}, "webhooks": {"crm": {url, secret, types}}}` |
//! | `GET, DELETE /sessions` | counts of refresh tokens and subscribers of topics; `DELETE` ends all sessions |
//! | `POST /reset` | restores the state after a start: no ledger, faults, settings or issued tokens; seeded records |
//!
//! Tokens: the CRM accepts `Bearer sandbox-crm-token`, the ERP `Bearer sandbox-erp-token`, and both the tokens that
//! their token endpoints issue. The ERP also accepts any OAuth 1.0 header without verifying its signature.
//!
//! # Faults
//!
//! `POST /faults` takes one fault, an array, or `{"faults": [...]}`, and answers 201 with their ids:
//!
//! ```json
//! {"path": "/erp/services/rest/record/v1/salesOrder/*", "method": "PUT", "kind": "reset_after", "count": 1}
//! ```
//!
//! `path` with `*` is a pattern for the whole path, otherwise a prefix. `kind` is `status` (with `status`, `body`, `headers`),
//! `delay`, `hang`, `reset_before`, `reset_after` (applied, then no answer), `drip` or `truncate`. `delay_ms` waits first;
//! `count` limits how often it strikes; `after` lets the first calls pass; `probability` and `seed` make it strike at random but
//! reproducibly; `apply` makes `status` and `hang` apply the call first. See [`faults::Fault`] for each field.
//! A reset is a real one: the socket is closed and pending data discarded (RST), which needs [`serve()`].
//!
//! # Ledger
//!
//! `{requests: [{seq, at, system, method, path, query, headers, body, status?, outcome, fault?, idempotencyKey?}],
//! effects: [{seq, request, at, system, action, created, type, id, externalId?, after}], droppedRequests, droppedEffects}`.
//! `outcome` is `answered`, `reset`, `truncated`, `abandoned` (the caller disconnected) or `in_flight`. `action` is `created`,
//! `updated`, `upserted` (`created` says whether the record is new) or `deleted`. `after` is the record as stored: the lines of
//! an order are the array `after.item`. `GET /records/...` shows records as their system does. Both lists keep the newest 200,000.
//!
//! # Webhooks
//!
//! Off unless configured, by options of `stepwell sandbox` or by `POST /settings`: `{"webhooks": {"crm": {"url": "https://...",
//! "secret": "whsec_...", "types": ["Account"]}, "erp": null}}`. Each change is then sent as the vendors' customers do: by the CRM
//! as a change event, whose `changeOrigin` contains the `client=` of the caller's `Sforce-Call-Options`, by the ERP as a user event
//! script. Signed as in Standard Webhooks, in order for each system, six attempts each; `deliveries` of the ledger shows them.
//!
//! # Pub/Sub API
//!
//! gRPC on the same port, `eventbus.v1.PubSub`: GetTopic, GetSchema, Subscribe, Publish. `docs/sandbox.md` lists the
//! topics.
//!
//! # What is exact
//!
//! Money is decimal ([`stepwell_text::decimal::Decimal`]). An order's `subtotal` is the sum of its lines' amounts; its
//! `total` adds 19 % tax, as in NetSuite. Ids are sequential, so the same calls after `POST /reset` give the same ids.

mod access;
mod call;
mod closed_won;
mod control;
mod crm;
mod erp;
mod exchange;
pub mod faults;
mod in_process;
mod ledger;
mod page;
mod profile;
mod pubsub;
pub mod query;
mod records;
mod serve;
#[cfg(test)]
mod tests;
mod webhooks;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use closed_won::closed_won_event;
pub use control::router;
pub use in_process::{Door, Reply};
pub use profile::{PROFILES, Profile};
pub use serve::serve;
pub use webhooks::{Target as WebhookTarget, TargetSettings as WebhookSettings};

/// Both systems with their records, faults and ledger. Clones share the same systems.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    erp_in_flight: AtomicUsize,
    last_request: Mutex<Instant>,
    /// Notifies the delivery of each system that messages are queued.
    queued: [tokio::sync::Notify; 2],
    /// Counts the events published on the event bus, to wake up its subscribers.
    published: tokio::sync::watch::Sender<u64>,
}

/// All mutable state. Code never waits while it holds the lock.
struct World {
    crm: crm::Crm,
    erp: erp::Erp,
    faults: faults::Faults,
    ledger: ledger::Ledger,
    profile: &'static Profile,
    recent: page::Recent,
    webhooks: webhooks::Webhooks,
    bus: pubsub::Bus,
    /// The webhook targets to restore on reset.
    webhooks_at_start: webhooks::Webhooks,
}

impl Sandbox {
    /// Creates newly seeded systems of the default profile.
    #[must_use]
    pub fn new() -> Self {
        Self::of(<&Profile>::default())
    }

    /// Creates newly seeded systems of a profile.
    #[must_use]
    pub fn of(profile: &'static Profile) -> Self {
        Self {
            shared: Arc::new(Shared {
                world: Mutex::new(World::new(profile)),
                erp_in_flight: AtomicUsize::new(0),
                last_request: Mutex::new(Instant::now()),
                queued: <[tokio::sync::Notify; 2]>::default(),
                published: tokio::sync::watch::Sender::new(0),
            }),
        }
    }

    /// Sets the targets of webhooks, which are sent only while the sandbox is served.
    #[must_use]
    pub fn with_webhooks(self, crm: Option<WebhookTarget>, erp: Option<WebhookTarget>) -> Self {
        let webhooks = webhooks::Webhooks::to(crm, erp);
        {
            let world = &mut *self.world();
            world.webhooks = webhooks.emptied(0);
            world.webhooks_at_start = webhooks;
        }
        self
    }

    /// Returns the time since the last request.
    #[must_use]
    pub fn idle_for(&self) -> Duration {
        self.shared.last_request.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Wakes up the delivery of a system, and the subscribers if it is the CRM.
    fn tell(&self, system: call::System) {
        self.shared.queued[system as usize].notify_one();
        if system == call::System::Crm {
            self.published();
        }
    }

    /// Publishes a platform event on the event bus, as a Flow or Apex does.
    ///
    /// # Errors
    /// The topic does not exist, or the event does not match its schema.
    pub fn publish(&self, topic: &str, id: &str, payload: &serde_json::Value) -> Result<(), String> {
        self.publish_at(topic, id, payload, chrono::Utc::now())
    }

    /// Publishes a platform event with another time of publication.
    ///
    /// # Errors
    /// The topic does not exist, or the event does not match its schema.
    pub fn publish_at(
        &self,
        topic: &str,
        id: &str,
        payload: &serde_json::Value,
        at: chrono::DateTime<chrono::Utc>,
    ) -> Result<(), String> {
        {
            let world = &mut *self.world();
            world.bus.publish(&world.crm, topic, id.to_owned(), payload, at)?;
        }
        self.published();
        Ok(())
    }

    /// Publishes raw bytes with the id of a schema, without validating them.
    pub fn publish_raw(&self, topic: &str, id: &str, schema_id: &str, payload: &[u8]) {
        self.world().bus.store(topic, id.to_owned(), schema_id.to_owned(), payload.to_vec(), chrono::Utc::now());
        self.published();
    }

    /// Adds a schema with this id to the Pub/Sub API, without validating it.
    pub fn add_schema(&self, id: &str, json: &str) {
        self.world().bus.add_schema(id, json);
    }

    /// Wakes up the subscribers of the event bus.
    fn published(&self) {
        self.shared.published.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn touch(&self) {
        *self.shared.last_request.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A panic with the lock held is a bug in one call; the other calls continue.
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    fn new(profile: &'static Profile) -> Self {
        Self {
            profile,
            crm: crm::Crm::new(profile),
            erp: erp::Erp::new(profile),
            faults: faults::Faults::default(),
            ledger: ledger::Ledger::default(),
            recent: page::Recent::default(),
            webhooks: webhooks::Webhooks::default(),
            bus: pubsub::Bus::default(),
            webhooks_at_start: webhooks::Webhooks::default(),
        }
    }

    /// Restores the state after a start, with this profile.
    fn reset(&mut self, profile: &'static Profile) {
        let webhooks_at_start = std::mem::take(&mut self.webhooks_at_start);
        *self = Self {
            webhooks: webhooks_at_start.emptied(self.webhooks.last()),
            webhooks_at_start,
            bus: self.bus.emptied(),
            ..Self::new(profile)
        };
    }

    /// Records changes in the ledger and queues the notifications about them.
    fn note(&mut self, system: call::System, origin: &webhooks::Origin, changes: Vec<records::Change>) {
        for (place, change) in changes.iter().enumerate() {
            self.recent.note(system, origin, change);
            let target = self.webhooks.target(system, change.record_type);
            let is_published = system == call::System::Crm && self.bus.is_served();
            if target.is_none() && !is_published {
                continue;
            }
            let message = match system {
                call::System::Crm => crm::Crm::change_message(change, origin, place + 1),
                call::System::Erp => self.erp.change_message(change, origin, place + 1),
            };
            if is_published {
                self.bus.publish_change(&self.crm, change, &message, origin.at);
            }
            let Some(target) = target else { continue };
            self.webhooks.queue(system, target, (change.record_type, change.id.clone()), message, origin.at);
        }
        self.ledger.applied(origin.request, system, origin.at, changes);
    }
}
