//! `stepwell runs`: lists, shows, and acts on runs.

pub(super) mod acts;
mod archived;
pub(super) mod bulk;
mod exchanges;
mod list;
mod moves;
pub(super) mod run;
pub(super) mod search;
mod show;
pub(super) mod shown;
pub(super) mod tree;
mod which;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::client::{Client, Path};
use super::context;
use super::operations::attention;
use crate::config::Settings;
use crate::machine::RunId;
use acts::{Act, Reason};
use bulk::Many;

/// `stepwell runs ...`
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List runs, newest first.
    List(list::Filter),
    /// Show one run with its steps.
    Show {
        /// The run's id.
        id: RunId,
        /// Print JSON, as the API returns it.
        #[arg(long)]
        json: bool,
        /// Also show what each step was given, every request and every answer. In JSON: its `journal`.
        #[arg(long, conflicts_with = "archive")]
        full: bool,
        /// Show it again whenever it changes, until it has ended or needs a person.
        #[arg(long, conflicts_with = "archive")]
        watch: bool,
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
        /// A jq expression that makes another input of what the failed step is given, such as '.currency = "EUR"'.
        #[arg(long, value_name = "JQ", conflicts_with = "input")]
        edit: Option<String>,
        /// Continue from this earlier step (its reference, such as /do/0/createCustomer). What lies between is repeated where that
        /// is safe, or undone first; else nothing happens.
        #[arg(long, value_name = "STEP", conflicts_with_all = ["input", "edit", "step"])]
        from: Option<String>,
        /// Only say what lies between the earlier step and where the run stands.
        #[arg(long, requires = "from")]
        dry_run: bool,
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
        /// Skip the step even if it waits for a person to decide.
        #[arg(long)]
        confirm: bool,
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
    /// Acknowledge runs whose work did not happen: they undid their steps after a fault, and nothing more is to be done about them.
    Acknowledge {
        #[command(flatten)]
        targets: Targets,
        #[command(flatten)]
        reason: Reason,
    },
    /// Show the notes on a run, or add one.
    Notes {
        /// The run's id.
        id: RunId,
        /// Add this note.
        #[arg(long, value_name = "TEXT")]
        add: Option<String>,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
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

pub(super) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let given = |path: Option<String>| path.as_deref().map(acts::read_json).transpose();
    let (target, act, reason) = match command {
        Command::List(filter) => return list::run(filter, settings).await,
        Command::Show { id, json, archive: Some(path), .. } => {
            context::check_no_server(settings)?;
            return archived::show(&path, id, json);
        }
        Command::Show { id, json, full, watch, archive: None } => {
            return show::show(&Client::open(settings).await?, id, show::Style { json, full, watch }).await;
        }
        Command::Notes { id, add, json } => {
            let path = || Path::of(["runs", &id.to_string(), "notes"]);
            attention::notes(&Client::open(settings).await?, path, add, json).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Move(arguments) => return moves::run(&Client::open(settings).await?, arguments).await,
        Command::Retry { target: Target { id: Some(id), .. }, from: Some(from), dry_run: true, reason, .. } => {
            return acts::preview_rewind(&Client::open(settings).await?, id, &from, reason.json).await;
        }
        Command::Retry { target, input, edit, step, from, reason, .. } => {
            let members = [("edit", edit), ("step", step), ("from", from)];
            let act = Act::new("retry").with("input", given(input)?);
            (target, members.into_iter().fold(act, |act, (name, text)| act.with(name, text.map(Value::from))), reason)
        }
        Command::Skip { target, output, step, confirm, reason } => {
            let act = Act::new("skip").with("output", given(output)?).with("step", step.map(Value::from));
            (target, act.with("confirm", confirm.then(|| true.into())), reason)
        }
        Command::Cancel { target, abandon, reason } => {
            (target, Act::new("cancel").with("compensate", Some((!abandon).into())), reason)
        }
        Command::Restart { targets, to, again, reason } => {
            let act = Act::new("restart").with("version", to.map(Value::from)).with("again", Some(again.into()));
            return to_each(&Client::open(settings).await?, targets, act, reason).await;
        }
        Command::Acknowledge { targets, reason } => {
            return to_each(&Client::open(settings).await?, targets, Act::new("acknowledge"), reason).await;
        }
        Command::Compensate { target, reason } => (target, Act::new("compensate"), reason),
        Command::Suspend { target, reason } => (target, Act::new("suspend"), reason),
        Command::Resume { target, reason } => (target, Act::new("resume"), reason),
        Command::Dismiss { target, reason } => (target, Act::new("dismiss"), reason),
    };
    let client = Client::open(settings).await?;
    match target {
        Target { id: Some(_), many } if many.is_given() => {
            bail!("name a run, or filters and how to go about them, not both")
        }
        Target { id: Some(id), .. } => acts::perform(&client, id, &act, &reason).await,
        Target { id: None, many } => bulk::begin(&client, act, many, reason).await,
    }
}

async fn to_each(client: &Client, targets: Targets, act: Act, reason: Reason) -> anyhow::Result<ExitCode> {
    match targets {
        Targets { ids, many } if !ids.is_empty() && many.is_given() => {
            bail!("name runs, or filters and how to go about them, not both")
        }
        Targets { ids, many } if ids.is_empty() => bulk::begin(client, act, many, reason).await,
        Targets { ids, .. } => acts::perform_each(client, &ids, &act, &reason).await,
    }
}
