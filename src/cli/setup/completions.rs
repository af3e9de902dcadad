//! `stepwell completions`: prints the completion script of a shell.

use std::process::ExitCode;

use clap_complete::Shell;

use crate::output::Output;

/// Arguments of `stepwell completions`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(in crate::cli) fn run(args: &Args, mut command: clap::Command) -> ExitCode {
    clap_complete::generate(args.shell, &mut command, "stepwell", &mut Output);
    ExitCode::SUCCESS
}
