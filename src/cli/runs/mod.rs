//! `stepwell runs`: lists, shows, and acts on runs. Works on the database, so also while no server answers.

pub(super) mod acts;
mod archived;
pub(super) mod bulk;
mod moves;
pub(super) mod run;
pub(super) mod search;
pub(super) mod tree;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use sqlx::PgPool;

use super::context;
use crate::config::Settings;
use crate::http::api::runs::RunItem;
use crate::machine::{Act, CancelMode, RunId, Status};
use crate::store::retention;
use crate::store::runs::listing;
use crate::store::runs::proposals::ProposalFilter;
use crate::store::runs::restarts;
use crate::words::error_text;
use acts::Reason;
use bulk::{Many, Which};

/// `stepwell runs ...`
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List runs, newest first.
    List(Filter),
    /// Show one run with its steps.
    Show {
        /// The run's id.
        id: RunId,
        /// Print JSON, as the API returns it.
        #[arg(long)]
        json: bool,
        /// Show it from this archive, or from the archives in this folder. Needs no database.
        #[arg(long, value_name = "FILE-OR-FOLDER")]
        archive: Option<PathBuf>,
    },
    /// Retry the failed step and continue.
    Retry {
        #[command(flatten)]
        target: Target,
        /// JSON file (or - for standard input) with the input to use instead of the step's own.
        #[arg(long)]
        input: Option<String>,
        /// The step you mean (`stopped_step` of the run, or `stopped_at`). Nothing happens if the run stopped at another step.
        #[arg(long)]
        step: Option<String>,
        #[command(flatten)]
        reason: Reason,
    },
    /// Skip the failed step.
    Skip {
        #[command(flatten)]
        target: Target,
        /// JSON file (or - for standard input) with the output to use for the step.
        #[arg(long)]
        output: Option<String>,
        /// The step you mean (`stopped_step` of the run, or `stopped_at`). Nothing happens if the run stopped at another step.
        #[arg(long)]
        step: Option<String>,
        #[command(flatten)]
        reason: Reason,
    },
    /// Cancel a run: no further step starts.
    Cancel {
        #[command(flatten)]
        target: Target,
        /// Do not undo completed steps. By default they are undone first.
        #[arg(long)]
        abandon: bool,
        #[command(flatten)]
        reason: Reason,
    },
    /// Undo completed steps.
    Compensate {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        reason: Reason,
    },
    /// Suspend a run: no further step starts until it is resumed.
    Suspend {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        reason: Reason,
    },
    /// Resume a suspended run.
    Resume {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        reason: Reason,
    },
    /// Continue runs under another version of their workflow, with the recorded answers of all calls that were made.
    Move(moves::Arguments),
    /// Start a run that has ended again: a new run with the same input, linked with it.
    Restart {
        #[command(flatten)]
        targets: Targets,
        /// The version that runs it, instead of the one that new runs have.
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
        /// What the run did and did not undo may be done again. Needed for a completed run.
        #[arg(long)]
        again: bool,
        #[command(flatten)]
        reason: Reason,
    },
    /// Mark a faulted run as no longer needing attention.
    Dismiss {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        reason: Reason,
    },
}

/// One run, or all that match filters.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// The run's id. Or give filters, to act on all runs that match.
    id: Option<RunId>,
    #[command(flatten)]
    many: Many,
}

/// Runs by their ids, or all that match filters.
#[derive(Debug, Args)]
pub(super) struct Targets {
    /// The ids of runs. Or give filters, to act on all runs that match.
    #[arg(value_name = "RUN")]
    ids: Vec<RunId>,
    #[command(flatten)]
    many: Many,
}

