//! `stepwell conflicts`: where two systems disagree and a person decides.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::{Conflict, Settled};
use crate::memory::links::Side;
use crate::store::access::Scope;

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
    /// The side that is right, by its name in the mapping: `crm`, `erp` unless the mapping names its sides.
    #[arg(long, value_name = "SIDE")]
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
            print(&engine.conflict(id).await?.with_context(|| unknown(id))?, json)?;
        }
        Command::Settle(Settle { id, side, reason }) => {
            let sides = engine.conflict(id).await?.with_context(|| unknown(id))?.sides;
            let side = sides.find(&side).with_context(|| {
                format!("conflict {id} has no side {side:?}: choose --side {}", sides.names().join(" or "))
            })?;
            let by = context::identity(engine.reader(), settings, Scope::Operate).await?.actor();
            match engine.settle_conflict(id, side, &by, reason.as_deref()).await? {
                Settled::Done(conflict) => print(&conflict, false)?,
                Settled::Unknown => anyhow::bail!(unknown(id)),
                Settled::Refused(why) => anyhow::bail!("conflict {id} cannot be settled: {why}"),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(id: Uuid) -> String {
    format!("there is no conflict {id}; `stepwell conflicts list` shows the open ones")
}

fn print(conflict: &Conflict, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(conflict)?);
        return Ok(());
    }
    let Conflict { row, sides } = conflict;
    let field = row.row_name.as_deref().unwrap_or("the record");
    println!("{}  {} {field}: {} ({})", row.id, row.entity, row.kind, row.state);
    for side in Side::BOTH {
        let id = conflict.id_of(side).unwrap_or("none");
        println!("  {} {id}: {}", sides.system(side), shown(conflict.seen(side)));
    }
    if let (Some(chosen), Some(by)) = (conflict.chosen(), &row.chosen_by) {
        let reason = row.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        println!("  {by} decided for {}{reason}", sides.called(chosen));
    }
    Ok(())
}

/// `{field, value}` in a line. What came from outside is quoted, so that it moves no cursor.
fn shown(side: &Value) -> String {
    let value = side["value"].to_string();
    side["field"].as_str().map_or_else(|| value.clone(), |field| format!("{field} = {value}"))
}
