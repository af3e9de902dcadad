//! `stepwell runs`: lists, shows, and acts on runs. Works on the database, so also while no server answers.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use sqlx::PgPool;

use super::acts::{self, Reason};
use super::{context, tree};
use crate::config::Settings;
use crate::machine::{Act, CancelMode, RunId, Status, Time};
use crate::store::listing::{self, RunFilter, RunRow};

/// `stepwell runs ...`
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List runs, newest first.
    List(Filter),
    /// Show one run with its steps.
    Show {
        /// Which run.
        id: RunId,
        /// As JSON, as in the API.
        #[arg(long)]
        json: bool,
    },
    /// Go on from the failed step.
    Retry {
        /// Which run.
        id: RunId,
        /// JSON file (or - for standard input) with what the step is given instead.
        #[arg(long)]
        input: Option<String>,
        #[command(flatten)]
        reason: Reason,
    },
    /// Pass over the failed step.
    Skip {
        /// Which run.
        id: RunId,
        /// JSON file (or - for standard input) that stands in for the step's output.
        #[arg(long)]
        output: Option<String>,
        #[command(flatten)]
        reason: Reason,
    },
    /// End a run at its next boundary.
    Cancel {
        /// Which run.
        id: RunId,
        /// Leave what was done as it is; otherwise it is undone first.
        #[arg(long)]
        abandon: bool,
        #[command(flatten)]
        reason: Reason,
    },
    /// Undo what was done.
    Compensate {
        /// Which run.
        id: RunId,
        #[command(flatten)]
        reason: Reason,
    },
    /// Begin no new step.
    Suspend {
        /// Which run.
        id: RunId,
        #[command(flatten)]
        reason: Reason,
    },
    /// Go on after `suspend`.
    Resume {
        /// Which run.
        id: RunId,
        #[command(flatten)]
        reason: Reason,
    },
    /// Say that a faulted run needs nobody any more.
    Dismiss {
        /// Which run.
        id: RunId,
        #[command(flatten)]
        reason: Reason,
    },
}

/// Filters as in the API.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// `namespace/name` or `name`.
    #[arg(long)]
    workflow: Option<String>,
    /// Exact version.
    #[arg(long)]
    version: Option<String>,
    /// Any of these.
    #[arg(long, value_delimiter = ',')]
    status: Vec<Status>,
    /// `any`, `none`, or one reason.
    #[arg(long)]
    attention: Option<String>,
    /// Exact business key.
    #[arg(long)]
    key: Option<String>,
    /// Id of the accepted event.
    #[arg(long)]
    event: Option<uuid::Uuid>,
    /// Start of the key or of the id.
    #[arg(long)]
    q: Option<String>,
    /// Created at or after (RFC 3339).
    #[arg(long)]
    since: Option<Time>,
    /// Created before (RFC 3339).
    #[arg(long)]
    until: Option<Time>,
    /// At most this many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=500))]
    limit: i64,
    /// As JSON, one array.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    let (id, act, reason) = match command {
        Command::List(filter) => return list(&pool, filter).await,
        Command::Show { id, json } => return show(settings, id, json).await,
        Command::Retry { id, input, reason } => {
            (id, Act::Retry { input: input.as_deref().map(acts::read_json).transpose()? }, reason)
        }
        Command::Skip { id, output, reason } => {
            let output = output.as_deref().map(acts::read_json).transpose()?.unwrap_or_default();
            (id, Act::Skip { output }, reason)
        }
        Command::Cancel { id, abandon, reason } => {
            let compensate = if abandon { CancelMode::Abandon } else { CancelMode::Compensate };
            (id, Act::Cancel { compensate }, reason)
        }
        Command::Compensate { id, reason } => (id, Act::Compensate, reason),
        Command::Suspend { id, reason } => (id, Act::Suspend, reason),
        Command::Resume { id, reason } => (id, Act::Resume, reason),
        Command::Dismiss { id, reason } => (id, Act::Dismiss, reason),
    };
    acts::perform(&pool, settings, id, &act, &reason).await
}

async fn list(pool: &PgPool, filter: Filter) -> anyhow::Result<ExitCode> {
    let wanted = RunFilter {
        workflow: filter.workflow,
        version: filter.version,
        status: filter.status,
        attention: filter.attention,
        key: filter.key,
        event: filter.event,
        q: filter.q,
        since: filter.since,
        until: filter.until,
        ..RunFilter::default()
    };
    let rows = listing::runs(pool, &wanted, None, filter.limit).await?;
    if filter.json {
        println!("{}", serde_json::to_string_pretty(&rows.iter().map(as_json).collect::<Vec<_>>())?);
        return Ok(ExitCode::SUCCESS);
    }
    for row in &rows {
        let attention = row.attention.as_deref().map(|a| format!("  ! {}", a.replace('_', " "))).unwrap_or_default();
        println!(
            "{}  {:12} {:32} {:24} {}{attention}",
            row.id,
            row.status,
            row.workflow.to_string(),
            row.key.as_deref().unwrap_or("-"),
            row.created_at.format("%Y-%m-%d %H:%M:%S")
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(row: &RunRow) -> serde_json::Value {
    serde_json::json!({
        "id": row.id, "workflow": row.workflow, "status": row.status, "attention": row.attention, "key": row.key,
        "event": row.event, "parent": row.parent, "created_at": row.created_at, "finished_at": row.finished_at,
        "wake_at": row.wake_at,
    })
}

async fn show(settings: &Settings, id: RunId, json: bool) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    let view =
        engine.view(id).await?.with_context(|| format!("there is no run {id}; `stepwell runs list` shows them"))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&view)?);
    } else {
        print!("{}", tree::tree(&view));
    }
    if view.tasks.is_empty() && view.status == Status::Pending && !json {
        bail!("the run waits for a node to begin it; is a server running?");
    }
    Ok(ExitCode::SUCCESS)
}
