//! `stepwell schema`: JSON Schemas for editors.

use std::process::ExitCode;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::dsl::editor::Editor;

/// A schema, selected by name.
#[derive(Debug, Clone, Copy)]
struct Of(Editor);

impl ValueEnum for Of {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self(Editor::Stepwell),
            Self(Editor::Functions),
            Self(Editor::Hub),
            Self(Editor::Scenarios),
            Self(Editor::Mapping),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.about()))
    }
}

/// Arguments of `stepwell schema`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The kind of file.
    #[arg(value_enum, default_value = "stepwell")]
    of: Of,
}

pub(in crate::cli) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    println!("{}", serde_json::to_string_pretty(&args.of.0.schema())?);
    Ok(ExitCode::SUCCESS)
}
