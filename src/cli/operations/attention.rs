//! `stepwell attention`: what needs a person, grouped by cause.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;

use crate::cli::client::{Client, Path};
use crate::cli::print;
use crate::config::Settings;
use crate::machine::Time;
use crate::words::{plural, task_name};

/// List the runs that need attention, one line for each cause. `stepwell runs list --fingerprint F` shows the runs of one.
#[derive(Debug, Args)]
pub struct Attention {
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// Runs that need a person for one cause.
#[derive(Deserialize)]
struct Group {
    fingerprint: String,
    workflow: Workflow,
    attention: String,
    task: Option<String>,
    error: Option<Cause>,
    count: usize,
    first_at: Time,
}

#[derive(Deserialize)]
struct Workflow {
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct Cause {
    cause: String,
}

pub(in crate::cli) async fn run(args: &Attention, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    print::items(client.items(Path::of(["attention"])).await?, args.json, line)?;
    Ok(ExitCode::SUCCESS)
}

fn line(group: &Group) -> String {
    let Workflow { namespace, name } = &group.workflow;
    let step = group.task.as_deref().map(task_name).unwrap_or_default();
    let cause = group.error.as_ref().map_or_else(|| group.attention.replace('_', " "), |error| error.cause.clone());
    let count = plural(group.count, "run", "runs");
    let since = print::at(group.first_at);
    format!("{}  {count} of {namespace}/{name} at {step} since {since}: {cause}", group.fingerprint)
}
