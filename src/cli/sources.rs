//! `stepwell sources`: who sends events, and which of them are missing.

use std::process::ExitCode;

use super::context;
use super::server::refused;
use crate::config::Settings;
use crate::connect::Secrets;
use crate::engine::SourceView;
use crate::hub::Hub;

/// Arguments of `stepwell sources`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// As JSON, one line each.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
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
        (false, true) => "  does not number its events",
        (true, true) => "  no number came yet",
        _ => "",
    };
    println!("{}{state}", source.name);
    for channel in &source.channels {
        // What came from outside is quoted, so that it moves no cursor.
        let name = if channel.channel.is_empty() { String::new() } else { format!("{:?} ", channel.channel) };
        println!("  {name}last {} ({})", channel.last, channel.changed_at.format("%Y-%m-%d %H:%M:%S"));
        for open in &channel.gaps {
            let told = match (open.told_at, open.due_at) {
                (Some(at), _) => format!("told {}", at.format("%Y-%m-%d %H:%M:%S")),
                (None, Some(at)) => format!("awaited until {}", at.format("%Y-%m-%d %H:%M:%S")),
                (None, None) => String::new(),
            };
            println!("    {} missing between {} and {}, {told}", open.gap.missing, open.gap.after, open.gap.before);
        }
    }
    if source.more {
        println!("  and more, without gaps or behind those");
    }
}
