//! `stepwell validate`: checks definitions, scenarios, catalogs and `hub.yaml`, and shows each mistake where it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use super::server::refused;
use super::{context, load};
use crate::config::Settings;
use crate::connect::Secrets;
use crate::dsl::compatibility::{self, Change};
use crate::dsl::{self, Definition, Functions, Mistake, Severity};
use crate::hub::Hub;
use crate::scenario;

const FILES_MAX: usize = 10_000;

const HUB: &str = "hub.yaml";

/// Arguments of `stepwell validate`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Definitions, scenarios, catalogs, OpenAPI documents, `hub.yaml`, or folders of them.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The folder of workflows whose `functions/` and `openapi/` the definitions may call; else the one beside each definition.
    #[arg(long, value_name = "FOLDER")]
    pub workflows: Option<PathBuf>,
    /// Also says what the definitions change for callers: beside a file or folder, or beside `NAMESPACE/NAME[:VERSION]` as it
    /// is deployed. A break that the version does not announce is an error.
    #[arg(long, value_name = "OLD")]
    pub compatible_with: Option<String>,
    /// How mistakes are printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// How mistakes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// With the line and a mark under the place.
    Human,
    /// A JSON array.
    Json,
}

/// Checks, prints, and fails if there is any error.
///
/// # Errors
/// What to compare with cannot be read.
pub async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let old = match &args.compatible_with {
        Some(old) => older(old, settings).await?,
        None => Vec::new(),
    };
    let checked = check(args, &old);
    let printed = match args.format {
        Format::Human => checked.print(&mut io::stdout().lock()),
        Format::Json => checked.print_json(&mut io::stdout().lock()),
    };
    // A reader that went away has seen enough; what was found still counts.
    let readable = printed.map_or_else(|e| e.kind() == io::ErrorKind::BrokenPipe, |()| true);
    Ok(if readable && checked.errors() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The definitions to compare with: those of a path, or one that is deployed.
async fn older(old: &str, settings: &Settings) -> anyhow::Result<Vec<Arc<Definition>>> {
    let path = Path::new(old);
    if path.exists() {
        let mut found = Vec::new();
        for file in load::definitions(path)? {
            let functions = Functions::load(&load::folder(&file)).map_err(|mistakes| refused(&mistakes))?;
            found.push(load::build(&file, &functions)?.map_err(|mistakes| refused(&mistakes))?.definition);
        }
        return Ok(found);
    }
    let (workflow, version) = old.split_once(':').map_or((old, None), |(workflow, version)| (workflow, Some(version)));
    let named = workflow.split_once('/');
    let (namespace, name) = named.with_context(|| format!("{old:?} is neither a file nor NAMESPACE/NAME[:VERSION]"))?;
    let engine = context::engine(settings).await?;
    let deployed = engine.deployed();
    let versions = deployed.definitions.get(&(namespace.to_owned(), name.to_owned()));
    let found = versions.into_iter().flatten().find(|d| version.is_none_or(|version| d.workflow.version == version));
    Ok(vec![Arc::clone(found.with_context(|| format!("no workflow {old} is deployed"))?)])
}

/// What a definition changes for callers, at its places.
fn changes(old: &[Arc<Definition>], new: &Definition, file: &str, text: &str) -> Vec<Mistake> {
    let same = |o: &&Arc<Definition>| {
        (&o.workflow.namespace, &o.workflow.name) == (&new.workflow.namespace, &new.workflow.name)
    };
    let Some(old) = old.iter().find(same) else { return Vec::new() };
    let Ok(source) = dsl::source::read(file, text) else { return Vec::new() };
    let (before, after) = (&old.workflow.version, &new.workflow.version);
    let announced = compatibility::announces_a_break(before, after);
    let mistake = |pointer: &str, severity, message: String, hint: Option<String>| {
        let node = source.nearest(pointer);
        let place = node.key_place().or_else(|| node.place()).unwrap_or_default();
        let file = file.to_owned();
        Mistake { file, line: place.line, column: place.column, pointer: pointer.to_owned(), message, hint, severity }
    };
    let mut found = Vec::new();
    if !compatibility::is_later(before, after) && *old.document != *new.document {
        let message = format!("version {after} does not come after {before}");
        let hint = Some("a version, once deployed, never changes: give this one a higher number".to_owned());
        found.push(mistake("/document/version", Severity::Error, message, hint));
    }
    for finding in compatibility::compare(old, new) {
        let message = match finding.change {
            Change::Breaking => format!("breaks callers of {before}: {}", finding.message),
            Change::Unclear => format!("may concern callers of {before}: {}", finding.message),
        };
        let breaks = finding.change == Change::Breaking;
        let severity = if breaks && !announced { Severity::Error } else { Severity::Warning };
        let hint = (breaks && !announced).then(|| "take it back, or announce it by another major version".to_owned());
        found.push(mistake(&finding.pointer, severity, message, hint));
    }
    found
}

/// What was found, with the texts that it was found in.
#[derive(Debug, Default)]
struct Checked {
    mistakes: Vec<Mistake>,
    texts: BTreeMap<String, String>,
    definitions: usize,
}

fn check(args: &Args, old: &[Arc<Definition>]) -> Checked {
    let mut checked = Checked::default();
    let mut catalogs: BTreeMap<PathBuf, Functions> = BTreeMap::new();
    let mut files = BTreeSet::new();
    for path in &args.paths {
        checked.collect(path, &mut files, &mut catalogs);
    }
    for file in files.iter().take(FILES_MAX) {
        let beside = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let workflows = args.workflows.as_deref().unwrap_or(beside);
        if !catalogs.contains_key(workflows) {
            checked.load(workflows, &mut catalogs);
        }
        checked.definition(file, &catalogs[workflows], old);
    }
    checked
}

impl Checked {
    /// The definitions that a path stands for. Catalogs are checked on the way.
    fn collect(&mut self, path: &Path, files: &mut BTreeSet<PathBuf>, catalogs: &mut BTreeMap<PathBuf, Functions>) {
        let is_catalogs = |folder: &Path| {
            folder.file_name().is_some_and(|name| name == dsl::CATALOG_FOLDER || name == dsl::DOCUMENT_FOLDER)
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
        catalogs.insert(workflows.to_owned(), functions);
    }

    /// Secrets are not asked for: they are where the server runs.
    fn hub(&mut self, file: &Path) {
        let Some(text) = self.text(file) else { return };
        let shown = file.display().to_string();
        if let Err(mistakes) = Hub::load(&shown, &text, &Secrets::fixed([])) {
            self.mistakes.extend(mistakes);
        }
        self.texts.insert(shown, text);
    }

    /// That the file can be read as scenarios; `stepwell test` plays them.
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

    fn definition(&mut self, file: &Path, functions: &Functions, old: &[Arc<Definition>]) {
        let Some(text) = self.text(file) else { return };
        let shown = file.display().to_string();
        self.definitions += 1;
        match dsl::build(&shown, &text, functions) {
            Ok(built) => {
                self.mistakes.extend(built.warnings);
                self.mistakes.extend(changes(old, &built.definition, &shown, &text));
            }
            Err(mistakes) => self.mistakes.extend(mistakes),
        }
        self.texts.insert(shown, text);
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

/// The line and a mark under the column, cut to fit a screen.
fn excerpt(text: &str, line: u32, column: u32) -> Option<String> {
    const WIDTH: usize = 120;
    let line_text = text.lines().nth(line as usize - 1)?.trim_start_matches('\u{feff}');
    let column = column as usize - 1;
    let from = column.saturating_sub(WIDTH / 2);
    let visible: String =
        line_text.chars().skip(from).take(WIDTH).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let mark = " ".repeat(column - from);
    Some(format!("  {number} | {visible}\n  {gutter} | {mark}^"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITION: &str =
        "document: {dsl: '1.0.3', namespace: t, name: n, version: '1.0.0'}\ndo:\n  - greet:\n      seet: {a: 1}\n";

    fn checked(paths: Vec<PathBuf>) -> (Checked, String) {
        let checked = check(&Args { paths, workflows: None, compatible_with: None, format: Format::Human }, &[]);
        let mut out = Vec::new();
        checked.print(&mut out).expect("a vector takes all");
        (checked, String::from_utf8(out).expect("UTF-8"))
    }

    #[test]
    fn a_mistake_is_shown_under_its_line_with_a_hint() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.yaml");
        std::fs::write(&file, DEFINITION).expect("written");
        let (checked, out) = checked(vec![file.clone()]);
        assert_eq!(checked.errors(), 1);
        let expected = format!(
            "{}:4:7: error: task `greet` does nothing\n  4 |       seet: {{a: 1}}\n    |       ^\n  hint: did you mean `set`?\n1 definition, 1 error, 0 warnings\n",
            file.display()
        );
        assert_eq!(out, expected);
    }

    #[test]
    fn a_folder_is_its_definitions_its_catalogs_and_its_hub() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("functions")).expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        write("a.yaml", &DEFINITION.replace("seet: {a: 1}", "call: x.y"));
        write("hub.yaml", "sources:\n  crm: { scheem: github }\n");
        write("functions/x.yaml", "functions:\n  y:\n    sat: {a: 1}\n");
        let (checked, out) = checked(vec![folder.path().to_owned()]);
        assert_eq!(checked.definitions, 1);
        assert!(out.contains("functions/x.yaml:3:5: error: task `x.y` does nothing"), "{out}");
        assert!(out.contains("hub.yaml:2:"), "{out}");
    }

    #[test]
    fn an_openapi_document_is_no_definition_but_what_definitions_are_held_against() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("openapi")).expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        let call = "call: openapi\n      with: { document: { endpoint: 'file://openapi/a.yaml' }, operationId: reed }";
        write("a.yaml", &DEFINITION.replace("seet: {a: 1}", call));
        write(
            "openapi/a.yaml",
            "openapi: 3.0.0\nservers: [{ url: 'https://a.example' }]\npaths: { /a: { get: { operationId: read } } }\n",
        );
        let (checked, out) = checked(vec![folder.path().to_owned()]);
        assert_eq!(checked.definitions, 1);
        assert!(out.contains("no operation with the id `reed`") && out.contains("did you mean `read`?"), "{out}");
        write("openapi/a.yaml", "openapi: 1.0.0\n");
        let (checked, out) = self::checked(vec![folder.path().join("openapi/a.yaml")]);
        assert_eq!(checked.definitions, 0);
        assert!(out.contains("openapi/a.yaml:1:10: error: version 1.0.0 of OpenAPI is not known"), "{out}");
    }

    #[test]
    fn what_cannot_be_read_is_a_mistake() {
        let (checked, out) = checked(vec![PathBuf::from("no/such/file.yaml")]);
        assert_eq!(checked.errors(), 1);
        assert!(out.contains("no/such/file.yaml:1:1: error: reading the file failed"), "{out}");
    }

    #[test]
    fn mistakes_as_json_are_an_array() {
        let (checked, _) = checked(vec![PathBuf::from("no/such/file.yaml")]);
        let mut out = Vec::new();
        checked.print_json(&mut out).expect("a vector takes all");
        let array: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(array[0]["severity"], "error");
        assert_eq!(array[0]["line"], 1);
    }

    #[test]
    fn a_new_version_says_what_it_changes_for_callers_at_the_place() {
        let definition = |version: &str, schema: &str| {
            let text = format!(
                "document: {{ dsl: '1.0.3', namespace: test, name: pay, version: '{version}' }}\ninput:\n  schema:\n    document: {schema}\ndo:\n  - a: {{ set: {{ b: 1 }} }}\n"
            );
            (dsl::build("pay.yaml", &text, &Functions::default()).expect("sound").definition, text)
        };
        let (old, _) = definition("1.2.0", "{ type: object, required: [id] }");
        let told = |version: &str, schema: &str| {
            let (new, text) = definition(version, schema);
            let found = changes(&[Arc::clone(&old)], &new, "pay.yaml", &text);
            found.into_iter().map(|m| (m.line, m.severity == Severity::Error, m.message)).collect::<Vec<_>>()
        };
        let breaks = told("1.3.0", "{ type: object, required: [id, amount] }");
        assert_eq!(breaks, [(4, true, "breaks callers of 1.2.0: `amount` must be given now".to_owned())]);
        let announced = told("2.0.0", "{ type: object, required: [id, amount] }");
        assert_eq!(announced.iter().map(|(_, error, _)| *error).collect::<Vec<_>>(), [false]);
        assert_eq!(told("1.3.0", "{ type: object }"), []);
        assert_eq!(told("1.1.0", "{ type: object }").len(), 1, "an older number");
    }
}
