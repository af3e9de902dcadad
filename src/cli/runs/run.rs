//! `stepwell run`: starts a run. A node picks it up from the database.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use super::{acts, tree};
use crate::cli::context;
use crate::config::Settings;
use crate::engine::{StartError, StartRequest};
use crate::machine::Status;
use crate::store::access::Scope;

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
}

/// The message says where the input is invalid.
fn explained(error: StartError) -> anyhow::Error {
    match &error {
        StartError::Refused(violations) => {
            let places: Vec<String> = violations.iter().map(|v| format!("{}: {}", v.pointer, v.message)).collect();
            anyhow::anyhow!("{error}: {}", places.join("; "))
        }
        _ => error.into(),
    }
}

/// Longest `--wait`.
const WAIT_MAX: Duration = Duration::from_hours(24);

pub(in crate::cli) async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (namespace, name) = args
        .workflow
        .split_once('/')
        .with_context(|| format!("{} must name a workflow as NAMESPACE/NAME", args.workflow))?;
    let input = args.input.as_deref().map(acts::read_json).transpose()?.unwrap_or_else(|| serde_json::json!({}));
    let engine = context::engine(settings).await?;
    let by = context::identity(engine.reader(), settings, Scope::Operate).await?.actor();
    let request = StartRequest {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        version: args.version,
        input,
        idempotency_key: args.idempotency_key,
        actor: by,
    };
    let id = engine.start(request).await.map_err(explained).with_context(|| format!("starting {}", args.workflow))?;
    if !args.wait {
        println!("{id}");
        return Ok(ExitCode::SUCCESS);
    }
    engine.settled(id, WAIT_MAX).await;
    let view = engine.view(id).await?.with_context(|| format!("run {id} no longer exists"))?;
    if view.status == Status::Completed {
        println!("{}", serde_json::to_string_pretty(&view.output)?);
        return Ok(ExitCode::SUCCESS);
    }
    eprint!("{}", tree::tree(&view));
    Ok(ExitCode::FAILURE)
}
