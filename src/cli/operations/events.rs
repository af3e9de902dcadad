//! `stepwell events`: received events with their outcome; replay and dismissal.

use std::process::ExitCode;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::client::{self, Client, Path};
use crate::cli::{print, when};
use crate::config::Settings;
use crate::machine::Time;

/// `stepwell events ...`
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List received events, newest first.
    List {
        /// Only from this source.
        #[arg(long)]
        source: Option<String>,
        /// Only of this type.
        #[arg(long = "type")]
        kind: Option<String>,
        /// `run`, `resumed`, `gathered`, `unmatched` or `rejected`.
        #[arg(long)]
        outcome: Option<String>,
        /// Only events that need attention: a workflow's input schema rejected them, or they could not be read.
        #[arg(long)]
        attention: bool,
        /// Received at or after: a time such as 2026-11-20T16:00:00Z, a day, or how long ago, such as 24h.
        #[arg(long, value_name = "T", value_parser = when::past)]
        since: Option<Time>,
        /// Received before: a time, a day, or how long ago.
        #[arg(long, value_name = "T", value_parser = when::past)]
        until: Option<Time>,
        /// Maximum number to list.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Show one event as it was received.
    Show {
        /// The event's id.
        id: Uuid,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Replay an event under a new id: it is matched against the workflows deployed now.
    Replay {
        /// The event's id.
        id: Uuid,
        /// The reason, recorded with the new event.
        #[arg(long)]
        reason: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Mark events as no longer needing attention.
    Dismiss {
        /// Ids of events.
        #[arg(required = true)]
        ids: Vec<Uuid>,
        /// The reason, recorded with the action.
        #[arg(long)]
        reason: String,
    },
    /// Count events of the last day to which no workflow subscribes, by source and type.
    Unmatched {
        /// Received at or after: a time, a day, or how long ago. Default: 24h.
        #[arg(long, value_name = "T", value_parser = when::past)]
        since: Option<Time>,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
}

/// The printed fields of an event.
#[derive(Deserialize)]
struct Event {
    id: Uuid,
    source: String,
    event_id: String,
    r#type: String,
    received_at: Time,
    outcome: String,
    runs: Vec<Uuid>,
    attention: bool,
    #[serde(default)]
    detail: Value,
    #[serde(default)]
    body: Value,
    body_base64: Option<String>,
    #[serde(default)]
    redeliveries: Vec<Redelivery>,
}

/// A redelivery of the event with different bytes.
#[derive(Deserialize)]
struct Redelivery {
    last_at: Time,
    deliveries: i64,
    differences: Vec<Difference>,
}

#[derive(Deserialize)]
struct Difference {
    pointer: String,
    first: Option<Value>,
    then: Option<Value>,
}

/// The result of a replay.
#[derive(Deserialize)]
struct Accepted {
    event: Uuid,
    runs: Vec<Uuid>,
    resumed: Vec<Uuid>,
}

/// Events of a source and type to which no workflow subscribes.
#[derive(Deserialize)]
struct Unmatched {
    source: String,
    r#type: String,
    events: i64,
    last_at: Time,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    match command {
        Command::List { source, kind, outcome, attention, since, until, limit, json } => {
            let path = Path::of(["events"]).with("source", source).with("type", kind).with("outcome", outcome);
            let path = path.with("attention", attention.then_some("any"));
            let path = path.with("since", since.map(print::exact)).with("until", until.map(print::exact));
            print::pages(client.pages(path, limit), json, line).await?;
        }
        Command::Show { id, json } => {
            let event = client.get(Path::of(["events", &id.to_string()])).await;
            let event = event.map_err(|failure| failure.or_missing(|| missing(id)))?;
            match json {
                true => print::json(&event),
                false => print::text(&shown(&client::read(event)?)),
            }
        }
        Command::Replay { id, reason, json } => {
            let path = Path::of(["events", &id.to_string(), "replay"]);
            let accepted = client.post(path, &json!({ "reason": reason })).await;
            let accepted = accepted.map_err(|failure| failure.or_missing(|| missing(id)));
            let accepted = accepted.with_context(|| format!("replaying event {id}"))?;
            match json {
                true => print::json(&accepted),
                false => print_accepted(&client::read(accepted)?),
            }
        }
        Command::Dismiss { ids, reason } => {
            anyhow::ensure!(!reason.trim().is_empty(), "give a reason with --reason");
            for id in ids {
                let path = Path::of(["events", &id.to_string(), "dismiss"]);
                let dismissed = client.post(path, &json!({ "reason": reason })).await;
                let dismissed = dismissed.map_err(|failure| failure.or_missing(|| missing(id)));
                dismissed.with_context(|| format!("dismissing event {id}"))?;
                println!("event {id} is dismissed");
            }
        }
        Command::Unmatched { since, json } => {
            let path = Path::of(["events", "unmatched"]).with("since", since.map(print::exact));
            print::items(client.items(path).await?, json, |one: &Unmatched| {
                format!("{:>7}  {:16} {:32} last {}", one.events, one.source, one.r#type, print::at(one.last_at))
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn missing(id: Uuid) -> String {
    format!("there is no event {id}; `stepwell events list` shows them")
}

fn joined(ids: &[Uuid]) -> String {
    ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(" ")
}

fn line(event: &Event) -> String {
    let Event { id, outcome, source, r#type, .. } = event;
    let asks = if event.attention { "!" } else { " " };
    format!("{id} {asks}{outcome:10} {source:16} {type:32} {}", joined(&event.runs), type = r#type)
}

fn print_accepted(Accepted { event, runs, resumed }: &Accepted) {
    for (what, runs) in [("started", runs), ("was sent to", resumed)] {
        if !runs.is_empty() {
            println!("event {event} {what} {}", joined(runs));
        }
    }
    if runs.is_empty() && resumed.is_empty() {
        println!("event {event}: no workflow subscribes to it");
    }
}

fn shown(event: &Event) -> String {
    let Event { id, outcome, event_id, source, .. } = event;
    let mut lines = vec![format!("{id}  {outcome}  {} {event_id} from {source}", event.r#type)];
    lines.push(format!("received {}", print::at(event.received_at)));
    lines.extend(event.runs.iter().map(|run| format!("run {run}")));
    if !event.detail.is_null() {
        lines.push(event.detail.to_string());
    }
    lines.push(format!("\n{}", body(event)));
    event.redeliveries.iter().for_each(|again| lines.push(sent_again(again)));
    lines.join("\n")
}

/// The body as received, if it is text.
fn body(event: &Event) -> String {
    let bytes = event.body_base64.as_ref().map(|text| STANDARD.decode(text).unwrap_or_default());
    bytes.map_or_else(|| event.body.to_string(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn sent_again(again: &Redelivery) -> String {
    let Redelivery { deliveries, last_at, differences } = again;
    let last = print::at(*last_at);
    let mut lines = vec![format!("\nsent again with a different body, {deliveries} time(s), last {last}")];
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
    for Difference { pointer, first, then } in differences {
        lines.push(format!("  {pointer}: first {}, then {}", value(first), value(then)));
    }
    if differences.is_empty() {
        lines.push("  only the bytes differ; the content is the same".to_owned());
    }
    lines.join("\n")
}
