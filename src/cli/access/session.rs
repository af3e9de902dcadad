//! `stepwell session`: who is signed in to the dashboard, and the end of it.

use std::process::ExitCode;

use anyhow::{Context, bail};
use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::store::access::{self, Scope};
use crate::store::acts::By;

/// `stepwell session ...`
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// List sessions, newest first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a session, or all sessions of a user. Open pages and streams end within five seconds.
    End {
        /// The session's id.
        #[arg(required_unless_present = "user", conflicts_with = "user")]
        id: Option<Uuid>,
        /// All sessions of this user, and unused login links.
        #[arg(long)]
        user: Option<String>,
        /// The reason, recorded with the action.
        #[arg(long)]
        reason: Option<String>,
    },
}

/// Sessions that are listed.
const LIST_MAX: i64 = 10_000;

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    let by = context::identity(&pool, settings, Scope::Admin).await?.actor();
    match command {
        Command::List { json } => {
            let sessions = access::sessions(&pool, None, LIST_MAX).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&sessions)?);
                return Ok(ExitCode::SUCCESS);
            }
            for session in sessions {
                let who = format!("{}:{}", session.kind, session.name);
                let time = |at: crate::machine::Time| at.format("%Y-%m-%d %H:%M:%S").to_string();
                println!(
                    "{}  {who:32} since {}, until {}",
                    session.id,
                    time(session.created_at),
                    time(session.expires_at)
                );
            }
        }
        Command::End { id, user, reason } => {
            let by = By { actor: &by, reason: reason.as_deref() };
            match (id, user) {
                (Some(id), _) => {
                    if !access::end_session(&pool, id, by).await? {
                        bail!("there is no session {id}; `stepwell session list` shows them");
                    }
                    println!("session {id} ended");
                }
                (None, user) => {
                    let user = user.context("name a session or --user")?;
                    let ended = access::end_sessions_of(&pool, &user, by).await?;
                    let ended =
                        ended.with_context(|| format!("there is no user {user}; `stepwell user list` shows them"))?;
                    println!("{ended} sessions of {user} ended");
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
