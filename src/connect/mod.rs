//! Calls to other systems: connection settings, authentication, deadlines, limits, and the meaning of failures.
//!
//! [`Connections::call`] sends one attempt. It never fails and never panics: every result is a [`CallOutcome`], which
//! says what kind of fault occurred and whether the target may have acted. No outcome contains a secret.
//!
//! A call passes these stages, one file each: `target` (its URL), `request` (its content), `auth` (its credentials),
//! `hosts` and `guard` (whether it may go there), `exchange` (the wire), `outcome` (what the answer means), `summary`
//! (what the journal keeps). `operation` turns a call of an OpenAPI operation into a plain one.

pub mod answer;
mod auth;
pub mod breaker;
mod keyring;
mod limits;
mod local;
mod offline;
mod operation;
mod pauses;
mod problem;
pub mod process;
mod request;
mod secret;
mod settings;
mod standing;
#[cfg(test)]
mod tests;
pub mod wire;

pub use answer::answers::{Room, carrying};
pub use auth::vault::{Claimed, NewTokens, StoredTokens, TokenClaim, TokenId, TokenVault, Unanswered};
pub use keyring::{BadKeys, KEYS_VARIABLE, Keyring, KeyringError};
pub use limits::{Grant, Ledger, Rate, SharedLimits};
pub use local::{Local, operation as local_operation, response as local_response};
pub use offline::Offline;
pub use pauses::{Paused, Pauses};
pub use process::ProcessSettings;
pub use request::hosts::HostPattern;
pub use secret::{MissingSecret, Secret, Secrets, reference as secret_reference, variable as secret_variable};
pub use settings::{CONCURRENCY_DEFAULT, ConnectSettings, Connection, FaultRule, IDEMPOTENCY_HEADER_DEFAULT, Verdict};
pub use standing::Standing;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::dsl::{Authentication, OwnAuthentication, Releases};
use crate::machine::{CallOutcome, CallRequest, TargetEffect};
use crate::redact::Known;
use crate::{memory, telemetry};
use answer::outcome;
use auth::{Authenticator, Credentials, Wire};
use operation::Documents;
use problem::Problem;
use process::Processes;
use request::Outgoing;
use request::prepared::Prepared;
use request::reach::CredentialScope;
use request::{prepared, target};
use standing::{class_of, health, is_refused};
use wire::exchange::{self, Clients, Route};
use wire::guard::Guard;

/// All connections of a node, with their pools.
#[derive(Debug)]
pub struct Connections {
    environment: String,
    by_name: BTreeMap<String, Prepared>,
    direct: Prepared,
    authenticator: Authenticator,
    secrets: Secrets,
    releases: Arc<Releases>,
    keyring: Keyring,
    body_bytes_max: usize,
    documents: Documents,
    processes: Processes,
    /// Who knows which connections are paused.
    pauses: OnceLock<Arc<dyn Pauses>>,
    /// Answers calls to the connection `hub`.
    local: OnceLock<Arc<dyn Local>>,
    /// Connections that use a refresh token, and whether the provider accepts it.
    authorized: Mutex<BTreeMap<String, bool>>,
}

/// The settings allow no calls.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot set up calls to other systems: {0}")]
pub struct BadSettings(String);

impl Default for Connections {
    /// No connections, and only the public internet is reachable.
    fn default() -> Self {
        Self::new(ConnectSettings::default()).expect("the default settings are valid")
    }
}

impl Connections {
    /// Prepares everything that calls share.
    ///
    /// # Errors
    /// An entry of `network.allow`, a base URL or a header is invalid.
    pub fn new(settings: ConnectSettings) -> Result<Self, BadSettings> {
        let guard = Arc::new(Guard::new(&settings.network_allow).map_err(BadSettings)?);
        let clients = Arc::new(Clients::new(&guard, &Route::default()).map_err(BadSettings)?);
        Ok(Self {
            by_name: prepared::all(&settings, &guard, &clients).map_err(BadSettings)?,
            direct: prepared::direct(&settings, &clients).map_err(BadSettings)?,
            authenticator: Authenticator::default(),
            environment: settings.environment,
            secrets: settings.secrets,
            releases: Arc::new(settings.releases),
            keyring: settings.keyring,
            body_bytes_max: settings.body_bytes_max,
            documents: Documents::default(),
            processes: Processes::new(
                settings.processes,
                std::env::current_exe().map_err(|e| BadSettings(e.to_string()))?,
            ),
            pauses: OnceLock::new(),
            local: OnceLock::new(),
            authorized: Mutex::default(),
        })
    }

