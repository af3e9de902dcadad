//! One scenario file from its text to its result.

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

/// The environment of the connections' base URLs: scenarios never speak of production.
const ENVIRONMENT: &str = "sandbox";

/// Records of a failed scenario that are shown.
const TAIL_LINES: usize = 8;

/// What is asked of scenario files.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Scenarios of this name only.
    pub scenario: Option<String>,
    /// Try every schedule of at most this many faults.
    pub depth: Option<usize>,
    /// Rehearse this schedule instead.
    pub schedule: Option<Schedule>,
    /// Which company's systems the sandbox stands for.
    pub profile: &'static Profile,
}

/// A scenario file with everything that its rehearsals need.
pub(super) struct Bench {
    file: ScenarioFile,
    profile: &'static Profile,
    built: Built,
    hub: OfflineHub,
}

impl Bench {
    /// Reads the file, the definition beside it, the catalogs and `hub.yaml`.
    pub(super) fn open(path: &Path, profile: &'static Profile) -> Result<Self, Vec<Mistake>> {
        Self::with_variant(path, profile, Some(profile.name))
    }

    /// The same with the functions of a variant, whatever the profile.
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

    /// The scenarios that are for the profile.
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

/// Runs what is asked of one scenario file.
///
/// # Errors
/// Mistakes of the file, of its definition, of the catalogs or of `hub.yaml`.
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

/// What a workflow sends in the scenarios of a file, when nothing goes wrong but what they say: on the sandbox of a profile, with the
/// functions of a variant if one is named.
///
/// # Errors
/// As of [`test_file`].
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

/// Faults of a schedule that the rehearsal never came to: a typo would pass as "nothing breaks".
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

/// Mocks for steps that the definition does not have.
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

/// What rehearsals take from the `hub.yaml` of a folder.
#[derive(Debug)]
pub struct OfflineHub {
    /// Its connections, with secrets that open nothing but the sandbox.
    pub connections: Connections,
    /// Which identifiers have one form.
    pub identifiers: Arc<Declared>,
}

impl OfflineHub {
    /// Reads the folder's `hub.yaml`.
    ///
    /// # Errors
    /// Its mistakes.
    pub fn open(folder: &Path) -> Result<Self, Vec<Mistake>> {
        let secrets = Secrets::from_lookup(|name| {
            Some(match name {
                "netsuiteToken" => "sandbox-erp-token".to_owned(),
                "salesforceToken" => "sandbox-crm-token".to_owned(),
                // Sources check the form of their keys; scenarios never receive anything.
                other => format!("scenario-{other}"),
            })
        });
        let hub = Hub::load_folder(folder, &secrets)?;
        let mut connections = hub.connections;
        for connection in connections.values_mut() {
            // Nothing is ever sent: a connection without a sandbox may be mocked under any of its addresses.
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
