//! `stepwell token`: API tokens. The secret is shown once and never again.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::store::access::{self, Name, NewToken, Scope};
use crate::store::acts::By;

/// `stepwell token ...`
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// Create a token and print it.
    Create {
        /// A name that says what the token is for.
        #[arg(long, default_value = "cli")]
        name: Name,
        /// The user it belongs to: it acts as this user, within the user's scopes, and is revoked with the user. Default: a program's token.
        #[arg(long)]
        user: Option<String>,
        /// Scopes of the token: read, operate, deploy, admin.
        #[arg(long, value_delimiter = ',', default_value = "read")]
        scopes: Vec<Scope>,
        /// Days until it expires. Default: valid until revoked.
        #[arg(long)]
        days: Option<u64>,
        /// The reason, recorded with the action.
        #[arg(long)]
        reason: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List tokens.
    List {
        /// Print JSON.
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
    },
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    let by = context::identity(&pool, settings, Scope::Admin).await?.actor();
    match command {
        Command::Create { name, user, scopes, days, reason, json } => {
            let lifetime = days.map(|d| Duration::from_secs(d.saturating_mul(86_400)));
            let new = NewToken { name: &name, user: user.as_deref(), scopes: &scopes, lifetime };
            let made = access::issue_token(&pool, &new, By { actor: &by, reason: reason.as_deref() }).await?;
            let (id, secret) = made.with_context(|| {
                format!(
                    "there is no user {} who may sign in; `stepwell user list` shows them",
                    user.unwrap_or_default()
                )
            })?;
            if json {
                println!("{}", serde_json::json!({ "id": id, "name": name.as_str(), "token": secret }));
            } else {
                eprintln!("token {id} ({name}); it is shown only this once:");
                println!("{secret}");
            }
        }
        Command::List { json } => {
            let tokens = access::tokens(&pool, None, 500).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&tokens)?);
                return Ok(ExitCode::SUCCESS);
            }
            for t in tokens {
                let state = if t.revoked_at.is_some() { "revoked" } else { "valid" };
                let owner = t.user.map(|user| format!("  of {user}")).unwrap_or_default();
                println!("{}  {state:8} {:20} {}{owner}", t.id, t.name, t.scopes.join(","));
            }
        }
        Command::Revoke { id, reason } => {
            let by = By { actor: &by, reason: reason.as_deref() };
            let ended = access::revoke_token(&pool, id, by)
                .await?
                .with_context(|| format!("there is no valid token {id}; `stepwell token list` shows all tokens"))?;
            let ended = if ended > 0 { format!("; ended: {ended} sessions") } else { String::new() };
            println!("revoked {id}{ended}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
