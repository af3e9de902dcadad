//! `stepwell batches`: the progress of batches, and their failed rows.

use std::process::ExitCode;

use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::cli::client::{self, Client, Path};
use crate::cli::print;
use crate::config::Settings;
use crate::machine::Time;
use crate::words::{duration, plural, rate, thousands};

/// Show batches and retry failed rows.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the latest batches with their progress.
    List {
        /// Only batches of this name.
        #[arg(long)]
        name: Option<String>,
        /// Maximum number to list.
        #[arg(long, default_value_t = 20)]
        limit: usize,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show one batch and its failed rows.
    Show {
        /// The batch's id.
        id: Uuid,
        /// Print JSON: the batch with its `rows`.
        #[arg(long)]
        json: bool,
    },
    /// Retry the failed rows: start the workflow for only those.
    Retry {
        /// The batch's id.
        id: Uuid,
        /// The reason, recorded with the action.
        #[arg(long)]
        reason: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// The printed fields of a batch.
#[derive(Deserialize)]
struct Batch {
    id: Uuid,
    name: String,
    mode: String,
    state: String,
    total: Option<i64>,
    done: i64,
    failed: i64,
    rate: Option<f64>,
    rest_seconds: Option<i64>,
    began_at: Time,
}

/// A failed row.
#[derive(Deserialize)]
struct Row {
    key: String,
    message: String,
    attempts: usize,
    failed_at: Time,
}

#[derive(Deserialize)]
struct Retried {
    run: Uuid,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    match command {
        Command::List { name, limit, json } => {
            print::pages(client.pages(Path::of(["batches"]).with("name", name), limit), json, shown).await?;
        }
        Command::Show { id, json } => show(&client, id, json).await?,
        Command::Retry { id, reason, json } => {
            let path = Path::of(["batches", &id.to_string(), "retry"]);
            let retried = client.post(path, &json!({ "reason": reason })).await;
            let retried = retried.map_err(|failure| failure.or_missing(|| missing(id)))?;
            match json {
                true => print::json(&retried),
                false => println!("run {} is retrying the failed rows", client::read::<Retried>(retried)?.run),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn missing(id: Uuid) -> String {
    format!("there is no batch {id}; `stepwell batches list` shows the latest ones")
}

/// Prints a batch with its failed rows.
async fn show(client: &Client, id: Uuid, as_json: bool) -> anyhow::Result<()> {
    let batch = client.get(Path::of(["batches", &id.to_string()])).await;
    let mut batch = batch.map_err(|failure| failure.or_missing(|| missing(id)))?;
    let rows = client.pages(Path::of(["batches", &id.to_string(), "rows"]), usize::MAX);
    if as_json {
        batch["rows"] = rows.all().await?.into();
        print::json(&batch);
        return Ok(());
    }
    print::text(&shown(&client::read(batch)?));
    Ok(print::pages(rows, false, row).await?)
}

/// External text is quoted, so that it cannot control the terminal.
fn row(row: &Row) -> String {
    let attempts = plural(row.attempts, "attempt", "attempts");
    format!("  {:?}  {:?} ({attempts}, last {})", row.key, row.message, print::at(row.failed_at))
}

fn shown(batch: &Batch) -> String {
    let Batch { id, name, mode, state, began_at, .. } = batch;
    format!("{id}  {name:?} {mode:?} {state}, since {}\n  {}", print::at(*began_at), progress(batch))
}

/// `4,200 of 50,000, 3 failed, 1,250 a second, 36 s remaining`
fn progress(batch: &Batch) -> String {
    let of = batch.total.map(|total| format!(" of {}", thousands(total))).unwrap_or_default();
    let failed = if batch.failed > 0 { format!(", {} failed", thousands(batch.failed)) } else { String::new() };
    let speed = batch.rate.map(|per_second| format!(", {}", rate(per_second))).unwrap_or_default();
    let rest = batch.rest_seconds.map(|rest| format!(", {} remaining", duration(rest * 1_000))).unwrap_or_default();
    format!("{}{of}{failed}{speed}{rest}", thousands(batch.done))
}
