//! `stepwell preflight`: checks connected accounts against what the workflows use, before anything is switched on.

use std::cell::RefCell;
use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio_util::sync::CancellationToken;

use crate::cli::definitions::test::evaluated;
use crate::cli::definitions::validate::Format;
use crate::cli::serving::server::{connect_settings, refused};
use crate::config::Settings;
use crate::connect::{Connections, Keyring, Ledger, Secrets};
use crate::evaluator::Evaluator;
use crate::expr::Evaluation;
use crate::hub::Hub;
use crate::output::Output;
use crate::preflight::{OneAtATime, Preflight};
use crate::sandbox::Profile;

/// Arguments of `stepwell preflight`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Only this connection of `hub.yaml`. Default: all connections to Salesforce or NetSuite.
    #[arg(value_name = "CONNECTION")]
    connection: Option<String>,
    /// Number of records to run through each mapping. Nothing is written anywhere.
    #[arg(long, value_name = "N", default_value_t = 20)]
    sample: usize,
    /// The sandbox's profile: use the functions in `profiles/NAME`, as `stepwell dev --sandbox-profile` does.
    #[arg(long, value_name = "NAME")]
    sandbox_profile: Option<&'static Profile>,
    /// Output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// Largest sample: one page of records.
const SAMPLE_MAX: usize = 200;

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if args.sample > SAMPLE_MAX {
        bail!("--sample {} is above {SAMPLE_MAX}", args.sample);
    }
    let secrets = Secrets::from_environment();
    let hub = Hub::load_folder(&settings.workflows, &secrets).map_err(|mistakes| refused(&mistakes))?;
    if let Some(name) = args.connection.as_ref().filter(|name| !hub.connections.contains_key(*name)) {
        let known: Vec<&str> = hub.connections.keys().map(String::as_str).collect();
        bail!("hub.yaml has no connection {name:?}; it has {}", known.join(", "));
    }
    let keyring = Keyring::from_environment()?;
    let connections = Connections::new(connect_settings(settings, &hub, secrets, keyring))
        .map_err(|why| anyhow::anyhow!("the settings of the connections are invalid: {why}"))?;
    let closing = CancellationToken::new();
    let ledger: Arc<dyn Ledger> = Arc::new(OneAtATime);
    connections.govern(&ledger, &closing);
    let evaluator = Evaluator::of_this_program(1).context("finding this program's own path")?;
    let known = RefCell::new(HashMap::new());
    let evaluate = |asked: &Evaluation| evaluated(&evaluator, &known, asked);
    let preflight = Preflight {
        folder: &settings.workflows,
        connections: &connections,
        settings: &hub.connections,
        only: args.connection.as_deref(),
        variant: args.sandbox_profile.map(|profile| profile.name),
        sample: args.sample,
        evaluate: &evaluate,
    };
    let report = preflight.run().await.map_err(|mistakes| refused(&mistakes))?;
    closing.cancel();
    let printed = match args.format {
        Format::Human => report.print(&mut Output),
        Format::Json => report.print_json(&mut Output),
    };
    printed.context("printing the findings")?;
    Ok(if report.would_fail() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
