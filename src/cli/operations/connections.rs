//! `stepwell connections`: pausing connections, and the stored tokens of those that sign in with a refresh token.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::{Context, bail};
use sqlx::PgPool;

use super::pauses;
use crate::cli::context;
use crate::config::Settings;
use crate::connect::{KEYS_VARIABLE, Keyring, Secret};
use crate::machine::Actor;
use crate::store::access::Scope;
use crate::store::acts::By;
use crate::store::nodes::oauth::{self, Sealed};

/// Longest refresh token that is read.
const TOKEN_BYTES_MAX: u64 = 64 << 10;

/// Rows that are encrypted again in one go.
const PAGE: i64 = 100;

/// `stepwell connections ...`
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// List the connections of a node: which are paused, and which systems do not answer.
    Status {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Let the calls of a connection wait, on every node, until it is resumed.
    Pause(pauses::Steered),
    /// Let the calls of a paused connection go out again.
    Resume(pauses::Steered),
    #[command(flatten)]
    Tokens(Tokens),
}

/// The stored tokens of connections that sign in with a refresh token.
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Tokens {
    /// List the stored tokens of connections: how often they changed, and which ones the provider no longer accepts.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put a new refresh token, read from standard input, in place of one that the provider no longer accepts.
    Reauthorize {
        #[command(flatten)]
        which: Which,
        /// Do not read a token: retry with the stored ones.
        #[arg(long)]
        same: bool,
        #[command(flatten)]
        why: Why,
    },
    /// Encrypt all stored tokens with the first key of STEPWELL_ENCRYPTION_KEYS, so that the other keys are no longer needed.
    Reencrypt {
        #[command(flatten)]
        why: Why,
    },
    /// Delete stored tokens that are no longer used.
    Forget {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        why: Why,
    },
}

/// The reason, recorded with the action.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Why {
    /// The reason, recorded with the action.
    #[arg(long)]
    reason: Option<String>,
}

/// One row.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Which {
    /// The connection in `hub.yaml`.
    #[arg(required_unless_present = "id")]
    connection: Option<String>,
    /// The start of the row's id, if a connection has several rows.
    #[arg(long)]
    id: Option<String>,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    match command {
        Command::Status { json } => pauses::status(settings, json).await,
        Command::Pause(steered) => pauses::steer(settings, "pause", steered).await,
        Command::Resume(steered) => pauses::steer(settings, "resume", steered).await,
        Command::Tokens(command) => tokens(command, settings).await,
    }
}

async fn tokens(command: Tokens, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    let scope = if matches!(command, Tokens::List { .. }) { Scope::Read } else { Scope::Admin };
    let actor = context::identity(&pool, settings, scope).await?.actor();
    match command {
        Tokens::List { json } => list(&pool, json).await,
        Tokens::Reauthorize { which, same, why } => reauthorize(&pool, &which, same, why.by(&actor)).await,
        Tokens::Reencrypt { why } => reencrypt(&pool, why.by(&actor)).await,
        Tokens::Forget { which, why } => {
            let id = which.find(&pool).await?;
            oauth::forget(&pool, &id, why.by(&actor)).await?;
            println!("forgot the stored tokens {}", hex::encode(&id[..6]));
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl Why {
    fn by<'a>(&'a self, actor: &'a Actor) -> By<'a> {
        By { actor, reason: self.reason.as_deref() }
    }
}

impl Which {
    async fn find(&self, pool: &PgPool) -> anyhow::Result<Vec<u8>> {
        let id = self.id.as_ref().map(|id| id.to_ascii_lowercase());
        let found = oauth::ids(pool, self.connection.as_deref(), id.as_deref()).await?;
        match found.as_slice() {
            [id] => Ok(id.clone()),
            [] => bail!("no such stored tokens; `stepwell connections list` shows those that exist"),
            several => bail!(
                "there are {} rows of that name, since its first refresh token was changed: name one with --id (`stepwell connections \
                 list` shows the newest first)",
                several.len()
            ),
        }
    }
}

async fn list(pool: &PgPool, json: bool) -> anyhow::Result<ExitCode> {
    let rows = oauth::list(pool, 1_000).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(ExitCode::SUCCESS);
    }
    for row in rows {
        let state = if row.refused_at.is_some() { "refused" } else { "authorized" };
        let name = if row.connection.is_empty() { "(none)" } else { &row.connection };
        println!("{}  {state:10} {name:24} changed {} times, last {}", row.id, row.generation, row.changed_at);
        if let Some(problem) = row.problem {
            println!("              {problem}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn reauthorize(pool: &PgPool, which: &Which, same: bool, by: By<'_>) -> anyhow::Result<ExitCode> {
    let id = which.find(pool).await?;
    let sealed = match same {
        true => None,
        false => {
            let keyring = keyring()?;
            let mut text = String::new();
            let read = std::io::stdin().lock().take(TOKEN_BYTES_MAX).read_to_string(&mut text);
            read.context("reading the refresh token from standard input")?;
            let token = text.trim();
            if token.is_empty() {
                bail!("standard input holds no refresh token; provide one, or use --same to retry with the stored one");
            }
            Some(keyring.seal(&Secret::from(token.to_owned()), &id)?)
        }
    };
    oauth::reauthorize(pool, &id, sealed.as_deref(), by).await?;
    println!("the next call requests a token from the provider; runs that stopped because of this can be retried");
    Ok(ExitCode::SUCCESS)
}

fn keyring() -> anyhow::Result<Keyring> {
    let keyring = Keyring::from_environment()?;
    if keyring.is_empty() {
        bail!("{KEYS_VARIABLE} is not set: tokens are stored encrypted; set the same keys as on the nodes");
    }
    Ok(keyring)
}

async fn reencrypt(pool: &PgPool, by: By<'_>) -> anyhow::Result<ExitCode> {
    let keyring = keyring()?;
    let (mut changed, mut current, mut failed) = (0, 0, 0);
    let mut after = Vec::new();
    loop {
        let rows = oauth::sealed_after(pool, &after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.id);
        for row in rows {
            if is_current(&keyring, &row) {
                current += 1;
                continue;
            }
            match resealed(&keyring, &row) {
                // A node that changed the tokens meanwhile encrypted them with its own first key: the next call sees that.
                Ok(new) if oauth::reseal(pool, &row, &new, by).await? => changed += 1,
                Ok(_) => {
                    failed += 1;
                    eprintln!(
                        "{} of {}: a node changed it in the meantime; run this command again",
                        hex::encode(&row.id[..6]),
                        row.connection
                    );
                }
                Err(why) => {
                    failed += 1;
                    eprintln!("{} of {}: {why}", hex::encode(&row.id[..6]), row.connection);
                }
            }
        }
    }
    println!("{changed} re-encrypted, {current} already current, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_current(keyring: &Keyring, row: &Sealed) -> bool {
    let others = row.previous_token.iter().chain(&row.access_token);
    others.chain([&row.refresh_token]).all(|sealed| keyring.is_current(sealed))
}

fn resealed(keyring: &Keyring, row: &Sealed) -> anyhow::Result<Sealed> {
    let again = |sealed: &Vec<u8>| keyring.seal(&keyring.open(sealed, &row.id)?, &row.id);
    Ok(Sealed {
        refresh_token: again(&row.refresh_token)?,
        previous_token: row.previous_token.as_ref().map(again).transpose()?,
        access_token: row.access_token.as_ref().map(again).transpose()?,
        ..row.clone()
    })
}
