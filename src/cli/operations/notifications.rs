//! `stepwell notifications`: channels under `notify` in hub.yaml, and test messages.

use std::process::ExitCode;

use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;

use crate::cli::client::{Client, Path};
use crate::cli::print;
use crate::cli::serving::server::refused;
use crate::config::Settings;
use crate::machine::Time;

/// Show notification channels, and send test messages.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List channels, with their last message and what could not be delivered.
    List {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Send a test message to a channel.
    Test {
        /// The channel's name in hub.yaml.
        channel: String,
        /// The reason.
        #[arg(long)]
        reason: Option<String>,
    },
}

/// The printed fields of a channel.
#[derive(Deserialize)]
struct Channel {
    name: String,
    kind: String,
    about: Vec<String>,
    last_message_at: Option<Time>,
    undelivered: i64,
    error: Option<String>,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    client.check_hub().map_err(refused)?;
    match command {
        Command::List { json } => print::items(client.items(Path::of(["notifications"])).await?, json, shown)?,
        Command::Test { channel, reason } => {
            client.post(Path::of(["notifications", &channel, "test"]), &json!({ "reason": reason })).await?;
            println!(
                "a test message to {channel} is on its way; `stepwell notifications list` shows whether it arrived"
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(channel: &Channel) -> String {
    let last =
        channel.last_message_at.map_or_else(|| "no message yet".to_owned(), |at| format!("last {}", print::at(at)));
    let mut line = format!("{}  {}  {}  {last}", channel.name, channel.kind, channel.about.join(", "));
    if let Some(error) = &channel.error {
        // Text from the receiver is quoted, so that it cannot move the cursor.
        line.push_str(&format!("\n  {} not delivered: {error:?}", channel.undelivered));
    }
    line
}
