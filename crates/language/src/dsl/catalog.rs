//! Files beside definitions. `functions/NAME.yaml` contains `functions: {function: task}`, called as `NAME.function`;
//! `openapi/NAME.yaml` is an OpenAPI document, referred to as `file://openapi/NAME.yaml`; `mappings/NAME.yaml` is a
//! mapping, whose functions are called as `NAME.toErp` and so on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::mapping::{self, Mapping, Sides};
use super::mistake::{self, Spot, did_you_mean};
use super::source::{self, Source};
use super::{Functions, Mistake, Position, builder};
use crate::openapi::Document;

const FILES_MAX: usize = 1_000;
const START: Position = Position { line: 1, column: 1 };

/// The folder of catalogs in a workflow folder.
pub const FOLDER: &str = "functions";

/// The folder of OpenAPI documents in a workflow folder.
pub const DOCUMENT_FOLDER: &str = "openapi";

/// The folder of variants in a workflow folder. `profiles/large/company.yaml` has functions that replace those of
/// `functions/company.yaml` when the workflows run for that kind of company.
pub const VARIANT_FOLDER: &str = "profiles";

/// Prefix of a URI by which definitions refer to a file.
pub(super) const DOCUMENT_SCHEME: &str = "file://";

impl Functions {
    /// Reads and checks the catalogs of a workflow folder: all YAML and JSON files in its folders `functions` and
    /// `openapi`. The folders may be missing.
    ///
    /// # Errors
    /// All mistakes of all catalogs and documents, including warnings.
    pub fn load(workflows: &Path) -> Result<Self, Vec<Mistake>> {
        Self::load_variant(workflows, None)
    }

    /// Reads the catalogs like [`Functions::load`], then replaces functions with those of the variant. A variant
    /// without functions is allowed.
    ///
    /// # Errors
    /// All mistakes, including functions of the variant that replace nothing.
    pub fn load_variant(workflows: &Path, variant: Option<&str>) -> Result<Self, Vec<Mistake>> {
        let (functions, mistakes) = Self::read_variant(workflows, variant);
        if mistakes.iter().any(|m| m.severity == super::Severity::Error) { Err(mistakes) } else { Ok(functions) }
    }

    /// Reads the catalogs like [`Functions::load`], but returns what is readable even if other parts are wrong.
    #[must_use]
    pub fn read(workflows: &Path) -> (Self, Vec<Mistake>) {
        Self::read_variant(workflows, None)
    }

    /// Reads the catalogs of a variant like [`Functions::read`].
    #[must_use]
    pub fn read_variant(workflows: &Path, variant: Option<&str>) -> (Self, Vec<Mistake>) {
        let mut mistakes = Vec::new();
        let files = match catalog_files(&workflows.join(FOLDER)) {
            Ok(files) => files,
            Err(mistake) => return (Self::default(), vec![mistake]),
        };
        let mut catalogs = Vec::new();
        for file in &files {
            match read_catalog(file) {
                Ok(catalog) => catalogs.push(catalog),
                Err(found) => mistakes.extend(found),
            }
        }
        let mut functions = Self::default();
        match catalog_files(&workflows.join(DOCUMENT_FOLDER)) {
            Ok(files) => files.iter().for_each(|file| match read_document(file) {
                Ok((uri, document)) => drop(functions.documents.insert(uri, Arc::new(document))),
                Err(found) => mistakes.extend(found),
            }),
            Err(mistake) => mistakes.push(mistake),
        }
        for catalog in &catalogs {
            for (name, task) in catalog.functions() {
                functions.by_name.insert(name, task.to_value());
            }
        }
        let stand_ins = variant.map(|name| read_stand_ins(workflows, name, &functions)).unwrap_or_default();
        mistakes.extend(stand_ins.1);
        for catalog in stand_ins.0 {
            functions.by_name.extend(catalog.functions().map(|(name, task)| (name, task.to_value())));
            catalogs.push(catalog);
        }
        for (name, file) in match versioned_files(&workflows.join(FOLDER)) {
            Ok(files) => files,
            Err(mistake) => return (Self::default(), vec![mistake]),
        } {
            match read_source(&file) {
                Ok(source) => drop(functions.by_name.insert(name, source.root().to_value())),
                Err(found) => mistakes.extend(found),
            }
        }
        let (mappings, refused) = read_mappings(workflows);
        mistakes.extend(refused);
        for (file, mapping) in &mappings {
            if catalogs.iter().any(|catalog| catalog.name == mapping.name) {
                let message = format!("there is already a catalog of functions named `{}`: rename one", mapping.name);
                mistakes.push(mistake::at(file, START, message));
            }
            functions.by_name.extend(mapping.functions());
            functions.mappings.insert(mapping.name.clone(), Arc::new(mapping.clone()));
        }
        let known = builder::sources(&functions);
        for (name, file) in versioned_files(&workflows.join(FOLDER)).unwrap_or_default() {
            if let Ok(source) = read_source(&file) {
                let shown = file.display().to_string();
                mistakes.extend(builder::check_function(&shown, &name, source.root(), &known, &functions.documents));
            }
        }
        for catalog in &catalogs {
            mistakes.extend(catalog.check(&known, &functions.documents));
        }
        (functions, mistakes)
    }
}

