//! Acts of a person at the terminal: recorded as commands, done by the node that has the run.

use std::io::Read;
use std::process::ExitCode;

use anyhow::Context;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::{ActError, Engine, clean_act};
use crate::machine::{Act, RunId};
use crate::redact::Known;
use crate::store::access::Scope;
use crate::store::runs::listing;

/// The reason, recorded in the journal.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Reason {
    /// The reason, recorded in the journal.
    #[arg(long)]
    reason: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Reason {
    /// Why, and whether to print JSON.
    pub(super) fn parts(self) -> (Option<String>, bool) {
        (self.reason, self.json)
    }
}

/// Has an act done and says what the run's status is then, or that it waits for a second person.
pub(super) async fn perform(
    engine: &Engine,
    settings: &Settings,
    run: RunId,
    act: &Act,
    reason: &Reason,
) -> anyhow::Result<ExitCode> {
    let by = context::identity(engine.reader(), settings, Scope::Operate).await?.actor();
    let doing = || format!("{} of run {run}", act.name());
    let redactor = Known::of_process().with(&[]);
    let said = reason.reason.as_ref().map(|reason| redactor.text(reason.clone()));
    match engine.act(run, clean_act(act.clone(), &redactor), by, said).await {
        Ok(_) => {}
        Err(ActError::Proposed(proposal)) => {
            if reason.json {
                println!("{}", serde_json::json!({ "id": run, "proposal": proposal }));
            } else {
                println!("{} needs a second person; it is now proposal {}", doing(), proposal.id);
                println!("another user can approve it: stepwell proposals approve {}", proposal.id);
            }
            return Ok(ExitCode::SUCCESS);
        }
        Err(ActError::Pending(_)) => {
            anyhow::bail!(
                "{} is recorded, but no node has carried it out yet. Is a server running? A node carries it out as soon as one runs",
                doing()
            )
        }
        Err(error) => return Err(error).with_context(doing),
    }
    let row = listing::run(engine.reader(), run).await?.with_context(|| format!("run {run} no longer exists"))?;
    if reason.json {
        println!("{}", serde_json::json!({ "id": run, "status": row.status, "attention": row.attention }));
    } else {
        println!("{run} is {}", row.status);
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads JSON from a file, or from standard input for `-`. Checked as strictly as what arrives over HTTP.
pub(in crate::cli) fn read_json(path: &str) -> anyhow::Result<serde_json::Value> {
    let mut bytes = Vec::new();
    if path == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).context("reading standard input")?;
    } else {
        bytes = std::fs::read(path).with_context(|| format!("reading {path}"))?;
    }
    crate::hub::json::read(&bytes).map_err(|e| anyhow::anyhow!("{path} is not JSON that Stepwell accepts: {e}"))
}
