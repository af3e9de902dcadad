//! The program: reads the command line and hands over to one file per subcommand.

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stepwell::cli::main(stepwell::cli::Cli::parse())
}
