//! `stepwell freezes`: what events start waits while someone closes the books.

use std::process::ExitCode;

use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::client::{self, Client, Path};
use crate::cli::{print, when};
use crate::config::Settings;
use crate::engine::FRESH_MAX;
use crate::machine::Time;
use crate::store::runs::freezes::Holds;

/// Freeze and release workflows.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List freezes, latest first.
    List {
        /// Print a JSON array.
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
        /// What to hold back: `events` (runs that events start), `starts` (every new run of the workflows, whatever starts it), or
        /// `steps` (also the next step of their runs in progress).
        #[arg(long, value_name = "WHAT", default_value = "events")]
        hold: Holds,
        /// When it ends automatically: a time such as 2026-12-01T06:00:00Z, a day, or in how long, such as 36h.
        #[arg(long, value_name = "T", value_parser = when::ahead)]
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

/// A freeze, as far as it is shown.
#[derive(Deserialize)]
struct Freeze {
    id: Uuid,
    workflows: Vec<String>,
    connections: Vec<String>,
    #[serde(default)]
    holds: String,
    reason: String,
    actor: String,
    created_at: Time,
    until: Option<Time>,
    ended_at: Option<Time>,
    waiting: i64,
}

/// Freezes that are listed.
const LIST_MAX: usize = 1_000;

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    match command {
        Command::List { json } => print::pages(client.pages(Path::of(["freezes"]), LIST_MAX), json, shown).await?,
        Command::Start { workflows, connections, hold, until, reason, json } => {
            let asked = json!({ "workflows": workflows, "connections": connections, "holds": hold.as_str(), "until": until,
                                "reason": reason });
            print(client.post(Path::of(["freezes"]), &asked).await?, json)?;
            if !json {
                let seconds = FRESH_MAX.as_secs();
                let running = match hold {
                    Holds::Steps => "runs in progress are suspended before their next step",
                    Holds::Events | Holds::Starts => "runs in progress continue",
                };
                println!("  takes effect on every node within {seconds} seconds; {running}");
            }
        }
        Command::End { id, reason, json } => {
            let path = Path::of(["freezes", &id.to_string(), "end"]);
            let ended = client.post(path, &json!({ "reason": reason })).await;
            let missing = || format!("there is no freeze {id}; `stepwell freezes list` shows them");
            print(ended.map_err(|failure| failure.or_missing(missing))?, json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(freeze: Value, json: bool) -> anyhow::Result<()> {
    match json {
        true => print::json(&freeze),
        false => print::text(&shown(&client::read(freeze)?)),
    }
    Ok(())
}

fn shown(freeze: &Freeze) -> String {
    let connections = freeze.connections.iter().map(|name| format!("connection {name}"));
    let what: Vec<String> = freeze.workflows.iter().cloned().chain(connections).collect();
    let state = match (freeze.ended_at, freeze.until) {
        (Some(at), _) => format!("ended {}", print::at(at)),
        (None, Some(until)) => format!("until {}", print::at(until)),
        (None, None) => "until ended manually".to_owned(),
    };
    let many = if freeze.waiting >= 1_000 { "1,000 or more".to_owned() } else { freeze.waiting.to_string() };
    let (id, what, since) = (freeze.id, what.join(", "), print::at(freeze.created_at));
    let (actor, reason) = (&freeze.actor, &freeze.reason);
    let what = match freeze.holds.as_str() {
        "starts" => format!("{what} (new runs)"),
        "steps" => format!("{what} (new runs and steps)"),
        _ => what,
    };
    format!("{id}  {what}  {state}, {many} runs waiting\n  since {since} by {actor}: {reason}")
}
