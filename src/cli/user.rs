//! `stepwell user`: people who sign in to the dashboard.

use std::process::ExitCode;

use super::context;
use crate::config::Settings;
use crate::store::access::{self, Scope};

/// `stepwell user ...`
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a user, who signs in by the links of `stepwell login --user NAME`.
    Create {
        /// Name.
        name: String,
        /// What the user may do: read, operate, deploy, admin.
        #[arg(long, value_delimiter = ',', default_value = "read,operate")]
        scopes: Vec<Scope>,
    },
}

pub(super) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let Command::Create { name, scopes } = command;
    let pool = context::connect(settings).await?;
    access::create_user(&pool, &name, &scopes, None).await?;
    println!("user {name} made; `stepwell login --user {name}` prints a link to sign in");
    Ok(ExitCode::SUCCESS)
}
