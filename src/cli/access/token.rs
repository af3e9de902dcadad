//! `stepwell token`: API tokens. A token's secret is shown only once.

use std::process::ExitCode;

use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::cli::client::{self, Client, Path};
use crate::cli::{print, when};
use crate::config::Settings;
use crate::machine::Time;
use crate::store::access::{Name, Scope};

/// `stepwell token ...`
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// Create a token and print it.
    Create {
        /// A name that says what the token is for.
        #[arg(long, default_value = "cli")]
        name: Name,
        /// The user it belongs to: the token acts as this user, within the user's scopes, and is revoked with the user. By default
        /// it belongs to a program.
        #[arg(long)]
        user: Option<String>,
        /// Scopes of the token: read, operate, deploy, admin.
        #[arg(long, value_delimiter = ',', default_value = "read")]
        scopes: Vec<Scope>,
        /// How long it is valid, in whole days, such as 90d. Default: until revoked.
        #[arg(long, alias = "days", value_name = "DURATION", value_parser = when::days)]
        lifetime: Option<u64>,
        /// The reason, recorded with the action.
        #[arg(long)]
        reason: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List tokens.
    List {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token, and end the sessions it started.
    Revoke {
        /// The token's id.
        id: Uuid,
        /// The reason, recorded with the action.
        #[arg(long)]
        reason: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Most tokens listed.
const LIST_MAX: usize = 10_000;

/// A new token.
#[derive(Deserialize)]
struct Made {
    id: Uuid,
    token: String,
}

/// The printed fields of a token.
#[derive(Deserialize)]
struct Token {
    id: Uuid,
    name: String,
    user: Option<String>,
    scopes: Vec<String>,
    revoked_at: Option<Time>,
}

#[derive(Deserialize)]
struct Revoked {
    ended: Ended,
}

#[derive(Deserialize)]
struct Ended {
    sessions: u64,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    match command {
        Command::Create { name, user, scopes, lifetime, reason, json } => {
            let name = name.as_str();
            let asked = json!({ "name": name, "user": user, "scopes": scopes, "days": lifetime, "reason": reason });
            let made = client.post(Path::of(["tokens"]), &asked).await?;
            if json {
                print::json(&made);
                return Ok(ExitCode::SUCCESS);
            }
            let Made { id, token } = client::read(made)?;
            eprintln!("token {id} ({name}); it is shown only this once:");
            println!("{token}");
        }
        Command::List { json } => print::pages(client.pages(Path::of(["tokens"]), LIST_MAX), json, line).await?,
        Command::Revoke { id, reason, json } => {
            let revoked = client.delete(Path::of(["tokens", &id.to_string()]).with("reason", reason)).await;
            let missing = || format!("there is no valid token {id}; `stepwell token list` shows all tokens");
            let revoked = revoked.map_err(|failure| failure.or_missing(missing))?;
            if json {
                print::json(&revoked);
                return Ok(ExitCode::SUCCESS);
            }
            let ended = client::read::<Revoked>(revoked)?.ended.sessions;
            let ended = if ended > 0 { format!("; ended: {ended} sessions") } else { String::new() };
            println!("revoked {id}{ended}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(token: &Token) -> String {
    let Token { id, name, user, scopes, revoked_at } = token;
    let state = if revoked_at.is_some() { "revoked" } else { "valid" };
    let owner = user.as_ref().map(|user| format!("  of {user}")).unwrap_or_default();
    format!("{id}  {state:8} {name:20} {}{owner}", scopes.join(","))
}
