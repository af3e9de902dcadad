//! Channels for people who look, and test messages.

use serde::Serialize;

use super::{PREFIX, here, send};
use crate::engine::Engine;
use crate::machine::Time;
use crate::notify::{Message, Topic};
use crate::store::acts::{self, By};
use crate::store::events::outgoing;
use crate::store::{StoreError, notifications};

/// A channel of `notify:`.
#[derive(Debug, Serialize)]
pub struct NotifyChannel {
    /// Its name in `hub.yaml`.
    pub name: String,
    /// `webhook`, `slack`, `teams` or `email`.
    pub kind: &'static str,
    /// Topics that it is told about.
    pub about: Vec<Topic>,
    /// When it was last told something; `None` if it never was.
    pub last_message_at: Option<Time>,
    /// Messages that were tried and not delivered yet.
    pub undelivered: i64,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// Why no test message was sent.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// There is no such channel.
    #[error("there is no channel {0:?} under `notify` in hub.yaml")]
    NoChannel(String),
    /// The database is unavailable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// All channels by name.
    ///
    /// # Errors
    /// The database is unavailable.
    pub async fn channels(&self) -> Result<Vec<NotifyChannel>, StoreError> {
        let last = notifications::last_messages(&self.inner.context.reader).await?;
        let mut found = Vec::new();
        for channel in &self.inner.context.settings.channels {
            let waiting = outgoing::waiting(&self.inner.context.reader, &format!("{PREFIX}{}", channel.name)).await?;
            found.push(NotifyChannel {
                name: channel.name.clone(),
                kind: channel.to.kind(),
                about: channel.about.iter().copied().collect(),
                last_message_at: last.iter().find(|(name, _)| *name == channel.name).map(|(_, at)| *at),
                undelivered: waiting.count,
                error: waiting.error,
            });
        }
        Ok(found)
    }

    /// Sends a message that says it is a test, and records who asked for it.
    ///
    /// # Errors
    /// See [`TestError`].
    pub async fn test_channel(&self, name: &str, by: By<'_>) -> Result<(), TestError> {
        let context = &self.inner.context;
        if !context.settings.channels.iter().any(|channel| channel.name == name) {
            return Err(TestError::NoChannel(name.to_owned()));
        }
        let here = here(context);
        let message = Message {
            channel: name.to_owned(),
            environment: here.environment.to_owned(),
            summary: format!("a test message, requested by {}", by.actor.0),
            items: Vec::new(),
            more: 0,
            url: format!("{}/?attention=any", here.url),
        };
        let mut transaction = context.pool.begin().await.map_err(StoreError::from)?;
        send(&mut transaction, &message).await?;
        acts::record(&mut transaction, by, "notify.test", &format!("channel:{name}"), None).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        context.signals.outgoing.notify_one();
        Ok(())
    }
}
