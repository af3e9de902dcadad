//! `stepwell proposals`: acts that wait for a second person.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::client::{self, Client, Path};
use crate::cli::print;
use crate::config::Settings;
use crate::dsl::WorkflowRef;
use crate::machine::{RunId, Time};

/// `stepwell proposals ...`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List proposals that are waiting for a second person, latest first.
    List {
        /// Include proposals that were decided.
        #[arg(long)]
        any: bool,
        /// Only proposals of this run.
        #[arg(long)]
        run: Option<RunId>,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show one proposal with the values that it would give the step.
    Show {
        /// The proposal's id.
        id: Uuid,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Approve a proposal, which carries out the action. Needs the token of a user (--token) who did not propose it.
    Approve {
        /// The proposal's id.
        id: Uuid,
        /// The reason, recorded in the journal.
        #[arg(long)]
        reason: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Decline a proposal, or withdraw your own. The run stays as it is.
    Decline(Decline),
}

/// Arguments of `stepwell proposals decline`.
#[derive(Debug, Args)]
pub struct Decline {
    /// The proposal's id.
    id: Uuid,
    /// The reason, shown to the proposer.
    #[arg(long)]
    reason: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Most proposals listed.
const LIST_MAX: usize = 10_000;

/// The printed fields of a proposal.
#[derive(Deserialize)]
pub(in crate::cli) struct Proposal {
    id: Uuid,
    state: String,
    act: String,
    run: RunId,
    workflow: WorkflowRef,
    key: Option<String>,
    stands_at: Option<String>,
    proposed_by: String,
    created_at: Time,
    reason: Option<String>,
    decided_by: Option<String>,
    decided_at: Option<Time>,
    decision_reason: Option<String>,
    refusal: Option<String>,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    let (decided, json) = match command {
        Command::List { any, run, json } => {
            let path = Path::of(["proposals"]).with("state", any.then_some("any")).with("run", run);
            print::pages(client.pages(path, LIST_MAX), json, shown).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Show { id, json } => {
            let found = client.get(Path::of(["proposals", &id.to_string()])).await;
            let missing = || format!("no proposal {id}; `stepwell proposals list` shows the open ones");
            (found.map_err(|failure| failure.or_missing(missing))?, json)
        }
        Command::Approve { id, reason, json } => (
            client.post(Path::of(["proposals", &id.to_string(), "approve"]), &json!({ "reason": reason })).await?,
            json,
        ),
        Command::Decline(Decline { id, reason, json }) => {
            anyhow::ensure!(!reason.trim().is_empty(), "--reason is empty: give the proposer a reason");
            (
                client.post(Path::of(["proposals", &id.to_string(), "decline"]), &json!({ "reason": reason })).await?,
                json,
            )
        }
    };
    if json {
        print::json(&decided);
    } else {
        print::text(&values(&decided)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Formats a proposal in a few lines.
pub(in crate::cli) fn shown(proposal: &Proposal) -> String {
    let because = |reason: &Option<String>| reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let Proposal { id, state, act, run, workflow, proposed_by, .. } = proposal;
    let key = proposal.key.as_ref().map(|key| format!("  key {key}")).unwrap_or_default();
    let mut lines = vec![format!("{id}  {state:9} {act} of run {run}  {workflow}{key}")];
    lines.extend(proposal.stands_at.as_ref().map(|step| format!("  at {step}")));
    let (at, why) = (print::at(proposal.created_at), because(&proposal.reason));
    lines.push(format!("  {proposed_by} proposed it at {at}{why}"));
    if let (Some(by), Some(at)) = (&proposal.decided_by, proposal.decided_at) {
        lines.push(format!("  {by} decided at {}{}", print::at(at), because(&proposal.decision_reason)));
    }
    lines.extend(proposal.refusal.as_ref().map(|refusal| format!("  the run refused it: {refusal}")));
    lines.join("\n")
}

/// Formats a proposal with the old and new values. Values are written as JSON, so that external text cannot control the
/// terminal.
fn values(proposal: &Value) -> anyhow::Result<String> {
    let mut text = shown(&client::read(proposal.clone())?);
    for (name, member) in [("before", "before"), ("input", "input"), ("output", "output"), ("undo first", "compensate")]
    {
        if let Some(value) = proposal.get(member) {
            text.push_str(&format!("\n  {name}: {value}"));
        }
    }
    Ok(text)
}
