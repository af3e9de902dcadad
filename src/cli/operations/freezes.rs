//! `stepwell freezes`: what events start waits while someone closes the books.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::FRESH_MAX;
use crate::machine::Time;
use crate::store::access::Scope;
use crate::store::acts::By;
use crate::store::runs::freezes::Freeze;

/// Freeze and release workflows.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List freezes, latest first.
    List {
        /// Print JSON, one object per line.
        #[arg(long)]
        json: bool,
    },
    /// Freeze workflows, or all workflows that call a connection. Events are still accepted; the runs they start wait.
    Start {
        /// A workflow, NAMESPACE/NAME; may be repeated.
        #[arg(long = "workflow", value_name = "WORKFLOW")]
        workflows: Vec<String>,
        /// A connection of hub.yaml; may be repeated.
        #[arg(long = "connection", value_name = "CONNECTION")]
        connections: Vec<String>,
        /// When it ends automatically: a time with its offset, such as 2026-12-01T06:00:00Z.
        #[arg(long)]
        until: Option<Time>,
        /// The reason, shown on every waiting run.
        #[arg(long)]
        reason: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a freeze: the waiting runs continue in order of arrival.
    End {
        /// The freeze's id.
        id: Uuid,
        /// The reason.
        #[arg(long)]
        reason: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Freezes that are listed.
const LIST_MAX: i64 = 1_000;

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    match command {
        Command::List { json } => {
            for freeze in engine.freezes(None, LIST_MAX).await? {
                print(&freeze, json)?;
            }
        }
        Command::Start { workflows, connections, until, reason, json } => {
            let actor = context::identity(engine.reader(), settings, Scope::Operate).await?.actor();
            let by = By { actor: &actor, reason: Some(&reason) };
            let freeze = engine.freeze(&workflows, &connections, until, by).await?;
            print(&freeze, json)?;
            if !json {
                println!(
                    "  takes effect on every node within {} seconds; runs in progress continue",
                    FRESH_MAX.as_secs()
                );
            }
        }
        Command::End { id, reason, json } => {
            let actor = context::identity(engine.reader(), settings, Scope::Operate).await?.actor();
            let by = By { actor: &actor, reason: reason.as_deref() };
            let ended = engine.end_freeze(id, by).await?;
            let (_, freeze) =
                ended.with_context(|| format!("there is no freeze {id}; `stepwell freezes list` shows them"))?;
            print(&freeze, json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(freeze: &Freeze, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(freeze)?);
        return Ok(());
    }
    let connections = freeze.connections.iter().map(|name| format!("connection {name}"));
    let what: Vec<String> = freeze.workflows.iter().cloned().chain(connections).collect();
    let state = match (freeze.ended_at, freeze.until) {
        (Some(at), _) => format!("ended {}", shown(at)),
        (None, Some(until)) => format!("until {}", shown(until)),
        (None, None) => "until ended manually".to_owned(),
    };
    let many = if freeze.waiting >= 1_000 { "1,000 or more".to_owned() } else { freeze.waiting.to_string() };
    println!("{}  {}  {state}, {many} runs waiting", freeze.id, what.join(", "));
    println!("  since {} by {}: {}", shown(freeze.created_at), freeze.actor, freeze.reason);
    Ok(())
}

fn shown(at: Time) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