    /// Sends one attempt and returns its outcome. Failures are outcomes too.
    ///
    /// `authentication` is the definition's own policy for this call and replaces the connection's. Dropping the future
    /// aborts the call.
    pub async fn call(&self, request: &CallRequest, authentication: Option<&OwnAuthentication>) -> CallOutcome {
        if let Some(process) = &request.process {
            let begin = Instant::now();
            let mut outcome = self.settled(Box::pin(self.processes.call(request, process)).await, &self.direct);
            if let CallOutcome::Failed(failure) = &mut outcome {
                // The program has ended or was killed, so nothing can still be running.
                failure.settles_after = Duration::ZERO;
            }
            self.clean_output(&mut outcome);
            telemetry::call_ended(process.kind.as_str(), class_of(&outcome), begin.elapsed());
            return outcome;
        }
        if let Some(path) = local::operation(&request.uri) {
            let begin = Instant::now();
            let outcome = Box::pin(self.call_locally(request, path)).await;
            telemetry::call_ended(memory::CONNECTION, class_of(&outcome), begin.elapsed());
            return outcome;
        }
        let (connection, url) = match self.route(&request.uri) {
            Ok(route) => route,
            Err(problem) => return self.settled(Err(problem), &self.direct),
        };
        let begin = Instant::now();
        let outcome = match self.check_pause(connection).await.and_then(|()| connection.pass()) {
            Err(problem) => Err(problem),
            Ok(pass) => match self.slot(connection).await {
                Err(problem) => Err(problem),
                // Box the attempt only once it has a slot: thousands of calls may be waiting for one.
                Ok(_slot) => {
                    let outcome = Box::pin(self.attempt(connection, request, authentication, url)).await;
                    let outcome = self.settled(outcome, connection);
                    pass.ended(connection.note(health(&outcome)));
                    Ok(outcome)
                }
            },
        };
        let outcome = self.settled(outcome, connection);
        let name = if connection.name.is_empty() { "direct" } else { &connection.name };
        telemetry::call_ended(name, class_of(&outcome), begin.elapsed());
        outcome
    }

    /// How long an abandoned request may still act at its target.
    #[must_use]
    pub fn settles_after(&self, request: &CallRequest) -> Duration {
        if request.process.is_some() || local::operation(&request.uri).is_some() {
            return Duration::ZERO;
        }
        // Only its document knows where an operation is served, and it is not available here: assume the longest.
        let longest =
            || self.by_name.values().map(|connection| connection.settle).fold(self.direct.settle, Duration::max);
        match target::parse(&request.uri) {
            _ if request.openapi.is_some() => longest(),
            target::Uri::Direct(_) => self.direct.settle,
            target::Uri::Connection { name, .. } => self.by_name.get(name).map_or_else(longest, |c| c.settle),
        }
    }

    /// Starts to enforce the limits that all nodes share.
    pub fn govern(&self, ledger: &Arc<dyn Ledger>, closing: &CancellationToken) {
        for gate in self.by_name.values().filter_map(|connection| connection.gate.as_ref()) {
            tokio::spawn(Arc::clone(gate).serve(Arc::clone(ledger), closing.clone()));
        }
    }

    /// Makes all nodes share the tokens obtained with refresh tokens.
    pub fn share_tokens(&self, vault: Arc<dyn TokenVault>) {
        self.authenticator.share(vault, self.keyring.clone());
    }

