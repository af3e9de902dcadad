//! `stepwell drift`: the results of reconciliations: changes that the webhooks missed.

use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::cli::client::{Client, Path};
use crate::cli::print::{self, List};
use crate::config::Settings;
use crate::dsl::WorkflowRef;
use crate::machine::{RunId, Time};
use crate::output;

/// Arguments of `stepwell drift`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Show the records of this reconciliation, by the id of its run. Without it, list the latest reconciliations.
    #[arg(long, value_name = "RUN")]
    sweep: Option<Uuid>,
    /// Include records that are in sync.
    #[arg(long, requires = "sweep")]
    all: bool,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// Most reconciliations listed.
const SWEEPS_SHOWN: usize = 20;

/// A reconciliation with its counts.
#[derive(Deserialize)]
struct Sweep {
    run: RunId,
    workflow: WorkflowRef,
    status: String,
    created_at: Time,
    looked_at: i64,
    in_sync: i64,
    missed: i64,
    conflicts: i64,
    failed: i64,
    left: i64,
    under_way: i64,
    more: bool,
}

/// A compared record.
#[derive(Deserialize)]
struct Record {
    entity: Option<String>,
    /// Names of the two sides in the mapping.
    sides: [String; 2],
    /// `SIDE_id` of each side.
    #[serde(flatten)]
    of_sides: Map<String, Value>,
    found: String,
    outcome: String,
    wrote: Vec<String>,
    run: Option<RunId>,
}

/// State of records that agree in both systems.
const IN_SYNC: &str = "in_sync";

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    match args.sweep {
        Some(sweep) => records(&client, sweep, args).await?,
        None => {
            let sweeps = client.pages(Path::of(["drift"]), SWEEPS_SHOWN).all().await?;
            if !args.json && !sweeps.is_empty() {
                print::row(SWEEPS_HEAD);
            }
            print::items(sweeps, args.json, line_of_sweep)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn records(client: &Client, sweep: Uuid, args: &Args) -> anyhow::Result<()> {
    let missing = || format!("run {sweep} is not a reconciliation; `stepwell drift` lists the latest ones");
    let mut pages = client.pages(Path::of(["drift", &sweep.to_string()]), usize::MAX);
    let mut list = List::begin(args.json);
    while let Some(records) = pages.next().await.map_err(|failure| failure.or_missing(missing))? {
        for record in records.into_iter().filter(|record| args.all || record["found"] != IN_SYNC) {
            list.item(record, line_of_record)?;
        }
        if output::is_unread() {
            break;
        }
    }
    list.end();
    Ok(())
}

const SWEEPS_HEAD: &str = "run                                   started               checked  in sync  missed  conflicts  failed  left  in progress";

fn line_of_sweep(sweep: &Sweep) -> String {
    let more = if sweep.more { "+" } else { "" };
    format!(
        "{}  {}  {:>7}  {:>7}  {:>6}  {:>9}  {:>6}  {:>4}  {:>11}  {} {}",
        sweep.run,
        print::at(sweep.created_at),
        format!("{}{more}", sweep.looked_at),
        sweep.in_sync,
        sweep.missed,
        sweep.conflicts,
        sweep.failed,
        sweep.left,
        sweep.under_way,
        sweep.workflow,
        sweep.status,
    )
}

/// External text is quoted, so that it cannot control the terminal.
fn line_of_record(record: &Record) -> String {
    let entity = record.entity.as_ref().map_or_else(|| "record".to_owned(), |entity| format!("{entity:?}"));
    let wrote = if record.wrote.is_empty() { String::new() } else { format!(" {:?}", record.wrote) };
    let run = record.run.map(|run| format!("  run {run}")).unwrap_or_default();
    let of_side = |name: &String| {
        let id = record.of_sides.get(&format!("{name}_id")).and_then(Value::as_str);
        format!("{name} {}", id.map_or_else(|| "none".to_owned(), |id| format!("{id:?}")))
    };
    let sides = record.sides.each_ref().map(of_side).join(" ");
    format!("{}  {entity} {sides}: {:?}{wrote}{run}", record.found, record.outcome)
}
