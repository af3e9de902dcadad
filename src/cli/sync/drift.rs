//! `stepwell drift`: the results of reconciliations: changes that the webhooks missed.

use std::process::ExitCode;

use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::{COUNTED_MAX, Drift, Engine, Sweep};
use crate::memory::drift::Found;
use crate::memory::links::Side;
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
    /// Print JSON, one object per line.
    #[arg(long)]
    json: bool,
}

/// Reconciliations that are listed.
const SWEEPS_SHOWN: usize = 20;

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    match args.sweep {
        Some(sweep) => records(&engine, sweep, args).await?,
        None => {
            let sweeps = engine.sweeps(None, SWEEPS_SHOWN).await?;
            if !args.json && !sweeps.is_empty() {
                println!("{SWEEPS_HEAD}");
            }
            for sweep in sweeps {
                if args.json {
                    println!("{}", serde_json::to_string(&sweep)?);
                } else {
                    println!("{}", line_of_sweep(&sweep));
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn records(engine: &Engine, sweep: Uuid, args: &Args) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let Some(records) = engine.drift(sweep, after, COUNTED_MAX).await? else {
            anyhow::bail!("run {sweep} is not a reconciliation; `stepwell drift` lists the latest ones")
        };
        let Some(last) = records.last() else { return Ok(()) };
        after = last.seq;
        for record in records.iter().filter(|record| args.all || record.found != Found::InSync) {
            if args.json {
                println!("{}", serde_json::to_string(record)?);
            } else {
                println!("{}", line_of_record(record));
            }
        }
        if output::is_unread() {
            return Ok(());
        }
    }
}

const SWEEPS_HEAD: &str = "run                                   started             checked  in sync  missed  conflicts  failed  left  in progress";

fn line_of_sweep(sweep: &Sweep) -> String {
    let counts = sweep.counts;
    let more = if sweep.more { "+" } else { "" };
    format!(
        "{}  {}  {:>9}  {:>7}  {:>6}  {:>9}  {:>6}  {:>4}  {:>11}  {} {}",
        sweep.run,
        sweep.created_at.format("%Y-%m-%d %H:%M"),
        format!("{}{more}", counts.looked_at),
        counts.in_sync,
        counts.missed,
        counts.conflicts,
        counts.failed,
        counts.left,
        counts.under_way,
        sweep.workflow,
        sweep.status,
    )
}

/// What came from outside is quoted, so that it moves no cursor.
fn line_of_record(record: &Drift) -> String {
    let id = |id: &Option<String>| id.as_ref().map_or_else(|| "none".to_owned(), |id| format!("{id:?}"));
    let entity = record.entity.as_ref().map_or_else(|| "record".to_owned(), |entity| format!("{entity:?}"));
    let wrote = if record.wrote.is_empty() { String::new() } else { format!(" {:?}", record.wrote) };
    let run = record.run.map(|run| format!("  run {run}")).unwrap_or_default();
    format!(
        "{}  {entity} {} {} {} {}: {:?}{wrote}{run}",
        record.found.as_str(),
        record.sides.system(Side::First),
        id(&record.ids[0]),
        record.sides.system(Side::Second),
        id(&record.ids[1]),
        record.outcome
    )
}
