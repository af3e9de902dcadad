//! `stepwell delete`: takes back a version that nothing was ever done with.

use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::cli::context;
use crate::config::Settings;
use crate::dsl::WorkflowRef;
use crate::engine::Undeployed;
use crate::store::access::Scope;
use crate::store::acts::By;

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
    let workflow =
        WorkflowRef { namespace: namespace.to_owned(), name: name.to_owned(), version: args.version.clone() };
    let engine = context::engine(settings).await?;
    let by = context::identity(engine.reader(), settings, Scope::Deploy).await?.actor();
    match engine.undeploy(&workflow, By { actor: &by, reason: args.reason.as_deref() }).await? {
        Undeployed::Gone => println!("deleted {workflow}"),
        Undeployed::Unknown => bail!("{workflow} is not deployed, so it cannot be deleted"),
        Undeployed::InUse(run) => bail!(
            "{workflow} has runs, so it cannot be deleted: their journals need it; `stepwell runs show {run}` shows the last one"
        ),
    }
    Ok(ExitCode::SUCCESS)
}
