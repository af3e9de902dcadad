//! Bulk acts: `stepwell runs ACT` with a filter instead of a run, and `stepwell bulk` for those already started.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{bail, ensure};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::acts::{Act, Reason};
use super::which::Which;
use crate::cli::client::{self, Client, Path};
use crate::cli::{print, watch};
use crate::config::Settings;
use crate::dsl::WorkflowRef;
use crate::engine::runs::bulk::Rate;
use crate::machine::{RunId, Time};
use crate::words::plural;

/// An act on all runs that fit filters, in place of the id of one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many runs")]
pub(in crate::cli) struct Many {
    #[command(flatten)]
    which: Which,
    /// Do it. Without this, only print what would be done.
    #[arg(long)]
    yes: bool,
    /// Act only on this many runs, oldest first, then wait for `stepwell bulk resume`.
    #[arg(long, value_name = "RUNS", value_parser = clap::value_parser!(i32).range(1..))]
    trial: Option<i32>,
    /// Maximum rate, such as 10/s, 30/min or 5/h.
    #[arg(long)]
    rate: Option<Rate>,
    /// Show the progress until it ends or waits for you.
    #[arg(long)]
    watch: bool,
}

impl Many {
    /// Whether to do it rather than preview it.
    pub(super) fn is_confirmed(&self) -> bool {
        self.yes
    }

    /// Whether any of these options was given, which is an error together with the id of a run.
    pub(super) fn is_given(&self) -> bool {
        !self.which.written().is_empty() || self.yes || self.trial.is_some() || self.rate.is_some() || self.watch
    }
}

/// What an act would do.
#[derive(Deserialize)]
struct Preview {
    words: Vec<String>,
    groups: Vec<Group>,
    samples: Vec<Sample>,
}

/// A run checked as an example.
#[derive(Deserialize)]
struct Sample {
    run: RunId,
    key: Option<String>,
    why_not: Option<String>,
    kept: Option<usize>,
    before: Option<Value>,
    after: Option<Value>,
}

/// Runs of one version at the same step.
#[derive(Deserialize)]
struct Group {
    workflow: WorkflowRef,
    status: String,
    attention: Option<String>,
    step: Option<String>,
    count: usize,
}

/// The printed fields of a bulk act.
#[derive(Deserialize)]
struct Bulk {
    id: Uuid,
    status: String,
    act: String,
    note: String,
    more: bool,
    counts: Counts,
    finished_at: Option<Time>,
}

#[derive(Deserialize)]
struct Counts {
    in_progress: i64,
}

impl Bulk {
    /// Whether it starts no further act for now and all started ones have a result.
    fn is_settled(&self) -> bool {
        self.status != "running" && self.counts.in_progress == 0
    }
}

/// A run of a bulk act.
#[derive(Deserialize)]
struct Item {
    run: RunId,
    key: Option<String>,
    result: String,
    detail: Option<String>,
}

/// Prints what an act would do to all matching runs; with `--yes`, starts it.
pub(super) async fn begin(client: &Client, act: Act, many: Many, reason: Reason) -> anyhow::Result<ExitCode> {
    let filter = many.which.written();
    if filter.is_empty() {
        bail!("name a run, or filters such as --attention any or --fingerprint; a bulk act never means every run");
    }
    for name in ["step", "from"] {
        ensure!(!act.members.contains_key(name), "--{name} names the step of one run: name that run");
    }
    let Reason { reason, json } = reason;
    let mut asked = act.members;
    asked.extend([
        ("act".to_owned(), act.name.into()),
        ("filter".to_owned(), filter.into()),
        ("reason".to_owned(), reason.into()),
        ("dry_run".to_owned(), (!many.yes).into()),
        ("trial".to_owned(), many.trial.into()),
        ("rate".to_owned(), json!(many.rate)),
    ]);
    // Progress is read separately.
    let path = Path::of(["runs:bulk"]).with("wait", Some(0));
    let answer = client.post(path, &asked.into()).await?;
    if !many.yes {
        return print_preview(answer, json);
    }
    let bulk = if many.watch { watch(client, client::read::<Bulk>(answer)?.id, json).await? } else { answer };
    print_bulk(bulk, json)
}

fn print_preview(preview: Value, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        print::json(&preview);
        return Ok(ExitCode::SUCCESS);
    }
    let Preview { words, groups, samples } = client::read(preview)?;
    words.iter().for_each(|sentence| print::text(sentence));
    if !groups.is_empty() {
        println!();
    }
    for Group { workflow, status, attention, step, count } in &groups {
        let attention = attention.as_deref().map(|a| format!("  ! {}", a.replace('_', " "))).unwrap_or_default();
        let step = step.as_deref().unwrap_or("-");
        print::row(&format!("{count:>6}  {:32} {status:12} {step}{attention}", workflow.to_string()));
    }
    samples.iter().for_each(print_sample);
    println!("\nNothing was done. Add --yes to do it, with --trial N to begin with the first N.");
    Ok(ExitCode::SUCCESS)
}

