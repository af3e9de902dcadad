//! Bulk acts at the terminal: `stepwell runs ACT` with a filter in place of a run, and `stepwell bulk` for those that have begun.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::Engine;
use crate::engine::runs::bulk::{BulkAsked, BulkView, Preview, Rate};
use crate::machine::{Act, Status, Time};
use crate::redact::Known;
use crate::store::access::Scope;
use crate::store::runs::bulk::Steer;
use crate::store::runs::listing::RunFilter;

/// Filters as in the API.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct Which {
    /// `namespace/name` or `name`.
    #[arg(long)]
    workflow: Option<String>,
    /// Exact version.
    #[arg(long)]
    version: Option<String>,
    /// Only runs with one of these statuses.
    #[arg(long, value_delimiter = ',')]
    status: Vec<Status>,
    /// Whether they need attention: `any`, `none`, or a reason.
    #[arg(long)]
    attention: Option<String>,
    /// Runs that need attention for one cause: a fingerprint from `stepwell attention`.
    #[arg(long)]
    fingerprint: Option<String>,
    /// The exact business key.
    #[arg(long)]
    key: Option<String>,
    /// The id of the event that started the run.
    #[arg(long)]
    event: Option<Uuid>,
    /// The beginning of the key or the id.
    #[arg(long)]
    q: Option<String>,
    /// Created at or after (RFC 3339).
    #[arg(long)]
    since: Option<Time>,
    /// Created before (RFC 3339).
    #[arg(long)]
    until: Option<Time>,
}

impl Which {
    pub(in crate::cli) fn filter(self) -> RunFilter {
        RunFilter {
            workflow: self.workflow,
            version: self.version,
            status: self.status,
            attention: self.attention,
            fingerprint: self.fingerprint,
            key: self.key,
            event: self.event,
            q: self.q,
            since: self.since,
            until: self.until,
            ..RunFilter::default()
        }
    }

    /// As `runs:bulk` takes it.
    fn written(&self) -> Value {
        let statuses: Vec<&str> = self.status.iter().map(|status| status.as_str()).collect();
        let mut written = json!({
            "workflow": self.workflow, "version": self.version, "status": statuses, "attention": self.attention,
            "fingerprint": self.fingerprint, "key": self.key, "event": self.event, "q": self.q, "since": self.since,
            "until": self.until,
        });
        if let Value::Object(members) = &mut written {
            members.retain(|_, value| !value.is_null() && *value != json!([]) && *value != json!(""));
        }
        written
    }
}

/// An act on all runs that fit filters, in place of the id of one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many runs")]
pub(in crate::cli) struct Many {
    #[command(flatten)]
    which: Which,
    /// Do it. Without this, only say what would be done.
    #[arg(long)]
    yes: bool,
    /// Act on the first so many runs, oldest first, then wait until `stepwell bulk resume`.
    #[arg(long, value_name = "RUNS", value_parser = clap::value_parser!(i32).range(1..))]
    trial: Option<i32>,
    /// How fast at most, such as 10/s, 30/min or 5/h.
    #[arg(long)]
    rate: Option<Rate>,
    /// Show the progress until it has ended or waits for you.
    #[arg(long)]
    watch: bool,
}

impl Many {
    /// Whether anything of it was given, which makes no sense beside the id of one run.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.which.written() != json!({}) || self.yes || self.trial.is_some() || self.rate.is_some() || self.watch
    }
}

/// Says what an act would do to all runs that fit; with `--yes`, begins it.
pub(in crate::cli) async fn begin(
    engine: &Engine,
    settings: &Settings,
    act: Act,
    many: Many,
    (reason, as_json): (Option<String>, bool),
) -> anyhow::Result<ExitCode> {
    let written = many.which.written();
    if written == json!({}) {
        bail!("name a run, or filters such as --attention any or --fingerprint; a bulk act never means every run");
    }
    let filter = many.which.filter();
    if !many.yes {
        let preview = engine.preview_bulk(&act, &filter).await?;
        return print_preview(&preview, as_json);
    }
    let by = context::identity(engine.reader(), settings, Scope::Operate).await?;
    let reason = reason.map(|reason| Known::of_process().with(&[]).text(reason));
    let (trial, rate) = (many.trial, many.rate);
    let asked = BulkAsked { id: Uuid::now_v7(), act, filter, written, reason, trial, rate };
    let begun = engine.begin_bulk(&asked, &by).await?;
    let bulk = if many.watch { watch(engine, begun.id, as_json).await? } else { begun };
    print(&bulk, as_json)
}

fn print_preview(preview: &Preview, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        let mut shown = serde_json::to_value(preview)?;
        shown["dry_run"] = json!(true);
        println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(ExitCode::SUCCESS);
    }
    for sentence in &preview.words {
        println!("{sentence}");
    }
    if !preview.groups.is_empty() {
        println!();
    }
    for group in &preview.groups {
        let attention = group.attention.as_deref().map(|a| format!("  ! {}", a.replace('_', " "))).unwrap_or_default();
        let step = group.step.as_deref().unwrap_or("-");
        println!("{:>6}  {:32} {:12} {step}{attention}", group.count, group.workflow.to_string(), group.status);
    }
    println!("\nNothing was done. Add --yes to do it, with --trial N to begin with the first N.");
    Ok(ExitCode::SUCCESS)
}

