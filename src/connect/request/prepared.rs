//! A connection made ready for many calls: URLs parsed, headers built, slots counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use super::hosts::Hosts;
use super::reach::Reach;
use super::target;
use super::{header_name, header_value};
use crate::connect::breaker::{Admission, Breaker, Health, Phase};
use crate::connect::limits::{Gate, Permit};
use crate::connect::local;
use crate::connect::problem::Problem;
use crate::connect::settings::{ConnectSettings, Connection, FaultRule, IDEMPOTENCY_HEADER_DEFAULT};
use crate::connect::wire::exchange::{Clients, Route};
use crate::connect::wire::guard::Guard;
use crate::dsl::{Authentication, SecretTemplate};
use crate::machine::CallRetry;
use crate::memory;

/// How long a target may at least continue with a request that was given up, unless its connection says otherwise. A short timeout says how
/// long we wait, not how long the target works.
const SETTLE_MIN: Duration = Duration::from_secs(10);

/// What [`crate::connect::Connections`] keeps of a [`Connection`].
#[derive(Debug)]
pub(in crate::connect) struct Prepared {
    pub(in crate::connect) name: String,
    pub(in crate::connect) title: Option<String>,
    pub(in crate::connect) base: Option<Url>,
    environments: Vec<String>,
    pub(super) headers: HeaderMap,
    pub(super) secret_headers: Vec<(HeaderName, String)>,
    pub(in crate::connect) authentication: Option<Authentication>,
    /// Where that may go.
    pub(in crate::connect) reach: Reach,
    pub(super) idempotency_header: HeaderName,
    pub(in crate::connect) timeout: Duration,
    /// How long a request that was given up may still act.
    pub(in crate::connect) settle: Duration,
    pub(in crate::connect) retry: CallRetry,
    pub(in crate::connect) faults: Vec<FaultRule>,
    /// How it reaches targets.
    pub(in crate::connect) clients: Arc<Clients>,
    slots: Semaphore,
    pub(in crate::connect) gate: Option<Arc<Gate>>,
    breaker: Option<Mutex<Breaker>>,
    /// When a call last had an answer, whatever it said.
    answered: Mutex<Option<Instant>>,
}

/// All connections, or what is wrong with the first bad one.
pub(in crate::connect) fn all(
    settings: &ConnectSettings,
    guard: &Arc<Guard>,
    clients: &Arc<Clients>,
) -> Result<BTreeMap<String, Prepared>, String> {
    if let Some(name) = settings.base_url_overrides.keys().find(|name| !settings.connections.contains_key(*name)) {
        return Err(format!("connections.{name}.base_url is set, but hub.yaml has no connection {name}"));
    }
    let prepare = |(name, connection): (&String, &Connection)| {
        let about = |e| format!("connection {name}: {e}");
        let restricted = connection.allowed_hosts.is_some();
        let own = connection.proxy.is_some() || connection.authorities.is_some() || restricted;
        let clients = match own {
            false => Arc::clone(clients),
            true => Arc::new(
                Clients::new(
                    guard,
                    &Route {
                        proxy: connection.proxy.clone(),
                        authorities: connection.authorities.clone(),
                        hosts: Hosts::new(connection.allowed_hosts.as_deref(), base_of(settings, name, connection)),
                    },
                )
                .map_err(about)?,
            ),
        };
        Ok((name.clone(), prepare(settings, name, connection, clients).map_err(about)?))
    };
    let mut all: BTreeMap<String, Prepared> =
        settings.connections.iter().map(prepare).collect::<Result<_, String>>()?;
    let hub = local::connection(&settings.environment);
    let hub = self::prepare(settings, memory::CONNECTION, &hub, Arc::clone(clients))?;
    all.insert(memory::CONNECTION.to_owned(), hub);
    Ok(all)
}

/// What calls without a connection use.
pub(in crate::connect) fn direct(settings: &ConnectSettings, clients: &Arc<Clients>) -> Result<Prepared, String> {
    let plain = Connection {
        idempotency_header: IDEMPOTENCY_HEADER_DEFAULT.to_owned(),
        concurrency: settings.concurrency_direct,
        ..Connection::default()
    };
    prepare(settings, "", &plain, Arc::clone(clients))
}

