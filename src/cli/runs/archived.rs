//! `stepwell runs show --archive`: shows a deleted run from its archive. Needs no database.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use super::shown::Run;
use super::tree;
use crate::cli::print;
use crate::engine;
use crate::machine::RunId;
use crate::machine::view::{RunHead, RunView, view};
use crate::retention::{self, Found};

/// Shows a run from an archive, or from the archives in a folder.
pub(super) fn show(path: &Path, id: RunId, json: bool) -> anyhow::Result<ExitCode> {
    let found = retention::find_run(path, id)?;
    let found = found.with_context(|| format!("no archive in {} has run {id}", path.display()))?;
    if let Some(tampered) = found.verify() {
        anyhow::bail!("{}: {tampered}", found.path.display());
    }
    let view = unfold(&found)?;
    if json {
        let mut shown = serde_json::to_value(&view)?;
        // As in the API; a deleted run has no open proposals.
        shown["proposals"] = serde_json::json!([]);
        print::json(&shown);
    } else {
        print::text(&tree::tree(&Run::of(&view)?));
        println!("  archived in {}", found.path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn unfold(found: &Found) -> anyhow::Result<RunView> {
    let definition = engine::rebuild_archived(&found.definition).map_err(anyhow::Error::msg);
    let definition = definition.with_context(|| {
        let d = &found.definition;
        format!("this version of Stepwell cannot read {}/{} {}", d.namespace, d.name, d.version)
    })?;
    let records = found.records()?;
    let run = &found.run;
    let head = RunHead { id: run.id, parent: run.parent_id, created_at: run.created_at, wake_at: None, base: 0 };
    let view = view(&definition, &head, &records).context("its journal does not match its definition")?;
    view.context("its journal is empty")
}
