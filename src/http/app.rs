//! State shared by all handlers, and the settings of the HTTP server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::access::peer::Proxies;
use super::access::refusals::Refusals;
use super::access::session::{Access, Cookies};
use super::status::Ping;
use super::wire::budget::Budget;
use super::wire::phase::Phase;
use super::wire::serve::Limits;
use crate::dsl::Functions;
use crate::engine::Engine;
use crate::hub::Hub;

/// State of the router. Cheap to clone. Whatever `stepwell dev` reloads is behind a [`watch::Receiver`].
#[derive(Clone)]
pub struct App {
    /// Makes all changes to runs.
    pub engine: Engine,
    /// Sources of webhooks.
    pub hub: watch::Receiver<Arc<Hub>>,
    /// Catalog functions that a deployed definition may call.
    pub functions: watch::Receiver<Arc<Functions>>,
    /// Authenticates callers.
    pub access: Access,
    /// Limits and switches.
    pub settings: Arc<Settings>,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// Whether the node is starting, serving or shutting down.
    pub phase: watch::Receiver<Phase>,
    /// Cancelled when the process starts to shut down, which ends streams.
    pub shutdown: CancellationToken,
    /// Records refused requests.
    pub(super) refusals: Refusals,
    /// Memory for bodies of API requests.
    pub(super) budget: Budget,
    /// Memory for bodies of webhooks and events.
    pub(super) ingress_budget: Budget,
    /// Concurrency limit for webhooks and events whose body has been read.
    pub(super) ingress_places: Arc<Semaphore>,
    /// Limit for live streams.
    pub(super) streams: Arc<Semaphore>,
    /// Checks whether the database answers.
    pub(super) ping: Arc<Ping>,
}

impl App {
    /// Assembles the state of the handlers.
    #[must_use]
    pub fn new(
        engine: Engine,
        hub: watch::Receiver<Arc<Hub>>,
        functions: watch::Receiver<Arc<Functions>>,
        settings: Settings,
        metrics: PrometheusHandle,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            access: Access::new(engine.reader().clone(), Cookies::new(settings.secure_cookies)),
            refusals: Refusals::start(engine.reader().clone()),
            engine,
            hub,
            functions,
            metrics,
            phase: Phase::Serving.always(),
            shutdown,
            budget: Budget::new(BODIES_BYTES_MAX, settings.api_body_bytes_max),
            ingress_budget: Budget::for_strangers(BODIES_BYTES_MAX, settings.ingress_body_bytes_max),
            ingress_places: Arc::new(Semaphore::new(settings.ingress_concurrency_max)),
            streams: Arc::new(Semaphore::new(settings.streams_max)),
            ping: Arc::default(),
            settings: Arc::new(settings),
        }
    }
}

/// Memory for the bodies of a group of routes, in total.
const BODIES_BYTES_MAX: usize = 64 << 20;

impl FromRef<App> for Access {
    fn from_ref(app: &App) -> Self {
        app.access.clone()
    }
}

/// Settings of the HTTP server, table `[http]` of `stepwell.toml`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Longest body of `/hooks` and `/events`.
    pub ingress_body_bytes_max: usize,
    /// Longest body of `/api`.
    pub api_body_bytes_max: usize,
    /// Deadline of a request, except for `?wait` and streams.
    pub request_timeout_seconds: u64,
    /// Longest `?wait`.
    pub wait_seconds_max: u64,
    /// Most open connections. Beyond it, the connection that has been idle longest is closed.
    pub connections_max: usize,
    /// Most open connections per peer, at most half of all. Beyond it, the peer's connection that has been idle longest
    /// is closed.
    pub connections_per_peer_max: usize,
    /// Reverse proxies, by address or network: trusted to report who sent a request, and exempt from the limit per
    /// peer.
    pub trusted_proxies: Vec<String>,
    /// Separate address that serves `/healthz`, `/readyz` and `/metrics` without a token.
    pub admin_listen: Option<SocketAddr>,
    /// Concurrent webhooks and events; more get 503.
    pub ingress_concurrency_max: usize,
    /// Concurrent requests of `/api` and pages; more get 503.
    pub api_concurrency_max: usize,
    /// Open live streams; more get 503.
    pub streams_max: usize,
    /// Serve `/metrics` without a token.
    pub metrics_public: bool,
    /// Browsers reach Stepwell over TLS: mark cookies `Secure`. Implied by an https `public_url`.
    pub secure_cookies: bool,
    /// Tell browsers to use TLS only. Set by an https `public_url`.
    #[serde(skip)]
    pub strict_transport: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ingress_body_bytes_max: 1 << 20,
            api_body_bytes_max: 4 << 20,
            request_timeout_seconds: 30,
            wait_seconds_max: 60,
            connections_max: 1024,
            connections_per_peer_max: 512,
            trusted_proxies: Vec::new(),
            admin_listen: None,
            ingress_concurrency_max: 512,
            api_concurrency_max: 128,
            streams_max: 128,
            metrics_public: false,
            secure_cookies: false,
            strict_transport: false,
        }
    }
}

impl Settings {
    /// Limits of the server's connections.
    ///
    /// # Errors
    /// An entry of `trusted_proxies` is not an address or network.
    pub fn connection_limits(&self) -> Result<Limits, String> {
        let usual = Limits::default();
        let idle_time = usual.idle_time.max(Duration::from_secs(self.wait_seconds_max) + self.request_timeout());
        let connections_max = self.connections_max.max(1);
        Ok(Limits {
            connections_max,
            // Whatever the settings, no single peer can take all connections.
            per_peer_max: self.connections_per_peer_max.clamp(1, connections_max.div_ceil(2)),
            proxies: Proxies::read(&self.trusted_proxies)?,
            idle_time,
            ..usual
        })
    }

    /// Deadline of a request.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_gives_one_peer_all_connections() {
        for (all, of_peer, expected) in [(1024, 512, 512), (1024, 4096, 512), (100, 512, 50), (1, 1, 1), (0, 0, 1)] {
            let settings = Settings { connections_max: all, connections_per_peer_max: of_peer, ..Settings::default() };
            let limits = settings.connection_limits().unwrap();
            assert_eq!((limits.connections_max, limits.per_peer_max), (all.max(1), expected));
        }
        let settings = Settings { trusted_proxies: vec!["balancer".to_owned()], ..Settings::default() };
        assert!(settings.connection_limits().unwrap_err().contains("\"balancer\""));
    }
}
