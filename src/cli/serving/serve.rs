//! `stepwell serve`: runs only the server.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use super::server::{Asked, Migrate, Server, asked_to_stop, check};
use crate::config::Settings;
use crate::connect::Secrets;

/// Arguments of `stepwell serve`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Address to listen on.
    #[arg(long)]
    listen: Option<std::net::SocketAddr>,

    /// A separate address for /healthz, /readyz and /metrics, which needs no token.
    #[arg(long)]
    admin_listen: Option<std::net::SocketAddr>,

    /// Do not migrate the database. It must already be at this version.
    #[arg(long)]
    no_migrate: bool,
}

pub(in crate::cli) async fn run(args: Args, mut settings: Settings) -> anyhow::Result<ExitCode> {
    settings.listen = args.listen.unwrap_or(settings.listen);
    settings.http.admin_listen = args.admin_listen.or(settings.http.admin_listen);
    check(&settings)?;
    let url = settings
        .database_url
        .clone()
        .context("`stepwell serve` needs DATABASE_URL; `stepwell dev` includes its own Postgres")?;
    let migrate = if args.no_migrate { Migrate::No } else { Migrate::Yes };
    let stopping = asked_to_stop();
    tokio::pin!(stopping);
    let server = tokio::select! {
        server = Server::start(&settings, &url, migrate, Secrets::from_environment()) => server?,
        asked = &mut stopping => return asked.map(|_| ExitCode::SUCCESS),
    };
    server.open();
    eprintln!("Stepwell is listening on {}", settings.url());
    let drain = match stopping.await? {
        Asked::ByTheSystem => settings.drain(),
        Asked::AtTheTerminal => Duration::ZERO,
    };
    server.stop(drain).await;
    Ok(ExitCode::SUCCESS)
}
