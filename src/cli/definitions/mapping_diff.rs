//! `stepwell mapping diff`: applies a changed table to the records of past runs.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::mapping::{one, with_evaluator};
use crate::cli::{context, when};
use crate::config::Settings;
use crate::engine::Engine;
use crate::machine::Time;
use crate::output::Output;
use crate::scenario::replay::{MappedRun, MappingDiff, mapped};
use crate::store;

/// Arguments of `stepwell mapping diff`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Name or file of the changed mapping; its results are compared with those recorded under its name.
    #[arg(value_name = "MAPPING")]
    mapping: String,
    /// The folder of workflows with the changed mapping. Default: the folder in the settings.
    #[arg(long, value_name = "DIR")]
    workflows: Option<PathBuf>,
    /// Runs accepted at or after: a time, a day, or how long ago, such as 24h.
    #[arg(long, value_name = "T", value_parser = when::past)]
    since: Time,
    /// Runs accepted before: a time, a day, or how long ago.
    #[arg(long, value_name = "T", value_parser = when::past)]
    until: Option<Time>,
    /// Maximum number of runs.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Exit with 1 if any field would be written differently.
    #[arg(long)]
    fail_on_change: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let folder = args.workflows.clone().unwrap_or_else(|| PathBuf::from(&settings.workflows));
    let mapping = one(&args.mapping, &folder)?.1;
    let url = context::database_url(settings)?;
    let pool = store::connect_read_only(&url, 4).await.context("connecting to the database")?;
    let engine = Engine::outside(pool).await.context("reading what is deployed")?;
    let limit = usize::from(args.limit);
    // One more than the limit tells whether there are further runs.
    let mut found = engine.runs_through(&mapping.name, args.since, args.until, limit + 1).await?;
    let further_since = found.get(limit).map(|run| run.created_at);
    found.truncate(limit);
    let mut records = Vec::new();
    for row in found {
        let about = || format!("reading run {}", row.id);
        let Some(recorded) = engine.recorded(&row.workflow, row.id).await.with_context(about)? else { continue };
        let run = MappedRun { id: row.id, key: row.key, definition: &recorded.definition, records: &recorded.records };
        records.extend(with_evaluator(|evaluate| mapped(&mapping, &run, evaluate))?);
    }
    let diff = MappingDiff { mapping: mapping.name, since: args.since, until: args.until, records, further_since };
    let printed = match args.json {
        true => diff.print_json(&mut Output),
        false => diff.print(&mut Output),
    };
    match printed {
        Err(why) => Err(why).context("printing the results"),
        Ok(()) if args.fail_on_change && diff.differs() => Ok(ExitCode::FAILURE),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}
