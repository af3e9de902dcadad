//! `stepwell login`: a one-time link to the dashboard.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use sqlx::PgPool;

use crate::cli::context;
use crate::config::Settings;
use crate::store::access::{self, Identity, Principal, Scope};
use crate::store::acts::By;

/// How long a link is valid.
const LIFETIME: Duration = Duration::from_mins(15);

/// Arguments of `stepwell login`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Sign in as this user. Default: the administrator at this terminal.
    #[arg(long)]
    user: Option<String>,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    let by = context::identity(&pool, settings, Scope::Read).await?;
    let identity = match &args.user {
        None => {
            let program = matches!(by.principal, Principal::Token { owner: None, .. });
            ensure!(!program, "{} is a program's token and cannot sign in: name a user with --user", by.actor().0);
            by.clone()
        }
        Some(name) => {
            let user = access::find_user(&pool, name).await?;
            let hint = || format!("there is no user {name} who may sign in; `stepwell user list` shows them");
            let user = user.with_context(hint)?;
            let may = user.actor() == by.actor() || by.allows(Scope::Admin);
            ensure!(may, "a link for another user needs the scope admin, which {} does not have", by.actor().0);
            user
        }
    };
    println!("{}", link(&pool, settings, &identity, &by).await?);
    Ok(ExitCode::SUCCESS)
}

/// A link that signs one person in, once.
pub(in crate::cli) async fn link(
    pool: &PgPool,
    settings: &Settings,
    identity: &Identity,
    by: &Identity,
) -> anyhow::Result<String> {
    let secret = access::create_login_link(pool, identity, LIFETIME, By::from(&by.actor())).await?;
    Ok(format!("{}/login?token={secret}", settings.url()))
}
