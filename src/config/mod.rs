//! Settings: `stepwell.toml`, then `STEPWELL_*` variables, then flags. The effective settings can be shown with their
//! origins.

mod asked;
mod masked;
mod processes;
mod unknown;
mod variables;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::engine::EngineSettings;
use crate::machine::CallRetry;
use crate::store::nodes::formats::{Format, NEWEST, ONE_RECORD};
use crate::telemetry::LogFormat;
pub use asked::{Server, Token};
pub use masked::without_userinfo;
pub use processes::Processes;
use variables::{Meaning, meaning};

/// All settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address of API, webhooks and dashboard.
    pub listen: SocketAddr,
    /// URL that people and senders use, if different from `listen`.
    pub public_url: Option<Url>,
    /// Postgres; if unset, a private one runs under `data_dir`. Also `DATABASE_URL`.
    pub database_url: Option<String>,
    /// Folder of the private Postgres.
    pub data_dir: PathBuf,
    /// Folder with definitions, function catalogs and `hub.yaml`.
    pub workflows: PathBuf,
    /// Name of the environment, which selects each connection's base URL.
    pub environment: String,
    /// Log filter: a level, or directives as in `RUST_LOG`, which applies if this is unset.
    pub log: Option<String>,
    /// Format of log lines: `text` or `json`.
    pub log_format: LogFormat,
    /// Addresses that may be called.
    pub network: Network,
    /// Behavior of the node.
    pub node: Node,
    /// Default retry policy: for calls without a connection, and connections without their own.
    pub retry: Retry,
    /// Acts that wait for a second person.
    pub proposals: Proposals,
    /// Programs that definitions may run.
    pub processes: Processes,
    /// API and webhooks.
    pub http: crate::http::Settings,
    /// Overrides of connections' base URLs, in every environment.
    pub connections: BTreeMap<String, ConnectionOverride>,
    /// Token of the command line. Never in a file, only `--token` or `STEPWELL_TOKEN`.
    #[serde(skip)]
    pub token: Option<Token>,
    /// Server that the command line talks to. Never in a file, only `--server` or `STEPWELL_SERVER`.
    #[serde(skip)]
    pub server: Option<Server>,
    /// Variant of the catalogs to use with a sandbox profile. Never in a file, only `stepwell dev --sandbox-profile`.
    #[serde(skip)]
    pub variant: Option<&'static str>,
}

/// `[network]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Private and loopback addresses that may be called: `host:port`, `ip`, CIDR.
    pub allow: Vec<String>,
}

/// `[node]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Node {
    /// Name of the node for people.
    pub name: String,
    /// A node that cannot confirm its heartbeat for this long counts as dead.
    pub lease_seconds: f64,
    /// How often the node checks for work left by others.
    pub sweep_interval_ms: u64,
    /// How long it keeps serving after SIGTERM, while `/readyz` returns 503 so that load balancers stop sending
    /// requests.
    pub drain_seconds: f64,
    /// How long calls in flight may take at shutdown.
    pub grace_seconds: f64,
    /// How long it waits for the database at startup; 0: forever.
    pub database_wait_seconds: f64,
    /// Most runs in memory.
    pub runs_max: usize,
    /// Most memory for the journals of runs in memory, in MiB.
    pub runs_mb_max: usize,
    /// Most writes waiting to be committed.
    pub queue_max: usize,
    /// Database connections that commit batches.
    pub committers: usize,
    /// Newest storage format to write; 0: the newest that all nodes support. Set it to an older version's format while
    /// you may have to roll back to it.
    pub format: Format,
    /// Processes for expressions that might not terminate.
    pub evaluators: usize,
}

/// `[proposals]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proposals {
    /// Proposals expire after this many days without a decision.
    pub expire_days: u32,
}

impl Default for Proposals {
    fn default() -> Self {
        Self { expire_days: 7 }
    }
}

/// `[retry]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Total attempts.
    pub attempts: u32,
    /// Delay before the first retry.
    pub delay_ms: u64,
    /// Longest delay.
    pub max_delay_ms: u64,
    /// Growth of the delay per retry.
    pub multiplier: f64,
    /// Longest time from the first failure.
    pub duration_seconds: u64,
}

