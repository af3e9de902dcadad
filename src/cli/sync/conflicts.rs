//! `stepwell conflicts`: where the two systems disagree and a person decides.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::Settled;
use crate::memory::links::Side;
use crate::store::access::Scope;
use crate::store::sync::conflicts::ConflictRow;

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
        /// Print JSON, one object per line.
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

/// Which conflict, and which side is right.
#[derive(Debug, Args)]
pub struct Settle {
    /// The conflict's id.
    id: Uuid,
    /// Which side is right.
    #[arg(long, value_parser = ["crm", "erp"])]
    side: String,
    /// The reason, recorded with the conflict.
    #[arg(long)]
    reason: Option<String>,
}

/// Most conflicts that are listed.
const LIST_MAX: i64 = 10_000;

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    match command {
        Command::List { state, entity, json } => {
            let state = match state {
                State::Open => "open",
                State::Chosen => "chosen",
                State::Settled => "settled",
                State::Gone => "gone",
            };
            for conflict in engine.conflicts(state, entity.as_deref(), None, LIST_MAX).await? {
                print(&conflict, json)?;
            }
        }
        Command::Show { id, json } => {
            let found = engine.conflict(id).await?;
            print(&found.with_context(|| format!("there is no conflict {id}"))?, json)?;
        }
        Command::Settle(Settle { id, side, reason }) => {
            let side = if side == "crm" { Side::Crm } else { Side::Erp };
            let by = context::identity(engine.reader(), settings, Scope::Operate).await?.actor();
            match engine.settle_conflict(id, side, &by, reason.as_deref()).await? {
                Settled::Done(conflict) => print(&conflict, false)?,
                Settled::Unknown => {
                    anyhow::bail!("there is no conflict {id}; `stepwell conflicts list` shows the open ones")
                }
                Settled::Refused(why) => anyhow::bail!("conflict {id} cannot be settled: {why}"),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(conflict: &ConflictRow, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(conflict)?);
        return Ok(());
    }
    let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "none".to_owned());
    let row = conflict.row_name.as_deref().unwrap_or("the record");
    println!("{}  {} {row}: {} ({})", conflict.id, conflict.entity, conflict.kind, conflict.state);
    println!("  CRM {}: {}", id(&conflict.crm_id), shown(&conflict.crm));
    println!("  ERP {}: {}", id(&conflict.erp_id), shown(&conflict.erp));
    if let (Some(chosen), Some(by)) = (&conflict.chosen, &conflict.chosen_by) {
        let reason = conflict.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        println!("  {by} decided for the {}{reason}", chosen.to_uppercase());
    }
    Ok(())
}

/// `{field, value}` in a line. What came from outside is quoted, so that it moves no cursor.
fn shown(side: &Value) -> String {
    let value = side["value"].to_string();
    side["field"].as_str().map_or_else(|| value.clone(), |field| format!("{field} = {value}"))
}
