//! `stepwell schema`: JSON Schemas for editors.

use std::process::ExitCode;

use crate::dsl::editor::Editor;

/// Arguments of `stepwell schema`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The kind of file.
    #[arg(value_enum, default_value = "stepwell")]
    of: Editor,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    println!("{}", serde_json::to_string_pretty(&args.of.schema())?);
    Ok(ExitCode::SUCCESS)
}