/// `[connections.NAME]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionOverride {
    /// Replaces the base URL in `hub.yaml`.
    pub base_url: Url,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            database_url: None,
            data_dir: PathBuf::from(".stepwell"),
            workflows: PathBuf::from("workflows"),
            environment: "sandbox".to_owned(),
            log: None,
            log_format: LogFormat::Text,
            network: Network::default(),
            node: Node::default(),
            retry: Retry::default(),
            proposals: Proposals::default(),
            processes: Processes::default(),
            http: crate::http::Settings::default(),
            connections: BTreeMap::new(),
            token: None,
            server: None,
            variant: None,
        }
    }
}

impl Default for Node {
    fn default() -> Self {
        let usual = EngineSettings::default();
        Self {
            name: usual.name,
            lease_seconds: usual.lease.as_secs_f64(),
            sweep_interval_ms: u64::try_from(usual.sweep_interval.as_millis()).unwrap_or(500),
            drain_seconds: 5.0,
            grace_seconds: usual.grace.as_secs_f64(),
            database_wait_seconds: 0.0,
            runs_max: usual.runs_max,
            runs_mb_max: usual.runs_bytes_max >> 20,
            queue_max: usual.queue_max,
            committers: usual.committers,
            format: 0,
            evaluators: 2,
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        let usual = CallRetry::default();
        let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        Self {
            attempts: usual.attempts_max,
            delay_ms: ms(usual.delay),
            max_delay_ms: ms(usual.delay_max),
            multiplier: usual.multiplier,
            duration_seconds: usual.duration_max.as_secs(),
        }
    }
}

/// Keys that variables can set: `node.lease_seconds` is `STEPWELL_NODE_LEASE_SECONDS`; for `[node]`, the table's name
/// may be omitted.
const KEYS: [&str; 50] = [
    "listen",
    "public_url",
    "database_url",
    "data_dir",
    "workflows",
    "environment",
    "log",
    "log_format",
    "network.allow",
    "node.name",
    "node.lease_seconds",
    "node.sweep_interval_ms",
    "node.drain_seconds",
    "node.grace_seconds",
    "node.database_wait_seconds",
    "node.runs_max",
    "node.runs_mb_max",
    "node.queue_max",
    "node.committers",
    "node.format",
    "node.evaluators",
    "retry.attempts",
    "retry.delay_ms",
    "retry.max_delay_ms",
    "retry.multiplier",
    "retry.duration_seconds",
    "proposals.expire_days",
    "processes.enable",
    "processes.time_seconds",
    "processes.memory_mb",
    "processes.output_kb",
    "processes.concurrency",
    "processes.container",
    "processes.container_images",
    "processes.container_network",
    "processes.container_cpus",
    "processes.container_pids",
    "http.ingress_body_bytes_max",
    "http.api_body_bytes_max",
    "http.request_timeout_seconds",
    "http.wait_seconds_max",
    "http.connections_max",
    "http.connections_per_peer_max",
    "http.trusted_proxies",
    "http.admin_listen",
    "http.ingress_concurrency_max",
    "http.api_concurrency_max",
    "http.streams_max",
    "http.metrics_public",
    "http.secure_cookies",
];

/// The effective settings, and the origin of each one that is not at its default.
#[derive(Debug)]
pub struct Loaded {
    /// Effective settings.
    pub settings: Settings,
    /// Origin by key.
    pub origins: BTreeMap<String, String>,
    /// For each unknown variable that begins with `STEPWELL_`: a sentence with the likely intended name.
    pub unknown: Vec<String>,
}

/// Reads `stepwell.toml` and variables.
///
/// # Errors
/// The file cannot be read, contains an unknown key, or a value is invalid.
pub fn load(file: &Path) -> anyhow::Result<Loaded> {
    // Unrelated variables may not be valid text; `std::env::vars` would panic on them.
    let texts = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let ours = texts.filter(|(name, _)| name.starts_with("STEPWELL_") || name == "DATABASE_URL");
    let mut variables = BTreeMap::new();
    for (name, value) in ours {
        let Ok(value) = value.into_string() else { bail!("the variable {name} is not UTF-8 text") };
        variables.insert(name, value);
    }
    load_from(file, &variables)
}

fn load_from(file: &Path, variables: &BTreeMap<String, String>) -> anyhow::Result<Loaded> {
    let mut builder = config::Config::builder();
    let (mut origins, mut unknown) = (BTreeMap::new(), Vec::new());
    if file.exists() {
        builder = builder.add_source(config::File::from(file).format(config::FileFormat::Toml));
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        unknown::refuse(&text).with_context(|| format!("the settings of {} are invalid", file.display()))?;
        for line in text.lines().filter_map(|l| l.split_once('=')) {
            origins.insert(line.0.trim().to_owned(), file.display().to_string());
        }
    }
    for (variable, value) in variables {
        let key = match meaning(variable, value) {
            Meaning::Sets(key) => key,
            Meaning::NotASetting => continue,
            Meaning::Unknown { meant } => {
                unknown.push(format!("the variable {variable} sets nothing; did you mean {meant}?"));
                continue;
            }
        };
        builder = if matches!(
            key.as_str(),
            "network.allow" | "processes.enable" | "processes.container_images" | "http.trusted_proxies"
        ) {
            let items: Vec<String> = value.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect();
            builder.set_override(&key, items)?
        } else {
            builder.set_override(&key, value.as_str())?
        };
        origins.insert(key, variable.clone());
    }
    let settings = builder
        .build()
        .and_then(config::Config::try_deserialize::<Settings>)
        .with_context(|| format!("the settings of {} and the STEPWELL_* variables are invalid", file.display()))?;
    Ok(Loaded { settings, origins, unknown })
}

impl Settings {
    /// Returns the engine's settings.
    #[must_use]
    pub fn engine(&self) -> EngineSettings {
        EngineSettings {
            name: self.node.name.clone(),
            lease: Duration::from_secs_f64(self.node.lease_seconds.clamp(0.5, 3_600.0)),
            sweep_interval: Duration::from_millis(self.node.sweep_interval_ms.clamp(10, 60_000)),
            grace: Duration::from_secs_f64(self.node.grace_seconds.clamp(0.0, 3_600.0)),
            runs_max: self.node.runs_max,
            runs_bytes_max: self.node.runs_mb_max.max(1).saturating_mul(1 << 20),
            queue_max: self.node.queue_max,
            committers: self.node.committers.clamp(1, 16),
            format: match self.node.format {
                0 => NEWEST,
                format => format.clamp(ONE_RECORD, NEWEST),
            },
            proposals_last: Duration::from_hours(u64::from(self.proposals.expire_days.clamp(1, 3_650)) * 24),
            ..EngineSettings::default()
        }
    }

