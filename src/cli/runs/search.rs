//! `stepwell search`: what any id or key belongs to.

use std::process::ExitCode;

use crate::cli::context;
use crate::config::Settings;

/// `stepwell search TEXT`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// An id, a business key, a sender's id, a record's id, or the name of a workflow. Keys and ids may be cut short.
    text: String,
    /// As JSON, one line each.
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    for found in engine.search(&args.text).await? {
        match args.json {
            true => println!("{}", serde_json::to_string(&found)?),
            false => println!("{:8}  {}  {}  {}", found.kind, found.id, found.title, found.detail),
        }
    }
    Ok(ExitCode::SUCCESS)
}
