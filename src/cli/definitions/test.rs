//! `stepwell test`: runs the scenarios of workflows, optionally with injected faults.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::runtime::Handle;

use super::validate::Format;
use crate::cli::serving::server::refused;
use crate::config::Settings;
use crate::dsl;
use crate::evaluator::Evaluator;
use crate::expr::{Evaluation, EvaluationError};
use crate::output::Output;
use crate::sandbox::{PROFILES, Profile};
use crate::scenario::{Ask, DEPTH_MAX, Report, Schedule, test_file};

/// Arguments of `stepwell test`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Scenario files, definitions with a scenario file next to them, or folders. Default: the workflows folder.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only the scenario with this name.
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// Try every failure at every step, and show the shortest schedule of failures that breaks something.
    #[arg(long)]
    faults: bool,
    /// Maximum number of failures in a schedule. Two take a long time.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "faults")]
    depth: usize,
    /// Inject exactly these failures, and show the journal: `createOrder#1:lost-reply,@7:crash`.
    #[arg(long, value_name = "SCHEDULE", conflicts_with = "faults", requires = "scenario")]
    schedule: Option<Schedule>,
    /// Run the scenarios on the sandbox with this profile, or with each profile: `all` (docs/sandbox.md).
    #[arg(long, value_name = "NAME|all", default_value = "one-world", value_parser = profiles)]
    profile: Profiles,
    /// Output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// One profile of the sandbox, or all.
#[derive(Debug, Clone, Copy)]
struct Profiles(&'static [Profile]);

fn profiles(text: &str) -> Result<Profiles, String> {
    if text == "all" {
        return Ok(Profiles(&PROFILES));
    }
    Profile::named(text).map(|profile| Profiles(std::slice::from_ref(profile)))
}

pub(in crate::cli) fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    if !(1..=DEPTH_MAX).contains(&args.depth) {
        bail!("--depth {} is not between 1 and {DEPTH_MAX}", args.depth);
    }
    let evaluator = Evaluator::of_this_program(1).context("finding this program's own path")?;
    let known = RefCell::new(HashMap::new());
    let evaluate = |asked: &Evaluation| evaluated(&evaluator, &known, asked);
    let mut report = Report::default();
    for file in files(args, settings)? {
        for profile in args.profile.0 {
            let ask = Ask {
                scenario: args.scenario.clone(),
                depth: args.faults.then_some(args.depth),
                schedule: args.schedule.clone(),
                profile,
            };
            report.files.push(test_file(&file, &ask, &evaluate).map_err(|mistakes| refused(&mistakes))?);
        }
    }
    if report.count() == 0 {
        match &args.scenario {
            Some(name) => bail!("there is no scenario {name:?}"),
            None => bail!("there are no scenarios; add them to NAME.scenarios.yaml beside NAME.yaml"),
        }
    }
    let printed = match args.format {
        Format::Human => report.print(&mut Output),
        Format::Json => report.print_json(&mut Output),
    };
    match printed {
        Err(why) => Err(why).context("printing the results"),
        Ok(()) if report.failed() == 0 => Ok(ExitCode::SUCCESS),
        Ok(()) => Ok(ExitCode::FAILURE),
    }
}

fn files(args: &Args, settings: &Settings) -> anyhow::Result<Vec<PathBuf>> {
    let folder = [settings.workflows.clone()];
    let paths = if args.paths.is_empty() { folder.as_slice() } else { &args.paths };
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let found = dsl::scenario_files(path);
            files.extend(found.with_context(|| format!("reading the folder {}", path.display()))?);
        } else if dsl::is_scenarios(path) {
            files.push(path.clone());
        } else {
            files.push(beside(path)?);
        }
    }
    Ok(files)
}

/// Finds the scenario file of a definition.
fn beside(definition: &Path) -> anyhow::Result<PathBuf> {
    let candidates = ["scenarios.yaml", "scenarios.yml", "scenarios.json"].map(|end| definition.with_extension(end));
    candidates
        .iter()
        .find(|file| file.is_file())
        .cloned()
        .with_context(|| format!("{} has no scenarios: there is no {}", definition.display(), candidates[0].display()))
}

/// Evaluates in an evaluator process. Caches the results, because schedules repeat most evaluations.
pub(in crate::cli) fn evaluated(
    evaluator: &Evaluator,
    known: &RefCell<HashMap<String, Result<Value, EvaluationError>>>,
    asked: &Evaluation,
) -> Result<Value, EvaluationError> {
    let question = serde_json::to_string(asked).map_err(|why| EvaluationError::Failed(why.to_string()))?;
    if let Some(answer) = known.borrow().get(&question) {
        return answer.clone();
    }
    let answer = tokio::task::block_in_place(|| Handle::current().block_on(evaluator.evaluate(asked.clone())));
    known.borrow_mut().insert(question, answer.clone());
    answer
}
