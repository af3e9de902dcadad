//! `stepwell attention`: what needs a person, grouped by cause.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;

use crate::cli::client::{self, Client, Path};
use crate::cli::{print, when};
use crate::config::Settings;
use crate::engine::runs::bulk::Rate;
use crate::machine::Time;
use crate::words::{plural, task_name};

/// List the runs that need attention, one line for each cause; assign and mute causes. `stepwell runs list --fingerprint F` shows the
/// runs of one.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Attention {
    #[command(flatten)]
    list: List,
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Args)]
struct List {
    /// Only causes that this user handles; `me`, or `none` for those that nobody does.
    #[arg(long, value_name = "USER")]
    assignee: Option<String>,
    /// Only muted causes, or only the others.
    #[arg(long)]
    muted: Option<bool>,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Say who handles a cause.
    Assign {
        /// The cause: a fingerprint from `stepwell attention`.
        fingerprint: String,
        /// The name of a user, or `me`. Without it, nobody handles the cause any more.
        user: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Mute a cause until a time, or until another run fails for it.
    Mute {
        /// The cause: a fingerprint from `stepwell attention`.
        fingerprint: String,
        /// Until when: a time such as 2026-12-01T06:00:00Z, a day, or in how long, such as 36h.
        #[arg(long, value_name = "T", value_parser = when::ahead)]
        until: Option<Time>,
        /// The reason.
        #[arg(long)]
        reason: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// End the muting of a cause.
    Unmute {
        /// The cause: a fingerprint from `stepwell attention`.
        fingerprint: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Retry the runs of a cause by themselves, once a connection answers again.
    Rule {
        /// The cause: a fingerprint from `stepwell attention`.
        fingerprint: String,
        /// The connection in `hub.yaml` whose answer is waited for.
        #[arg(long)]
        connection: String,
        /// How fast at most, such as 10/s, 30/min or 5/h.
        #[arg(long)]
        rate: Option<Rate>,
        /// The reason, recorded in each run.
        #[arg(long)]
        reason: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// End the rule on a cause.
    Unrule {
        /// The cause: a fingerprint from `stepwell attention`.
        fingerprint: String,
        /// The reason.
        #[arg(long)]
        reason: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the notes on a cause, or add one.
    Notes {
        /// The cause: a fingerprint from `stepwell attention`.
        fingerprint: String,
        /// Add this note.
        #[arg(long, value_name = "TEXT")]
        add: Option<String>,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
}

/// Runs that need a person for one cause.
#[derive(Deserialize)]
struct Group {
    fingerprint: String,
    workflow: Workflow,
    attention: String,
    task: Option<String>,
    error: Option<Cause>,
    count: usize,
    first_at: Time,
    assignee: Option<String>,
    muted: Option<Muted>,
    rule: Option<Rule>,
}

/// They are retried when a connection answers.
#[derive(Deserialize)]
struct Rule {
    connection: String,
    by: String,
}

#[derive(Deserialize)]
struct Muted {
    by: String,
}

#[derive(Deserialize)]
struct Workflow {
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct Cause {
    cause: String,
}

pub(in crate::cli) async fn run(args: Attention, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    let (fingerprint, act, body, json) = match args.act {
        None => {
            let List { assignee, muted, json } = args.list;
            let path = Path::of(["attention"]).with("assignee", assignee).with("muted", muted);
            print::items(client.items(path).await?, json, line)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Act::Notes { fingerprint, add, json }) => {
            notes(&client, || Path::of(["attention", &fingerprint, "notes"]), add, json).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Act::Assign { fingerprint, user, json }) => (fingerprint, "assign", json!({ "assignee": user }), json),
        Some(Act::Mute { fingerprint, until, reason, json }) => {
            (fingerprint, "mute", json!({ "until": until, "reason": reason }), json)
        }
        Some(Act::Rule { fingerprint, connection, rate, reason, json }) => {
            let body = json!({ "connection": connection, "rate": rate, "reason": reason });
            (fingerprint, "rule", body, json)
        }
        Some(Act::Unrule { fingerprint, reason, json }) => (fingerprint, "unrule", json!({ "reason": reason }), json),
        Some(Act::Unmute { fingerprint, json }) => (fingerprint, "unmute", json!({}), json),
    };
    let group = client.post(Path::of(["attention", &fingerprint, act]), &body).await?;
    match json {
        true => print::json(&group),
        false => print::text(&line(&client::read(group)?)),
    }
    Ok(ExitCode::SUCCESS)
}

/// A note, as far as it is shown.
#[derive(Deserialize)]
struct Note {
    at: Time,
    actor: String,
    text: String,
}

/// Shows the notes that stand at an address, after adding one.
pub(in crate::cli) async fn notes(
    client: &Client,
    path: impl Fn() -> Path,
    add: Option<String>,
    as_json: bool,
) -> anyhow::Result<()> {
    if let Some(text) = add {
        client.post(path(), &json!({ "text": text })).await?;
    }
    let shown = |note: &Note| format!("{}  {}: {}", print::at(note.at), note.actor, note.text);
    Ok(print::items(client.items(path()).await?, as_json, shown)?)
}

fn line(group: &Group) -> String {
    let Workflow { namespace, name } = &group.workflow;
    let step = group.task.as_deref().map(task_name).unwrap_or_default();
    let cause = group.error.as_ref().map_or_else(|| group.attention.replace('_', " "), |error| error.cause.clone());
    let count = plural(group.count, "run", "runs");
    let since = print::at(group.first_at);
    let assignee = group.assignee.as_ref().map(|user| format!(", handled by {user}")).unwrap_or_default();
    let muted = group.muted.as_ref().map(|muted| format!(", muted by {}", muted.by)).unwrap_or_default();
    let rule = group.rule.as_ref();
    let rule = rule.map(|rule| format!(", retried when {} answers ({})", rule.connection, rule.by)).unwrap_or_default();
    format!(
        "{}  {count} of {namespace}/{name} at {step} since {since}{assignee}{muted}{rule}: {cause}",
        group.fingerprint
    )
}
