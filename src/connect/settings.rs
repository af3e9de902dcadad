//! What is configured about calls: plain data, made by `config` and `hub.yaml`, read once by
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

/// Everything that calls depend on.
#[derive(Debug, Clone)]
pub struct ConnectSettings {
    /// Which base URL of each connection is in force: `sandbox`, `production`, ...
    pub environment: String,
    /// By name, from `hub.yaml`.
    pub connections: BTreeMap<String, Connection>,
    /// `connections.NAME.base_url`: replaces a connection's base URL, whatever the environment.
    pub base_url_overrides: BTreeMap<String, Url>,
    /// For calls without a connection, and connections that say nothing about retries.
    pub default_retry: CallRetry,
    /// For calls without a connection, and connections that say nothing: whole call, in one piece.
    pub timeout: Duration,
    /// Longest answer, counted after decompression.
    pub body_bytes_max: usize,
    /// Calls without a connection that may be under way at once.
    pub concurrency_direct: usize,
    /// Private addresses that may be called: `host`, `host:port`, `ip`, `ip:port`, `[ip6]:port`, CIDR; `:*` is any port.
    pub network_allow: Vec<String>,
    /// Sent with each call.
    pub user_agent: String,
    /// Where `$secrets.NAME` comes from.
    pub secrets: Secrets,
    /// Secrets that definitions may use, and where these may go: `secrets` of `hub.yaml`.
    pub releases: Releases,
    /// Encrypts the tokens that all nodes share; without keys each node keeps them in memory.
    pub keyring: Keyring,
    /// Which programs definitions may run, and what those may use.
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

/// How one target is reached and understood.
#[derive(Debug, Clone)]
pub struct Connection {
    /// What people call the system.
    pub title: Option<String>,
    /// Environment to base URL.
    pub base_urls: BTreeMap<String, Url>,
    /// Added to each call, unless the call brings its own.
    pub authentication: Option<Authentication>,
    /// Added to each call, unless the call sets the same header. Values may be secrets.
    pub headers: Vec<(String, SecretTemplate)>,
    /// Name of the header that carries the idempotency key.
    pub idempotency_header: String,
    /// Whole call.
    pub timeout: Option<Duration>,
    /// How long the target may continue with a request that was given up; as long as `timeout`, and 10 s at least, unless said.
    pub settle: Option<Duration>,
    /// Retries before a fault reaches the workflow.
    pub retry: Option<CallRetry>,
    /// What answers mean; the first rule that matches counts, built-in rules come last.
    pub faults: Vec<FaultRule>,
    /// Calls that may be under way at once from this node.
    pub concurrency: usize,
    /// What all nodes together may do.
    pub limits: Option<SharedLimits>,
    /// When calls are held back because the target is down.
    pub breaker: Option<BreakerSettings>,
    /// Hosts that it may reach beside that of its base URL; without a list any that the guard permits.
    pub allowed_hosts: Option<Vec<HostPattern>>,
    /// Calls go through this proxy.
    pub proxy: Option<Url>,
    /// Certificate authorities that are trusted beside the usual ones, PEM.
    pub authorities: Option<String>,
    /// Fields that definitions use of records that they read whole, by object: `stepwell preflight` looks for them.
    pub reads: BTreeMap<String, Vec<String>>,
}

/// Calls of one connection that may be under way at once, unless it says otherwise.
pub const CONCURRENCY_DEFAULT: usize = 64;

/// The header that carries the idempotency key, unless a connection says otherwise.
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

/// What a rule says that an answer means, whatever its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// What was asked has been done, perhaps by an earlier attempt: the answer counts as a success.
    Done,
    /// A failure of this class.
    Fault(FaultClass),
}

/// One rule of `faults`: what an answer that matches means, even one with status 200.
#[derive(Debug, Clone)]
pub struct FaultRule {
    /// Any of these; any status when empty.
    pub statuses: Vec<u16>,
    /// True for answers that it is about; sees `{status, headers, body}`. An error of the expression is "no".
    pub when: Option<Expression>,
    /// What such an answer means.
    pub verdict: Verdict,
    /// Type of the error that the workflow sees. Default `communication`.
    pub error: Option<String>,
    /// When to try again, where the answer has no `Retry-After`.
    pub after: Option<Duration>,
}
