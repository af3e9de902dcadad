//! Runs a scenario file: from its text to its results.

use std::path::Path;
use std::sync::Arc;

use super::check::differences;
use super::file::read::read;
use super::file::{Scenario, ScenarioFile};
use super::rehearsal::explore::{explore, faults_of};
use super::rehearsal::schedule::Schedule;
use super::rehearsal::step;
use super::rehearsal::target::sides;
use super::rehearsal::trace::Sending;
use super::rehearsal::{Evaluate, Stage};
use super::report::{FaultsReport, FileReport, ScenarioReport};
use crate::connect::{ConnectSettings, Connections, Secrets};
use crate::dsl::{self, Built, Functions, Mistake, ProcessKind, Severity};
use crate::hub::Hub;
use crate::identifiers::Declared;
use crate::sandbox::Profile;

/// Environment of the connections' base URLs; never production.
const ENVIRONMENT: &str = "sandbox";

/// Records shown of a failed scenario.
const TAIL_LINES: usize = 8;

/// Options for scenario files.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Run only the scenario with this name.
    pub scenario: Option<String>,
    /// Try every schedule of at most this many faults.
    pub depth: Option<usize>,
    /// Rehearse only this schedule.
    pub schedule: Option<Schedule>,
    /// Profile of the sandbox.
    pub profile: &'static Profile,
}

/// A scenario file with everything needed to rehearse it.
pub(super) struct Bench {
    file: ScenarioFile,
    profile: &'static Profile,
    built: Built,
    hub: OfflineHub,
}

impl Bench {
    /// Reads the file, the definition next to it, the catalogs and `hub.yaml`.
    pub(super) fn open(path: &Path, profile: &'static Profile) -> Result<Self, Vec<Mistake>> {
        Self::with_variant(path, profile, Some(profile.name))
    }

    /// Like [`Self::open`], with the functions of a variant instead of the profile's.
    fn with_variant(path: &Path, profile: &'static Profile, variant: Option<&str>) -> Result<Self, Vec<Mistake>> {
        let file = read(&path.display().to_string(), &text_of(path)?)?;
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let built = definition(&folder.join(&file.definition), folder, path, variant)?;
        let sides = sides(&built.definition);
        let remembered = file.scenarios.iter().flat_map(|scenario| &scenario.memory);
        let mistakes: Vec<Mistake> = remembered.filter_map(|one| one.mistake(&file.file, &sides)).collect();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Self { file, profile, built, hub: OfflineHub::open(folder)? })
    }

    /// Returns the scenarios that apply to the profile.
    pub(super) fn scenarios(&self) -> impl Iterator<Item = &Scenario> {
        self.file.scenarios.iter().filter(|scenario| scenario.is_for(self.profile))
    }

    pub(super) fn stage<'b>(&'b self, evaluate: &'b Evaluate<'b>) -> Stage<'b> {
        Stage {
            definition: &self.built.definition,
            connections: &self.hub.connections,
            identifiers: &self.hub.identifiers,
            evaluate,
            invariants: &self.file.invariants,
            profile: self.profile,
        }
    }
}

/// Runs a scenario file with these options.
///
/// # Errors
/// Mistakes in the file, its definition, the catalogs or `hub.yaml`.
pub fn test_file(path: &Path, ask: &Ask, evaluate: &Evaluate<'_>) -> Result<FileReport, Vec<Mistake>> {
    let bench = Bench::open(path, ask.profile)?;
    let stage = bench.stage(evaluate);
    let wanted = |scenario: &&Scenario| ask.scenario.as_ref().is_none_or(|name| *name == scenario.name);
    Ok(FileReport {
        file: bench.file.file.clone(),
        workflow: stage.definition.workflow.to_string(),
        profile: ask.profile.name,
        scenarios: bench.scenarios().filter(wanted).map(|scenario| one(&stage, scenario, ask)).collect(),
    })
}

/// Returns what a workflow sends in the scenarios of a file without further faults, on the sandbox of a profile and
/// with the functions of a variant, if given.
///
/// # Errors
/// As [`test_file`].
pub fn sendings(
    path: &Path,
    profile: &'static Profile,
    variant: Option<&str>,
    evaluate: &Evaluate<'_>,
) -> Result<(String, Vec<Sending>), Vec<Mistake>> {
    let bench = Bench::with_variant(path, profile, variant)?;
    let stage = bench.stage(evaluate);
    let played = bench.file.scenarios.iter().map(|scenario| stage.rehearse(scenario, &Schedule::default()));
    Ok((stage.definition.workflow.to_string(), played.flat_map(|trace| trace.sendings).collect()))
}

fn one(stage: &Stage<'_>, scenario: &Scenario, ask: &Ask) -> ScenarioReport {
    let schedule = ask.schedule.clone().unwrap_or_default();
    let trace = stage.rehearse(scenario, &schedule);
    let mut differences = match &ask.schedule {
        None => {
            let mut found = differences(stage.definition, &scenario.expect, &trace);
            found.extend(trace.broken.iter().cloned());
            found.extend(unknown_steps(stage, scenario));
            found
        }
        Some(_) => {
            let undisturbed = stage.rehearse(scenario, &Schedule::default());
            faults_of(&scenario.expect, &schedule, &trace, &undisturbed)
        }
    };
    differences.extend(ask.schedule.iter().flat_map(|schedule| unmet(schedule, &trace)));
    let journal = match (&ask.schedule, differences.is_empty()) {
        (Some(_), _) => trace.tail(stage.definition, usize::MAX),
        (None, false) => trace.tail(stage.definition, TAIL_LINES),
        (None, true) => Vec::new(),
    };
    let explores = differences.is_empty() && ask.schedule.is_none();
    let faults = ask.depth.filter(|_| explores).map(|depth| {
        let found = explore(stage, scenario, depth);
        FaultsReport { tried: found.tried, failed: found.failed, failing: found.failing, cut_short: found.cut_short }
    });
    ScenarioReport {
        name: scenario.name.clone(),
        line: scenario.line,
        status: trace.status().to_owned(),
        calls: trace.sendings.len(),
        lasted_ms: u64::try_from((trace.ended - trace.began).num_milliseconds()).unwrap_or_default(),
        schedule: ask.schedule.clone(),
        differences,
        journal,
        faults,
    }
}