    /// Whether tokens can be stored, which requires an encryption key.
    #[must_use]
    pub fn stores_tokens(&self) -> bool {
        !self.keyring.is_empty()
    }

    /// Returns the connections that use a refresh token, each with the row in which all nodes keep its tokens.
    #[must_use]
    pub fn shared_tokens(&self) -> Vec<(&str, TokenId)> {
        let row = |connection: &Prepared| auth::shared_row(&self.secrets, connection.authentication.as_ref());
        self.by_name.values().filter_map(|connection| Some((connection.name.as_str(), row(connection)?))).collect()
    }

    /// Records whether the provider accepts a connection's refresh token.
    pub fn note_authorized(&self, connection: &str, is_authorized: bool) {
        self.authorized.lock().unwrap_or_else(PoisonError::into_inner).insert(connection.to_owned(), is_authorized);
        telemetry::connection_authorized(connection, is_authorized);
    }

    /// Replaces the token of the given generation. Called after a node died during a token request: the provider
    /// accepts the old refresh token for a short time only.
    ///
    /// # Errors
    /// Why there is no new token.
    pub async fn replace_token(&self, connection: &str, generation: i64) -> Result<(), String> {
        let Some(connection) = self.by_name.get(connection) else { return Ok(()) };
        let wire = self.wire(connection, connection.reach.clone());
        let replaced = self.authenticator.replace(&wire, connection, &self.secrets, generation).await;
        replaced.map_err(|problem| problem.to_string())
    }

    /// Known secrets: from the environment, from connections, and granted tokens.
    #[must_use]
    pub fn known(&self) -> Known {
        self.secrets.known()
    }

    /// Waits up to `within` for token requests in flight.
    pub async fn finish_tokens(&self, within: Duration) {
        self.authenticator.finish(within).await;
    }

    /// What a token request needs; the credentials may be sent only within `reach`.
    fn wire(&self, connection: &Prepared, reach: CredentialScope) -> Wire {
        Wire {
            clients: Arc::clone(&connection.clients),
            body_bytes_max: self.body_bytes_max,
            timeout: connection.timeout,
            reach,
            known: self.secrets.known(),
        }
    }

