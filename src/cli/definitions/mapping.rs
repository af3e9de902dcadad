//! `stepwell mapping`: prints mappings as tables and checks their samples.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use super::test::evaluated;
use crate::cli::runs::acts;
use crate::cli::serving::server::refused;
use crate::config::Settings;
use crate::dsl;
use crate::dsl::mapping::{FOLDER, Mapping, Unfit};
use crate::evaluator::Evaluator;
use crate::expr::Evaluation;

/// What to do.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Print mappings as Markdown tables.
    Doc {
        /// Names or files of mappings. Default: all in the workflows folder.
        #[arg(value_name = "MAPPING")]
        mappings: Vec<String>,
    },
    /// Check that the samples of mappings pass.
    Check {
        /// Names or files of mappings. Default: all in the workflows folder.
        #[arg(value_name = "MAPPING")]
        mappings: Vec<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what a record becomes on the other side.
    Apply {
        /// Name or file of the mapping.
        #[arg(value_name = "MAPPING")]
        mapping: String,
        /// The record, as JSON.
        #[arg(long, value_name = "FILE")]
        record: PathBuf,
        /// The side it comes from, by its name in the mapping: `crm`, `erp` unless the mapping names its sides.
        #[arg(long, value_name = "SIDE")]
        from: String,
    },
    /// Show which fields a changed mapping would write differently, for each record that runs passed to it.
    Diff(super::mapping_diff::Args),
}

pub(in crate::cli) async fn run(command: &Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        Command::Doc { mappings } => {
            let tables: Vec<String> = read(mappings, settings)?.iter().map(|(_, one)| one.to_markdown()).collect();
            print!("{}", tables.join("\n"));
            Ok(ExitCode::SUCCESS)
        }
        Command::Diff(args) => super::mapping_diff::run(args, settings).await,
        Command::Check { mappings, json } => check(&read(mappings, settings)?, *json),
        Command::Apply { mapping, record, from } => {
            let mapping = one(mapping, &settings.workflows)?.1;
            let from = mapping.sides.find(from).with_context(|| {
                let known = mapping.sides.names().join(" or ");
                format!("mapping {} has no side {from:?}: choose --from {known}", mapping.name)
            })?;
            let value = acts::read_json(&record.to_string_lossy())?;
            let converted = with_evaluator(|evaluate| mapping.convert(&value, from.other(), evaluate))?;
            println!("{}", serde_json::to_string_pretty(&converted?)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

pub(super) fn with_evaluator<T>(use_it: impl FnOnce(&dsl::mapping::Evaluate<'_>) -> T) -> anyhow::Result<T> {
    let evaluator = Evaluator::of_this_program(1).context("finding this program's own path")?;
    let known = RefCell::new(HashMap::new());
    Ok(use_it(&|asked: &Evaluation| evaluated(&evaluator, &known, asked)))
}

fn check(mappings: &[(String, Mapping)], as_json: bool) -> anyhow::Result<ExitCode> {
    let unfit: Vec<(&str, Unfit)> = with_evaluator(|evaluate| {
        let of =
            |(file, mapping)| Mapping::unfit(mapping, evaluate).into_iter().map(move |one| (String::as_str(file), one));
        mappings.iter().flat_map(|(file, mapping)| of((file, mapping))).collect()
    })?;
    let samples: usize = mappings.iter().map(|(_, mapping)| mapping.samples.len()).sum();
    if as_json {
        let items: Vec<Value> = unfit
            .iter()
            .map(|(file, one)| json!({ "file": file, "line": one.line, "sample": one.sample, "why": one.why }))
            .collect();
        println!("{}", json!({ "samples": samples, "failed": items }));
    } else {
        for (file, one) in &unfit {
            println!("{file}:{}: {}: {}", one.line, one.sample, one.why);
        }
        println!("{samples} samples of {} mappings, {} failed", mappings.len(), unfit.len());
    }
    Ok(if unfit.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads mappings by name or file; by default, all in the folder.
fn read(wanted: &[String], settings: &Settings) -> anyhow::Result<Vec<(String, Mapping)>> {
    if wanted.is_empty() {
        let (mappings, mistakes) = dsl::read_mappings(&settings.workflows);
        if !mistakes.is_empty() {
            return Err(refused(&mistakes));
        }
        return Ok(mappings);
    }
    wanted.iter().map(|name| one(name, &settings.workflows)).collect()
}

/// Reads a mapping by file, or by name in a folder of workflows. Returns its file too.
pub(super) fn one(name: &str, workflows: &Path) -> anyhow::Result<(String, Mapping)> {
    let named = workflows.join(FOLDER).join(format!("{name}.yaml"));
    let file = if Path::new(name).is_file() { PathBuf::from(name) } else { named };
    if !file.is_file() {
        bail!("there is no mapping {name:?}: neither a file nor {}", file.display());
    }
    let mapping = dsl::read_mapping(&file).map_err(|mistakes| refused(&mistakes))?;
    Ok((file.display().to_string(), mapping))
}