/// Returns the catalogs of a variant and their mistakes.
fn read_stand_ins(workflows: &Path, variant: &str, functions: &Functions) -> (Vec<Catalog>, Vec<Mistake>) {
    let (mut catalogs, mut mistakes) = (Vec::new(), Vec::new());
    let files = catalog_files(&workflows.join(VARIANT_FOLDER).join(variant));
    for file in files.unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        Vec::new()
    }) {
        match read_catalog(&file) {
            Ok(catalog) => {
                let strange = catalog.functions().filter(|(name, _)| !functions.by_name.contains_key(name));
                let mut report = mistake::Report::new(&catalog.file);
                for (name, task) in strange {
                    let hint = did_you_mean(&name, functions.by_name.keys().map(String::as_str));
                    report.error_with_hint(Spot::key(task), format!("`{name}` replaces no function"), hint);
                }
                mistakes.extend(report.finish());
                catalogs.push(catalog);
            }
            Err(found) => mistakes.extend(found),
        }
    }
    (catalogs, mistakes)
}

/// Returns the names of the variants in a workflow folder.
#[must_use]
pub fn variants(workflows: &Path) -> Vec<String> {
    folders(&workflows.join(VARIANT_FOLDER)).unwrap_or_default().into_iter().map(|(name, _)| name).collect()
}

/// Returns the mappings of a workflow folder with their names, and the mistakes of those that cannot be read.
#[must_use]
pub fn read_mappings(workflows: &Path) -> (Vec<(String, Mapping)>, Vec<Mistake>) {
    let files = match catalog_files(&workflows.join(mapping::FOLDER)) {
        Ok(files) => files,
        Err(mistake) => return (Vec::new(), vec![mistake]),
    };
    let (mut mappings, mut mistakes) = (Vec::new(), Vec::new());
    for file in files {
        match read_mapping(&file) {
            Ok(mapping) => mappings.push((file.display().to_string(), mapping)),
            Err(found) => mistakes.extend(found),
        }
    }
    (mappings, mistakes)
}

/// Returns the names that each mapping of a workflow folder gives its sides, by name of the mapping. Includes mappings
/// with mistakes elsewhere.
#[must_use]
pub fn sides_of_mappings(workflows: &Path) -> BTreeMap<String, Sides> {
    let files = catalog_files(&workflows.join(mapping::FOLDER)).unwrap_or_default();
    let sides = |file: PathBuf| Some((catalog_name(&file).ok()?, Mapping::sides_in(&read_text(&file).ok()?)?));
    files.into_iter().filter_map(sides).collect()
}

/// Reads one mapping.
///
/// # Errors
/// All mistakes of the file.
pub fn read_mapping(file: &Path) -> Result<Mapping, Vec<Mistake>> {
    let shown = file.display().to_string();
    let name = catalog_name(file)?;
    Mapping::read(&shown, &name, &read_text(file)?)
}

/// One file of functions.
struct Catalog {
    file: String,
    name: String,
    source: Source,
}

impl Catalog {
    fn functions(&self) -> impl Iterator<Item = (String, source::Node<'_>)> {
        let functions = self.source.root().get("functions");
        let entries = functions.into_iter().flat_map(source::Node::entries);
        entries.map(|(name, task)| (format!("{}.{name}", self.name), task))
    }

    fn check(&self, known: &BTreeMap<String, Source>, documents: &BTreeMap<String, Arc<Document>>) -> Vec<Mistake> {
        let mut report = mistake::Report::new(&self.file);
        let root = self.source.root();
        report.known_keys(root, &["functions"]);
        match root.get("functions") {
            Some(functions) if functions.is_object() => {}
            Some(functions) => report.error(functions, "`functions` must be an object from names to tasks"),
            None => report.error(root, "a catalog is an object with `functions`"),
        }
        let mut mistakes = report.finish();
        for (name, task) in self.functions() {
            mistakes.extend(builder::check_function(&self.file, &name, task, known, documents));
        }
        mistakes
    }
}

fn read_catalog(file: &Path) -> Result<Catalog, Vec<Mistake>> {
    let name = catalog_name(file)?;
    Ok(Catalog { file: file.display().to_string(), name, source: read_source(file)? })
}

/// Returns the name of a catalog: its file name without extension.
fn catalog_name(file: &Path) -> Result<String, Vec<Mistake>> {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if stem.is_empty() || !stem.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        let message =
            "a catalog's file name is made of letters, digits, `-` and `_`: it names its functions".to_owned();
        return Err(vec![mistake::at(&file.display().to_string(), START, message)]);
    }
    Ok(stem.to_owned())
}

