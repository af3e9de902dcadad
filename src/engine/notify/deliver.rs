//! Delivers a message to its channel.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde_json::Value;

use super::PREFIX;
use crate::engine::context::Context;
use crate::engine::events::relay::post;
use crate::notify::{Email, Endpoint, Message, Recipient, shapes};
use crate::store::events::outgoing::Taken;

/// An SMTP server that takes longer is tried again later.
const SMTP_TIMEOUT: Duration = Duration::from_secs(30);

/// Delivers one message. An error says why in words without secrets; the relay tries again.
pub(in crate::engine) async fn to_channel(context: &Context, taken: &Taken) -> Result<(), String> {
    let name = taken.sink.as_deref().and_then(|sink| sink.strip_prefix(PREFIX)).unwrap_or_default();
    let Some(channel) = context.settings.channels.iter().find(|channel| channel.name == name) else {
        return Err(format!("hub.yaml no longer has the channel notify.{name}; restore it, or delete the row"));
    };
    let message: Message =
        serde_json::from_str(&taken.event).map_err(|error| format!("the message cannot be read: {error}"))?;
    let (now, id) = (context.now(), taken.id.to_string());
    let json = "application/json";
    let sent = match &channel.to {
        Recipient::Webhook(endpoint) => {
            let event = shapes::webhook(&message, taken.id, &context.settings.url, now);
            to_endpoint(context, endpoint, "application/cloudevents+json", event, id).await
        }
        Recipient::Slack(endpoint, to) => {
            to_endpoint(context, endpoint, json, shapes::slack(&message, to.as_deref(), now), id).await
        }
        Recipient::Teams(endpoint) => to_endpoint(context, endpoint, json, shapes::teams(&message, now), id).await,
        Recipient::Email(email) => by_email(context, email, &message).await,
    };
    sent.map_err(|why| context.redactor().text(why))
}

async fn to_endpoint(
    context: &Context,
    endpoint: &Endpoint,
    content_type: &str,
    body: Value,
    id: String,
) -> Result<(), String> {
    match endpoint {
        Endpoint::Address(address) => post(context, address, content_type, body, id).await,
        Endpoint::Secret(name) => {
            let address = context.connections.secret(name).map_err(|missing| missing.to_string())?;
            post(context, address.expose(), content_type, body, id).await
        }
    }
}

async fn by_email(context: &Context, email: &Email, message: &Message) -> Result<(), String> {
    let why = |what: &str, error: &dyn std::fmt::Display| format!("{what} {}: {error}", email.server);
    let mut builder = lettre::Message::builder().from(email.from.clone()).subject(shapes::subject(message));
    for to in &email.to {
        builder = builder.to(to.clone());
    }
    let mail = builder
        .body(shapes::text(message, context.now()))
        .map_err(|error| format!("cannot write the e-mail: {error}"))?;
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&email.server)
        .map_err(|error| why("cannot use", &error))?
        .timeout(Some(SMTP_TIMEOUT));
    if let Some(user) = &email.user {
        let password = match &email.password {
            Some(name) => context.connections.secret(name).map_err(|missing| missing.to_string())?.expose().to_owned(),
            None => String::new(),
        };
        transport = transport.credentials(Credentials::new(user.clone(), password));
    }
    transport.build().send(mail).await.map_err(|error| why("cannot send through", &error))?;
    Ok(())
}