/// Which runs, and how they are printed.
#[derive(Debug, Args)]
pub(super) struct Filter {
    #[command(flatten)]
    which: Which,
    /// Maximum number to list.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=500))]
    limit: i64,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (target, act, reason) = match command {
        Command::List(filter) => return list(&context::connect(settings).await?, filter).await,
        Command::Show { id, json, archive: Some(path) } => return archived::show(&path, id, json),
        Command::Show { id, json, archive: None } => return show(settings, id, json).await,
        Command::Retry { target, input, step, reason } => {
            (target, Act::Retry { input: input.as_deref().map(acts::read_json).transpose()?, step }, reason)
        }
        Command::Skip { target, output, step, reason } => {
            let output = output.as_deref().map(acts::read_json).transpose()?.unwrap_or_default();
            (target, Act::Skip { output, step }, reason)
        }
        Command::Cancel { target, abandon, reason } => {
            let compensate = if abandon { CancelMode::Abandon } else { CancelMode::Compensate };
            (target, Act::Cancel { compensate }, reason)
        }
        Command::Move(arguments) => return moves::run(&context::engine(settings).await?, settings, arguments).await,
        Command::Restart { targets, to, again, reason } => {
            return restart(settings, targets, Act::Restart { version: to, again }, reason).await;
        }
        Command::Compensate { target, reason } => (target, Act::Compensate, reason),
        Command::Suspend { target, reason } => (target, Act::Suspend, reason),
        Command::Resume { target, reason } => (target, Act::Resume, reason),
        Command::Dismiss { target, reason } => (target, Act::Dismiss, reason),
    };
    let engine = context::engine(settings).await?;
    match target {
        Target { id: Some(_), many } if many.is_given() => {
            bail!("name a run, or filters and how to go about them, not both")
        }
        Target { id: Some(id), .. } => acts::perform(&engine, settings, id, &act, &reason).await,
        Target { id: None, many } => bulk::begin(&engine, settings, act, many, reason.parts()).await,
    }
}

/// Starts each run again by itself. Fails if one was not; the others are.
async fn restart(settings: &Settings, targets: Targets, act: Act, reason: Reason) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    if targets.ids.is_empty() {
        return bulk::begin(&engine, settings, act, targets.many, reason.parts()).await;
    }
    if targets.many.is_given() {
        bail!("name runs, or filters and how to go about them, not both");
    }
    let mut failed = false;
    for id in targets.ids {
        if let Err(error) = acts::perform(&engine, settings, id, &act, &reason).await {
            eprintln!("stepwell: {error:#}");
            failed = true;
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn list(pool: &PgPool, filter: Filter) -> anyhow::Result<ExitCode> {
    let wanted = filter.which.filter();
    let rows = listing::runs(pool, &wanted, None, filter.limit).await?.rows;
    if filter.json {
        let items: Vec<RunItem> = rows.into_iter().map(RunItem::from).collect();
        println!("{}", serde_json::to_string_pretty(&items)?);
        return Ok(ExitCode::SUCCESS);
    }
    for row in &rows {
        let attention = row.attention.as_deref().map(|a| format!("  ! {}", a.replace('_', " "))).unwrap_or_default();
        let cause = row.error.as_ref().map(|error| format!("  {}", error_text(error))).unwrap_or_default();
        println!(
            "{}  {:12} {:32} {:24} {}{attention}{cause}",
            row.id,
            row.status,
            row.workflow.to_string(),
            row.key.as_deref().unwrap_or("-"),
            row.created_at.format("%Y-%m-%d %H:%M:%S")
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Proposals shown with a run.
const PROPOSALS_MAX: i64 = 100;

async fn show(settings: &Settings, id: RunId, json: bool) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    let Some(view) = engine.view(id).await? else { return Err(missing(engine.reader(), id).await?) };
    let filter = ProposalFilter { run: Some(id), open: true, ..ProposalFilter::default() };
    let proposals = engine.proposals(filter, PROPOSALS_MAX).await?;
    let links = restarts::links(engine.reader(), id).await?;
    if json {
        let mut shown = serde_json::to_value(&view)?;
        for (name, run) in [("restarted_from", links.restarted_from), ("restarted_as", links.restarted_as)] {
            if let Some(run) = run {
                shown[name] = serde_json::json!(run);
            }
        }
        shown["proposals"] = serde_json::to_value(&proposals)?;
        println!("{}", serde_json::to_string_pretty(&shown)?);
    } else {
        print!("{}", tree::tree(&view));
        if let Some(from) = links.restarted_from {
            println!("  does the work of run {from} again");
        }
        if let Some(run) = links.restarted_as {
            println!("  started again as run {run}");
        }
        print!("{}", acts::possible(&view));
        proposals.iter().for_each(super::operations::proposals::print);
    }
    if view.tasks.is_empty() && view.status == Status::Pending && !json {
        bail!("the run is waiting for a node to start it; is a server running?");
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether there never was such a run, or it is in an archive by now.
async fn missing(pool: &PgPool, id: RunId) -> anyhow::Result<anyhow::Error> {
    Ok(match retention::archive_of(pool, id).await? {
        Some(file) => anyhow::anyhow!(
            "run {id} was archived and removed: `stepwell runs show {id} --archive {file}`, in the folder of archives, shows it"
        ),
        None => anyhow::anyhow!("there is no run {id}; `stepwell runs list` shows them"),
    })
}
