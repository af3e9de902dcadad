//! `stepwell deploy`: checks definitions and deploys new versions; the same content twice changes nothing.

use std::path::PathBuf;
use std::process::ExitCode;

use super::load;
use crate::cli::context;
use crate::cli::serving::server::refused;
use crate::config::Settings;
use crate::engine::DeployOutcome;
use crate::store::access::Scope;
use crate::store::acts::By;

/// Arguments of `stepwell deploy`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Definitions, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The reason, recorded with the action.
    #[arg(long)]
    reason: Option<String>,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut built = Vec::new();
    for path in &args.paths {
        for file in load::definitions(path)? {
            let enabled = settings.processes.enable.iter().copied();
            let functions = load::functions(&load::folder(&file), settings.variant, enabled)
                .map_err(|mistakes| refused(&mistakes))?;
            built.push(load::build(&file, &functions)?.map_err(|mistakes| refused(&mistakes))?);
        }
    }
    // Nothing is deployed unless everything is sound.
    let engine = context::engine(settings).await?;
    let by = context::identity(engine.reader(), settings, Scope::Deploy).await?.actor();
    for built in &built {
        match engine.deploy(built, By { actor: &by, reason: args.reason.as_deref() }).await? {
            DeployOutcome::Created(workflow) => println!("deployed {workflow}"),
            DeployOutcome::Unchanged(workflow) => println!("unchanged {workflow}"),
        }
    }
    Ok(ExitCode::SUCCESS)
}
