//! `stepwell deploy`: checks definitions and deploys new versions. Idempotent for the same content.

use std::path::{Path as File, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::load;
use crate::cli::client::{Answer, Call, Client, Failure, Path};
use crate::cli::print::List;
use crate::cli::serving::server::refused;
use crate::config::Settings;
use crate::dsl::{self, WorkflowRef};

/// Arguments of `stepwell deploy`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Definitions, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The reason, recorded with the action.
    #[arg(long)]
    reason: Option<String>,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// The result of deploying a definition.
#[derive(Deserialize)]
struct Deployed {
    workflow: WorkflowRef,
    changed: bool,
}

/// Whether to deploy a definition or only check it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Check,
    Deploy,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut files = Vec::new();
    for path in &args.paths {
        files.extend(load::definitions(path)?);
    }
    let client = Client::open(settings).await?;
    // Check all files before deploying any.
    for file in &files {
        put(&client, settings, file, args, Mode::Check).await?;
    }
    let mut list = List::begin(args.json);
    for file in &files {
        let answer: Value = put(&client, settings, file, args, Mode::Deploy).await?.json()?;
        list.item(answer, |Deployed { workflow, changed }: &Deployed| {
            format!("{} {workflow}", if *changed { "deployed" } else { "unchanged" })
        })?;
    }
    list.end();
    Ok(ExitCode::SUCCESS)
}

/// Sends a definition. A server builds it with its own catalogs, the local client with those next to the file.
async fn put(client: &Client, settings: &Settings, file: &File, args: &Args, mode: Mode) -> anyhow::Result<Answer> {
    if client.is_local() {
        let enabled = settings.processes.enable.iter().copied();
        let functions = load::functions(&load::folder(file), settings.variant, enabled);
        client.use_functions(functions.map_err(|mistakes| refused(&mistakes))?);
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    // A definition without a name is rejected by the builder, so the path does not matter.
    let named = dsl::named(&file.display().to_string(), &text).map_err(|mistakes| refused(&mistakes))?;
    let (namespace, name) = named.unwrap_or_else(|| ("-".to_owned(), "-".to_owned()));
    let path = Path::of(["workflows", &namespace, &name]).with("reason", args.reason.as_ref());
    let path = path.with("dry_run", (mode == Mode::Check).then_some(true));
    let sent = client.send(Call::new(Method::PUT, path).text("application/yaml", text)).await;
    sent.map_err(|failure| told(&failure, file).unwrap_or_else(|| failure.into()))
}

/// Formats the mistakes in a file with their positions.
fn told(failure: &Failure, file: &File) -> Option<anyhow::Error> {
    let problem = failure.problem()?;
    let mut lines = Vec::new();
    for place in &problem.errors {
        let (line, column) = (place.line?, place.column?);
        let hint = place.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        lines.push(format!("{}:{line}:{column}: {}{hint}", file.display(), place.message));
    }
    if lines.is_empty() { None } else { Some(anyhow::anyhow!("{}", lines.join("\n"))) }
}
