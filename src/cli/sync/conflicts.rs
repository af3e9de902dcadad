//! `stepwell conflicts`: where two systems disagree and a person decides.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::cli::client::{self, Client, Path};
use crate::cli::print;
use crate::config::Settings;

/// Show and settle conflicts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List conflicts that need a decision, or those in another state.
    List {
        /// The state of the conflicts to list.
        #[arg(long, value_enum, default_value_t = State::Open)]
        state: State,
        /// Only conflicts of this mapping.
        #[arg(long)]
        entity: Option<String>,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show one conflict.
    Show {
        /// The conflict's id.
        id: Uuid,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Choose which side is right. A sync starts immediately and writes its value to the other side.
    Settle(Settle),
}

/// The state of a conflict.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum State {
    /// Needs a decision.
    Open,
    /// A person decided; the sync is in progress.
    Chosen,
    /// The sync applied the decision.
    Settled,
    /// The records agreed before anyone decided.
    Gone,
}

/// Arguments of `stepwell conflicts settle`.
#[derive(Debug, Args)]
pub struct Settle {
    /// The conflict's id.
    id: Uuid,
    /// The side that is right, by its name in the mapping: `crm`, `erp` unless the mapping names its sides.
    #[arg(long, value_name = "SIDE")]
    side: String,
    /// The reason, recorded with the conflict.
    #[arg(long)]
    reason: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Most conflicts listed.
const LIST_MAX: usize = 10_000;

/// The printed fields of a conflict.
#[derive(Deserialize)]
struct Conflict {
    id: Uuid,
    entity: String,
    row: Option<String>,
    kind: String,
    state: String,
    /// Names of the two sides in the mapping.
    sides: [String; 2],
    /// `SIDE` and `SIDE_id` of each side.
    #[serde(flatten)]
    of_sides: Map<String, Value>,
    chosen: Option<String>,
    chosen_by: Option<String>,
    reason: Option<String>,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    let missing =
        |id: Uuid| move || format!("there is no conflict {id}; `stepwell conflicts list` shows the open ones");
    let (conflict, json) = match command {
        Command::List { state, entity, json } => {
            let path = Path::of(["conflicts"]).with("state", Some(state.as_str())).with("entity", entity);
            print::pages(client.pages(path, LIST_MAX), json, shown).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Show { id, json } => {
            let found = client.get(Path::of(["conflicts", &id.to_string()])).await;
            (found.map_err(|failure| failure.or_missing(missing(id)))?, json)
        }
        Command::Settle(Settle { id, side, reason, json }) => {
            let path = Path::of(["conflicts", &id.to_string(), "settle"]);
            let settled = client.post(path, &json!({ "side": side, "reason": reason })).await;
            let settled = settled.map_err(|failure| failure.or_missing(missing(id)));
            (settled.with_context(|| format!("settling conflict {id}"))?, json)
        }
    };
    match json {
        true => print::json(&conflict),
        false => print::text(&shown(&client::read(conflict)?)),
    }
    Ok(ExitCode::SUCCESS)
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Chosen => "chosen",
            Self::Settled => "settled",
            Self::Gone => "gone",
        }
    }
}

fn shown(conflict: &Conflict) -> String {
    let row = conflict.row.as_deref().unwrap_or("the record");
    let mut lines = vec![format!("{}  {} {row}: {} ({})", conflict.id, conflict.entity, conflict.kind, conflict.state)];
    for name in &conflict.sides {
        let id = conflict.of_sides.get(&format!("{name}_id")).and_then(Value::as_str).unwrap_or("none");
        let seen = conflict.of_sides.get(name).map(side).unwrap_or_default();
        lines.push(format!("  {name} {id}: {seen}"));
    }
    if let (Some(chosen), Some(by)) = (&conflict.chosen, &conflict.chosen_by) {
        let reason = conflict.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        lines.push(format!("  {by} decided for {chosen}{reason}"));
    }
    lines.join("\n")
}

/// Formats `{field, value}` in a line. External text is quoted, so that it cannot control the terminal.
fn side(side: &Value) -> String {
    let value = side["value"].to_string();
    side["field"].as_str().map_or_else(|| value.clone(), |field| format!("{field} = {value}"))
}
