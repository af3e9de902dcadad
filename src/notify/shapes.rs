//! A message as each kind of receiver wants it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Item, Message, State, Topic};
use crate::machine::Time;
use crate::words::age;

/// The type of the CloudEvent that a webhook gets.
pub const TYPE: &str = "dev.stepwell.notification";

/// For a program: a CloudEvent in structured mode.
#[must_use]
pub fn webhook(message: &Message, id: Uuid, source: &str, now: Time) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": source, "type": TYPE, "time": now,
        "datacontenttype": "application/json", "data": message,
    })
}

/// For Slack: blocks, and the same as text for notifications of telephones. `channel` is for `chat.postMessage`.
/// Source: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>.
#[must_use]
pub fn slack(message: &Message, channel: Option<&str>, now: Time) -> Value {
    let headline = slack_text(&headline(message));
    let mut blocks = vec![section(&format!("*{headline}*"))];
    for item in &message.items {
        blocks.push(section(&format!(
            "{} <{}|{}>{}",
            mark(item.state),
            item.url,
            slack_text(&item.title),
            slack_text(&facts(item, now))
        )));
    }
    if message.more > 0 {
        blocks.push(section(&format!("<{}|and {} more>", message.url, message.more)));
    }
    let mut body = json!({ "text": headline, "blocks": blocks });
    if let Some(channel) = channel {
        body["channel"] = channel.into();
    }
    body
}

/// Longest text of a block.
const SECTION_CHARS_MAX: usize = 2_900;

fn section(text: &str) -> Value {
    let text: String = text.chars().take(SECTION_CHARS_MAX).collect();
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// Slack reads these three characters as markup.
fn slack_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// For Microsoft Teams: an adaptive card. Source: <https://adaptivecards.io/explorer>.
#[must_use]
pub fn teams(message: &Message, now: Time) -> Value {
    let text =
        |text: String, weight: &str| json!({ "type": "TextBlock", "text": text, "wrap": true, "weight": weight });
    let mut body = vec![text(headline(message), "Bolder")];
    for item in &message.items {
        body.push(text(format!("{} {}{}", mark(item.state), teams_text(&item.title), facts(item, now)), "Default"));
    }
    if message.more > 0 {
        body.push(text(format!("and {} more", message.more), "Default"));
    }
    let url = match message.items.as_slice() {
        [item] if message.more == 0 => &item.url,
        _ => &message.url,
    };
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "body": body, "actions": [{ "type": "Action.OpenUrl", "title": "Open", "url": url }],
    });
    json!({ "type": "message",
        "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "content": card }] })
}

/// A text block reads a part of Markdown: what came from outside must not become a link.
fn teams_text(text: &str) -> String {
    text.replace(['[', ']'], "|")
}

/// Subject of an e-mail.
#[must_use]
pub fn subject(message: &Message) -> String {
    headline(message)
}

/// Body of an e-mail, plain text.
#[must_use]
pub fn text(message: &Message, now: Time) -> String {
    let mut lines = vec![headline(message), String::new()];
    for item in &message.items {
        lines.push(format!("{} {}{}\n  {}", mark(item.state), item.title, facts(item, now), item.url));
    }
    if message.more > 0 {
        lines.push(format!("and {} more\n  {}", message.more, message.url));
    }
    lines.join("\n") + "\n"
}

fn headline(message: &Message) -> String {
    format!("Stepwell ({}): {}", message.environment, message.summary)
}

fn mark(state: State) -> &'static str {
    match state {
        State::New => "New:",
        State::More => "More:",
        State::Resolved => "Resolved:",
    }
}

fn facts(item: &Item, now: Time) -> String {
    let mut facts = Vec::new();
    match item.topic {
        Topic::Runs => facts.push(format!("{} {}", item.count, if item.count == 1 { "run" } else { "runs" })),
        Topic::Events => facts.push(format!("{} {}", item.count, if item.count == 1 { "event" } else { "events" })),
        _ => {}
    }
    if item.state != State::Resolved {
        facts.push(match age(item.since, now).as_str() {
            "now" => "since a moment ago".to_owned(),
            age => format!("for {age}"),
        });
    }
    if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) }
}
