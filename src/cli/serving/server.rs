//! Assembles a node from settings, hub, engine, HTTP server and dashboard, and shuts it down in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::database;
use crate::cli::definitions::load;
use crate::config::Settings;
use crate::connect::{ConnectSettings, Connections, Keyring, Secrets};
use crate::dashboard::{self, Dashboard};
use crate::dsl::{Functions, Mistake};
use crate::engine::audit::anchors::key::AuditKey;
use crate::engine::{Engine, EngineSettings};
use crate::evaluator::Evaluator;
use crate::http::{self, App, Phase};
use crate::hub::Hub;
use crate::telemetry;

/// A running node.
pub(super) struct Server {
    /// The node's engine.
    pub engine: Engine,
    hub: watch::Sender<Arc<Hub>>,
    functions: watch::Sender<Arc<Functions>>,
    secrets: Secrets,
    phase: watch::Sender<Phase>,
    /// Stops the HTTP server.
    shutdown: CancellationToken,
    serving: JoinSet<()>,
    /// Stops health checks and metrics at the admin address, which answer until the very end.
    admin_shutdown: CancellationToken,
    admin: JoinSet<()>,
}

/// How long requests in flight may take at shutdown before the engine stops accepting them.
const REQUESTS_END_MAX: Duration = Duration::from_secs(2);

/// Whether to migrate the database first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Migrate {
    Yes,
    No,
}

impl Server {
    /// Starts a node on this database.
    pub(super) async fn start(
        settings: &Settings,
        database_url: &str,
        migrate: Migrate,
        secrets: Secrets,
    ) -> anyhow::Result<Self> {
        let limits = settings.http.connection_limits().map_err(anyhow::Error::msg)?;
        make_room_for(limits.connections_max);
        let listener = listen(settings.listen, "`listen` or STEPWELL_LISTEN")?;
        let admin_listener = match settings.http.admin_listen {
            Some(address) => Some(listen(address, "`http.admin_listen` or STEPWELL_HTTP_ADMIN_LISTEN")?),
            None => None,
        };
        let (pools, listener) = database::connect(settings, database_url, migrate, listener).await?;
        let hub = load_hub(settings, &secrets)?;
        let functions = load_functions(settings)?;
        let (keyring, audit_key) = (Keyring::from_environment()?, AuditKey::from_environment()?);
        let connections = Connections::new(connect_settings(settings, &hub, secrets.clone(), keyring))
            .map_err(|e| anyhow::anyhow!("the settings of the connections are invalid: {e}"))?;
        let evaluator =
            Evaluator::of_this_program(settings.node.evaluators).context("finding this program's own path")?;
        let metrics = telemetry::init_metrics().context("installing the metrics")?;
        let engine = Engine::start_node(
            engine_settings(settings, &hub, audit_key),
            pools.engine,
            pools.reader,
            connections,
            evaluator,
        )
        .await?;
        let (shutdown, admin_shutdown) = (CancellationToken::new(), CancellationToken::new());
        let (phase, phase_seen) = watch::channel(Phase::Starting);
        let (hub, hub_seen) = watch::channel(Arc::new(hub));
        let (functions, functions_seen) = watch::channel(Arc::new(functions));
        let mut app = App::new(engine.clone(), hub_seen, functions_seen, settings.http(), metrics, shutdown.clone());
        app.phase = phase_seen;
        let pages = dashboard::router(Dashboard::new(engine.clone(), app.access.clone()));
        let (mut serving, mut admin) = (JoinSet::new(), JoinSet::new());
        if let Some(listener) = admin_listener {
            let router = http::admin_router(app.clone());
            admin.spawn(http::serve(listener, router, http::wire::serve::Limits::default(), admin_shutdown.clone()));
        }
        serving.spawn(http::serve(listener, http::router(app, pages), limits, shutdown.clone()));
        info!(address = %settings.listen, admin = ?settings.http.admin_listen, "serving");
        Ok(Self { engine, hub, functions, secrets, phase, shutdown, serving, admin_shutdown, admin })
    }

    /// Called once everything is deployed: accepts events and reports readiness.
    pub(super) fn open(&self) {
        self.phase.send_replace(Phase::Serving);
    }

    /// Reloads `hub.yaml` and the function catalogs. Sources and functions change at once, connections only with the
    /// next start.
    pub(super) fn reload(&self, settings: &Settings) -> anyhow::Result<()> {
        self.hub.send_replace(Arc::new(load_hub(settings, &self.secrets)?));
        self.functions.send_replace(Arc::new(load_functions(settings)?));
        Ok(())
    }

    /// Current catalog functions.
    pub(super) fn functions(&self) -> Arc<Functions> {
        Arc::clone(&self.functions.borrow())
    }

