//! `stepwell user`: people who sign in to the dashboard. A change takes effect at once and reports the sessions and
//! tokens that it ended.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::client::{self, Client, Path};
use crate::cli::{context, print};
use crate::config::Settings;
use crate::machine::Time;
use crate::store::access::{self, LastAdmin, Name, Scope, UserChange};
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
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List users.
    List {
        /// Print a JSON array.
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

/// Arguments of the subcommands that change an existing user.
#[derive(Debug, Args)]
pub(in crate::cli) struct Whom {
    /// The user's name.
    name: String,
    /// The reason, recorded with the action.
    #[arg(long)]
    reason: Option<String>,
    /// Proceed even if no user with the scope admin is left. Opens the database: no server does this.
    #[arg(long)]
    last_admin: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Most users listed.
const LIST_MAX: usize = 10_000;

/// The printed fields of a user.
#[derive(Deserialize)]
struct User {
    name: String,
    scopes: Vec<String>,
    disabled_at: Option<Time>,
    sessions: u64,
    tokens: u64,
}

/// What a change ended.
#[derive(Deserialize)]
struct Changed {
    ended: Ended,
}

#[derive(Deserialize)]
struct Ended {
    sessions: u64,
    login_links: u64,
    tokens: u64,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (whom, change) = match command {
        Command::Create { name, scopes, reason, json } => {
            return create(&Client::open(settings).await?, &name, &scopes, reason, json).await;
        }
        Command::List { json } => {
            let client = Client::open(settings).await?;
            print::pages(client.pages(Path::of(["users"]), LIST_MAX), json, line).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Change { scopes, whom } => (whom, UserChange::Scopes(scopes)),
        Command::Disable(whom) => (whom, UserChange::Disable),
        Command::Enable(whom) => (whom, UserChange::Enable),
        Command::Delete(whom) => (whom, UserChange::Delete),
    };
    let told = match &change {
        UserChange::Scopes(_) => "has the new scopes",
        UserChange::Disable => "is disabled",
        UserChange::Enable => "may sign in again",
        UserChange::Delete => "is deleted",
    };
    let changed = match whom.last_admin {
        true => recover(settings, &whom, &change).await?,
        false => changed(&Client::open(settings).await?, &whom, change).await?,
    };
    match whom.json {
        true => print::json(&changed),
        false => println!("user {} {told}{}", whom.name, shown(&client::read::<Changed>(changed)?.ended)),
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(
    client: &Client,
    name: &Name,
    scopes: &[Scope],
    reason: Option<String>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let asked = json!({ "name": name.as_str(), "scopes": scopes, "reason": reason });
    let (user, verb) = match client.post(Path::of(["users"]), &asked).await {
        Ok(user) => (user, "created"),
        Err(failure) if failure.problem().is_some_and(|problem| problem.is("conflict")) => {
            // Repeating the same command changes nothing, as with `deploy`.
            match client.get(Path::of(["users", name.as_str()])).await {
                Ok(user) if has(&user, scopes) => (user, "already exists"),
                Ok(_) => bail!("user {name} already exists; `stepwell user change {name} --scopes ...` changes it"),
                Err(_) => return Err(failure.into()),
            }
        }
        Err(failure) => return Err(failure.into()),
    };
    match json {
        true => print::json(&user),
        false => println!("user {name} {verb}; `stepwell login --user {name}` prints a link to sign in"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a user has exactly these scopes.
fn has(user: &Value, scopes: &[Scope]) -> bool {
    let granted: Vec<&str> = user["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    user["disabled_at"].is_null()
        && Scope::ALL.iter().all(|scope| granted.contains(&scope.as_str()) == scopes.contains(scope))
}

fn line(user: &User) -> String {
    let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
    let User { name, scopes, sessions, tokens, .. } = user;
    format!("{name:24} {state:8} {:28} {sessions} sessions, {tokens} tokens", scopes.join(","))
}

async fn changed(client: &Client, whom: &Whom, change: UserChange) -> anyhow::Result<Value> {
    let name = whom.name.as_str();
    let reason = json!({ "reason": whom.reason });
    let done = match change {
        UserChange::Scopes(scopes) => {
            client.patch(Path::of(["users", name]), &json!({ "scopes": scopes, "reason": whom.reason })).await
        }
        UserChange::Disable => client.post(Path::of(["users", name, "disable"]), &reason).await,
        UserChange::Enable => client.post(Path::of(["users", name, "enable"]), &reason).await,
        UserChange::Delete => client.delete(Path::of(["users", name]).with("reason", whom.reason.as_ref())).await,
    };
    done.map_err(|failure| failure.or_missing(|| missing(name)))
}

fn missing(name: &str) -> String {
    format!("there is no user {name}; `stepwell user list` shows them")
}

/// Makes a change that may leave no administrator to undo it: this requires access to the database, not just a token.
async fn recover(settings: &Settings, whom: &Whom, change: &UserChange) -> anyhow::Result<Value> {
    let pool = context::connect(settings).await?;
    let by = context::identity(&pool, settings, Scope::Admin).await?.actor();
    let by = By { actor: &by, reason: whom.reason.as_deref() };
    match access::change_user(&pool, &whom.name, change, LastAdmin::MayGo, by).await? {
        access::Changed::Done(ended) => Ok(json!({ "user": access::user(&pool, &whom.name).await?, "ended": ended })),
        access::Changed::Unknown | access::Changed::LastAdmin => bail!(missing(&whom.name)),
    }
}

fn shown(Ended { sessions, login_links, tokens }: &Ended) -> String {
    if (*sessions, *login_links, *tokens) == (0, 0, 0) {
        return String::new();
    }
    format!("; ended: {sessions} sessions, {login_links} login links, {tokens} tokens")
}
