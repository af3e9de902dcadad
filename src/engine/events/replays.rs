//! Events that are accepted once more, and those that someone dismisses.
//!
//! A replay is a new event with the old one's content: its id is `<id>#replay-<n>`, so that dedupe takes it for what it is, and its headers
//! say what it replays, who asked, and why. It is matched against what is deployed now. Two replays at once get the same number and are
//! one event. An event that waited for a person waits no more once someone wants its replay; if that one is refused again, it waits
//! in its place.

use std::collections::BTreeMap;

use tracing::warn;
use uuid::Uuid;

use crate::engine::{AcceptError, Accepted, Engine, IncomingEvent, OtherBytes};
use crate::store::StoreError;
use crate::store::acts::By;
use crate::store::events::attention::{self, Settled};
use crate::store::events::{self, StoredEvent};
use crate::store::runs::commit::START_TYPE;

/// Replays of one event.
const REPLAYS_MAX: usize = 100;

/// Why an event was not replayed, or not dismissed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is none of that id.
    #[error("no event {0}")]
    Unknown(Uuid),
    /// It cannot be done with this event.
    #[error("{0}")]
    Impossible(String),
    /// The event could not be accepted.
    #[error(transparent)]
    NotAccepted(#[from] AcceptError),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Accepts a stored event once more.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub async fn replay(&self, id: Uuid, by: By<'_>) -> Result<Accepted, ReplayError> {
        let reason = by.reason.map(|reason| self.inner.context.redactor().text(reason.to_owned()));
        let by = By { actor: by.actor, reason: reason.as_deref() };
        let stored = self.stored(id).await?;
        if stored.row.r#type == START_TYPE {
            let why = "this is a start through the API, not an event; start the run again";
            return Err(ReplayError::Impossible(why.to_owned()));
        }
        let event_id = self.next_replay(&stored).await?;
        let mut event =
            if stored.is_undecoded() { self.inner.topics.decoded_now(&stored).await? } else { as_it_came(&stored)? };
        event.attributes.iter_mut().filter(|(name, _)| name == "id").for_each(|(_, id)| id.clone_from(&event_id));
        event.event_id = event_id;
        event.headers.push(("stepwell-replay-of".to_owned(), id.to_string()));
        event.headers.push(("stepwell-replayed-by".to_owned(), by.actor.0.clone()));
        if let Some(reason) = by.reason {
            event.headers.push(("stepwell-replay-reason".to_owned(), reason.to_owned()));
        }
        let accepted = self.accept(event).await?;
        if let Some(replay) = wanted(&accepted)
            && let Err(error) = attention::settle(&self.inner.context.pool, id, Settled::Replayed(replay), by).await
        {
            // Whoever looks at it sees the replay among what came since.
            warn!(event = %id, %replay, %error, "an event was replayed, but still needs attention");
        }
        Ok(accepted)
    }

    /// Marks an event as no longer needing attention.
    ///
    /// # Errors
    /// There is no such event, it waits for nobody, or the database is away.
    pub async fn dismiss_event(&self, id: Uuid, by: By<'_>) -> Result<(), ReplayError> {
        let reason = by.reason.map(|reason| self.inner.context.redactor().text(reason.to_owned()));
        let by = By { actor: by.actor, reason: reason.as_deref() };
        if attention::settle(&self.inner.context.pool, id, Settled::Dismissed, by).await? {
            return Ok(());
        }
        let stored = self.stored(id).await?;
        let why = format!("event {id} ({}) does not need attention: there is nothing to dismiss", stored.row.outcome);
        Err(ReplayError::Impossible(why))
    }

    async fn stored(&self, id: Uuid) -> Result<StoredEvent, ReplayError> {
        events::find(self.reader(), id).await?.ok_or(ReplayError::Unknown(id))
    }

    /// The first number that was not used yet, of the event that was first received.
    async fn next_replay(&self, stored: &StoredEvent) -> Result<String, ReplayError> {
        let row = &stored.row;
        let original = row.event_id.split("#replay-").next().unwrap_or(&row.event_id);
        let candidates: Vec<String> = (1..=REPLAYS_MAX).map(|n| format!("{original}#replay-{n}")).collect();
        let known = events::known_ids(self.reader(), &row.source, &candidates).await?;
        let free = candidates.into_iter().find(|candidate| !known.contains(candidate));
        free.ok_or_else(|| ReplayError::Impossible(format!("the event was replayed {REPLAYS_MAX} times")))
    }
}

/// The new event, if it takes the place of the old one: one that nobody wants leaves the old one as it is.
fn wanted(accepted: &Accepted) -> Option<Uuid> {
    match accepted {
        Accepted::Started { event, .. } | Accepted::Duplicate { event, .. } | Accepted::Refused { event, .. } => {
            Some(*event)
        }
        Accepted::Unmatched { .. } => None,
    }
}

fn as_it_came(stored: &StoredEvent) -> Result<IncomingEvent, ReplayError> {
    let unreadable = |error: serde_json::Error| StoreError::Unreadable {
        table: "events",
        why: format!("{}: {error}", stored.row.id),
    };
    let attributes: BTreeMap<String, String> = serde_json::from_str(stored.attributes.get()).map_err(unreadable)?;
    let headers: BTreeMap<String, String> = serde_json::from_str(stored.headers.get()).map_err(unreadable)?;
    Ok(IncomingEvent {
        source: stored.row.source.clone(),
        event_id: stored.row.event_id.clone(),
        r#type: stored.row.r#type.clone(),
        attributes: attributes.into_iter().collect(),
        data: match &stored.data {
            Some(data) => serde_json::from_str(data.get()).map_err(unreadable)?,
            None => serde_json::from_slice(&stored.body).map_err(unreadable)?,
        },
        data_is_body: stored.data.is_none(),
        body: stored.body.clone().into(),
        // What was said of an earlier replay is not true of this one.
        headers: headers.into_iter().filter(|(name, _)| !name.starts_with("stepwell-")).collect(),
        // Its number was counted when it first came.
        counted: None,
        note: None,
        other_bytes: OtherBytes::Conflict,
    })
}
