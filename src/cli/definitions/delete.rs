//! `stepwell delete`: deletes a version that was never used.

use std::process::ExitCode;

use anyhow::Context;

use crate::cli::client::{Client, Path};
use crate::config::Settings;

/// Arguments of `stepwell delete`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// NAMESPACE/NAME.
    workflow: String,
    /// The version to delete.
    #[arg(long)]
    version: String,
    /// The reason, recorded with the action.
    #[arg(long)]
    reason: Option<String>,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (namespace, name) = args
        .workflow
        .split_once('/')
        .with_context(|| format!("{:?} is not a workflow name; use NAMESPACE/NAME", args.workflow))?;
    let workflow = format!("{}:{}", args.workflow, args.version);
    let path = Path::of(["workflows", namespace, name, &args.version]).with("reason", args.reason.as_ref());
    let deleted = Client::open(settings).await?.delete(path).await;
    deleted.map_err(|failure| failure.or_missing(|| format!("{workflow} is not deployed, so it cannot be deleted")))?;
    println!("deleted {workflow}");
    Ok(ExitCode::SUCCESS)
}
