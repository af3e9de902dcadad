//! `stepwell migrate`: bring the database to this version as the owner of its tables, and let nodes run as a lesser role.

use std::process::ExitCode;

use anyhow::Context;

use super::context;
use crate::config::Settings;
use crate::store;

/// Arguments of `stepwell migrate`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A role that nodes run as: it gets what nodes need and no more. Remembered, so that later migrations grant it what is new.
    #[arg(long, value_name = "ROLE")]
    node_role: Option<String>,
}

pub(super) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect_owner(settings).await?;
    // Also where nothing was missing: an earlier migration may have been interrupted before its grants.
    store::roles::grant_again(&pool).await.context("granting the roles of nodes what they need")?;
    println!("the database is at the version of this program");
    if let Some(role) = &args.node_role {
        store::roles::grant_node_role(&pool, role).await.with_context(|| format!("letting nodes run as {role}"))?;
        println!("nodes may run as {role}: `stepwell serve --no-migrate` with that role in DATABASE_URL");
    }
    Ok(ExitCode::SUCCESS)
}
