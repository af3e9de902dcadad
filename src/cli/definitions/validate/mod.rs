//! `stepwell validate`: checks definitions, scenarios, catalogs and `hub.yaml`, and shows each mistake in its source
//! line.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use super::compatible;
use super::excerpt::excerpt;
use crate::config::Settings;
use crate::connect::Secrets;
use crate::dsl::{self, Definition, Functions, Mistake, ProcessKind, Severity};
use crate::hub::Hub;
use crate::output::Output;
use crate::scenario;

const FILES_MAX: usize = 10_000;

const HUB: &str = "hub.yaml";

/// Arguments of `stepwell validate`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Definitions, scenarios, catalogs, OpenAPI documents, `hub.yaml`, or folders of them.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The folder of workflows whose `functions/` and `openapi/` the definitions may call. Default: the folder of each definition.
    #[arg(long, value_name = "FOLDER")]
    pub workflows: Option<PathBuf>,
    /// Also report what the definitions change for callers, compared with a file or folder, or with the deployed
    /// `NAMESPACE/NAME[:VERSION]`. A breaking change that the version does not announce is an error.
    #[arg(long, value_name = "OLD")]
    pub compatible_with: Option<String>,
    /// Output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// With the line and a mark under the position.
    Human,
    /// A JSON array.
    Json,
}

/// Checks, prints, and fails if there is any error.
///
/// # Errors
/// The definitions to compare with cannot be read.
pub async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let old = match &args.compatible_with {
        Some(old) => Some(compatible::older(old, settings).await?),
        None => None,
    };
    let checked = check(args, old.as_deref(), &settings.processes.enable);
    let printed = match args.format {
        Format::Human => checked.print(&mut Output),
        Format::Json => checked.print_json(&mut Output),
    };
    printed.context("printing the mistakes")?;
    Ok(if checked.errors() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The mistakes found, with the texts that contain them.
#[derive(Debug, Default)]
struct Checked {
    mistakes: Vec<Mistake>,
    texts: BTreeMap<String, String>,
    definitions: usize,
    /// Result of each comparison with an earlier version.
    verdicts: Vec<String>,
    /// Programs that definitions may run.
    processes: Vec<ProcessKind>,
}

/// Definitions to compare with.
#[derive(Debug, Clone, Copy)]
struct Old<'d> {
    definitions: &'d [Arc<Definition>],
    /// Whether only one definition is checked, so that a single older one is compared with it whatever its name.
    is_only: bool,
}

fn check(args: &Args, old: Option<&[Arc<Definition>]>, processes: &[ProcessKind]) -> Checked {
    let mut checked = Checked { processes: processes.to_vec(), ..Checked::default() };
    let mut catalogs: BTreeMap<PathBuf, Functions> = BTreeMap::new();
    let mut files = BTreeSet::new();
    for path in &args.paths {
        checked.collect(path, &mut files, &mut catalogs);
    }
    let old = old.map(|definitions| Old { definitions, is_only: files.len() == 1 });
    for file in files.iter().take(FILES_MAX) {
        let beside = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let workflows = args.workflows.as_deref().unwrap_or(beside);
        if !catalogs.contains_key(workflows) {
            checked.load(workflows, &mut catalogs);
        }
        checked.definition(file, &catalogs[workflows], old);
    }
    if let (Some(name), true, 0) = (&args.compatible_with, checked.verdicts.is_empty(), checked.errors()) {
        // Silence would suggest that it is compatible.
        checked.unreadable(
            Path::new(name),
            "it has no earlier version of the checked definitions, so nothing was compared",
        );
    }
    checked
}

impl Checked {
    /// Collects the definitions in a path, and checks catalogs on the way.
    fn collect(&mut self, path: &Path, files: &mut BTreeSet<PathBuf>, catalogs: &mut BTreeMap<PathBuf, Functions>) {
        let is_catalogs = |folder: &Path| {
            let folders = [dsl::CATALOG_FOLDER, dsl::DOCUMENT_FOLDER, dsl::mapping::FOLDER];
            folder.file_name().is_some_and(|name| folders.iter().any(|known| name == *known))
        };
        if path.is_dir() && !is_catalogs(path) {
            match dsl::definition_files(path) {
                Ok(found) => {
                    files.extend(found);
                    dsl::scenario_files(path).unwrap_or_default().iter().for_each(|file| self.scenarios(file));
                }
                Err(why) => self.unreadable(path, &format!("reading the folder failed: {why}")),
            }
            self.load(path, catalogs);
            let hub = path.join(HUB);
            if hub.exists() {
                self.hub(&hub);
            }
        } else if path.file_name().is_some_and(|name| name == HUB) {
            self.hub(path);
        } else if dsl::is_scenarios(path) {
            self.scenarios(path);
        } else if path.is_dir() {
            self.load(&path.join(".."), catalogs);
        } else if let Some(folder) = path.parent().filter(|folder| is_catalogs(folder)) {
            self.load(&folder.join(".."), catalogs);
        } else {
            files.insert(path.to_owned());
        }
    }

