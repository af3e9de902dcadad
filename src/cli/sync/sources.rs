//! `stepwell sources`: who sends events, and which of them are missing.

use std::process::ExitCode;

use crate::cli::context;
use crate::cli::serving::server::refused;
use crate::config::Settings;
use crate::connect::Secrets;
use crate::engine::{SourceView, TopicView};
use crate::hub::Hub;
use crate::machine::Time;

/// Arguments of `stepwell sources`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Print JSON, one object per line.
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    // Sources whose secret is not known here are listed too: it is the server that needs it.
    let hub = Hub::load_folder(&settings.workflows, &Secrets::from_environment()).map_err(|found| refused(&found))?;
    let engine = context::engine(settings).await?;
    for source in engine.sources(&hub.declared).await? {
        if args.json {
            println!("{}", serde_json::to_string(&source)?);
        } else {
            print(&source);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(source: &SourceView) {
    let state = match (source.counts, source.channels.is_empty()) {
        (false, true) if !source.topics.is_empty() => "  subscribes",
        (false, true) => "  does not number its events",
        (true, true) => "  no number received yet",
        _ => "",
    };
    println!("{}{state}", source.name);
    for channel in &source.channels {
        // What came from outside is quoted, so that it moves no cursor.
        let name = if channel.channel.is_empty() { String::new() } else { format!("{:?} ", channel.channel) };
        println!("  {name}last {} ({})", channel.last, channel.changed_at.format("%Y-%m-%d %H:%M:%S"));
        for open in &channel.gaps {
            let told = match (open.told_at, open.due_at) {
                (Some(at), _) => format!("reconciliation requested {}", at.format("%Y-%m-%d %H:%M:%S")),
                (None, Some(at)) => format!("waiting until {}", at.format("%Y-%m-%d %H:%M:%S")),
                (None, None) => String::new(),
            };
            println!("    {} missing between {} and {}, {told}", open.gap.missing, open.gap.after, open.gap.before);
        }
    }
    source.topics.iter().for_each(print_topic);
    if source.more {
        println!("  and more channels, without gaps or with later gaps");
    }
}

fn print_topic(topic: &TopicView) {
    let at =
        |time: Option<Time>| time.map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string());
    let node = topic.node.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
    println!("  {}  {}{node}, {} events, last {}", topic.topic, topic.state, topic.events, at(topic.received_at));
    if let Some(problem) = &topic.problem {
        // What came from outside is quoted, so that it moves no cursor.
        println!("    since {}: {problem:?}", at(topic.problem_at));
    }
    if topic.rejected > 0 {
        println!(
            "    {} could not be read, last {}: `stepwell events list --outcome rejected` shows them",
            topic.rejected,
            at(topic.rejected_at)
        );
    }
    if topic.losses > 0 {
        println!(
            "    its replay id was refused {} times, last {}: events may be missing",
            topic.losses,
            at(topic.lost_at)
        );
    }
}
