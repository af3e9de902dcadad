//! `stepwell login`: a one-time link to the dashboard.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use sqlx::PgPool;

use super::context;
use crate::config::Settings;
use crate::store::access::{self, Scope};

/// How long a link can be used.
const LIFETIME: Duration = Duration::from_mins(15);

/// Arguments of `stepwell login`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Sign in as this user; without it as the administrator at this terminal.
    #[arg(long)]
    user: Option<String>,
}

pub(super) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    let (name, scopes) = match &args.user {
        None => (context::actor().0, vec![Scope::Admin]),
        Some(name) => {
            let (identity, _) = access::find_user(&pool, name)
                .await?
                .with_context(|| format!("there is no user {name}; `stepwell user create {name}` makes one"))?;
            (identity.name, identity.scopes)
        }
    };
    println!("{}", link(&pool, settings, &name, &scopes).await?);
    Ok(ExitCode::SUCCESS)
}

/// A link that signs one person in, once.
pub(super) async fn link(pool: &PgPool, settings: &Settings, name: &str, scopes: &[Scope]) -> anyhow::Result<String> {
    let secret = access::create_login_link(pool, name, scopes, LIFETIME).await?;
    Ok(format!("{}/login?token={secret}", settings.url()))
}
