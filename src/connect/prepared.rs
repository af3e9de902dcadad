//! A connection made ready for many calls: URLs parsed, headers built, slots counted.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use super::problem::Problem;
use super::request::{header_name, header_value};
use super::settings::{ConnectSettings, Connection, FaultRule, IDEMPOTENCY_HEADER_DEFAULT};
use super::target;
use crate::dsl::{Authentication, SecretTemplate};
use crate::machine::{CallRetry, TargetEffect};

/// What [`super::Connections`] keeps of a [`Connection`].
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) name: String,
    pub(super) base: Option<Url>,
    environments: Vec<String>,
    pub(super) headers: HeaderMap,
    pub(super) secret_headers: Vec<(HeaderName, String)>,
    pub(super) authentication: Option<Authentication>,
    pub(super) idempotency_header: HeaderName,
    pub(super) timeout: Duration,
    pub(super) retry: CallRetry,
    pub(super) faults: Vec<FaultRule>,
    slots: Semaphore,
}

/// All connections, or what is wrong with the first bad one.
pub(super) fn all(settings: &ConnectSettings) -> Result<BTreeMap<String, Prepared>, String> {
    if let Some(name) = settings.base_url_overrides.keys().find(|name| !settings.connections.contains_key(*name)) {
        return Err(format!("connections.{name}.base_url is set, but hub.yaml has no connection {name}"));
    }
    let prepare = |(name, connection): (&String, &Connection)| {
        let prepared = prepare(settings, name, connection).map_err(|e| format!("connection {name}: {e}"))?;
        Ok((name.clone(), prepared))
    };
    settings.connections.iter().map(prepare).collect()
}

/// What calls without a connection use.
pub(super) fn direct(settings: &ConnectSettings) -> Result<Prepared, String> {
    let plain = Connection {
        idempotency_header: IDEMPOTENCY_HEADER_DEFAULT.to_owned(),
        concurrency: settings.concurrency_direct,
        ..Connection::default()
    };
    prepare(settings, "", &plain)
}

fn prepare(settings: &ConnectSettings, name: &str, connection: &Connection) -> Result<Prepared, String> {
    let base = settings.base_url_overrides.get(name).or_else(|| connection.base_urls.get(&settings.environment));
    if let Some(base) = base {
        check_base(base)?;
    }
    let (headers, secret_headers) = headers(settings, connection)?;
    Ok(Prepared {
        name: name.to_owned(),
        base: base.cloned(),
        environments: connection.base_urls.keys().cloned().collect(),
        headers,
        secret_headers,
        authentication: connection.authentication.clone(),
        idempotency_header: header_name(&connection.idempotency_header).map_err(|p| p.to_string())?,
        timeout: connection.timeout.unwrap_or(settings.timeout),
        retry: connection.retry.clone().unwrap_or_else(|| settings.default_retry.clone()),
        faults: connection.faults.clone(),
        slots: Semaphore::new(connection.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
    })
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
    pub(super) fn url(&self, environment: &str, rest: &str) -> Result<Url, Box<Problem>> {
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
    pub(super) async fn slot(&self) -> Result<SemaphorePermit<'_>, Box<Problem>> {
        match tokio::time::timeout(self.timeout, self.slots.acquire()).await {
            Ok(permit) => Ok(permit.expect("the semaphore is never closed")),
            Err(_) => {
                let whose = if self.name.is_empty() { "calls without a connection" } else { &self.name };
                let detail = format!(
                    "all slots of {whose} were taken for {:?}; raise `concurrency` if the target bears it",
                    self.timeout
                );
                Err(Problem::communication("Too many calls under way", detail, TargetEffect::None))
            }
        }
    }
}