/// `stepwell bulk ...`
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List bulk acts, latest first.
    List {
        /// Maximum number to list.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=500))]
        limit: i64,
        /// Print JSON, one line each.
        #[arg(long)]
        json: bool,
    },
    /// Show one with the result of each run.
    Show {
        /// Its id.
        id: Uuid,
        /// Only runs with this result: waiting, in_progress, done, failed_again, refused, proposed, left.
        #[arg(long)]
        result: Option<String>,
        /// Show the progress until it has ended or waits for you.
        #[arg(long)]
        watch: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Act on no further run until it is resumed.
    Pause(Steered),
    /// Go on after a trial or a pause; the acts are recorded in your name from then on.
    Resume(Steered),
    /// End it; the remaining runs stay as they are.
    Stop(Steered),
}

/// Which bulk act, and why.
#[derive(Debug, Args)]
pub(in crate::cli) struct Steered {
    /// Its id.
    id: Uuid,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
    /// Show the progress until it has ended or waits for you.
    #[arg(long)]
    watch: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs that are read at a time.
const PAGE: i64 = 500;

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    let (steer, steered) = match command {
        Command::List { limit, json } => {
            for bulk in engine.bulk_acts(None, limit).await? {
                match json {
                    true => println!("{}", serde_json::to_string(&bulk)?),
                    false => println!("{}  {:8} {:10} {}", bulk.id, bulk.status, bulk.act, bulk.note),
                }
            }
            return Ok(ExitCode::SUCCESS);
        }
        Command::Show { id, result, watch: watches, json } => {
            if watches {
                watch(&engine, id, json).await?;
            }
            return show(&engine, id, result.as_deref(), json).await;
        }
        Command::Pause(steered) => (Steer::Pause, steered),
        Command::Resume(steered) => (Steer::Resume, steered),
        Command::Stop(steered) => (Steer::Stop, steered),
    };
    let by = context::identity(engine.reader(), settings, Scope::Operate).await?;
    let reason = steered.reason.map(|reason| Known::of_process().with(&[]).text(reason));
    let mut bulk = engine.steer_bulk(steered.id, steer, &by, reason.as_deref()).await?;
    if steered.watch {
        bulk = watch(&engine, bulk.id, steered.json).await?;
    }
    print(&bulk, steered.json)
}

async fn show(engine: &Engine, id: Uuid, result: Option<&str>, as_json: bool) -> anyhow::Result<ExitCode> {
    let bulk = engine.bulk(id).await?.with_context(|| format!("no bulk act {id}; `stepwell bulk list` shows them"))?;
    let mut items = Vec::new();
    loop {
        let after = items.last().map_or(0, |item: &crate::engine::runs::bulk::BulkItem| item.place);
        let page = engine.bulk_items(id, result, after, PAGE).await?;
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        items.extend(page);
        if is_last {
            break;
        }
    }
    if as_json {
        let mut shown = serde_json::to_value(&bulk)?;
        shown["items"] = serde_json::to_value(&items)?;
        println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(ExitCode::SUCCESS);
    }
    let code = print(&bulk, false)?;
    for item in &items {
        let why = item.detail.as_deref().map(|why| format!("  {why}")).unwrap_or_default();
        let key = item.key.as_deref().unwrap_or("-");
        println!("{}  {:24} {}{why}", item.run, key, item.result.replace('_', " "));
    }
    Ok(code)
}

/// A bulk act in a few lines.
fn print(bulk: &BulkView, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(bulk)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}  {}", bulk.id, bulk.note);
    if bulk.more {
        println!("  more runs match than one bulk act takes: begin another one when it has ended");
    }
    if !bulk.has_ended() && bulk.status != "running" {
        println!("  stepwell bulk resume {0}; stepwell bulk stop {0}", bulk.id);
    }
    Ok(ExitCode::SUCCESS)
}

/// How often progress is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Prints each change of the progress, on one line where somebody looks, until the bulk act has ended or waits for a person.
async fn watch(engine: &Engine, id: Uuid, as_json: bool) -> anyhow::Result<BulkView> {
    let in_place = std::io::stderr().is_terminal();
    let mut said = String::new();
    loop {
        let bulk = engine.await_bulk(id, LOOK).await?;
        if !as_json && bulk.note != said {
            match in_place {
                true => eprint!("\r\x1b[2K{}", bulk.note),
                false => eprintln!("{}", bulk.note),
            }
            std::io::stderr().flush()?;
            said.clone_from(&bulk.note);
        }
        if bulk.is_settled() {
            if in_place && !as_json {
                eprintln!();
            }
            return Ok(bulk);
        }
    }
}
