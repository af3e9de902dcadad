//! `stepwell sources`: the senders of events, and their missing events.

use std::process::ExitCode;

use serde::Deserialize;

use crate::cli::client::{Client, Path};
use crate::cli::print;
use crate::cli::serving::server::refused;
use crate::config::Settings;
use crate::machine::Time;

/// Arguments of `stepwell sources`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// The printed fields of a source.
#[derive(Deserialize)]
struct Source {
    name: String,
    counts: bool,
    channels: Vec<Channel>,
    more: bool,
    #[serde(default)]
    topics: Vec<Topic>,
}

#[derive(Deserialize)]
struct Channel {
    channel: String,
    last: i64,
    changed_at: Time,
    gaps: Vec<Gap>,
}

#[derive(Deserialize)]
struct Gap {
    after: i64,
    before: i64,
    missing: i64,
    due_at: Option<Time>,
    told_at: Option<Time>,
}

#[derive(Deserialize)]
struct Topic {
    topic: String,
    state: String,
    node: Option<String>,
    problem: Option<String>,
    problem_at: Option<Time>,
    events: i64,
    received_at: Option<Time>,
    rejected: i64,
    rejected_at: Option<Time>,
    losses: i64,
    lost_at: Option<Time>,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    client.check_hub().map_err(refused)?;
    print::items(client.items(Path::of(["sources"])).await?, args.json, shown)?;
    Ok(ExitCode::SUCCESS)
}

fn shown(source: &Source) -> String {
    let state = match (source.counts, source.channels.is_empty()) {
        (false, true) if !source.topics.is_empty() => "  subscribes",
        (false, true) => "  does not number its events",
        (true, true) => "  no number received yet",
        _ => "",
    };
    let mut lines = vec![format!("{}{state}", source.name)];
    source.channels.iter().for_each(|channel| add_channel(channel, &mut lines));
    source.topics.iter().for_each(|topic| add_topic(topic, &mut lines));
    if source.more {
        lines.push("  and more channels, without gaps or with later gaps".to_owned());
    }
    lines.join("\n")
}

fn add_channel(channel: &Channel, lines: &mut Vec<String>) {
    // External text is quoted, so that it cannot control the terminal.
    let name = if channel.channel.is_empty() { String::new() } else { format!("{:?} ", channel.channel) };
    lines.push(format!("  {name}last {} ({})", channel.last, print::at(channel.changed_at)));
    for Gap { after, before, missing, due_at, told_at } in &channel.gaps {
        let told = match (told_at, due_at) {
            (Some(at), _) => format!("reconciliation requested {}", print::at(*at)),
            (None, Some(at)) => format!("waiting until {}", print::at(*at)),
            (None, None) => String::new(),
        };
        lines.push(format!("    {missing} missing between {after} and {before}, {told}"));
    }
}

fn add_topic(topic: &Topic, lines: &mut Vec<String>) {
    let at = |time: Option<Time>| time.map_or_else(|| "never".to_owned(), print::at);
    let node = topic.node.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
    let Topic { topic: name, state, events, rejected, losses, .. } = topic;
    lines.push(format!("  {name}  {state}{node}, {events} events, last {}", at(topic.received_at)));
    if let Some(problem) = &topic.problem {
        // External text is quoted, so that it cannot control the terminal.
        lines.push(format!("    since {}: {problem:?}", at(topic.problem_at)));
    }
    if *rejected > 0 {
        let last = at(topic.rejected_at);
        lines.push(format!(
            "    {rejected} could not be read, last {last}: `stepwell events list --outcome rejected` shows them"
        ));
    }
    if *losses > 0 {
        let last = at(topic.lost_at);
        lines.push(format!("    its replay id was refused {losses} times, last {last}: events may be missing"));
    }
}
