//! `stepwell schedules`: when workflows start by themselves.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::cli::context;
use crate::config::Settings;
use crate::engine::{Engine, Schedule, ScheduleAct, ScheduleActed};
use crate::store::access::Scope;

/// Show schedules, pause, resume and fire them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List all schedules with their next firings.
    List {
        /// Print JSON, one object per line.
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

/// Which schedule, and why.
#[derive(Debug, Args)]
pub struct Act {
    /// NAMESPACE/NAME.
    workflow: String,
    /// The reason, recorded with the schedule.
    #[arg(long)]
    reason: Option<String>,
}

/// Most schedules that are listed.
const LIST_MAX: i64 = 10_000;

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    match command {
        Command::List { json } => {
            for schedule in engine.schedules(None, LIST_MAX, 3).await? {
                print(&schedule, json)?;
            }
        }
        Command::Show { workflow, upcoming, json } => {
            print(&find(&engine, &workflow, upcoming).await?, json)?;
            if !json {
                print_acts(&engine, &workflow).await?;
            }
        }
        Command::Pause(act) => {
            done(&engine, settings, &act, ScheduleAct::Pause).await?;
            println!("{} is paused", act.workflow);
        }
        Command::Resume(act) => {
            done(&engine, settings, &act, ScheduleAct::Resume).await?;
            print(&find(&engine, &act.workflow, 1).await?, false)?;
        }
        Command::Fire(act) => {
            if let ScheduleActed::Started(run) = done(&engine, settings, &act, ScheduleAct::Fire).await? {
                println!("{run}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn done(engine: &Engine, settings: &Settings, act: &Act, what: ScheduleAct) -> anyhow::Result<ScheduleActed> {
    let by = context::identity(engine.reader(), settings, Scope::Operate).await?.actor();
    let (namespace, name) = parts(&act.workflow)?;
    let reason = act.reason.as_deref();
    let acted = engine.act_on_schedule(namespace, name, what, &by, reason).await?;
    anyhow::ensure!(acted != ScheduleActed::Unknown, "{}", unknown(&act.workflow));
    Ok(acted)
}

/// Acts that are shown.
const ACTS_SHOWN: i64 = 10;

async fn print_acts(engine: &Engine, workflow: &str) -> anyhow::Result<()> {
    let (namespace, name) = parts(workflow)?;
    for act in engine.schedule_acts(namespace, name, ACTS_SHOWN).await? {
        let reason = act.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let run = act.run.map(|run| format!(", run {run}")).unwrap_or_default();
        println!("  {} {} by {}{run}{reason}", shown(act.at), act.act, act.actor);
    }
    Ok(())
}

async fn find(engine: &Engine, workflow: &str, upcoming: usize) -> anyhow::Result<Schedule> {
    let (namespace, name) = parts(workflow)?;
    let found = engine.schedule(namespace, name, upcoming.clamp(1, 1_000)).await?;
    found.with_context(|| unknown(workflow))
}

fn parts(workflow: &str) -> anyhow::Result<(&str, &str)> {
    workflow.split_once('/').with_context(|| format!("{workflow:?} is not a workflow name; use NAMESPACE/NAME"))
}

fn unknown(workflow: &str) -> String {
    format!("{workflow} has no schedule; `stepwell schedules list` shows those that have one")
}

fn print(schedule: &Schedule, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(schedule)?);
        return Ok(());
    }
    let Schedule { namespace, name, version, kind, expression, time_zone, misfire, .. } = schedule;
    println!("{namespace}/{name}:{version}  {kind} {expression} ({time_zone}, missed: {misfire})");
    if let Some(since) = schedule.paused_at {
        let by = schedule.paused_by.as_deref().unwrap_or_default();
        let reason = schedule.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        println!("  paused since {} by {by}{reason}", shown(since));
    } else if schedule.next.is_empty() {
        println!("  waits for the end of run {}", schedule.run.map(|run| run.to_string()).unwrap_or_default());
    }
    for at in &schedule.next {
        println!("  {}", shown(*at));
    }
    Ok(())
}

fn shown(at: crate::machine::Time) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
