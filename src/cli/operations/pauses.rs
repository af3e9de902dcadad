//! `stepwell connections status|pause|resume`: which connections wait, and letting their calls wait on every node.

use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::client::{self, Client, Path};
use crate::cli::print;
use crate::config::Settings;
use crate::machine::Time;

/// Which connection, and why.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Steered {
    /// The connection in `hub.yaml`.
    connection: String,
    /// The reason, recorded with your name and shown on the runs that wait.
    #[arg(long)]
    reason: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A connection, as far as it is shown.
#[derive(Deserialize)]
struct Connection {
    name: String,
    #[serde(default)]
    base_url: Option<String>,
    #[serde(default)]
    breaker: Option<String>,
    #[serde(default)]
    waiting: Option<usize>,
    paused: Option<Paused>,
}

#[derive(Deserialize)]
struct Paused {
    by: String,
    at: Time,
    reason: String,
}

pub(super) async fn status(settings: &Settings, json: bool) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    print::items(client.items(Path::of(["connections"])).await?, json, line)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn steer(settings: &Settings, act: &str, steered: Steered) -> anyhow::Result<ExitCode> {
    let Steered { connection, reason, json } = steered;
    let client = Client::open(settings).await?;
    let done = client.post(Path::of(["connections", &connection, act]), &json!({ "reason": reason })).await;
    let missing = || format!("there is no connection {connection}; `stepwell connections status` shows them");
    let found: Value = done.map_err(|failure| failure.or_missing(missing))?;
    match json {
        true => print::json(&found),
        false => print::text(&line(&client::read(found)?)),
    }
    Ok(ExitCode::SUCCESS)
}

fn line(connection: &Connection) -> String {
    let Connection { name, base_url, breaker, waiting, paused } = connection;
    let state = match (paused, breaker.as_deref()) {
        (Some(Paused { by, at, reason }), _) => format!("paused since {} by {by}: {reason}", print::at(*at)),
        (None, Some(phase)) if phase != "closed" => "does not answer; calls wait".to_owned(),
        (None, _) => "calls go out".to_owned(),
    };
    let waiting = waiting.filter(|waiting| *waiting > 0).map(|n| format!(", {n} waiting for its limits"));
    let at = base_url.as_ref().map(|url| format!("  {url}")).unwrap_or_default();
    format!("{name:24} {state}{}{at}", waiting.unwrap_or_default())
}
