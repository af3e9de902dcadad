//! `stepwell replay --dry-run`: uses recorded events and answers as test data for a definition.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::Value;

use super::load;
use super::test::evaluated;
use crate::cli::serving::server::refused;
use crate::cli::{context, when};
use crate::config::Settings;
use crate::dsl::{Definition, ProcessKind};
use crate::engine::{Engine, Found};
use crate::evaluator::Evaluator;
use crate::expr::Evaluation;
use crate::machine::masks::Masks;
use crate::machine::{RunId, Time};
use crate::output::Output;
use crate::scenario::replay::{Assume, EventLabel, Recording, Replay, ReplayReport, ReplayedEvent};
use crate::scenario::{Evaluate, OfflineHub, Stage};
use crate::store;

/// Arguments of `stepwell replay`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Required: nothing is sent or written. To accept an event again, use `stepwell events replay`.
    #[arg(long, required = true)]
    dry_run: bool,
    /// A definition file, or NAMESPACE/NAME or NAMESPACE/NAME:VERSION of a deployed one.
    #[arg(long, value_name = "F")]
    workflow: String,
    /// Events received at or after: a time, a day, or how long ago, such as 24h.
    #[arg(long, value_name = "T", value_parser = when::past)]
    since: Time,
    /// Events received before: a time, a day, or how long ago.
    #[arg(long, value_name = "T", value_parser = when::past)]
    until: Option<Time>,
    /// Maximum number of events.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// What answers reads that were not recorded. Default: the replay of that run ends there.
    #[arg(long, value_enum, default_value_t)]
    assume: Assume,
    /// Exit with 1 if anything would change.
    #[arg(long)]
    fail_on_change: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let url = context::database_url(settings)?;
    let pool = store::connect_read_only(&url, 4).await.context("connecting to the database")?;
    let engine = Engine::outside(pool).await.context("reading what is deployed")?;
    let (definition, hub) = subject(args, settings, &engine)?;
    let report = replay(args, &engine, &definition, &hub).await?;
    let printed = match args.json {
        true => report.print_json(&mut Output),
        false => report.print(&mut Output),
    };
    match printed {
        Err(why) => Err(why).context("printing the results"),
        Ok(()) if args.fail_on_change && report.differs() => Ok(ExitCode::FAILURE),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

/// Loads the definition, and the hub with the connections that it would call.
fn subject(args: &Args, settings: &Settings, engine: &Engine) -> anyhow::Result<(Arc<Definition>, OfflineHub)> {
    let file = Path::new(&args.workflow);
    let (definition, folder) = if file.is_file() {
        let folder = load::folder(file);
        let functions = load::functions(&folder, None, ProcessKind::ALL).map_err(|mistakes| refused(&mistakes))?;
        let built = load::build(file, &functions)?;
        (built.map_err(|mistakes| refused(&mistakes))?.definition, folder)
    } else {
        (deployed(&args.workflow, engine)?, PathBuf::from(&settings.workflows))
    };
    if definition.triggers.is_empty() && definition.join.is_none() {
        bail!("no event starts {}: it has no `schedule.on`", definition.workflow);
    }
    let hub = OfflineHub::open(&folder).map_err(|mistakes| refused(&mistakes))?;
    Ok((definition, hub))
}

fn deployed(name: &str, engine: &Engine) -> anyhow::Result<Arc<Definition>> {
    let (path, version) = name.split_once(':').map_or((name, None), |(path, version)| (path, Some(version)));
    let unknown = || format!("{name} is neither a file nor a deployed NAMESPACE/NAME[:VERSION]");
    let (namespace, short) = path.split_once('/').with_context(unknown)?;
    let deployed = engine.deployed();
    let versions = deployed.definitions.get(&(namespace.to_owned(), short.to_owned())).with_context(unknown)?;
    let found = versions.iter().find(|d| version.is_none_or(|version| d.workflow.version == version));
    found.cloned().with_context(unknown)
}

async fn replay(
    args: &Args,
    engine: &Engine,
    definition: &Arc<Definition>,
    hub: &OfflineHub,
) -> anyhow::Result<ReplayReport> {
    let limit = usize::from(args.limit);
    // One more than the limit tells whether there are further events.
    let mut found = engine.events_for(definition, args.since, args.until, limit + 1).await?;
    let further_since = found.get(limit).map(|event| event.row.received_at);
    found.truncate(limit);
    let evaluator = Evaluator::of_this_program(1).context("finding this program's own path")?;
    let known = RefCell::new(HashMap::new());
    let evaluate = |asked: &Evaluation| evaluated(&evaluator, &known, asked);
    let stage = Stage {
        definition,
        connections: &hub.connections,
        identifiers: &hub.identifiers,
        evaluate: &evaluate as &Evaluate<'_>,
        invariants: &[],
        profile: <&crate::sandbox::Profile>::default(),
    };
    let mut replayed_runs = HashSet::new();
    let mut events = Vec::new();
    for event in found {
        events.extend(of_event(args, engine, &stage, &event, &mut replayed_runs).await?);
    }
    let workflow = definition.workflow.to_string();
    Ok(ReplayReport { workflow, since: args.since, until: args.until, events, further_since })
}

/// Replays what an event started, or would start.
async fn of_event(
    args: &Args,
    engine: &Engine,
    stage: &Stage<'_>,
    event: &Found,
    replayed_runs: &mut HashSet<RunId>,
) -> anyhow::Result<Vec<ReplayedEvent>> {
    let label = EventLabel {
        id: event.row.id,
        event_id: event.row.event_id.clone(),
        source: event.row.source.clone(),
        r#type: event.row.r#type.clone(),
        received_at: event.row.received_at,
    };
    let mut replayed = Vec::new();
    let mut known = false;
    for run in &event.runs {
        let about = || format!("reading run {run} of event {}", event.row.id);
        let Some(recorded) = engine.recorded(&stage.definition.workflow, *run).await.with_context(about)? else {
            continue;
        };
        known = true;
        // All events that start a run together refer to it.
        if !replayed_runs.insert(*run) {
            continue;
        }
        let recording = Recording::of(&recorded.definition, *run, &recorded.records).with_context(about)?;
        let replay = Replay {
            input: (*recording.run.raw_input).clone(),
            at: event.row.received_at,
            recording: Some(&recording),
            refused: false,
            masks: Masks::of(&recorded.definition),
            assume: args.assume,
        };
        let recorded_by = Some(recording.workflow.to_string());
        let event = label.clone();
        replayed.push(ReplayedEvent { event, run: Some(*run), recorded_by, replayed: replay.play(stage) });
    }
    // The other events that would complete the join are unknown.
    if !known && !event.joins {
        let replay = Replay {
            input: Value::Array(vec![event.data.clone()]),
            at: event.row.received_at,
            recording: None,
            refused: event.row.outcome == "rejected",
            masks: Masks::default(),
            assume: args.assume,
        };
        replayed.push(ReplayedEvent { event: label, run: None, recorded_by: None, replayed: replay.play(stage) });
    }
    Ok(replayed)
}
