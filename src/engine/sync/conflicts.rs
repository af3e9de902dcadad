//! Conflicts between records, as people see and settle them. Whoever settles one starts a sync: an event goes out with his word.

use serde_json::json;
use tracing::info;
use uuid::Uuid;

use crate::engine::Engine;
use crate::machine::Actor;
use crate::memory::links::Side;
use crate::store::StoreError;
use crate::store::events::outgoing::{self, NewOutgoing};
use crate::store::sync::conflicts::{self, ConflictRow};

/// Type of the event that starts the sync of a settled conflict.
pub const CHOSEN_TYPE: &str = "dev.stepwell.conflict.chosen";

/// Source of events about links.
pub const LINKS_SOURCE: &str = "/stepwell/links";

/// The outcome of an attempt to settle a conflict.
#[derive(Debug)]
pub enum Settled {
    /// The next sync carries it out.
    Done(Box<ConflictRow>),
    /// There is no such conflict.
    Unknown,
    /// It is settled, it has gone, or someone decided otherwise.
    Refused(String),
}

impl Engine {
    /// Conflicts in a state (`open`, `chosen`, `settled`, `gone`), latest first.
    ///
    /// # Errors
    /// The database is away.
    pub async fn conflicts(
        &self,
        state: &str,
        entity: Option<&str>,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<ConflictRow>, StoreError> {
        conflicts::list(&self.inner.reader, state, entity, before, limit).await
    }

    /// One of them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn conflict(&self, id: Uuid) -> Result<Option<ConflictRow>, StoreError> {
        conflicts::find(&self.inner.reader, id).await
    }

    /// Says whose word counts. Repeating the same decision is idempotent.
    ///
    /// # Errors
    /// The database is away.
    pub async fn settle_conflict(
        &self,
        id: Uuid,
        side: Side,
        by: &Actor,
        reason: Option<&str>,
    ) -> Result<Settled, StoreError> {
        let mut transaction = self.inner.pool.begin().await?;
        conflicts::lock(&mut transaction, id).await?;
        let Some(found) = conflicts::find(&mut *transaction, id).await? else { return Ok(Settled::Unknown) };
        match (found.state.as_str(), found.chosen.as_deref()) {
            ("open", _) => {}
            ("chosen", Some(chosen)) if chosen == side.as_str() => return Ok(Settled::Done(Box::new(found))),
            ("chosen", _) => {
                let by = found.chosen_by.unwrap_or_default();
                return Ok(Settled::Refused(format!(
                    "{by} has already decided differently, and the next sync will apply that"
                )));
            }
            ("settled", _) => return Ok(Settled::Refused("it was already settled".to_owned())),
            _ => return Ok(Settled::Refused("the records agree again, so there is nothing to settle".to_owned())),
        }
        let (of, record) = match (&found.crm_id, &found.erp_id) {
            (Some(id), _) => (Side::Crm, id),
            (None, Some(id)) => (Side::Erp, id),
            (None, None) => return Ok(Settled::Refused("its records no longer exist".to_owned())),
        };
        conflicts::choose(&mut transaction, id, side.as_str(), &by.0, reason).await?;
        let event = json!({
            "specversion": "1.0",
            "id": Uuid::now_v7().to_string(),
            "source": LINKS_SOURCE,
            "type": CHOSEN_TYPE,
            "time": self.inner.clock.now().to_rfc3339(),
            "subject": id.to_string(),
            "data": {
                "conflict": id.to_string(),
                "entity": found.entity,
                "side": of.as_str(),
                "id": record,
                "row": found.row_name,
                "chosen": side.as_str(),
            },
        });
        let event = NewOutgoing { id: Uuid::now_v7(), event: event.to_string(), sink: None };
        outgoing::insert(&mut transaction, &[&event]).await?;
        let settled = conflicts::find(&mut *transaction, id).await?;
        transaction.commit().await?;
        self.inner.outgoing.notify_one();
        info!(conflict = %id, side = side.as_str(), by = by.0, reason, "a conflict was settled");
        Ok(settled.map_or(Settled::Unknown, |settled| Settled::Done(Box::new(settled))))
    }
}
