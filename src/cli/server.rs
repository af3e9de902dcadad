//! Puts a node together: settings, hub, engine, HTTP face, dashboard; and takes it down in order.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::config::Settings;
use crate::connect::{ConnectSettings, Connections, Keyring, Secrets};
use crate::dashboard::{self, Dashboard};
use crate::dsl::{Functions, Mistake};
use crate::engine::{Engine, EngineSettings};
use crate::expr::Evaluator;
use crate::http::{self, App};
use crate::hub::Hub;
use crate::{store, telemetry};

/// Connections of the engine beside those of its committers.
const ENGINE_CONNECTIONS: u32 = 6;

/// Connections for reads of API and dashboard.
const READER_CONNECTIONS: u32 = 6;

/// A node that serves.
pub(super) struct Server {
    /// The engine behind it.
    pub engine: Engine,
    hub: watch::Sender<Arc<Hub>>,
    functions: watch::Sender<Arc<Functions>>,
    secrets: Secrets,
    shutdown: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

/// Whether the database is brought to this version first.
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
        let listener = TcpListener::bind(settings.listen).await.with_context(|| {
            format!(
                "listening on {} failed; is another Stepwell running? Set `listen` or STEPWELL_LISTEN",
                settings.listen
            )
        })?;
        let committers = u32::try_from(settings.engine().committers).unwrap_or(2);
        let pool = store::connect_engine(database_url, committers + ENGINE_CONNECTIONS)
            .await
            .context("connecting to the database")?;
        let reader =
            store::connect_reader(database_url, READER_CONNECTIONS).await.context("connecting to the database")?;
        match migrate {
            Migrate::Yes => store::migrate(&pool).await.context("bringing the database to this version")?,
            Migrate::No => store::roles::check_migrated(&pool).await.context("looking at the database's version")?,
        }
        let hub = load_hub(settings, &secrets)?;
        let functions = load_functions(settings)?;
        let keyring = Keyring::from_environment()?;
        let connections = Connections::new(connect_settings(settings, &hub, secrets.clone(), keyring))
            .map_err(|e| anyhow::anyhow!("the settings of the connections do not fit: {e}"))?;
        let evaluator =
            Evaluator::of_this_program(settings.node.evaluators).context("finding this program's own path")?;
        let metrics = telemetry::init_metrics().context("installing the metrics")?;
        let engine = Engine::start_node(engine_settings(settings, &hub), pool, reader, connections, evaluator).await?;
        let shutdown = CancellationToken::new();
        let (hub, hub_seen) = watch::channel(Arc::new(hub));
        let (functions, functions_seen) = watch::channel(Arc::new(functions));
        let app = App::new(engine.clone(), hub_seen, functions_seen, settings.http.clone(), metrics, shutdown.clone());
        let pages = dashboard::router(Dashboard::new(engine.clone(), app.access.clone(), &settings.http));
        let router = http::router(app, pages);
        let limits = settings.http.connection_limits();
        let serving = tokio::spawn(http::serve(listener, router, limits, shutdown.clone()));
        info!(address = %settings.listen, "serving");
        Ok(Self { engine, hub, functions, secrets, shutdown, serving })
    }

    /// Reads `hub.yaml` and the function catalogs again; sources and functions change at once, connections with the next start.
    pub(super) fn reload(&self, settings: &Settings) -> anyhow::Result<()> {
        self.hub.send_replace(Arc::new(load_hub(settings, &self.secrets)?));
        self.functions.send_replace(Arc::new(load_functions(settings)?));
        Ok(())
    }

    /// Catalog functions in force.
    pub(super) fn functions(&self) -> Arc<Functions> {
        Arc::clone(&self.functions.borrow())
    }

    /// Stops in order: no new work, calls end or are handed over, then answers under way.
    pub(super) async fn stop(self) {
        let engine = self.engine.clone();
        self.shutdown.cancel();
        engine.shut_down().await;
        if tokio::time::timeout(Duration::from_secs(15), self.serving).await.is_err() {
            warn!("some connections did not end in time");
        }
    }
}

fn connect_settings(settings: &Settings, hub: &Hub, secrets: Secrets, keyring: Keyring) -> ConnectSettings {
    ConnectSettings {
        environment: settings.environment.clone(),
        connections: hub.connections.clone(),
        base_url_overrides: settings.connections.iter().map(|(name, c)| (name.clone(), c.base_url.clone())).collect(),
        default_retry: settings.call_retry(),
        network_allow: settings.network.allow.clone(),
        processes: settings.processes.settings(),
        secrets,
        keyring,
        ..ConnectSettings::default()
    }
}

/// What the engine takes from settings and hub.
fn engine_settings(settings: &Settings, hub: &Hub) -> EngineSettings {
    EngineSettings { sinks: hub.sinks.clone(), ..settings.engine() }
}

/// A source that cannot tell its sender from others is not served; what else the hub does goes on.
fn load_hub(settings: &Settings, secrets: &Secrets) -> anyhow::Result<Hub> {
    let hub = Hub::load_folder(&settings.workflows, secrets).map_err(|mistakes| refused(&mistakes))?;
    for mistake in &hub.refused {
        error!(file = mistake.file, line = mistake.line, "{}", mistake.message);
    }
    Ok(Hub { public_url: settings.url(), ..hub })
}

fn load_functions(settings: &Settings) -> anyhow::Result<Functions> {
    let functions = Functions::load(&settings.workflows).map_err(|mistakes| refused(&mistakes))?;
    Ok(functions.with_processes(settings.processes.enable.iter().copied()))
}

/// All mistakes of a file as one error.
pub(super) fn refused(mistakes: &[Mistake]) -> anyhow::Error {
    let lines: Vec<String> = mistakes
        .iter()
        .map(|m| {
            let hint = m.hint.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
            format!("{}:{}:{}: {}{hint}", m.file, m.line, m.column, m.message)
        })
        .collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

/// Waits for Ctrl-C or SIGTERM. A second one ends the process at once.
pub(super) async fn asked_to_stop() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(130);
    });
    Ok(())
}

/// Refuses what cannot work before anything is started.
pub(super) fn check(settings: &Settings) -> anyhow::Result<()> {
    if !settings.workflows.is_dir() {
        bail!("the folder {} does not exist; set `workflows` or STEPWELL_WORKFLOWS", settings.workflows.display());
    }
    Ok(())
}