/// Returns functions in the layout of the official catalogs, `CATALOG/functions/NAME/VERSION/function.yaml` (the folder
/// `functions` may be omitted), under the name by which they are called: `CATALOG.NAME:VERSION`.
fn versioned_files(folder: &Path) -> Result<Vec<(String, PathBuf)>, Mistake> {
    let mut found = Vec::new();
    for (catalog, path) in folders(folder)? {
        let inner = path.join(FOLDER);
        for (name, path) in folders(if inner.is_dir() { &inner } else { &path })? {
            for (version, path) in folders(&path)? {
                let file = ["yaml", "yml", "json"].map(|e| path.join("function").with_extension(e));
                let file = file.into_iter().find(|file| file.is_file());
                match file {
                    Some(file) if semver::Version::parse(&version).is_ok() => {
                        found.push((format!("{catalog}.{name}:{version}"), file));
                    }
                    Some(file) => {
                        let message = format!("the folder `{version}` of a function must be a semantic version");
                        return Err(mistake::at(&file.display().to_string(), START, message));
                    }
                    None => {}
                }
            }
        }
    }
    Ok(found)
}

/// Returns the folders in a folder, sorted by name.
fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>, Mistake> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let refuse = |e| mistake::at(&folder.display().to_string(), START, format!("reading the folder failed: {e}"));
    let entries = std::fs::read_dir(folder).map_err(refuse)?.filter_map(Result::ok).filter(|e| e.path().is_dir());
    let mut found: Vec<_> = entries.map(|e| (e.file_name().to_string_lossy().into_owned(), e.path())).collect();
    if found.len() > FILES_MAX {
        let message = format!("the folder has {} folders, more than {FILES_MAX}", found.len());
        return Err(mistake::at(&folder.display().to_string(), START, message));
    }
    found.sort();
    Ok(found)
}

fn read_source(file: &Path) -> Result<Source, Vec<Mistake>> {
    source::read(&file.display().to_string(), &read_text(file)?)
}

fn read_text(file: &Path) -> Result<String, Vec<Mistake>> {
    let refuse = |message: String| vec![mistake::at(&file.display().to_string(), START, message)];
    let bytes = std::fs::read(file).map_err(|e| refuse(format!("reading the file failed: {e}")))?;
    String::from_utf8(bytes).map_err(|e| refuse(format!("the file is not UTF-8: {e}")))
}

/// Reads an OpenAPI document. Returns it with the URI by which definitions refer to it.
fn read_document(file: &Path) -> Result<(String, Document), Vec<Mistake>> {
    let shown = file.display().to_string();
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let source = read_source(file)?;
    let document = Document::new(source.root().to_value()).map_err(|refusal| {
        let mut report = mistake::Report::new(&shown);
        report.error(source.nearest(&refusal.pointer), refusal.message);
        report.finish()
    })?;
    let mut report = mistake::Report::new(&shown);
    builder::check_document(source.root(), &mut report);
    if report.has_errors() {
        return Err(report.finish());
    }
    Ok((format!("{DOCUMENT_SCHEME}{DOCUMENT_FOLDER}/{name}"), document))
}

fn catalog_files(folder: &Path) -> Result<Vec<PathBuf>, Mistake> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let refuse = |message: String| mistake::at(&folder.display().to_string(), START, message);
    let entries =
        std::fs::read_dir(folder).map_err(|e| refuse(format!("reading the folder of catalogs failed: {e}")))?;
    let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| is_document(p)).collect();
    if files.len() > FILES_MAX {
        return Err(refuse(format!("the folder has {} catalogs, more than {FILES_MAX}", files.len())));
    }
    files.sort();
    Ok(files)
}

/// Returns the definitions of a workflow folder: all YAML and JSON files at its top except `hub` and the scenarios.
///
/// # Errors
/// The folder cannot be read.
pub fn definition_files(workflows: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is_definition = |path: &Path| path.file_stem().is_none_or(|stem| stem != "hub") && !is_scenarios(path);
    documents(workflows, is_definition)
}

/// Returns the scenario files of a workflow folder: `*.scenarios.yaml` at its top.
///
/// # Errors
/// The folder cannot be read.
pub fn scenario_files(workflows: &Path) -> std::io::Result<Vec<PathBuf>> {
    documents(workflows, is_scenarios)
}

/// Whether a file contains scenarios, judged by its name: `closed-won.scenarios.yaml`.
#[must_use]
pub fn is_scenarios(path: &Path) -> bool {
    path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| stem.ends_with(".scenarios"))
}

fn documents(folder: &Path, wanted: impl Fn(&Path) -> bool) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| is_document(path) && wanted(path)).collect();
    files.sort();
    Ok(files)
}

/// Whether a file is YAML or JSON, judged by its extension.
fn is_document(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    path.is_file() && ["yaml", "yml", "json"].contains(&extension)
}
