//! `stepwell batches`: how far passes over many records are, and which rows failed.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::{BatchView, Engine, Retried};
use crate::output;
use crate::store::access::Scope;
use crate::store::acts::By;
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
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// Print JSON, one object per line.
        #[arg(long)]
        json: bool,
    },
    /// Show one batch and its failed rows.
    Show {
        /// The batch's id.
        id: Uuid,
        /// Print JSON: the batch, then one line per row.
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
    },
}

/// Rows read at once.
const ROWS_AT_ONCE: i64 = 1_000;

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    match command {
        Command::List { name, limit, json } => {
            for batch in engine.batches(name.as_deref(), None, limit).await? {
                print(&batch, json)?;
            }
        }
        Command::Show { id, json } => {
            let batch = engine.batch(id).await?.with_context(|| missing(id))?;
            print(&batch, json)?;
            print_rows(&engine, &batch.name, json).await?;
        }
        Command::Retry { id, reason } => {
            let by = context::identity(engine.reader(), settings, Scope::Operate).await?.actor();
            match engine.retry_batch(id, By { actor: &by, reason: reason.as_deref() }).await? {
                Retried::Started(run) => println!("run {run} is retrying the failed rows"),
                Retried::Unknown => anyhow::bail!(missing(id)),
                Retried::Refused(why) => anyhow::bail!("nothing to retry: {why}"),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn missing(id: Uuid) -> String {
    format!("there is no batch {id}; `stepwell batches list` shows the latest ones")
}

fn print(batch: &BatchView, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(batch)?);
        return Ok(());
    }
    let BatchView { id, name, mode, state, began_at, .. } = batch;
    println!("{id}  {name:?} {mode:?} {state}, since {}", began_at.format("%Y-%m-%d %H:%M:%S"));
    println!("  {}", progress(batch));
    Ok(())
}

/// `4,200 of 50,000, 3 failed, 1,250 a second, 36 s remaining`
fn progress(batch: &BatchView) -> String {
    let of = batch.total.map(|total| format!(" of {}", thousands(total))).unwrap_or_default();
    let failed = if batch.failed > 0 { format!(", {} failed", thousands(batch.failed)) } else { String::new() };
    let speed = batch.rate.map(|per_second| format!(", {}", rate(per_second))).unwrap_or_default();
    let rest = batch.rest_seconds.map(|rest| format!(", {} remaining", duration(rest * 1_000))).unwrap_or_default();
    format!("{}{of}{failed}{speed}{rest}", thousands(batch.done))
}

async fn print_rows(engine: &Engine, name: &str, json: bool) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let rows = engine.failed_rows(name, after.as_deref(), ROWS_AT_ONCE).await?;
        for row in &rows {
            if json {
                println!("{}", serde_json::to_string(row)?);
            } else {
                // What came from outside is quoted, so that it moves no cursor.
                let attempts = plural(usize::try_from(row.attempts).unwrap_or_default(), "attempt", "attempts");
                println!("  {:?}  {:?} ({attempts}, last {})", row.key, row.message, row.failed_at);
            }
        }
        match rows.last() {
            Some(last) if rows.len() == usize::try_from(ROWS_AT_ONCE).unwrap_or_default() && !output::is_unread() => {
                after = Some(last.key.clone());
            }
            _ => return Ok(()),
        }
    }
}
