//! `stepwell proposals`: acts that wait for a second person.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::Value;
use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::runs::proposals::Proposal;
use crate::machine::RunId;
use crate::redact::Known;
use crate::store::access::Scope;
use crate::store::runs::proposals::ProposalFilter;

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
        /// Print JSON, one object per line.
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

/// Which proposal, and why not.
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

/// Most proposals that are listed.
const LIST_MAX: i64 = 10_000;

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    let by = async || context::identity(engine.reader(), settings, Scope::Operate).await.map(|who| who.actor());
    let clean = |text: String| Known::of_process().with(&[]).text(text);
    let (decided, json) = match command {
        Command::List { any, run, json } => {
            let filter = ProposalFilter { run, open: !any, ..ProposalFilter::default() };
            for proposal in engine.proposals(filter, LIST_MAX).await? {
                if json {
                    println!("{}", serde_json::to_string(&proposal)?);
                } else {
                    print(&proposal);
                }
            }
            return Ok(ExitCode::SUCCESS);
        }
        Command::Show { id, json } => {
            let found = engine.proposal(id).await?;
            (found.with_context(|| format!("no proposal {id}; `stepwell proposals list` shows the open ones"))?, json)
        }
        Command::Approve { id, reason, json } => {
            (engine.approve(id, &by().await?, reason.map(clean).as_deref()).await?, json)
        }
        Command::Decline(Decline { id, reason, json }) => {
            anyhow::ensure!(!reason.trim().is_empty(), "--reason is empty: give the proposer a reason");
            (engine.decline(id, &by().await?, Some(&clean(reason))).await?, json)
        }
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&decided)?);
    } else {
        print(&decided);
        print_values(&decided);
    }
    Ok(ExitCode::SUCCESS)
}

/// A proposal in a few lines.
pub(in crate::cli) fn print(proposal: &Proposal) {
    let because = |reason: &Option<String>| reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let key = proposal.key.as_ref().map(|key| format!("  key {key}")).unwrap_or_default();
    println!(
        "{}  {:9} {} of run {}  {}{key}",
        proposal.id,
        proposal.state,
        proposal.name(),
        proposal.run,
        proposal.workflow
    );
    if let Some(step) = &proposal.stands_at {
        println!("  at {step}");
    }
    println!(
        "  {} proposed it at {} UTC{}",
        proposal.proposed_by,
        proposal.created_at.format("%Y-%m-%d %H:%M:%S"),
        because(&proposal.reason)
    );
    if let (Some(by), Some(at)) = (&proposal.decided_by, proposal.decided_at) {
        let at = at.format("%Y-%m-%d %H:%M:%S");
        println!("  {by} decided at {at} UTC{}", because(&proposal.decision_reason));
    }
    if let Some(refusal) = &proposal.refusal {
        println!("  the run refused it: {refusal}");
    }
}

/// What the act replaces, and by what. Written as JSON, so that what came from outside moves no cursor.
fn print_values(proposal: &Proposal) {
    let shown = |name: &str, value: Option<&Value>| {
        if let Some(value) = value {
            println!("  {name}: {value}");
        }
    };
    shown("before", proposal.before.as_ref());
    shown("input", proposal.act.get("input"));
    shown("output", proposal.act.get("output"));
    shown("undo first", proposal.act.get("compensate"));
}
