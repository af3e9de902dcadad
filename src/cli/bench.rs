//! `stepwell bench`: the README's figures on this machine.

use std::process::ExitCode;
use std::time::Duration;

use crate::config::Settings;
use crate::{bench, embedded};

/// Arguments of `stepwell bench`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Length of each measurement in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Runs held in flight while memory is read.
    #[arg(long, default_value_t = 10_000)]
    in_flight: usize,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let own = match settings.database_url {
        Some(_) => None,
        None => Some(embedded::start(&settings.data_dir.join("bench")).await?),
    };
    let url = settings.database_url.clone().or_else(|| own.as_ref().map(|p| p.url.clone())).unwrap_or_default();
    let plan = bench::Plan {
        database_url: url,
        duration: Duration::from_secs(args.seconds.max(1)),
        in_flight: args.in_flight,
    };
    let report = bench::run(&plan).await;
    if let Some(postgres) = own {
        postgres.stop().await;
    }
    let report = report?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}
