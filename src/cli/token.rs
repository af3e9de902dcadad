//! `stepwell token`: API tokens. The secret is shown once and never again.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use uuid::Uuid;

use super::context;
use crate::config::Settings;
use crate::store::access::{self, Scope};

/// `stepwell token ...`
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a token and print it.
    Create {
        /// What it is for.
        #[arg(long, default_value = "cli")]
        name: String,
        /// What it may do: read, operate, deploy, admin.
        #[arg(long, value_delimiter = ',', default_value = "read")]
        scopes: Vec<Scope>,
        /// Days until it is refused; without it, until it is revoked.
        #[arg(long)]
        days: Option<u64>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// List tokens.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Refuse a token from now on.
    Revoke {
        /// Its id.
        id: Uuid,
    },
}

pub(super) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    match command {
        Command::Create { name, scopes, days, json } => {
            let lifetime = days.map(|d| Duration::from_secs(d.saturating_mul(86_400)));
            let (id, secret) = access::create_token(&pool, &name, &scopes, lifetime).await?;
            if json {
                println!("{}", serde_json::json!({ "id": id, "name": name, "token": secret }));
            } else {
                eprintln!("token {id} ({name}); it is shown only this once:");
                println!("{secret}");
            }
        }
        Command::List { json } => {
            let tokens = access::tokens(&pool, 500).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&tokens)?);
                return Ok(ExitCode::SUCCESS);
            }
            for t in tokens {
                let state = if t.revoked_at.is_some() { "revoked" } else { "valid" };
                println!("{}  {state:8} {:20} {}", t.id, t.name, t.scopes.join(","));
            }
        }
        Command::Revoke { id } => {
            if !access::revoke_token(&pool, id).await? {
                bail!("there is no token {id} that could be revoked; `stepwell token list` shows them");
            }
            println!("revoked {id}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
