//! `stepwell dev`: runs everything on this machine: a private Postgres, the sandbox CRM and ERP, and a server that
//! deploys definitions again when a file changes. Can also send the closed-won webhook and show the run.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use notify::Watcher;
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use super::dev_sandbox::{DevSandbox, Told, sandbox_secrets};
use super::fire;
use super::server::{Migrate, Server, asked_to_stop, check};
use crate::cli::access::login;
use crate::cli::context;
use crate::cli::definitions::load;
use crate::config::Settings;
use crate::connect::{Connection, Secrets};
use crate::embedded::{self, EmbeddedPostgres};
use crate::engine::DeployOutcome;
use crate::hub::Hub;
use crate::sandbox::Profile;

/// Arguments of `stepwell dev`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Address of the API, the webhooks and the dashboard.
    #[arg(long)]
    listen: Option<SocketAddr>,

    /// Address of the sandbox CRM and ERP.
    #[arg(long, default_value = "127.0.0.1:8081", env = "STEPWELL_SANDBOX_LISTEN")]
    sandbox: SocketAddr,

    /// Send sandbox changes to the sources `salesforce` and `netsuite`; off by default.
    #[arg(long)]
    sandbox_webhooks: bool,

    /// The company whose systems the sandbox simulates: `one-world`, `single-company` or `large` (docs/sandbox.md).
    #[arg(long, value_name = "NAME", default_value = "one-world", env = "STEPWELL_SANDBOX_PROFILE")]
    sandbox_profile: &'static Profile,

    /// Data directory of the private Postgres.
    #[arg(long)]
    data_dir: Option<std::path::PathBuf>,

    /// Folder with the definitions, catalogs and `hub.yaml`.
    #[arg(long)]
    workflows: Option<std::path::PathBuf>,

    /// Fire one signed closed-won webhook and print the finished run.
    #[arg(long)]
    fire: bool,

    /// Exit once everything is up and the fired run has ended.
    #[arg(long)]
    exit: bool,
}

/// Longest time for the demo run.
const RUN_MAX: Duration = Duration::from_mins(2);

pub(in crate::cli) async fn run(args: Args, mut settings: Settings) -> anyhow::Result<ExitCode> {
    settings.listen = args.listen.unwrap_or(settings.listen);
    settings.data_dir = args.data_dir.clone().unwrap_or(settings.data_dir);
    settings.workflows = args.workflows.clone().unwrap_or(settings.workflows);
    settings.variant = Some(args.sandbox_profile.name);
    check(&settings)?;
    let told = match args.sandbox_webhooks {
        true => Told::by_hub(settings.listen, &settings.workflows)?,
        false => Told::nobody(settings.listen),
    };
    let sandbox = DevSandbox::start(args.sandbox, args.sandbox_profile, &told).await?;
    let ended = with_postgres(&args, settings).await;
    sandbox.stop().await;
    ended
}

async fn with_postgres(args: &Args, mut settings: Settings) -> anyhow::Result<ExitCode> {
    point_to_sandbox(&mut settings, args.sandbox)?;
    let postgres = match &settings.database_url {
        Some(_) => None,
        None => Some(embedded::start(&settings.data_dir).await?),
    };
    let url = postgres.as_ref().map(|p| p.url.clone()).or_else(|| settings.database_url.clone()).unwrap_or_default();
    let ended = serve(args, &settings, &url).await;
    if let Some(postgres) = postgres {
        EmbeddedPostgres::stop(postgres).await;
    }
    ended
}

async fn serve(args: &Args, settings: &Settings, url: &str) -> anyhow::Result<ExitCode> {
    let secrets = sandbox_secrets();
    let server = Server::start(settings, url, Migrate::Yes, secrets.clone()).await?;
    let used = used(args, settings, &server, &secrets).await;
    server.stop(Duration::ZERO).await;
    used.map(|()| ExitCode::SUCCESS)
}

