//! `stepwell run`: starts a run and optionally waits for its end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::shown::Run;
use super::{acts, show, tree};
use crate::cli::client::{self, Call, Client, Path};
use crate::cli::{print, watch};
use crate::config::Settings;
use crate::machine::RunId;

/// Arguments of `stepwell run`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The workflow: NAMESPACE/NAME.
    workflow: String,
    /// Exact version. Default: the latest.
    #[arg(long)]
    version: Option<String>,
    /// JSON file with the input, or - for standard input. Default: `{}`.
    #[arg(long)]
    input: Option<String>,
    /// Wait until the run ends and print its output. Exit code 0 only if it completed.
    #[arg(long)]
    wait: bool,
    /// Idempotency key: repeating a start with the same key returns the same run.
    #[arg(long)]
    idempotency_key: Option<String>,
    /// Print the run as JSON.
    #[arg(long)]
    json: bool,
}

/// Longest `--wait`.
const WAIT_MAX: Duration = Duration::from_hours(24);

/// How much of that to request from the server, which may wait for less.
const WAIT_THERE: Duration = Duration::from_mins(1);

/// The known fields of a started run.
#[derive(Deserialize)]
struct Started {
    id: RunId,
}

pub(in crate::cli) async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (namespace, name) = args
        .workflow
        .split_once('/')
        .with_context(|| format!("{} must name a workflow as NAMESPACE/NAME", args.workflow))?;
    let input = args.input.as_deref().map(acts::read_json).transpose()?.unwrap_or_else(|| serde_json::json!({}));
    let client = Client::open(settings).await?;
    let path = Path::of(["workflows", namespace, name, "runs"]).with("version", args.version);
    let path = path.with("wait", args.wait.then_some(WAIT_THERE.as_secs()));
    let call = Call::new(Method::POST, path).json(&input).idempotency_key(args.idempotency_key).waiting(WAIT_THERE);
    let started = client.send(call).await.with_context(|| format!("starting {}", args.workflow))?;
    let begun = started.json()?;
    let Started { id } = client::read(begun.clone())?;
    if !args.wait {
        if args.json {
            print::json(&begun)
        } else {
            println!("{id}")
        }
        return Ok(ExitCode::SUCCESS);
    }
    if started.status == StatusCode::ACCEPTED {
        settled(&client, id).await?;
    }
    let found = show::read(&client, id).await?;
    let run = Run::read(found.clone())?;
    let completed = run.status == "completed";
    match (args.json, completed) {
        (true, _) => print::json(&found),
        (false, true) => print::json(run.output.as_ref().unwrap_or(&Value::Null)),
        (false, false) => print::complaint(&tree::tree(&run)),
    }
    Ok(if completed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Waits until a run has ended or needs attention.
async fn settled(client: &Client, id: RunId) -> anyhow::Result<()> {
    let until = Instant::now() + WAIT_MAX;
    while Instant::now() < until {
        // The list is cheap, because it does not read the run's journal.
        let rows = client.items(Path::of(["runs"]).with("q", Some(id)).with("limit", Some(1))).await?;
        let row = rows.first().with_context(|| format!("run {id} no longer exists"))?;
        if !row["finished_at"].is_null() || !row["attention"].is_null() || !watch::again().await {
            break;
        }
    }
    Ok(())
}
