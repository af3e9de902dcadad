//! `stepwell attention`: what needs a person, grouped by cause.

use std::process::ExitCode;

use clap::Args;

use crate::cli::context;
use crate::config::Settings;
use crate::http::api::runs::attention::Group;
use crate::store::runs::listing;
use crate::words::{error_text, plural, task_name};

/// List the runs that need attention, one line for each cause. `stepwell runs list --fingerprint F` shows the runs of one.
#[derive(Debug, Args)]
pub struct Attention {
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// Causes that are listed.
const CAUSES_MAX: i64 = 500;

pub(in crate::cli) async fn run(args: &Attention, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    let groups = listing::causes(&pool, CAUSES_MAX).await?;
    if args.json {
        let shown: Vec<Group> = groups.into_iter().map(Group::from).collect();
        println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(ExitCode::SUCCESS);
    }
    for g in &groups {
        let step = g.task.as_deref().map(task_name).unwrap_or_default();
        let cause = g.error.as_ref().map(error_text).unwrap_or_else(|| g.attention.replace('_', " "));
        let count = plural(usize::try_from(g.count).unwrap_or(usize::MAX), "run", "runs");
        println!(
            "{}  {count} of {}/{} at {step} since {}: {cause}",
            g.fingerprint,
            g.workflow.0,
            g.workflow.1,
            g.first_at.format("%Y-%m-%d %H:%M:%S")
        );
    }
    Ok(ExitCode::SUCCESS)
}
