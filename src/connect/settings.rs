//! Settings of calls: plain data from the configuration and `hub.yaml`, read once by
//! [`Connections::new`](super::Connections::new).

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::Secrets;
use super::breaker::BreakerSettings;
use super::keyring::Keyring;
use super::limits::SharedLimits;
use super::process::ProcessSettings;
use super::request::hosts::HostPattern;
use crate::dsl::{Authentication, Releases, SecretTemplate};
use crate::expr::Expression;
use crate::machine::{CallRetry, FaultClass};

/// All settings that affect calls.
#[derive(Debug, Clone)]
pub struct ConnectSettings {
    /// Name of the environment, which selects each connection's base URL: `sandbox`, `production`, ...
    pub environment: String,
    /// Connections by name, from `hub.yaml`.
    pub connections: BTreeMap<String, Connection>,
    /// `connections.NAME.base_url`: replaces a connection's base URL in every environment.
    pub base_url_overrides: BTreeMap<String, Url>,
    /// For calls without a connection, and connections without their own policy.
    pub default_retry: CallRetry,
    /// Deadline of a whole call, for calls without a connection and connections without their own.
    pub timeout: Duration,
    /// Longest answer, counted after decompression.
    pub body_bytes_max: usize,
    /// Concurrent calls without a connection.
    pub concurrency_direct: usize,
    /// Private addresses that may be called: `host`, `host:port`, `ip`, `ip:port`, `[ip6]:port`, CIDR; `:*` means any
    /// port.
    pub network_allow: Vec<String>,
    /// `User-Agent` of every call.
    pub user_agent: String,
    /// Resolves `$secrets.NAME`.
    pub secrets: Secrets,
    /// Secrets that definitions may use, and where they may be sent: `secrets` of `hub.yaml`.
    pub releases: Releases,
    /// Encrypts the tokens that all nodes share. Without keys, each node keeps its tokens in memory.
    pub keyring: Keyring,
    /// Programs that definitions may run, and their limits.
    pub processes: ProcessSettings,
}

impl Default for ConnectSettings {
    fn default() -> Self {
        Self {
            environment: "sandbox".to_owned(),
            connections: BTreeMap::new(),
            base_url_overrides: BTreeMap::new(),
            default_retry: CallRetry::default(),
            timeout: Duration::from_secs(30),
            body_bytes_max: 4 << 20,
            concurrency_direct: 256,
            network_allow: Vec::new(),
            user_agent: concat!("stepwell/", env!("CARGO_PKG_VERSION")).to_owned(),
            secrets: Secrets::from_environment(),
            releases: Releases::default(),
            keyring: Keyring::default(),
            processes: ProcessSettings::default(),
        }
    }
}

/// How to reach one target and interpret its answers.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Name of the system for people.
    pub title: Option<String>,
    /// Base URL by environment.
    pub base_urls: BTreeMap<String, Url>,
    /// Used for each call, unless the call has its own.
    pub authentication: Option<Authentication>,
    /// Added to each call, unless the call sets the same header. Values may be secrets.
    pub headers: Vec<(String, SecretTemplate)>,
    /// Name of the header that carries the idempotency key.
    pub idempotency_header: String,
    /// Deadline of a whole call.
    pub timeout: Option<Duration>,
    /// How long the target may keep working on an abandoned request. Default: `timeout`, but at least 10 s.
    pub settle: Option<Duration>,
    /// Retries before a fault reaches the workflow.
    pub retry: Option<CallRetry>,
    /// Meaning of answers. The first matching rule applies; built-in rules come last.
    pub faults: Vec<FaultRule>,
    /// Concurrent calls from this node.
    pub concurrency: usize,
    /// Limits that all nodes share.
    pub limits: Option<SharedLimits>,
    /// When to pause calls because the target is down.
    pub breaker: Option<BreakerSettings>,
    /// Hosts that the connection may reach besides its base URL's; `None`: any that the guard permits.
    pub allowed_hosts: Option<Vec<HostPattern>>,
    /// Proxy for all calls.
    pub proxy: Option<Url>,
    /// Additional trusted certificate authorities, PEM.
    pub authorities: Option<String>,
    /// By object: fields that definitions use of records that they read whole. `stepwell preflight` checks that they
    /// exist.
    pub reads: BTreeMap<String, Vec<String>>,
}

/// Default for the concurrent calls of a connection.
pub const CONCURRENCY_DEFAULT: usize = 64;

/// Default for the header that carries the idempotency key.
pub const IDEMPOTENCY_HEADER_DEFAULT: &str = "Idempotency-Key";

impl Default for Connection {
    fn default() -> Self {
        Self {
            title: None,
            base_urls: BTreeMap::new(),
            authentication: None,
            headers: Vec::new(),
            idempotency_header: IDEMPOTENCY_HEADER_DEFAULT.to_owned(),
            timeout: None,
            settle: None,
            retry: None,
            faults: Vec::new(),
            concurrency: CONCURRENCY_DEFAULT,
            limits: None,
            breaker: None,
            allowed_hosts: None,
            proxy: None,
            authorities: None,
            reads: BTreeMap::new(),
        }
    }
}

/// What a rule declares an answer to mean, whatever its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The request has been carried out, perhaps by an earlier attempt: the answer counts as a success.
    Done,
    /// A failure of this class.
    Fault(FaultClass),
}

/// One rule of `faults`, which may also match answers with status 200.
#[derive(Debug, Clone)]
pub struct FaultRule {
    /// Statuses that match; empty: any.
    pub statuses: Vec<u16>,
    /// Must be true for the rule to match; sees `{status, headers, body}`. If the expression fails, the rule does not
    /// match.
    pub when: Option<Expression>,
    /// Meaning of a matching answer.
    pub verdict: Verdict,
    /// Type of the error that the workflow sees. Default: `communication`.
    pub error: Option<String>,
    /// When to retry if the answer has no `Retry-After`.
    pub after: Option<Duration>,
}