fn prepare(
    settings: &ConnectSettings,
    name: &str,
    connection: &Connection,
    clients: Arc<Clients>,
) -> Result<Prepared, String> {
    let base = base_of(settings, name, connection);
    if let Some(base) = base {
        check_base(base)?;
    }
    let (headers, secret_headers) = headers(settings, connection)?;
    let timeout = connection.timeout.unwrap_or(settings.timeout);
    Ok(Prepared {
        name: name.to_owned(),
        title: connection.title.clone(),
        base: base.cloned(),
        environments: connection.base_urls.keys().cloned().collect(),
        headers,
        secret_headers,
        authentication: connection.authentication.clone(),
        reach: Reach::Connection(Arc::new(Reach::hosts_of(connection, base))),
        idempotency_header: header_name(&connection.idempotency_header).map_err(|p| p.to_string())?,
        timeout,
        settle: connection.settle.unwrap_or(timeout.max(SETTLE_MIN)),
        retry: connection.retry.clone().unwrap_or_else(|| settings.default_retry.clone()),
        faults: connection.faults.clone(),
        clients,
        slots: Semaphore::new(connection.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
        gate: connection.limits.clone().map(|limits| Gate::new(name, limits)),
        breaker: connection.breaker.clone().map(|settings| Mutex::new(Breaker::new(settings))),
        answered: Mutex::default(),
    })
}

/// The base URL in force.
fn base_of<'s>(settings: &'s ConnectSettings, name: &str, connection: &'s Connection) -> Option<&'s Url> {
    settings.base_url_overrides.get(name).or_else(|| connection.base_urls.get(&settings.environment))
}

fn check_base(base: &Url) -> Result<(), String> {
    target::check(base).map_err(|p| p.to_string())?;
    if base.query().is_some() || base.fragment().is_some() {
        return Err(format!("base URL {} has a query or a fragment; it must end with its path", target::short(base)));
    }
    Ok(())
}

type Headers = (HeaderMap, Vec<(HeaderName, String)>);

fn headers(settings: &ConnectSettings, connection: &Connection) -> Result<Headers, String> {
    let user_agent = header_value("User-Agent", &settings.user_agent).map_err(|p| p.to_string())?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, user_agent);
    let mut secret_headers = Vec::new();
    for (name, value) in &connection.headers {
        let parsed = header_name(name).map_err(|p| p.to_string())?;
        match value {
            SecretTemplate::Literal(text) => {
                headers.insert(parsed, header_value(name, text).map_err(|p| p.to_string())?);
            }
            SecretTemplate::Secret(secret) => secret_headers.push((parsed, secret.clone())),
        }
    }
    Ok((headers, secret_headers))
}

impl Prepared {
    /// The URL of a path of this connection.
    pub(in crate::connect) fn url(&self, environment: &str, rest: &str) -> Result<Url, Box<Problem>> {
        let Some(base) = &self.base else {
            let known = self.environments.join(", ");
            let detail = format!(
                "connection {} has no base URL for the environment {environment}; it has one for: {known}",
                self.name
            );
            return Err(Problem::configuration("No base URL", detail));
        };
        target::below(base, &self.name, rest)
    }

    /// Waits for one of the connection's slots, no longer than a call may take.
    pub(in crate::connect) async fn slot(&self) -> Result<Slot<'_>, Box<Problem>> {
        let slot = async {
            let here = self.slots.acquire().await.expect("the semaphore is never closed");
            let everywhere = match &self.gate {
                Some(gate) => Some(gate.enter().await),
                None => None,
            };
            Slot { _here: here, _everywhere: everywhere }
        };
        tokio::time::timeout(self.timeout, slot).await.map_err(|_| {
            let whose = if self.name.is_empty() { "calls without a connection" } else { &self.name };
            let detail = format!(
                "all slots of {whose} were taken for {:?}; raise `concurrency` or `limits` if the target can handle it",
                self.timeout
            );
            Problem::not_now("Too many calls in progress", detail, spread(BUSY_AGAIN))
        })
    }

    /// Whether the call may be sent as far as the target's health goes.
    pub(in crate::connect) fn pass(&self) -> Result<Pass<'_>, Box<Problem>> {
        let Some(breaker) = &self.breaker else { return Ok(Pass(None)) };
        match lock(breaker).admit(Instant::now()) {
            Admission::TurnedAway(after) => {
                let detail = format!(
                    "calls to {} are paused because several calls in a row failed; they are retried automatically",
                    self.name
                );
                Err(Problem::not_now("Circuit breaker open", detail, after))
            }
            admission => Ok(Pass(Some((self, breaker, admission)))),
        }
    }

    /// Remembers what the end of a call says about its target.
    pub(in crate::connect) fn note(&self, health: Health) -> Health {
        if health == Health::Up {
            *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        health
    }

    /// How long ago a call last had an answer on this node.
    pub(in crate::connect) fn answered_ago(&self) -> Option<Duration> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).map(|at| at.elapsed())
    }

    /// Where its breaker stands.
    pub(in crate::connect) fn phase(&self) -> Option<Phase> {
        self.breaker.as_ref().map(|breaker| lock(breaker).phase())
    }
}

/// A call that found no slot comes back after about this long.
const BUSY_AGAIN: Duration = Duration::from_secs(2);

/// Between the half and the whole: those who wait do not all come back at once.
pub(in crate::connect) fn spread(around: Duration) -> Duration {
    around.mul_f64(0.5 + f64::from(rand::random::<u8>()) / 512.0)
}

fn lock(breaker: &Mutex<Breaker>) -> MutexGuard<'_, Breaker> {
    breaker.lock().expect("the breaker's lock is never poisoned")
}

/// Room for one call, on this node and at the target.
pub(in crate::connect) struct Slot<'c> {
    _here: SemaphorePermit<'c>,
    _everywhere: Option<Permit>,
}

/// A call that its breaker let pass. Dropped without a word, as with an aborted call, it says nothing about the target.
pub(in crate::connect) struct Pass<'c>(Option<(&'c Prepared, &'c Mutex<Breaker>, Admission)>);

impl Pass<'_> {
    pub(in crate::connect) fn ended(mut self, health: Health) {
        self.tell(health);
    }

    fn tell(&mut self, health: Health) {
        let Some((connection, breaker, admission)) = self.0.take() else { return };
        let (changed, phase) = {
            let mut breaker = lock(breaker);
            (breaker.ended(admission, health, Instant::now()), breaker.phase())
        };
        match phase {
            Phase::Open if changed => {
                tracing::warn!(connection = connection.name, "the target does not answer: calls wait until it does");
            }
            Phase::Closed if changed => tracing::info!(connection = connection.name, "the target answers again"),
            _ => {}
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.tell(Health::Unknown);
    }
}
