//! Reads definition files and builds them with the catalogs next to them.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::dsl::{self, Built, Functions, Mistake, ProcessKind};
use crate::hub::Hub;

/// Returns the definitions of a path: the file itself, or those in a folder, sorted by name.
pub(in crate::cli) fn definitions(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    dsl::definition_files(path).with_context(|| format!("reading the folder {}", path.display()))
}

/// The folder whose catalogs a definition may use.
pub(super) fn folder(file: &Path) -> PathBuf {
    file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Builds a file.
pub(in crate::cli) fn build(file: &Path, functions: &Functions) -> anyhow::Result<Result<Built, Vec<Mistake>>> {
    built(file, functions, dsl::build)
}

/// Builds a file that was deployed earlier, perhaps under older rules.
pub(super) fn rebuild(file: &Path, functions: &Functions) -> anyhow::Result<Result<Built, Vec<Mistake>>> {
    built(file, functions, dsl::rebuild)
}

type Build = fn(&str, &str, &Functions) -> Result<Built, Vec<Mistake>>;

fn built(file: &Path, functions: &Functions, build: Build) -> anyhow::Result<Result<Built, Vec<Mistake>>> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let name = file.display().to_string();
    Ok(match String::from_utf8(bytes) {
        Ok(text) => build(&name, &text, functions),
        Err(error) => Err(vec![Mistake {
            file: name,
            line: 1,
            column: 1,
            pointer: String::new(),
            message: format!("the file is not UTF-8 text: {error}"),
            hint: None,
            severity: dsl::Severity::Error,
        }]),
    })
}

/// Loads what the definitions of a folder may use: its catalogs, the secrets that its `hub.yaml` releases, and these
/// programs.
pub(in crate::cli) fn functions(
    folder: &Path,
    variant: Option<&str>,
    processes: impl IntoIterator<Item = ProcessKind>,
) -> Result<Functions, Vec<Mistake>> {
    Ok(Functions::load_variant(folder, variant)?.with_processes(processes).with_secrets(Hub::releases_in(folder)))
}
