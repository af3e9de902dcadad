//! Delivers messages in the background: in order for each system, with a few attempts each.

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use super::{Due, Outcome, place};
use crate::Sandbox;
use crate::call::System;

const ATTEMPTS_MAX: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// Delivers the messages of both systems for as long as it is polled.
pub async fn deliver(sandbox: Sandbox) {
    let Ok(client) = Client::builder().redirect(Policy::none()).timeout(ANSWER_MAX).build() else { return };
    tokio::join!(of_system(&sandbox, System::Crm, &client), of_system(&sandbox, System::Erp, &client));
}

async fn of_system(sandbox: &Sandbox, system: System, client: &Client) {
    loop {
        let next = sandbox.world().webhooks.next(system);
        match next {
            Some(due) => one(sandbox, system, client, &due).await,
            // `notify_one` stores a permit, so a message queued in between is not missed.
            None => sandbox.shared.queued[place(system)].notified().await,
        }
    }
}

/// Sends a message until it is accepted or the attempts are used up. Later messages wait, so the order is kept.
async fn one(sandbox: &Sandbox, system: System, client: &Client, due: &Due) {
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=ATTEMPTS_MAX {
        let status = send(client, due).await;
        let outcome = match status {
            Some(200..=299) => Outcome::Delivered,
            _ if attempt == ATTEMPTS_MAX => Outcome::Failed,
            _ => Outcome::Waiting,
        };
        sandbox.world().webhooks.attempted(system, due.seq, status, outcome);
        if outcome != Outcome::Waiting {
            return;
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

/// Returns the status of the answer; `None` if there was no answer.
async fn send(client: &Client, due: &Due) -> Option<u16> {
    let body = due.message.body.to_string();
    let timestamp = chrono::Utc::now().timestamp().to_string();
    let request = client
        .post(due.target.address())
        .header("content-type", "application/json")
        .header("user-agent", "stepwell-sandbox")
        .header("webhook-signature", due.target.sign(&due.message.id, &timestamp, body.as_bytes()))
        .header("webhook-id", &due.message.id)
        .header("webhook-timestamp", timestamp)
        .body(body);
    request.send().await.ok().map(|answer| answer.status().as_u16())
}
