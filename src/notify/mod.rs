//! Telling people that something needs them: `notify:` of `hub.yaml`.
//!
//! Pure: [`plan()`] compares what needs people now with what a channel was told, and [`shapes`] writes the message as each
//! receiver wants it. `engine/notify` reads the database, keeps what was told, and delivers.

mod plan;
pub mod shapes;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::machine::Time;
pub use plan::{Here, Told, plan};

/// What a message can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// Runs that need attention, grouped by cause.
    Runs,
    /// Events that need attention, by source.
    Events,
    /// Connections whose breaker is open, or that must be authorized again.
    Connections,
    /// Tasks that wait for people, and those that are due soon.
    Tasks,
    /// Sources that sent nothing for longer than they should.
    Sources,
}

impl Topic {
    /// All topics.
    pub const ALL: [Self; 5] = [Self::Runs, Self::Events, Self::Connections, Self::Tasks, Self::Sources];

    /// As in `hub.yaml` and in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Events => "events",
            Self::Connections => "connections",
            Self::Tasks => "tasks",
            Self::Sources => "sources",
        }
    }

    /// The topic with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == name)
    }
}

/// Where messages go, what about and how often.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its name in `hub.yaml`.
    pub name: String,
    /// Who receives them.
    pub to: Recipient,
    /// The topics it is told about.
    pub about: BTreeSet<Topic>,
    /// The shortest time between two messages. What happens meanwhile goes into the next one.
    pub every: Duration,
    /// When it is not told anything.
    pub quiet: Option<Quiet>,
}

/// Who receives messages.
#[derive(Debug, Clone)]
pub enum Recipient {
    /// A program: the message as a CloudEvent.
    Webhook(Endpoint),
    /// Slack: an incoming webhook, or `chat.postMessage` with the channel to post to.
    Slack(Endpoint, Option<String>),
    /// Microsoft Teams: a workflow that posts adaptive cards.
    Teams(Endpoint),
    /// People, by e-mail.
    Email(Email),
}

impl Recipient {
    /// As in `hub.yaml`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Slack(..) => "slack",
            Self::Teams(_) => "teams",
            Self::Email(_) => "email",
        }
    }
}

/// Where messages are posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `https://host/path`, or `connection://NAME/path`.
    Address(String),
    /// The name of a secret whose value is the address: webhooks of chat systems have their key in it.
    Secret(String),
}

/// An SMTP server and addresses.
#[derive(Debug, Clone)]
pub struct Email {
    /// `smtps://host:port`, or `smtp://host:port` with or without `?tls=required`.
    pub server: String,
    /// User name at the server.
    pub user: Option<String>,
    /// Name of the secret that is the password.
    pub password: Option<String>,
    /// The sender.
    pub from: lettre::message::Mailbox,
    /// The receivers; at least one.
    pub to: Vec<lettre::message::Mailbox>,
}

/// A time of the day at which a channel is not told anything.
#[derive(Debug, Clone)]
pub struct Quiet {
    /// Its first minute.
    pub from: NaiveTime,
    /// The first minute after it. Earlier than `from` if it goes over midnight.
    pub until: NaiveTime,
    /// Whose clock.
    pub zone: Tz,
    /// Topics that it is told about all the same.
    pub except: BTreeSet<Topic>,
}

impl Quiet {
    /// Whether it is quiet at this time.
    #[must_use]
    pub fn holds(&self, now: Time) -> bool {
        let clock = now.with_timezone(&self.zone).time();
        match self.from <= self.until {
            true => self.from <= clock && clock < self.until,
            false => self.from <= clock || clock < self.until,
        }
    }
}

/// Something that needs people now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// What it is about.
    pub topic: Topic,
    /// Tells it from others of its topic: a fingerprint, a name, an id.
    pub key: String,
    /// One line.
    pub title: String,
    /// Runs, events; 1 for everything else.
    pub count: i64,
    /// Since when.
    pub since: Time,
    /// Path of the page that shows exactly this.
    pub path: String,
}

impl Matter {
    /// Under which it is remembered what was told.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("{}:{}", self.topic.as_str(), self.key)
    }
}

/// How a matter has changed since the channel was last told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was not there.
    New,
    /// At least twice as many runs or events.
    More,
    /// It is over.
    Resolved,
}

/// A line of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// How it has changed.
    pub state: State,
    /// What it is about.
    pub topic: Topic,
    /// One line.
    pub title: String,
    /// Runs, events; 1 for everything else.
    pub count: i64,
    /// Since when; when it was told, for one that is over.
    pub since: Time,
    /// The page that shows exactly this.
    pub url: String,
}

/// What a channel is told at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The channel.
    pub channel: String,
    /// Which systems the hub calls: `sandbox`, `production`.
    pub environment: String,
    /// All of it in one line.
    pub summary: String,
    /// What has changed, at most [`ITEMS_MAX`].
    pub items: Vec<Item>,
    /// Changes that are left out of `items`.
    pub more: usize,
    /// The page that shows everything that needs people.
    pub url: String,
}

/// Lines of one message.
pub const ITEMS_MAX: usize = 20;
