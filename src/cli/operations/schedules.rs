//! `stepwell schedules`: workflows that start on a schedule.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::client::{self, Client, Path};
use crate::cli::print;
use crate::config::Settings;
use crate::machine::{RunId, Time};

/// Show schedules, pause, resume and fire them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List all schedules with their next firings.
    List {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show one schedule.
    Show {
        /// NAMESPACE/NAME.
        workflow: String,
        /// Number of upcoming firings to show.
        #[arg(long, default_value_t = 10)]
        upcoming: usize,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Pause a schedule: it starts no runs until it is resumed.
    Pause(Act),
    /// Resume a schedule. Firings missed during the pause are not started.
    Resume(Act),
    /// Start a run now, in addition to the schedule, which does not change.
    Fire(Act),
}

/// Arguments of the subcommands that act on a schedule.
#[derive(Debug, Args)]
pub struct Act {
    /// NAMESPACE/NAME.
    workflow: String,
    /// The reason, recorded with the schedule.
    #[arg(long)]
    reason: Option<String>,
}

/// Most schedules listed.
const LIST_MAX: usize = 10_000;

/// Upcoming firings shown per schedule in a list.
const UPCOMING: usize = 3;

/// Most acts shown.
const ACTS_SHOWN: usize = 10;

/// The printed fields of a schedule.
#[derive(Deserialize)]
struct Schedule {
    namespace: String,
    name: String,
    version: String,
    kind: String,
    expression: String,
    time_zone: String,
    misfire: String,
    run: Option<RunId>,
    next: Vec<Time>,
    paused_at: Option<Time>,
    paused_by: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    acts: Vec<Acted>,
}

/// A person's act on the schedule.
#[derive(Deserialize)]
struct Acted {
    act: String,
    actor: String,
    reason: Option<String>,
    run: Option<RunId>,
    at: Time,
}

/// The run that a firing started.
#[derive(Deserialize)]
struct Fired {
    run: RunId,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    match command {
        Command::List { json } => {
            let path = Path::of(["schedules"]).with("upcoming", Some(UPCOMING));
            print::pages(client.pages(path, LIST_MAX), json, shown).await?;
        }
        Command::Show { workflow, upcoming, json } => {
            let path = path(&workflow, None)?.with("upcoming", Some(upcoming.clamp(1, 1_000)));
            let found = client.get(path).await.map_err(|failure| failure.or_missing(|| unknown(&workflow)))?;
            match json {
                true => print::json(&found),
                false => {
                    let schedule: Schedule = client::read(found)?;
                    print::text(&shown(&schedule));
                    print::text(&acts(&schedule.acts));
                }
            }
        }
        Command::Pause(act) => {
            done(&client, &act, "pause").await?;
            println!("{} is paused", act.workflow);
        }
        Command::Resume(act) => {
            let mut schedule: Schedule = client::read(done(&client, &act, "resume").await?)?;
            schedule.next.truncate(1);
            print::text(&shown(&schedule));
        }
        Command::Fire(act) => println!("{}", client::read::<Fired>(done(&client, &act, "fire").await?)?.run),
    }
    Ok(ExitCode::SUCCESS)
}

async fn done(client: &Client, act: &Act, what: &str) -> anyhow::Result<Value> {
    let answer = client.post(path(&act.workflow, Some(what))?, &json!({ "reason": act.reason })).await;
    answer.map_err(|failure| failure.or_missing(|| unknown(&act.workflow)))
}

fn path(workflow: &str, act: Option<&str>) -> anyhow::Result<Path> {
    let (namespace, name) = parts(workflow)?;
    Ok(Path::of(["schedules", namespace, name].into_iter().chain(act)))
}

fn parts(workflow: &str) -> anyhow::Result<(&str, &str)> {
    workflow.split_once('/').with_context(|| format!("{workflow:?} is not a workflow name; use NAMESPACE/NAME"))
}

fn unknown(workflow: &str) -> String {
    format!("{workflow} has no schedule; `stepwell schedules list` shows those that have one")
}

fn shown(schedule: &Schedule) -> String {
    let Schedule { namespace, name, version, kind, expression, time_zone, misfire, .. } = schedule;
    let mut lines = vec![format!("{namespace}/{name}:{version}  {kind} {expression} ({time_zone}, missed: {misfire})")];
    if let Some(since) = schedule.paused_at {
        let by = schedule.paused_by.as_deref().unwrap_or_default();
        let reason = schedule.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        lines.push(format!("  paused since {} by {by}{reason}", print::at(since)));
    } else if schedule.next.is_empty() {
        let run = schedule.run.map(|run| run.to_string()).unwrap_or_default();
        lines.push(format!("  waits for the end of run {run}"));
    }
    lines.extend(schedule.next.iter().map(|next| format!("  {}", print::at(*next))));
    lines.join("\n")
}

fn acts(acts: &[Acted]) -> String {
    let line = |Acted { act, actor, reason, run, at }: &Acted| {
        let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let run = run.map(|run| format!(", run {run}")).unwrap_or_default();
        format!("  {} {act} by {actor}{run}{reason}", print::at(*at))
    };
    acts.iter().take(ACTS_SHOWN).map(line).collect::<Vec<_>>().join("\n")
}