    /// How long a node keeps serving after it was asked to stop.
    #[must_use]
    pub fn drain(&self) -> Duration {
        Duration::from_secs_f64(self.node.drain_seconds.clamp(0.0, 3_600.0))
    }

    /// How long a node waits for the database at startup; `None`: forever.
    #[must_use]
    pub fn database_wait(&self) -> Option<Duration> {
        let seconds = self.node.database_wait_seconds;
        (seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(1e9)))
    }

    /// Default retry policy of calls.
    #[must_use]
    pub fn call_retry(&self) -> CallRetry {
        CallRetry {
            attempts_max: self.retry.attempts.max(1),
            delay: Duration::from_millis(self.retry.delay_ms),
            delay_max: Duration::from_millis(self.retry.max_delay_ms),
            multiplier: self.retry.multiplier,
            duration_max: Duration::from_secs(self.retry.duration_seconds),
        }
    }

    /// Returns the HTTP server's settings. An https `public_url` makes cookies `Secure`.
    #[must_use]
    pub fn http(&self) -> crate::http::Settings {
        let is_https = self.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
        crate::http::Settings {
            secure_cookies: self.http.secure_cookies || is_https,
            strict_transport: is_https,
            ..self.http.clone()
        }
    }

    /// URL for people, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.public_url
            .as_ref()
            .map_or_else(|| format!("http://{}", self.listen), |u| u.to_string().trim_end_matches('/').to_owned())
    }
}

#[cfg(test)]
mod tests;
