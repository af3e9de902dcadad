//! `stepwell session`: lists and ends sessions of the dashboard.

use std::process::ExitCode;

use anyhow::Context;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::cli::client::{self, Client, Path};
use crate::cli::print;
use crate::config::Settings;
use crate::machine::Time;

/// `stepwell session ...`
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// List sessions, newest first.
    List {
        /// Print a JSON array.
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
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Most sessions listed.
const LIST_MAX: usize = 10_000;

/// The printed fields of a session.
#[derive(Deserialize)]
struct Session {
    id: Uuid,
    kind: String,
    name: String,
    created_at: Time,
    expires_at: Time,
}

#[derive(Deserialize)]
struct Done {
    ended: Ended,
}

#[derive(Deserialize)]
struct Ended {
    sessions: u64,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    match command {
        Command::List { json } => print::pages(client.pages(Path::of(["sessions"]), LIST_MAX), json, line).await?,
        Command::End { id: Some(id), reason, json, .. } => {
            let ended = client.delete(Path::of(["sessions", &id.to_string()]).with("reason", reason)).await;
            let missing = || format!("there is no session {id}; `stepwell session list` shows them");
            let ended = ended.map_err(|failure| failure.or_missing(missing))?;
            if json { print::json(&ended) } else { println!("session {id} ended") }
        }
        Command::End { id: None, user, reason, json } => {
            let user = user.context("name a session or --user")?;
            let done = client.post(Path::of(["users", &user, "sign-out"]), &json!({ "reason": reason })).await;
            let missing = || format!("there is no user {user}; `stepwell user list` shows them");
            let done = done.map_err(|failure| failure.or_missing(missing))?;
            match json {
                true => print::json(&done),
                false => println!("{} sessions of {user} ended", client::read::<Done>(done)?.ended.sessions),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(session: &Session) -> String {
    let who = format!("{}:{}", session.kind, session.name);
    format!("{}  {who:32} since {}, until {}", session.id, print::at(session.created_at), print::at(session.expires_at))
}
