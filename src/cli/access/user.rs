//! `stepwell user`: people who sign in to the dashboard. A change takes effect at once and says what it ended.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use sqlx::PgPool;

use crate::cli::context;
use crate::config::Settings;
use crate::machine::Actor;
use crate::store::access::{self, Changed, Created, Ended, LastAdmin, Name, Scope, UserChange};
use crate::store::acts::By;

/// `stepwell user ...`
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// Create a user, who signs in with links from `stepwell login --user NAME`.
    Create {
        /// Name: letters, digits and . _ - @ +. Journals record it, so it is never given to another user.
        name: Name,
        /// Scopes of the user: read, operate, deploy, admin.
        #[arg(long, value_delimiter = ',', default_value = "read,operate")]
        scopes: Vec<Scope>,
        /// The reason, recorded with the action.
        #[arg(long)]
        reason: Option<String>,
    },
    /// List users.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change a user's scopes. This also applies to existing sessions and tokens.
    Change {
        /// The user's new scopes: read, operate, deploy, admin.
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        #[command(flatten)]
        whom: Whom,
    },
    /// Disable a user: sessions end, tokens are revoked.
    Disable(Whom),
    /// Enable a user again. Revoked tokens stay revoked.
    Enable(Whom),
    /// Delete a user permanently. The name cannot be used again.
    Delete(Whom),
}

/// Which user, and why.
#[derive(Debug, Args)]
pub(in crate::cli) struct Whom {
    /// The user's name.
    name: String,
    /// The reason, recorded with the action.
    #[arg(long)]
    reason: Option<String>,
    /// Proceed even if no user with the scope admin is left.
    #[arg(long)]
    last_admin: bool,
}

/// Users that are listed.
const LIST_MAX: i64 = 10_000;

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    let by = context::identity(&pool, settings, Scope::Admin).await?.actor();
    match command {
        Command::Create { name, scopes, reason } => create(&pool, &by, &name, &scopes, reason.as_deref()).await?,
        Command::List { json } => list(&pool, json).await?,
        Command::Change { scopes, whom } => {
            done(&pool, &by, &UserChange::Scopes(scopes), &whom, "has the new scopes").await?;
        }
        Command::Disable(whom) => done(&pool, &by, &UserChange::Disable, &whom, "is disabled").await?,
        Command::Enable(whom) => done(&pool, &by, &UserChange::Enable, &whom, "may sign in again").await?,
        Command::Delete(whom) => done(&pool, &by, &UserChange::Delete, &whom, "is deleted").await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(pool: &PgPool, by: &Actor, name: &Name, scopes: &[Scope], reason: Option<&str>) -> anyhow::Result<()> {
    match access::create_user(pool, name, scopes, By { actor: by, reason }).await? {
        Created::Done => println!("user {name} created; `stepwell login --user {name}` prints a link to sign in"),
        // The same twice changes nothing, as with `deploy`.
        Created::Taken if is_as_asked(pool, name, scopes).await? => {
            println!("user {name} already exists; `stepwell login --user {name}` prints a link to sign in");
        }
        Created::Taken => {
            bail!("user {name} already exists; `stepwell user change {name} --scopes ...` changes it")
        }
        Created::TakenBefore => {
            bail!("{name} is the name of a deleted user, which journals record: choose another name")
        }
    }
    Ok(())
}

async fn is_as_asked(pool: &PgPool, name: &Name, scopes: &[Scope]) -> anyhow::Result<bool> {
    let found = access::find_user(pool, name.as_str()).await?;
    Ok(found.is_some_and(|user| Scope::ALL.iter().all(|scope| user.scopes.contains(scope) == scopes.contains(scope))))
}

async fn list(pool: &PgPool, json: bool) -> anyhow::Result<()> {
    let users = access::users(pool, None, LIST_MAX).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&users)?);
        return Ok(());
    }
    for user in users {
        let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
        let (scopes, sessions, tokens) = (user.scopes.join(","), user.sessions, user.tokens);
        println!("{:24} {state:8} {scopes:28} {sessions} sessions, {tokens} tokens", user.name);
    }
    Ok(())
}

async fn done(pool: &PgPool, by: &Actor, what: &UserChange, whom: &Whom, told: &str) -> anyhow::Result<()> {
    let Whom { name, reason, last_admin } = whom;
    let last_admin = if *last_admin { LastAdmin::MayGo } else { LastAdmin::Keep };
    let by = By { actor: by, reason: reason.as_deref() };
    match access::change_user(pool, name, what, last_admin, by).await? {
        Changed::Done(ended) => println!("user {name} {told}{}", shown(ended)),
        Changed::Unknown => bail!("there is no user {name}; `stepwell user list` shows them"),
        Changed::LastAdmin => bail!(
            "user {name} was not changed: no other user has the scope admin. Give it to another user first, or use --last-admin"
        ),
    }
    Ok(())
}

fn shown(Ended { sessions, login_links, tokens }: Ended) -> String {
    if (sessions, login_links, tokens) == (0, 0, 0) {
        return String::new();
    }
    format!("; ended: {sessions} sessions, {login_links} login links, {tokens} tokens")
}
