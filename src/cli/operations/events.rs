//! `stepwell events`: received events, their outcome, replay and dismissal.

use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{TimeDelta, Utc};
use clap::Subcommand;
use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::Accepted;
use crate::hub::source::redelivery::{self, Redelivery};
use crate::store::access::Scope;
use crate::store::acts::By;
use crate::store::events::attention;
use crate::store::events::{self, EventFilter, StoredEvent};

/// Sources and types of which unmatched events are told.
const UNMATCHED_SHOWN: i64 = 200;

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
        /// Maximum number to list.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=500))]
        limit: i64,
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
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    match command {
        Command::List { source, kind, outcome, attention, limit, json } => {
            let filter = EventFilter { source, r#type: kind, outcome, attention, ..EventFilter::default() };
            let rows = events::list(&pool, &filter, None, limit).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&rows)?);
                return Ok(ExitCode::SUCCESS);
            }
            for row in rows {
                let runs: Vec<String> = row.runs.iter().map(Uuid::to_string).collect();
                let asks = if row.attention { "!" } else { " " };
                println!("{} {asks}{:10} {:16} {:32} {}", row.id, row.outcome, row.source, row.r#type, runs.join(" "));
            }
        }
        Command::Show { id, json } => {
            let event = find(&pool, id).await?;
            show(&event, &redelivery::of_event(&pool, &event).await?, json)?;
        }
        Command::Replay { id, reason } => {
            let by = context::identity(&pool, settings, Scope::Operate).await?.actor();
            let by = By { actor: &by, reason: reason.as_deref() };
            let accepted = context::engine(settings).await?.replay(id, by).await;
            match accepted.with_context(|| format!("replaying event {id}"))? {
                Accepted::Started { event, runs, resumed } | Accepted::Duplicate { event, runs, resumed } => {
                    for (what, runs) in [("started", runs), ("was sent to", resumed)] {
                        let runs: Vec<String> = runs.iter().map(Uuid::to_string).collect();
                        if !runs.is_empty() {
                            println!("event {event} {what} {}", runs.join(" "));
                        }
                    }
                }
                Accepted::Unmatched { event } => println!("event {event}: no workflow subscribes to it"),
                Accepted::Refused { event, violations } => {
                    let places: Vec<String> =
                        violations.iter().map(|v| format!("{}: {}", v.pointer, v.message)).collect();
                    bail!("the workflow's input schema rejected event {event}: {}", places.join("; "));
                }
            }
        }
        Command::Dismiss { ids, reason } => dismiss(settings, &pool, &ids, &reason).await?,
        Command::Unmatched { json } => unmatched(&pool, json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn dismiss(settings: &Settings, pool: &sqlx::PgPool, ids: &[Uuid], reason: &str) -> anyhow::Result<()> {
    anyhow::ensure!(!reason.trim().is_empty(), "give a reason with --reason");
    let by = context::identity(pool, settings, Scope::Operate).await?.actor();
    let engine = context::engine(settings).await?;
    for id in ids {
        let by = By { actor: &by, reason: Some(reason) };
        engine.dismiss_event(*id, by).await.with_context(|| format!("dismissing event {id}"))?;
        println!("event {id} is dismissed");
    }
    Ok(())
}

async fn unmatched(pool: &sqlx::PgPool, json: bool) -> anyhow::Result<()> {
    let found = attention::unmatched(pool, Utc::now() - TimeDelta::hours(24), UNMATCHED_SHOWN).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    for one in found {
        let last = one.last_at.format("%Y-%m-%d %H:%M:%S");
        println!("{:>7}  {:16} {:32} last {last}", one.events, one.source, one.r#type);
    }
    Ok(())
}

async fn find(pool: &sqlx::PgPool, id: Uuid) -> anyhow::Result<StoredEvent> {
    events::find(pool, id).await?.with_context(|| format!("there is no event {id}; `stepwell events list` shows them"))
}

fn show(event: &StoredEvent, redeliveries: &[Redelivery], json: bool) -> anyhow::Result<()> {
    let body = String::from_utf8_lossy(&event.body);
    if json {
        let shown = serde_json::json!({
            "event": event.row, "headers": event.headers, "attributes": event.attributes, "body": body, "detail": event.detail,
            "redeliveries": redeliveries,
        });
        println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(());
    }
    let row = &event.row;
    println!("{}  {}  {} {} from {}", row.id, row.outcome, row.r#type, row.event_id, row.source);
    println!("received {}", row.received_at.format("%Y-%m-%d %H:%M:%S%.3f"));
    for run in &row.runs {
        println!("run {run}");
    }
    if let Some(detail) = &event.detail {
        println!("{detail}");
    }
    println!("\n{body}");
    for again in redeliveries {
        let last = again.last_at.format("%Y-%m-%d %H:%M:%S%.3f");
        println!("\nsent again with a different body, {} time(s), last {last}", again.deliveries);
        let value = |value: &Option<serde_json::Value>| {
            value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string)
        };
        for place in &again.differences {
            println!("  {}: first {}, then {}", place.pointer, value(&place.first), value(&place.then));
        }
        if again.differences.is_empty() {
            println!("  only the bytes differ; the content is the same");
        }
    }
    Ok(())
}
