//! `stepwell retention`: shows what is archived and deleted, and when; or does it now.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::cli::context;
use crate::cli::serving::server;
use crate::config::Settings;
use crate::connect::Secrets;
use crate::engine::retention::{Keeper, KeeperSettings, Pace, Round};
use crate::hub::Hub;
use crate::redact::Known;
use crate::retention::{self, Age, Outcome, Policy};
use crate::store::access::Scope;
use crate::store::acts::{self, By};
use crate::store::nodes::environment;
use crate::store::retention::{self as rows, DueFilter};
use crate::store::{self, definitions, nodes};
use crate::words;

/// `stepwell retention ...`
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// Show the settings in force, what is due now, and how large the tables are.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Archive and remove everything that is due, now.
    Run {
        /// The reason, recorded with the action.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Give up an archive whose file is lost: what is left of it stays in the database and is archived again when due.
    Discard {
        /// The archive's id.
        archive: uuid::Uuid,
        /// The reason, recorded with the action.
        #[arg(long)]
        reason: String,
    },
}

/// Counting stops at this number.
const COUNTED_MAX: i64 = 10_000;

/// Most tables shown.
const TABLES_SHOWN: i64 = 10;

/// Pause before trying again while a node does its own check, which takes only a moment if nothing is due.
const TRY_AGAIN: Duration = Duration::from_millis(250);

/// Enough to outlast the lease of a dead node, which is a minute.
const TRIES_MAX: u32 = 280;

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    context::check_no_server(settings)?;
    match command {
        Command::Show { json } => show(settings, json).await,
        Command::Run { reason } => run_now(settings, reason).await,
        Command::Discard { archive, reason } => discard(settings, archive, reason).await,
    }
}

fn policy(settings: &Settings) -> anyhow::Result<Policy> {
    let hub = Hub::load_folder(&settings.workflows, &Secrets::from_environment());
    Ok(hub.map_err(|mistakes| server::refused(&mistakes))?.retention)
}

/// Runs of a workflow with one outcome that are due.
struct Due {
    workflow: String,
    outcome: Outcome,
    age: Age,
    runs: i64,
    oldest: Option<crate::machine::Time>,
}

async fn due(pool: &PgPool, policy: &Policy) -> anyhow::Result<Vec<Due>> {
    let now = nodes::database_time(pool).await?;
    let mut found: Vec<Due> = Vec::new();
    let mut after = 0;
    loop {
        let versions = definitions::deployed_after(pool, after, &[], 200).await?;
        let Some(last) = versions.last() else { break };
        after = last.id;
        for version in versions {
            let workflow = format!("{}/{}", version.namespace, version.name);
            for outcome in Outcome::ALL {
                let age = policy.age(&workflow, outcome);
                let Age::For(for_long) = age else { continue };
                let Some(before) =
                    chrono::Duration::from_std(for_long).ok().and_then(|age| now.checked_sub_signed(age))
                else {
                    continue;
                };
                let filter = DueFilter { definition: version.id, status: outcome.as_str(), before };
                let backlog = rows::backlog(pool, &filter, COUNTED_MAX).await?;
                let same = found.iter_mut().find(|due| due.workflow == workflow && due.outcome == outcome);
                match same {
                    Some(due) => {
                        due.runs += backlog.runs;
                        due.oldest = due.oldest.into_iter().chain(backlog.oldest).min();
                    }
                    None => found.push(Due {
                        workflow: workflow.clone(),
                        outcome,
                        age,
                        runs: backlog.runs,
                        oldest: backlog.oldest,
                    }),
                }
            }
        }
    }
    found.sort_by(|a, b| (&a.workflow, a.outcome).cmp(&(&b.workflow, b.outcome)));
    Ok(found)
}

fn shown_age(age: Age) -> String {
    match age {
        Age::Keep => "keep".to_owned(),
        Age::For(age) => words::duration(i64::try_from(age.as_millis()).unwrap_or(i64::MAX)),
    }
}

