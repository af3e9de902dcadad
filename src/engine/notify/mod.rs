//! Tells channels what needs people. One node at a time looks; what a channel was told and the message to it are written in one
//! transaction, and the relay delivers the message at least once.

mod deliver;
mod matters;
mod view;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::context::Context;
use crate::notify::{Channel, Here, Matter, Message, plan};
use crate::store::events::outgoing::{self, NewOutgoing};
use crate::store::{StoreError, notifications};
pub(super) use deliver::to_channel;
pub use view::{NotifyChannel, TestError};

/// What the names of channels begin with among the sinks of the relay. No sink of `hub.yaml` has a dot in its name.
pub(super) const PREFIX: &str = "notify.";

/// How often a node looks for something to tell.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Tells channels until the process goes down.
pub(super) async fn keep(context: Arc<Context>) {
    if context.settings.channels.is_empty() {
        return;
    }
    let shortest = context.settings.channels.iter().map(|channel| channel.every).min().unwrap_or(LOOK_EVERY);
    let mut ticks = tokio::time::interval(shortest.clamp(Duration::from_millis(100), LOOK_EVERY));
    let mut down = None;
    loop {
        tokio::select! {
            () = context.membership.closing.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let outcome = look(&context, &mut down).await;
        context.membership.health.note_aside("notifications", outcome.map_err(|error| error.to_string()));
    }
}

/// `down` is what this node last recorded about its connections. A new incarnation records it again: rows of dead ones do not count.
async fn look(context: &Context, down: &mut Option<(Uuid, Vec<String>)>) -> Result<(), StoreError> {
    let now = (context.node().id, matters::connections_down(context));
    if down.as_ref() != Some(&now) {
        let names: Vec<&str> = now.1.iter().map(String::as_str).collect();
        notifications::set_down(&context.pool, now.0, &names).await?;
        *down = Some(now);
    }
    let mut transaction = context.pool.begin().await?;
    if !notifications::try_lock(&mut transaction).await? {
        return Ok(());
    }
    let matters = matters::all(context, &mut transaction).await?;
    let mut tells = false;
    for channel in &context.settings.channels {
        tells |= tell(context, &mut transaction, channel, &matters).await?;
    }
    transaction.commit().await?;
    if tells {
        context.signals.outgoing.notify_one();
    }
    Ok(())
}

async fn tell(
    context: &Context,
    conn: &mut PgConnection,
    channel: &Channel,
    matters: &[Matter],
) -> Result<bool, StoreError> {
    let known = notifications::known(conn, &channel.name).await?;
    let Some(planned) = plan(channel, matters, &known.told, known.last, context.now(), here(context)) else {
        return Ok(false);
    };
    send(conn, &planned.message).await?;
    notifications::record(conn, &channel.name, &planned.told, &planned.over).await?;
    Ok(true)
}

/// Puts a message among what the relay delivers.
async fn send(conn: &mut PgConnection, message: &Message) -> Result<(), StoreError> {
    let event = serde_json::json!(message).to_string();
    let sink = Some(format!("{PREFIX}{}", message.channel));
    outgoing::insert(conn, &[&NewOutgoing { id: Uuid::now_v7(), event, sink }]).await
}

fn here(context: &Context) -> Here<'_> {
    Here { url: &context.settings.url, environment: context.environment.as_deref().unwrap_or("unknown") }
}
