//! `stepwell audit acts` and `stepwell audit refusals`: who did what, and refused requests.

use std::process::ExitCode;

use serde::Deserialize;

use crate::cli::client::{Client, Path};
use crate::cli::print;
use crate::config::Settings;
use crate::machine::Time;

/// The printed fields of an act.
#[derive(Deserialize)]
struct Act {
    at: Time,
    actor: String,
    act: String,
    subject: String,
    reason: Option<String>,
}

/// Refused attempts of one kind by one peer.
#[derive(Deserialize)]
struct Refusal {
    at: Time,
    kind: String,
    peer: String,
    subject: String,
    count: i64,
}

pub(super) async fn acts(
    settings: &Settings,
    subject: Option<String>,
    limit: usize,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    let path = Path::of(["audit", "acts"]).with("subject", subject);
    print::pages(client.pages(path, limit), json, |Act { at, actor, act, subject, reason }: &Act| {
        // Text from people is quoted, so that it cannot control the terminal.
        let reason = reason.as_ref().map(|reason| format!(": {reason:?}")).unwrap_or_default();
        format!("{}  {actor:28} {act:16} {subject}{reason}", print::at(*at))
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn refusals(settings: &Settings, limit: usize, json: bool) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    let pages = client.pages(Path::of(["audit", "refusals"]), limit);
    print::pages(pages, json, |Refusal { at, kind, peer, subject, count }: &Refusal| {
        format!("{}  {kind:10} {peer:24} {count:6}x  {subject:?}", print::at(*at))
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}
