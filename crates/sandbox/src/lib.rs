//! A CRM like Salesforce and an ERP like NetSuite to run against, in memory, with fault injection and a ledger.
//!
//! | path | what it is |
//! | --- | --- |
//! | `/crm/services/...` | the CRM: `oauth2/token`, `data/vNN.0/` with `sobjects`, `query`, `composite`, `limits` |
//! | `/erp/services/rest/...` | the ERP: `record/v1`, `query/v1/suiteql`, `async/v1/job`, `auth/oauth2/v1/token` |
//! | `/services/...` | the same without mount point, for clients that build next-page links from the host alone |
//! | `GET /` | both systems' records side by side, what changed last, and forms, for people |
//! | `POST, GET, DELETE /faults`, `DELETE /faults/{id}` | faults, see below |
//! | `GET /ledger?system=&path=&type=&after=&records=` | every call received and every effect applied |
//! | `GET /records/{system}/{type}` | current records |
//! | `GET /closed-won/{n}` | the body of the nth demo webhook, see [`closed_won_event`] |
//! | `GET, POST /settings` | `{"profile": "large", "erp": {"concurrency": 15, "role": {hidden, readOnly}}, "crm": {"role": {...}, "dailyRequests": n, "pageSize": n, "refreshTokens": {rotate, graceSeconds, accessSeconds}}, "webhooks": {"crm": {url, secret, types}}}` |
//! | `GET, DELETE /sessions` | the outcome of refresh tokens, who subscribes to topics; ends all sessions |
//! | `POST /reset` | as after a start: no ledger, faults, settings or issued tokens; records seeded again |
//!
//! Tokens: the CRM takes `Bearer sandbox-crm-token`, the ERP `Bearer sandbox-erp-token`, both those that their token
//! endpoints issue, and the ERP also any OAuth 1.0 header, without a check of its signature.
//!
//! # Faults
//!
//! `POST /faults` takes one fault, an array, or `{"faults": [...]}`, and answers 201 with their ids:
//!
//! ```json
//! {"path": "/erp/services/rest/record/v1/salesOrder/*", "method": "PUT", "kind": "reset_after", "count": 1}
//! ```
//!
//! `path` with `*` is a pattern of the whole path, else a prefix. `kind` is `status` (with `status`, `body`, `headers`),
//! `delay`, `hang`, `reset_before`, `reset_after` (applied, then no answer), `drip` or `truncate`; `delay_ms` waits first;
//! `count` limits how often it strikes, `after` lets the first calls pass, `probability` and `seed` roll dice that fall the
//! same way each time; `apply` makes `status` and `hang` apply the call first. See [`faults::Fault`] for each field.
//! A reset is a real one: the connection's socket is closed with pending data thrown away (RST), which needs [`serve()`].
//!
//! # Ledger
//!
//! `{requests: [{seq, at, system, method, path, query, headers, body, status?, outcome, fault?, idempotencyKey?}],
//! effects: [{seq, request, at, system, action, created, type, id, externalId?, after}], droppedRequests, droppedEffects}`.
//! `outcome` is `answered`, `reset`, `truncated`, `abandoned` (the caller went away) or `in_flight`. `action` is `created`,
//! `updated`, `upserted` (with `created` saying which) or `deleted`; `after` is the record as stored: an order's lines are the
//! array `after.item`. `GET /records/...` shows records as their system does. Both lists keep the newest 200,000.
//!
//! # Webhooks
//!
//! Off unless `stepwell sandbox` is told where to, or `POST /settings` is: `{"webhooks": {"crm": {"url": "https://...", "secret":
//! "whsec_...", "types": ["Account"]}, "erp": null}}`. Each change is then sent as its system's users do: by the CRM as a
//! change event, whose `changeOrigin` holds the `client=` of the caller's `Sforce-Call-Options`, by the ERP as a user event
//! script would. Signed as Standard Webhooks; in order for each system, six attempts each; `deliveries` of the ledger shows them.
//!
//! # Pub/Sub API
//!
//! gRPC on the same port, `eventbus.v1.PubSub`: GetTopic, GetSchema, Subscribe, Publish; docs/sandbox.md has the topics.
//!
//! # What is exact
//!
//! Money is decimal ([`stepwell_text::decimal::Decimal`]). An order's `subtotal` is the sum of its lines' amounts, its `total` adds
//! 19 % tax, as in NetSuite's own answer. Ids are counted, so the same calls after `POST /reset` give the same ids.

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

/// Both systems with their records, faults and ledger. Clones are handles on the same systems.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    erp_in_flight: AtomicUsize,
    last_request: Mutex<Instant>,
    /// Something was queued for delivery, by system.
    queued: [tokio::sync::Notify; 2],
    /// Counts what is published on the event bus, for those who subscribe to it.
    published: tokio::sync::watch::Sender<u64>,
}

/// Everything that calls change; a holder of the lock never waits.
struct World {
    crm: crm::Crm,
    erp: erp::Erp,
    faults: faults::Faults,
    ledger: ledger::Ledger,
    profile: &'static Profile,
    recent: page::Recent,
    webhooks: webhooks::Webhooks,
    bus: pubsub::Bus,
    /// Where a reset sends webhooks again.
    webhooks_at_start: webhooks::Webhooks,
}

impl Sandbox {
    /// Freshly seeded systems of the first profile.
    #[must_use]
    pub fn new() -> Self {
        Self::of(<&Profile>::default())
    }

    /// Freshly seeded systems of a profile.
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

    /// The same systems, which tell these targets of changes if they are served.
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

    /// How long nobody has asked for anything.
    #[must_use]
    pub fn idle_for(&self) -> Duration {
        self.shared.last_request.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Something may be queued for delivery.
    fn tell(&self, system: call::System) {
        self.shared.queued[system as usize].notify_one();
        if system == call::System::Crm {
            self.published();
        }
    }

    /// Publishes a platform event on the event bus, as a flow or Apex does.
    ///
    /// # Errors
    /// There is no such topic, or the event does not match it.
    pub fn publish(&self, topic: &str, id: &str, payload: &serde_json::Value) -> Result<(), String> {
        self.publish_at(topic, id, payload, chrono::Utc::now())
    }

    /// The same of an event that happened at another time.
    ///
    /// # Errors
    /// There is no such topic, or the event does not match it.
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

    /// Publishes bytes under a schema's id, whether or not they fit.
    pub fn publish_raw(&self, topic: &str, id: &str, schema_id: &str, payload: &[u8]) {
        self.world().bus.store(topic, id.to_owned(), schema_id.to_owned(), payload.to_vec(), chrono::Utc::now());
        self.published();
    }

    /// From now on the Pub/Sub API knows a schema of this id, whatever it says.
    pub fn add_schema(&self, id: &str, json: &str) {
        self.world().bus.add_schema(id, json);
    }

    /// Something was published on the event bus.
    fn published(&self) {
        self.shared.published.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn touch(&self) {
        *self.shared.last_request.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A panic while the lock was held would be a bug of one call; the others may continue.
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

    /// As after a start, with this profile.
    fn reset(&mut self, profile: &'static Profile) {
        let webhooks_at_start = std::mem::take(&mut self.webhooks_at_start);
        *self = Self {
            webhooks: webhooks_at_start.emptied(self.webhooks.last()),
            webhooks_at_start,
            bus: self.bus.emptied(),
            ..Self::new(profile)
        };
    }

    /// Notes what was changed: in the ledger, and for those who are notified.
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