/// Reports faults of a schedule that the rehearsal never reached: otherwise a typo would pass as "nothing breaks".
fn unmet<'a>(schedule: &'a Schedule, trace: &'a super::Trace) -> impl Iterator<Item = String> + 'a {
    use super::rehearsal::schedule::Strike;
    let met = |strike: &&Strike| match strike {
        Strike::Call { step, sending, .. } => {
            trace.sendings.iter().any(|sent| sent.step == *step && sent.number == *sending)
        }
        Strike::Crash { commit } => trace.quiet.contains(commit),
    };
    schedule.0.iter().filter(move |strike| !met(strike)).map(|strike| {
        let mut steps: Vec<&str> = trace.sendings.iter().map(|sent| sent.step.as_str()).collect();
        steps.dedup();
        format!("the schedule's {strike} never happened; the steps were: {}", steps.join(", "))
    })
}

/// Reports mocks for steps that the definition does not have.
fn unknown_steps(stage: &Stage<'_>, scenario: &Scenario) -> Vec<String> {
    let definition = stage.definition;
    let names: Vec<String> = definition.tasks.iter().map(|task| step::name(definition, &task.reference)).collect();
    let mocked = scenario.calls.iter().filter_map(|(pattern, _)| match pattern {
        super::CallPattern::Step(name) => Some(name),
        super::CallPattern::Request { .. } => None,
    });
    let unknown = mocked.filter(|name| !names.iter().any(|known| step::matches(name, known)));
    unknown
        .map(|name| {
            let hint = dsl::mistake::did_you_mean(name, names.iter().map(String::as_str));
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("calls: the definition has no step `{name}`{hint}")
        })
        .collect()
}

fn text_of(path: &Path) -> Result<String, Vec<Mistake>> {
    let bytes = std::fs::read(path).map_err(|why| vec![unreadable(path, format!("reading the file failed: {why}"))])?;
    String::from_utf8(bytes).map_err(|_| vec![unreadable(path, "the file is not UTF-8".to_owned())])
}

fn definition(path: &Path, folder: &Path, scenarios: &Path, variant: Option<&str>) -> Result<Built, Vec<Mistake>> {
    let text = text_of(path).map_err(|mistakes| {
        let why = mistakes.first().map(|mistake| mistake.message.clone()).unwrap_or_default();
        let hint = "add the file of its definition: `definition: closed-won.yaml`".to_owned();
        let message = format!("these scenarios are about {}: {why}", path.display());
        vec![Mistake { hint: Some(hint), ..unreadable(scenarios, message) }]
    })?;
    let functions = Functions::load_variant(folder, variant)?;
    let functions = functions.with_processes(ProcessKind::ALL).with_secrets(Hub::releases_in(folder));
    dsl::build(&path.display().to_string(), &text, &functions)
}

/// The parts of a folder's `hub.yaml` that rehearsals use.
#[derive(Debug)]
pub struct OfflineHub {
    /// Connections, with secrets that are valid only for the sandbox.
    pub connections: Connections,
    /// Identifiers to normalize.
    pub identifiers: Arc<Declared>,
}

impl OfflineHub {
    /// Reads the folder's `hub.yaml`.
    ///
    /// # Errors
    /// The mistakes in `hub.yaml`.
    pub fn open(folder: &Path) -> Result<Self, Vec<Mistake>> {
        let secrets = Secrets::from_lookup(|name| {
            Some(match name {
                "netsuiteToken" => "sandbox-erp-token".to_owned(),
                "salesforceToken" => "sandbox-crm-token".to_owned(),
                // Sources check the format of their keys, although scenarios never receive anything.
                other => format!("scenario-{other}"),
            })
        });
        let hub = Hub::load_folder(folder, &secrets)?;
        let mut connections = hub.connections;
        for connection in connections.values_mut() {
            // Nothing is ever sent, so a connection without a sandbox URL can use any of its others.
            if let Some(any) = connection.base_urls.values().next().cloned() {
                connection.base_urls.entry(ENVIRONMENT.to_owned()).or_insert(any);
            }
        }
        let settings = ConnectSettings {
            environment: ENVIRONMENT.to_owned(),
            connections,
            secrets,
            releases: hub.secrets,
            ..ConnectSettings::default()
        };
        let connections =
            Connections::new(settings).map_err(|why| vec![unreadable(&folder.join("hub.yaml"), why.to_string())])?;
        Ok(Self { connections, identifiers: hub.identifiers })
    }
}

fn unreadable(path: &Path, message: String) -> Mistake {
    Mistake {
        file: path.display().to_string(),
        line: 1,
        column: 1,
        pointer: String::new(),
        message,
        hint: None,
        severity: Severity::Error,
    }
}
