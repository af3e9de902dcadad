//! `stepwell graph`: a definition as a Mermaid flowchart.

use std::path::PathBuf;
use std::process::ExitCode;

use super::load;
use crate::cli::serving::server::refused;
use crate::dsl::{Functions, ProcessKind, Releases, graph};

/// Arguments of `stepwell graph`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// A definition.
    path: PathBuf,
    /// The language of the chart.
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
}

/// Languages of charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Mermaid, which `GitHub`, `GitLab` and most wikis show.
    Mermaid,
}

pub(in crate::cli) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let functions = Functions::load(&load::folder(&args.path)).map_err(|mistakes| refused(&mistakes))?;
    let functions = functions.with_processes(ProcessKind::ALL).with_secrets(Releases::unchecked());
    let built = load::build(&args.path, &functions)?.map_err(|mistakes| refused(&mistakes))?;
    match args.format {
        Format::Mermaid => print!("{}", graph::mermaid(&built.definition)),
    }
    Ok(ExitCode::SUCCESS)
}
