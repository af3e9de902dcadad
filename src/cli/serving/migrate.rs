//! `stepwell migrate`: migrates the database as the owner of its tables, and sets up a role with fewer permissions for
//! nodes.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use crate::cli::context;
use crate::config::Settings;
use crate::store;

/// Arguments of `stepwell migrate`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// A role that nodes run as: it gets only the permissions that nodes need, and later migrations grant it the new ones.
    #[arg(long, value_name = "ROLE")]
    node_role: Option<String>,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    create_if_missing(&context::database_url(settings)?).await?;
    let pool = context::connect_owner(settings).await?;
    // Even if nothing was missing: an earlier migration may have been interrupted before its grants.
    store::nodes::roles::grant_again(&pool).await.context("granting permissions to the roles of nodes")?;
    println!("the database is at the version of this program");
    if let Some(role) = &args.node_role {
        store::nodes::roles::grant_node_role(&pool, role)
            .await
            .with_context(|| format!("granting permissions to the role {role}"))?;
        println!("nodes may run as {role}: `stepwell serve --no-migrate` with that role in DATABASE_URL");
    }
    Ok(ExitCode::SUCCESS)
}

/// Creates a missing database. Only this command does so: a node with a mistake in its URL must not create an empty
/// one.
async fn create_if_missing(url: &str) -> anyhow::Result<()> {
    match store::knock(url, Duration::from_secs(5)).await {
        Err(error) if error.is_missing_database() => {
            let address = store::address(url)?;
            store::create_database_of(url).await.with_context(|| format!("creating the database {address}"))?;
            println!("created the database {address}");
            Ok(())
        }
        // Any other problem is reported by the next connect.
        _ => Ok(()),
    }
}