    /// Name of the environment, which selects each connection's base URL.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Status of all connections, ordered by name.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        let authorized = self.authorized.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = self.by_name.values().filter(|connection| connection.name != memory::CONNECTION);
        let tokens = |connection: &Prepared| auth::shared_row(&self.secrets, connection.authentication.as_ref());
        shown
            .map(|connection| Standing::of(connection, authorized.get(&connection.name).copied(), tokens(connection)))
            .collect()
    }

    fn route(&self, uri: &str) -> Result<(&Prepared, Url), Box<Problem>> {
        match target::parse(uri) {
            target::Uri::Direct(uri) => Ok((&self.direct, target::direct(uri)?)),
            target::Uri::Connection { name, rest } => {
                let connection = self.by_name.get(name).ok_or_else(|| self.unknown(name))?;
                Ok((connection, connection.url(&self.environment, rest)?))
            }
        }
    }

    fn unknown(&self, name: &str) -> Box<Problem> {
        let known = self.by_name.keys().map(String::as_str).filter(|name| *name != memory::CONNECTION);
        let known: Vec<&str> = known.collect();
        let detail = format!("no connection {name:?} in hub.yaml; there are: {}", known.join(", "));
        Problem::configuration("Unknown connection", detail)
    }

    /// Returns the policy of a call (the definition's own, else the connection's) and where its credentials may be
    /// sent.
    fn credentials_of<'a>(
        &self,
        connection: &'a Prepared,
        own: Option<&'a OwnAuthentication>,
    ) -> (Option<&'a Authentication>, CredentialScope) {
        match own {
            Some(own) => (Some(&own.policy), CredentialScope::of_definition(&self.releases, own)),
            None => (connection.authentication.as_ref(), connection.reach.clone()),
        }
    }

    async fn attempt(
        &self,
        connection: &Prepared,
        request: &CallRequest,
        authentication: Option<&OwnAuthentication>,
        url: Url,
    ) -> Result<CallOutcome, Box<Problem>> {
        let (policy, reach) = self.credentials_of(connection, authentication);
        reach.check_call(&url)?;
        let wire = self.wire(connection, reach);
        let named = auth::named(policy, connection);
        let credentials = self.authenticator.obtain(&wire, connection, &self.secrets, policy).await?;
        let first = self.send(connection, request, (&credentials, &named), url.clone()).await?;
        if !is_refused(&first.outcome) {
            return Ok(first.outcome);
        }
        match self.authenticator.renew(&wire, &credentials, &first.outgoing, &first.challenges).await? {
            // The same attempt: same request, same idempotency key.
            Some(renewed) => Ok(self.send(connection, request, (&renewed, &named), url).await?.outcome),
            None => Ok(first.outcome),
        }
    }

    /// Adds the credentials, and marks all secrets of the call for masking in the answer.
    fn authorize(
        &self,
        credentials: &Credentials,
        named: &[String],
        outgoing: &mut Outgoing,
    ) -> Result<(), Box<Problem>> {
        if let Some(value) = self.authenticator.header(credentials, outgoing)? {
            outgoing.headers.insert(AUTHORIZATION, value);
        }
        for secret in named.iter().filter_map(|name| self.secrets.resolve(name).ok()) {
            outgoing.hidden.add(secret.expose());
        }
        outgoing.seal(&self.secrets.known());
        Ok(())
    }

    /// Completes the outcome. Masks library error messages, because they may quote anything.
    fn settled(&self, outcome: Result<CallOutcome, Box<Problem>>, connection: &Prepared) -> CallOutcome {
        outcome.unwrap_or_else(|problem| {
            let mut failure = problem.into_failure(connection);
            let all = self.secrets.known().all();
            failure.error.detail = failure.error.detail.map(|detail| all.text(detail));
            CallOutcome::Failed(failure)
        })
    }

    /// Masks secrets in a program's output.
    fn clean_output(&self, outcome: &mut CallOutcome) {
        let redactor = self.secrets.known().with(&[]);
        match outcome {
            CallOutcome::Succeeded { output, .. } => {
                redactor.value(Arc::make_mut(output));
            }
            CallOutcome::Failed(failure) => {
                failure.error.detail = failure.error.detail.take().map(|detail| redactor.text(detail));
            }
        }
    }

    async fn send(
        &self,
        connection: &Prepared,
        request: &CallRequest,
        (credentials, named): (&Credentials, &[String]),
        url: Url,
    ) -> Result<Sent, Box<Problem>> {
        let mut outgoing = request::build(connection, &self.secrets, request, url)?;
        self.authorize(credentials, named, &mut outgoing)?;
        let exchange = exchange::exchange(&connection.clients, &outgoing, request.redirect, self.body_bytes_max);
        let Ok(answer) = tokio::time::timeout(connection.timeout, exchange).await else {
            return Err(timed_out(connection, &outgoing));
        };
        let answer = answer?;
        let challenges = answer.headers.get_all(WWW_AUTHENTICATE).iter();
        let challenges = challenges.filter_map(|value| value.to_str().ok().map(str::to_owned)).collect();
        let outcome = outcome::judge(connection, request, &outgoing, answer);
        Ok(Sent { outcome, outgoing, challenges })
    }
}

/// One request of an attempt and its result.
struct Sent {
    outcome: CallOutcome,
    outgoing: Outgoing,
    /// `WWW-Authenticate` headers of the answer.
    challenges: Vec<String>,
}

/// The deadline passed. The request may have been sent.
fn timed_out(connection: &Prepared, outgoing: &Outgoing) -> Box<Problem> {
    let asked = format!("{} {}", outgoing.method, target::short(&outgoing.url));
    let detail = format!("{asked} did not finish within {:?}", connection.timeout);
    let effect = if outgoing.method.is_safe() { TargetEffect::None } else { TargetEffect::Unknown };
    Problem::communication("Timed out", detail, effect)
}
