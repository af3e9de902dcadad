//! `stepwell bench`: measures the README's figures on this machine.

use std::process::ExitCode;
use std::time::Duration;

use crate::config::Settings;
use crate::{bench, embedded};

/// Arguments of `stepwell bench`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Duration of each measurement in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Runs held in flight while memory is measured.
    #[arg(long, default_value_t = 10_000)]
    in_flight: usize,
    /// Measure a pass of catalog-nightly over this many items between the sandbox CRM and ERP instead.
    #[arg(long, value_name = "ITEMS", value_parser = clap::value_parser!(u32).range(100..=400_000))]
    catalog: Option<u32>,
    /// Measure pages of runs and events with this many of each instead. Ten million take 11 GB of disk and a quarter of an
    /// hour. Exits with 1 if a page takes longer than 50 ms.
    #[arg(long, value_name = "ROWS", conflicts_with = "catalog", value_parser = clap::value_parser!(i64).range(10_000..=100_000_000))]
    lists: Option<i64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let own = match settings.database_url {
        Some(_) => None,
        None => Some(embedded::start(&settings.data_dir.join("bench")).await?),
    };
    let url = settings.database_url.clone().or_else(|| own.as_ref().map(|p| p.url.clone())).unwrap_or_default();
    let measured = measure(&args, settings, url).await;
    if let Some(postgres) = own {
        postgres.stop().await;
    }
    let (report, code) = measured?;
    print!("{report}");
    Ok(code)
}

async fn measure(args: &Args, settings: &Settings, database_url: String) -> anyhow::Result<(String, ExitCode)> {
    if let Some(items) = args.catalog {
        let workflows = settings.workflows.clone();
        let plan = bench::catalog::Plan { database_url, workflows, items: items as usize };
        return Ok((shown(&bench::catalog::run(&plan).await?, args.json)?, ExitCode::SUCCESS));
    }
    if let Some(rows) = args.lists {
        let report = bench::lists::run(&bench::lists::Plan { database_url, rows }).await?;
        let code = if report.is_quick() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        return Ok((shown(&report, args.json)?, code));
    }
    let duration = Duration::from_secs(args.seconds.max(1));
    let plan = bench::Plan { database_url, duration, in_flight: args.in_flight };
    Ok((shown(&bench::run(&plan).await?, args.json)?, ExitCode::SUCCESS))
}

fn shown(report: &(impl serde::Serialize + std::fmt::Display), json: bool) -> anyhow::Result<String> {
    Ok(if json { serde_json::to_string_pretty(report)? + "\n" } else { report.to_string() })
}
