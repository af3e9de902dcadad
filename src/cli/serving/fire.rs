//! `stepwell fire`: sends a closed-won webhook, signed like a real one, and shows the run that it starts.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine as _;
use hmac::{Hmac, Mac};
use serde_json::Value;

use super::dev_sandbox::sandbox_secrets;
use crate::cli::runs::shown::Run;
use crate::cli::runs::tree;
use crate::cli::{context, when};
use crate::config::Settings;
use crate::connect::Secrets;
use crate::engine::Engine;
use crate::sandbox;

/// Arguments of `stepwell fire`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// How long to wait for the end of the run before showing its current state, such as 30s.
    #[arg(long, default_value = "5s", value_parser = when::duration)]
    wait: Duration,
}

pub(in crate::cli) async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    fire(settings, &engine, &sandbox_secrets(), args.wait).await?;
    Ok(ExitCode::SUCCESS)
}

/// Sends a real closed-won webhook to the local server, and prints the run once it has ended, needs attention, or
/// `wait` is over.
pub(super) async fn fire(
    settings: &Settings,
    engine: &Engine,
    secrets: &Secrets,
    wait: Duration,
) -> anyhow::Result<()> {
    let number = rand::random_range(1..1_000_000_u32);
    let body = serde_json::to_vec(&sandbox::closed_won_event(number))?;
    let secret = secrets.resolve("salesforceWebhook").map_err(|e| anyhow::anyhow!("{e}"))?;
    let id = format!("demo-{}", uuid::Uuid::now_v7());
    let timestamp = chrono::Utc::now().timestamp().to_string();
    let signature = sign(secret.expose(), &id, &timestamp, &body)?;
    println!("firing a closed-won webhook at {}/hooks/salesforce", settings.url());
    let answer = reqwest::Client::new()
        .post(format!("http://{}/hooks/salesforce", settings.listen))
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", &timestamp)
        .header("webhook-signature", signature)
        .body(body)
        .send()
        .await
        .with_context(|| format!("sending the webhook to {}: is a server running there?", settings.listen))?;
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    if status != http::StatusCode::ACCEPTED {
        bail!("the webhook was answered {status}: {text}");
    }
    let accepted: Value = serde_json::from_str(&text).context("reading the answer to the webhook")?;
    let run = accepted["runs"][0].as_str().and_then(|id| id.parse().ok()).context("the webhook started no run")?;
    engine.settled(run, wait).await;
    let view = engine.view(run).await?.context("the run no longer exists")?;
    print!("\n{}\n", tree::tree(&Run::of(&view)?));
    Ok(())
}

/// Signs as in Standard Webhooks: HMAC-SHA256 over id, time and body, base64.
fn sign(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> anyhow::Result<String> {
    let base64 = base64::engine::general_purpose::STANDARD;
    let key = base64.decode(secret.trim_start_matches("whsec_")).context("the webhook secret is not base64")?;
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key)?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", base64.encode(mac.finalize().into_bytes())))
}