fn print_sample(sample: &Sample) {
    let key = sample.key.as_deref().unwrap_or("-");
    let kept = sample.kept.map(|kept| format!("fits, with {}", plural(kept, "recorded answer", "recorded answers")));
    let said = sample.why_not.clone().or(kept).unwrap_or_default();
    print::row(&format!("{}  {key}  {said}", sample.run));
    for (name, value) in [("before", &sample.before), ("after", &sample.after)] {
        if let Some(value) = value {
            print::row(&format!("  {name:6}  {value}"));
        }
    }
}

/// `stepwell bulk ...`
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List bulk acts, latest first.
    List {
        /// Maximum number to list.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show one bulk act with the result of each run.
    Show {
        /// The bulk act's id.
        id: Uuid,
        /// Only runs with this result: waiting, in_progress, done, failed_again, refused, proposed, left.
        #[arg(long)]
        result: Option<String>,
        /// Show the progress until it ends or waits for you.
        #[arg(long)]
        watch: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Pause a bulk act: it acts on no further run until it is resumed.
    Pause(Steered),
    /// Resume a bulk act after a trial or a pause. From then on, the acts are recorded in your name.
    Resume(Steered),
    /// Stop a bulk act; the remaining runs stay as they are.
    Stop(Steered),
}

/// Arguments of the subcommands that steer a bulk act.
#[derive(Debug, Args)]
pub(in crate::cli) struct Steered {
    /// The bulk act's id.
    id: Uuid,
    /// The reason, recorded with the bulk act.
    #[arg(long)]
    reason: Option<String>,
    /// Show the progress until it ends or waits for you.
    #[arg(long)]
    watch: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    let (act, steered) = match command {
        Command::List { limit, json } => {
            print::pages(client.pages(Path::of(["bulk"]), limit), json, |bulk: &Bulk| {
                format!("{}  {:8} {:10} {}", bulk.id, bulk.status, bulk.act, bulk.note)
            })
            .await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Show { id, result, watch: watches, json } => {
            if watches {
                watch(&client, id, json).await?;
            }
            return show(&client, id, result.as_deref(), json).await;
        }
        Command::Pause(steered) => ("pause", steered),
        Command::Resume(steered) => ("resume", steered),
        Command::Stop(steered) => ("stop", steered),
    };
    let Steered { id, reason, watch: watches, json } = steered;
    let answer = client.post(Path::of(["bulk", &id.to_string(), act]), &json!({ "reason": reason })).await;
    let bulk = answer.map_err(|failure| failure.or_missing(|| missing(id)))?;
    print_bulk(if watches { watch(&client, id, json).await? } else { bulk }, json)
}

fn missing(id: Uuid) -> String {
    format!("no bulk act {id}; `stepwell bulk list` shows them")
}

/// Prints a bulk act with the results of its runs.
async fn show(client: &Client, id: Uuid, result: Option<&str>, as_json: bool) -> anyhow::Result<ExitCode> {
    let path = Path::of(["bulk", &id.to_string()]).with("result", result);
    let mut bulk = one(client, id).await?;
    let items = client.pages(path, usize::MAX);
    if as_json {
        bulk["items"] = items.all().await?.into();
        print::json(&bulk);
        return Ok(ExitCode::SUCCESS);
    }
    let code = print_bulk(bulk, false)?;
    print::pages(items, false, |Item { run, key, result, detail }: &Item| {
        let why = detail.as_deref().map(|why| format!("  {why}")).unwrap_or_default();
        format!("{run}  {:24} {}{why}", key.as_deref().unwrap_or("-"), result.replace('_', " "))
    })
    .await?;
    Ok(code)
}

/// Reads a bulk act without its runs.
async fn one(client: &Client, id: Uuid) -> anyhow::Result<Value> {
    let found = client.get(Path::of(["bulk", &id.to_string()]).with("limit", Some(1))).await;
    let mut bulk = found.map_err(|failure| failure.or_missing(|| missing(id)))?;
    if let Value::Object(members) = &mut bulk {
        members.shift_remove("items");
        members.shift_remove("next");
    }
    Ok(bulk)
}

/// Prints a bulk act in a few lines.
fn print_bulk(bulk: Value, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        print::json(&bulk);
        return Ok(ExitCode::SUCCESS);
    }
    let bulk: Bulk = client::read(bulk)?;
    print::text(&format!("{}  {}", bulk.id, bulk.note));
    if bulk.more {
        println!("  more runs match than one bulk act takes: begin another one when it has ended");
    }
    if bulk.finished_at.is_none() && bulk.status != "running" {
        println!("  stepwell bulk resume {0}; stepwell bulk stop {0}", bulk.id);
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints progress, on a terminal in a single line, until the bulk act has ended or waits for a person.
async fn watch(client: &Client, id: Uuid, as_json: bool) -> anyhow::Result<Value> {
    let in_place = std::io::stderr().is_terminal();
    let mut said = String::new();
    loop {
        let found = one(client, id).await?;
        let bulk: Bulk = client::read(found.clone())?;
        if !as_json && bulk.note != said {
            let note = print::plain(&bulk.note);
            match in_place {
                true => eprint!("\r\x1b[2K{note}"),
                false => eprintln!("{note}"),
            }
            std::io::stderr().flush()?;
            said.clone_from(&bulk.note);
        }
        if bulk.is_settled() {
            if in_place && !as_json {
                eprintln!();
            }
            return Ok(found);
        }
        watch::again().await;
    }
}