async fn used(args: &Args, settings: &Settings, server: &Server, secrets: &Secrets) -> anyhow::Result<()> {
    deploy_all(settings, server).await;
    server.open();
    let (changed, mut changes) = mpsc::channel(1);
    let _watcher = watch(&settings.workflows, changed)?;
    if args.fire {
        fire::fire(settings, &server.engine, secrets, RUN_MAX).await?;
    }
    let local = context::local();
    let link = login::link(server.engine.reader(), settings, &local, &local).await?;
    println!("dashboard  {link}");
    println!("           (the link signs you in once; `stepwell login` prints another)");
    println!("sandbox    http://{}/", args.sandbox);
    if args.exit {
        return Ok(());
    }
    println!("Ctrl-C stops everything; the data stays in {}", settings.data_dir.display());
    let stopping = asked_to_stop();
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            stopped = &mut stopping => return stopped.map(drop),
            Some(()) = changes.recv() => {
                // Editors write a file in several steps, so changes close together count as one.
                tokio::time::sleep(Duration::from_millis(150)).await;
                while changes.try_recv().is_ok() {}
                if let Err(error) = server.reload(settings) {
                    error!("{error:#}");
                }
                deploy_all(settings, server).await;
            }
        }
    }
}

/// Permits calls to the sandbox's address, and directs the sandbox connections in `hub.yaml` to it.
fn point_to_sandbox(settings: &mut Settings, address: SocketAddr) -> anyhow::Result<()> {
    settings.network.allow.push(address.to_string());
    // Mistakes in hub.yaml are reported when the server reads it.
    let hub = Hub::load_folder(&settings.workflows, &sandbox_secrets()).unwrap_or_default();
    let own: Vec<_> = hub
        .connections
        .iter()
        .filter_map(|(name, one)| Some((name, in_sandbox(one, &settings.environment)?)))
        .collect();
    for (name, path) in own {
        let base_url = format!("http://{address}{path}").parse().context("the sandbox's own address")?;
        settings.connections.entry(name.clone()).or_insert(crate::config::ConnectionOverride { base_url });
    }
    Ok(())
}

/// Returns the sandbox system that a connection uses: its base URL is `/crm` or `/erp` on this machine.
fn in_sandbox(connection: &Connection, environment: &str) -> Option<&'static str> {
    let url = connection.base_urls.get(environment)?;
    let is_here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    ["/crm", "/erp"].into_iter().find(|path| is_here && url.path().trim_end_matches('/') == *path)
}

/// Deploys new definitions. Reports one with mistakes and keeps its deployed version.
async fn deploy_all(settings: &Settings, server: &Server) {
    let files = match load::definitions(&settings.workflows) {
        Ok(files) => files,
        Err(error) => return error!("{error:#}"),
    };
    for file in files {
        if let Err(error) = deploy(&file, server).await {
            error!("{error:#}");
        }
    }
}

async fn deploy(file: &Path, server: &Server) -> anyhow::Result<()> {
    let built = load::build(file, &server.functions())?.map_err(|mistakes| super::server::refused(&mistakes))?;
    for warning in &built.warnings {
        warn!("{}:{}:{}: {}", warning.file, warning.line, warning.column, warning.message);
    }
    match server.engine.deploy(&built, &context::local().actor()).await? {
        DeployOutcome::Created(workflow) => info!(%workflow, "deployed"),
        DeployOutcome::Unchanged(_) => {}
    }
    Ok(())
}

/// Reports changes of files in the folder.
fn watch(folder: &Path, changed: mpsc::Sender<()>) -> anyhow::Result<notify::RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|e| e.kind.is_modify() || e.kind.is_create() || e.kind.is_remove()) {
            // A pending notification covers this change too.
            let _ = changed.try_send(());
        }
    })
    .context("watching files")?;
    watcher
        .watch(folder, notify::RecursiveMode::Recursive)
        .with_context(|| format!("watching {}", folder.display()))?;
    Ok(watcher)
}