    fn load(&mut self, workflows: &Path, catalogs: &mut BTreeMap<PathBuf, Functions>) {
        if catalogs.contains_key(workflows) {
            return;
        }
        let (functions, mistakes) = Functions::read(workflows);
        for file in mistakes.iter().map(|m| &m.file) {
            if let Ok(text) = std::fs::read_to_string(file) {
                self.texts.insert(file.clone(), text);
            }
        }
        self.mistakes.extend(mistakes);
        for variant in dsl::variants(workflows) {
            self.variant(workflows, &variant);
        }
        let functions = functions.with_processes(self.processes.iter().copied());
        catalogs.insert(workflows.to_owned(), functions.with_secrets(Hub::releases_in(workflows)));
    }

    /// Checks the functions that a variant replaces.
    fn variant(&mut self, workflows: &Path, name: &str) {
        let (_, mistakes) = Functions::read_variant(workflows, Some(name));
        let folder = workflows.join(dsl::VARIANT_FOLDER);
        for mistake in mistakes.into_iter().filter(|mistake| Path::new(&mistake.file).starts_with(&folder)) {
            if let Ok(text) = std::fs::read_to_string(&mistake.file) {
                self.texts.insert(mistake.file.clone(), text);
            }
            self.mistakes.push(mistake);
        }
    }

    /// Checks `hub.yaml`. A missing secret is only a warning, because secrets are set where the server runs.
    fn hub(&mut self, file: &Path) {
        let Some(text) = self.text(file) else { return };
        let shown = file.display().to_string();
        match Hub::load_beside(file, &text, &Secrets::from_environment()) {
            Ok(hub) => {
                let warning = |mistake| Mistake { severity: Severity::Warning, ..mistake };
                self.mistakes.extend(hub.refused.into_iter().map(warning));
            }
            Err(mistakes) => self.mistakes.extend(mistakes),
        }
        self.texts.insert(shown, text);
    }

    /// Checks that a file parses as scenarios; `stepwell test` runs them.
    fn scenarios(&mut self, file: &Path) {
        let Some(text) = self.text(file) else { return };
        let shown = file.display().to_string();
        if let Err(mistakes) = scenario::read(&shown, &text) {
            self.mistakes.extend(mistakes);
        }
        self.texts.insert(shown, text);
    }

    fn text(&mut self, file: &Path) -> Option<String> {
        match std::fs::read(file).map(String::from_utf8) {
            Ok(Ok(text)) => return Some(text),
            Ok(Err(_)) => self.unreadable(file, "the file is not UTF-8"),
            Err(e) => self.unreadable(file, &format!("reading the file failed: {e}")),
        }
        None
    }

    fn definition(&mut self, file: &Path, functions: &Functions, old: Option<Old<'_>>) {
        let Some(text) = self.text(file) else { return };
        let shown = file.display().to_string();
        self.definitions += 1;
        match dsl::build(&shown, &text, functions) {
            Ok(built) => {
                self.mistakes.extend(built.warnings);
                if let Some(old) = old {
                    self.compare(old, &built.definition, &shown, &text);
                }
            }
            Err(mistakes) => self.mistakes.extend(mistakes),
        }
        self.texts.insert(shown, text);
    }

    fn compare(&mut self, old: Old<'_>, new: &Definition, file: &str, text: &str) {
        let Some(old) = compatible::earlier(old.definitions, new, old.is_only) else { return };
        let Ok(source) = dsl::source::read(file, text) else { return };
        let compared = compatible::compare(old, new, file, &source);
        self.mistakes.extend(compared.mistakes);
        self.verdicts.push(compared.verdict);
    }

    fn unreadable(&mut self, path: &Path, why: &str) {
        self.mistakes.push(Mistake {
            file: path.display().to_string(),
            line: 1,
            column: 1,
            pointer: String::new(),
            message: why.to_owned(),
            hint: None,
            severity: Severity::Error,
        });
    }

    fn errors(&self) -> usize {
        self.mistakes.iter().filter(|m| m.severity == Severity::Error).count()
    }

    fn print_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, &self.mistakes)?;
        writeln!(out)
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for mistake in &self.mistakes {
            let severity = match mistake.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let Mistake { file, line, column, message, .. } = mistake;
            writeln!(out, "{file}:{line}:{column}: {severity}: {message}")?;
            if let Some(excerpt) = self.texts.get(file).and_then(|text| excerpt(text, *line, *column)) {
                writeln!(out, "{excerpt}")?;
            }
            if let Some(hint) = &mistake.hint {
                writeln!(out, "  hint: {hint}")?;
            }
        }
        for verdict in &self.verdicts {
            writeln!(out, "{verdict}")?;
        }
        let (errors, warnings) = (self.errors(), self.mistakes.len() - self.errors());
        let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        writeln!(
            out,
            "{}, {}, {}",
            plural(self.definitions, "definition"),
            plural(errors, "error"),
            plural(warnings, "warning")
        )
    }
}

#[cfg(test)]
mod tests;
