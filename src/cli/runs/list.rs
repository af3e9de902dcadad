//! `stepwell runs list`: runs by filters, newest first.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::which::Which;
use crate::cli::client::{self, Client, Failure, Path};
use crate::cli::print;
use crate::cli::watch::{self, Screen};
use crate::config::Settings;
use crate::dsl::WorkflowRef;
use crate::machine::Time;

/// Arguments of `stepwell runs list`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Filter {
    #[command(flatten)]
    which: Which,
    /// Maximum number to list.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// List them again whenever something changes, until Ctrl-C.
    #[arg(long)]
    watch: bool,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// A run in a list.
#[derive(Deserialize)]
struct Row {
    id: Uuid,
    workflow: WorkflowRef,
    status: String,
    attention: Option<String>,
    key: Option<String>,
    error: Option<Cause>,
    created_at: Time,
}

#[derive(Deserialize)]
struct Cause {
    cause: String,
}

pub(super) async fn run(filter: Filter, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    let path = filter.which.path(Path::of(["runs"]));
    if !filter.watch {
        print::pages(client.pages(path, filter.limit), filter.json, line).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut screen = Screen::default();
    loop {
        let rows = client.pages(path.clone(), filter.limit).all().await?;
        screen.show(&if filter.json { format!("{:#}", Value::Array(rows)) } else { lines(rows)? });
        if !watch::again().await {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

fn lines(rows: Vec<Value>) -> Result<String, Failure> {
    let lines: Result<Vec<String>, Failure> = rows.into_iter().map(|row| Ok(line(&client::read(row)?))).collect();
    Ok(lines?.join("\n"))
}

fn line(row: &Row) -> String {
    let attention = row.attention.as_deref().map(|a| format!("  ! {}", a.replace('_', " "))).unwrap_or_default();
    let cause = row.error.as_ref().map(|error| format!("  {}", error.cause)).unwrap_or_default();
    let (workflow, key) = (row.workflow.to_string(), row.key.as_deref().unwrap_or("-"));
    let at = print::at(row.created_at);
    format!("{}  {:12} {workflow:32} {key:24} {at}{attention}{cause}", row.id, row.status)
}