async fn show(settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let policy = policy(settings)?;
    let pool = context::connect(settings).await?;
    let due = due(&pool, &policy).await?;
    let tables = rows::table_sizes(&pool, TABLES_SHOWN).await?;
    let writable = policy.folder().map(|folder| retention::folder_is_writable(folder).map_err(|e| e.to_string()));
    let last = rows::last_written(&pool).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&as_json(&policy, &due, &json!(tables), last))?);
        return Ok(ExitCode::SUCCESS);
    }
    match (policy.folder(), &writable) {
        (None, _) => println!("nothing is removed: hub.yaml has no `retention` periods"),
        (Some(folder), Some(Err(why))) => {
            println!("nothing is removed: {} cannot be written to: {why}", folder.display())
        }
        (Some(folder), _) => println!("archives in {}", folder.display()),
    }
    if let Some(last) = last {
        println!("last archive written at {} UTC", last.format("%Y-%m-%d %H:%M:%S"));
    }
    for (what, age) in [("events without a run", policy.events), ("ids of events", policy.event_keys)] {
        println!("{what}: {}", shown_age(age.map_or(Age::Keep, Age::For)));
    }
    println!("\n{:40} {:12} {:>10} {:>9}  oldest end", "workflow", "outcome", "kept for", "due now");
    for Due { workflow, outcome, age, runs, oldest } in &due {
        let more = if *runs >= COUNTED_MAX { "+" } else { "" };
        let oldest = oldest.map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default();
        println!(
            "{workflow:40} {:12} {:>10} {:>9}  {oldest}",
            outcome.as_str(),
            shown_age(*age),
            format!("{runs}{more}")
        );
    }
    println!("\n{:30} {:>12} {:>10}", "table", "MiB", "partitions");
    for table in &tables {
        println!("{:30} {:>12} {:>10}", table.table, table.bytes >> 20, table.partitions);
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(policy: &Policy, due: &[Due], tables: &Value, last: Option<crate::machine::Time>) -> Value {
    let seconds = |age: std::time::Duration| age.as_secs();
    let kept = |age: Age| match age {
        Age::Keep => Value::Null,
        Age::For(age) => seconds(age).into(),
    };
    let due: Vec<Value> = due
        .iter()
        .map(|d| {
            json!({ "workflow": d.workflow, "outcome": d.outcome, "kept_seconds": kept(d.age), "due": d.runs, "oldest": d.oldest })
        })
        .collect();
    json!({
        "archive": policy.folder(),
        "last_archive_at": last,
        "events_seconds": policy.events.map(seconds),
        "event_keys_seconds": policy.event_keys.map(seconds),
        "due": due,
        "tables": tables,
    })
}

async fn run_now(settings: &Settings, reason: Option<String>) -> anyhow::Result<ExitCode> {
    let policy = policy(settings)?;
    let Some(folder) = policy.folder().cloned() else {
        bail!("nothing to remove: `retention` in hub.yaml needs a folder and at least one period");
    };
    let reader = context::connect(settings).await?;
    let identity = context::identity(&reader, settings, Scope::Admin).await?;
    let pool =
        store::connect_engine(&context::database_url(settings)?, 2).await.context("connecting to the database")?;
    let actor = identity.actor();
    let reason = reason.map(|reason| Known::of_process().all().text(reason));
    let by = By { actor: &actor, reason: reason.as_deref() };
    acts::announce(&pool, by, "retention.run", "retention", &json!({ "archive": folder })).await?;
    let keeper = KeeperSettings {
        policy,
        environment: environment::current(&reader).await?,
        name: actor.0.clone(),
        looks_back: settings.engine().events_kept,
        pace: Pace::Prompt,
    };
    let closing = CancellationToken::new();
    let stop = closing.clone();
    tokio::spawn(async move {
        if server::asked_to_stop().await.is_ok() {
            eprintln!("stopping; the next run, or a node, will finish what was started");
            stop.cancel();
        }
    });
    let tell = |done: &Round| {
        eprintln!("{} archive(s), {} run(s) and {} event(s) removed", done.archives, done.runs, done.events);
    };
    let mut keeper = Keeper::new(pool, reader, keeper, closing);
    let mut tries = 0;
    let done = loop {
        let done = keeper.round(&tell).await?;
        if !done.is_busy {
            break done;
        }
        if tries == TRIES_MAX {
            bail!("a node is archiving now; its log shows what it removes. Try again later");
        }
        tries += 1;
        tokio::time::sleep(TRY_AGAIN).await;
    };
    println!(
        "{} archive(s) written to {}, {}; removed: {} run(s), {} event(s), {} id(s) of events, {} partition(s)",
        done.archives,
        folder.display(),
        words::bytes(done.bytes),
        done.runs,
        done.events,
        done.keys,
        done.partitions.len()
    );
    if done.changed > 0 {
        println!("{} families of runs changed in the meantime and were kept", done.changed);
    }
    for run in &done.tampered {
        println!("run {run} stays: its journal is not as it was written");
    }
    Ok(if done.tampered.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn discard(settings: &Settings, archive: uuid::Uuid, reason: String) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    let identity = context::identity(&pool, settings, Scope::Admin).await?;
    let row = rows::archive(&pool, archive).await?.with_context(|| format!("there is no archive {archive}"))?;
    let actor = identity.actor();
    let reason = Known::of_process().all().text(reason);
    let by = By { actor: &actor, reason: Some(&reason) };
    acts::announce(&pool, by, "retention.discard", &format!("archive:{archive}"), &json!({ "file": row.file })).await?;
    let left = rows::discard(&pool, archive).await?;
    println!(
        "{left} run(s) and event(s) of {} stay in the database and are archived again when they are due",
        row.file
    );
    Ok(ExitCode::SUCCESS)
}