    /// Shuts down in order. First, `/readyz` returns 503 while everything is still served, so that load balancers stop
    /// sending requests. After `drain`, no connection is accepted and requests in flight finish; then calls finish or
    /// are handed over.
    pub(super) async fn stop(mut self, drain: Duration) {
        self.phase.send_replace(Phase::Leaving);
        if !drain.is_zero() {
            info!(
                seconds = drain.as_secs_f64(),
                "shutting down: readiness fails first so that load balancers stop sending requests"
            );
            tokio::time::sleep(drain).await;
        }
        self.shutdown.cancel();
        let ended = tokio::time::timeout(REQUESTS_END_MAX, self.serving.join_next()).await;
        self.engine.shut_down().await;
        self.admin_shutdown.cancel();
        self.serving.spawn(async move { drop(self.admin.join_all().await) });
        let rest = tokio::time::timeout(Duration::from_secs(15), self.serving.join_all()).await;
        if ended.is_err() && rest.is_err() {
            warn!("some connections did not close in time");
        }
    }
}

/// Open files other than callers' connections: database, targets, listeners, pipes.
const OTHER_FILES: u64 = 512;

/// Raises the limit of open files for this many connections, as far as the machine permits.
fn make_room_for(connections: usize) {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
    match rlimit::increase_nofile_limit(wanted) {
        Ok(limit) if limit >= wanted => {}
        Ok(limit) => warn!(
            limit,
            wanted, "the limit of open files is too low for `http.connections_max`; raise it, or lower that"
        ),
        Err(error) => warn!(%error, wanted, "the limit of open files could not be raised"),
    }
}

fn listen(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    http::wire::serve::listen(address)
        .with_context(|| format!("listening on {address} failed; is another Stepwell running? Set {setting}"))
}

pub(in crate::cli) fn connect_settings(
    settings: &Settings,
    hub: &Hub,
    secrets: Secrets,
    keyring: Keyring,
) -> ConnectSettings {
    ConnectSettings {
        environment: settings.environment.clone(),
        connections: hub.connections.clone(),
        base_url_overrides: settings.connections.iter().map(|(name, c)| (name.clone(), c.base_url.clone())).collect(),
        default_retry: settings.call_retry(),
        network_allow: settings.network.allow.clone(),
        processes: settings.processes.settings(),
        secrets,
        releases: hub.secrets.clone(),
        keyring,
        ..ConnectSettings::default()
    }
}

/// Combines the engine's settings.
fn engine_settings(settings: &Settings, hub: &Hub, audit_key: Option<AuditKey>) -> EngineSettings {
    EngineSettings {
        sinks: hub.sinks.clone(),
        channels: hub.channels.clone(),
        silent_after: hub.silent_after.clone(),
        url: settings.url(),
        sources: hub.declared.keys().cloned().collect(),
        identifiers: hub.identifiers.clone(),
        anchors: hub.anchors.clone(),
        audit_key,
        retention: hub.retention.clone(),
        subscriptions: hub.subscribed.iter().map(|s| Arc::new(s.subscription(&settings.environment))).collect(),
        ..settings.engine()
    }
}

/// Loads the hub. A source that cannot verify its sender is not served; everything else is.
fn load_hub(settings: &Settings, secrets: &Secrets) -> anyhow::Result<Hub> {
    let hub = Hub::load_folder(&settings.workflows, secrets).map_err(|mistakes| refused(&mistakes))?;
    for mistake in &hub.refused {
        error!(file = mistake.file, line = mistake.line, "{}", mistake.message);
    }
    Ok(Hub { public_url: settings.url(), ..hub })
}

fn load_functions(settings: &Settings) -> anyhow::Result<Functions> {
    let enabled = settings.processes.enable.iter().copied();
    load::functions(&settings.workflows, settings.variant, enabled).map_err(|mistakes| refused(&mistakes))
}

/// Combines all mistakes in a file into one error.
pub(in crate::cli) fn refused(mistakes: &[Mistake]) -> anyhow::Error {
    let lines: Vec<String> = mistakes
        .iter()
        .map(|m| {
            let hint = m.hint.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
            format!("{}:{}:{}: {}{hint}", m.file, m.line, m.column, m.message)
        })
        .collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

/// How the process was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum StopSignal {
    /// SIGTERM, from a supervisor that may run other processes too.
    ByTheSystem,
    /// Ctrl-C, from a person who does not want to wait.
    AtTheTerminal,
}

/// Waits for Ctrl-C or SIGTERM. A second one ends the process at once.
pub(in crate::cli) async fn asked_to_stop() -> anyhow::Result<StopSignal> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let asked = tokio::select! {
        _ = terminate.recv() => StopSignal::ByTheSystem,
        _ = interrupt.recv() => StopSignal::AtTheTerminal,
    };
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(130);
    });
    Ok(asked)
}

/// Refuses settings that cannot work, before anything is started.
pub(super) fn check(settings: &Settings) -> anyhow::Result<()> {
    if !settings.workflows.is_dir() {
        bail!("the folder {} does not exist; set `workflows` or STEPWELL_WORKFLOWS", settings.workflows.display());
    }
    Ok(())
}
