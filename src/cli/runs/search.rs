//! `stepwell search`: finds what an id or key belongs to.

use std::process::ExitCode;

use serde::Deserialize;

use crate::cli::client::{Client, Path};
use crate::cli::print;
use crate::config::Settings;

/// `stepwell search TEXT`
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// An id, a business key, a sender's id, a record's id, or the name of a workflow. Keys and ids may be cut short.
    text: String,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Found {
    kind: String,
    id: String,
    title: String,
    detail: String,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    let found = client.items(Path::of(["search"]).with("q", Some(&args.text))).await?;
    print::items(found, args.json, |Found { kind, id, title, detail }| format!("{kind:8}  {id}  {title}  {detail}"))?;
    Ok(ExitCode::SUCCESS)
}
