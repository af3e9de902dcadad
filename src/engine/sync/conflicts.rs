//! Conflicts between records, as people see and settle them: with the names that the mapping gives its sides. Whoever settles one starts
//! a sync: an event goes out with the decision.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use tracing::info;
use uuid::Uuid;

use crate::engine::{Deployed, Engine};
use crate::machine::Actor;
use crate::memory::links::{Side, Sides};
use crate::store::StoreError;
use crate::store::events::outgoing::{self, NewOutgoing};
use crate::store::sync::conflicts::{self, ConflictRow};
use crate::store::sync::sides;

/// Type of the event that starts the sync of a settled conflict.
pub const CHOSEN_TYPE: &str = "dev.stepwell.conflict.chosen";

/// Source of events about links.
pub const LINKS_SOURCE: &str = "/stepwell/links";

/// A conflict, and what the mapping calls its sides. As JSON, what is of a side stands under its name: `crm_id`, `crm`.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// As it is stored.
    pub row: ConflictRow,
    /// Their names.
    pub sides: Arc<Sides>,
}

impl Conflict {
    /// The record on a side.
    #[must_use]
    pub fn id_of(&self, side: Side) -> Option<&str> {
        match side {
            Side::First => self.row.crm_id.as_deref(),
            Side::Second => self.row.erp_id.as_deref(),
        }
    }

    /// `{field, value}` of a side.
    #[must_use]
    pub fn seen(&self, side: Side) -> &Value {
        match side {
            Side::First => &self.row.crm,
            Side::Second => &self.row.erp,
        }
    }

    /// The side that a person chose; `None`: nobody has decided.
    #[must_use]
    pub fn chosen(&self) -> Option<Side> {
        self.row.chosen.as_deref().and_then(sides::read)
    }
}

impl Serialize for Conflict {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = &self.row;
        let mut told = json!({ "id": row.id, "entity": row.entity, "sides": self.sides.names() });
        for side in Side::BOTH {
            told[format!("{}_id", self.sides.name(side))] = self.id_of(side).into();
        }
        told["row"] = row.row_name.clone().into();
        told["kind"] = row.kind.clone().into();
        for side in Side::BOTH {
            told[self.sides.name(side)] = self.seen(side).clone();
        }
        told["state"] = row.state.clone().into();
        told["run"] = json!(row.run_id);
        told["chosen"] = self.chosen().map(|side| self.sides.name(side)).into();
        told["chosen_by"] = row.chosen_by.clone().into();
        told["reason"] = row.reason.clone().into();
        told["chosen_at"] = json!(row.chosen_at);
        told["opened_at"] = json!(row.opened_at);
        told["changed_at"] = json!(row.changed_at);
        told.serialize(serializer)
    }
}

impl Deployed {
    /// A stored conflict with the names of its sides.
    #[must_use]
    pub fn conflict(&self, row: ConflictRow) -> Conflict {
        Conflict { sides: self.sides(&row.entity), row }
    }
}

/// The outcome of an attempt to settle a conflict.
#[derive(Debug)]
pub enum Settled {
    /// The next sync carries it out.
    Done(Box<Conflict>),
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
    ) -> Result<Vec<Conflict>, StoreError> {
        let rows = conflicts::list(&self.inner.context.reader, state, entity, before, limit).await?;
        let deployed = self.deployed();
        Ok(rows.into_iter().map(|row| deployed.conflict(row)).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn conflict(&self, id: Uuid) -> Result<Option<Conflict>, StoreError> {
        let found = conflicts::find(&self.inner.context.reader, id).await?;
        Ok(found.map(|row| self.deployed().conflict(row)))
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
        let mut transaction = self.inner.context.pool.begin().await?;
        conflicts::lock(&mut transaction, id).await?;
        let Some(found) = conflicts::find(&mut *transaction, id).await? else { return Ok(Settled::Unknown) };
        let found = self.deployed().conflict(found);
        match (found.row.state.as_str(), found.chosen()) {
            ("open", _) => {}
            ("chosen", Some(chosen)) if chosen == side => return Ok(Settled::Done(Box::new(found))),
            ("chosen", _) => {
                let by = found.row.chosen_by.unwrap_or_default();
                return Ok(Settled::Refused(format!(
                    "{by} has already decided differently, and the next sync will apply that"
                )));
            }
            ("settled", _) => return Ok(Settled::Refused("it was already settled".to_owned())),
            _ => return Ok(Settled::Refused("the records agree again, so there is nothing to settle".to_owned())),
        }
        let Some(data) = told(&found, side) else {
            return Ok(Settled::Refused("its records no longer exist".to_owned()));
        };
        conflicts::choose(&mut transaction, id, sides::written(side), &by.0, reason).await?;
        let event = json!({
            "specversion": "1.0",
            "id": Uuid::now_v7().to_string(),
            "source": LINKS_SOURCE,
            "type": CHOSEN_TYPE,
            "time": self.inner.context.now().to_rfc3339(),
            "subject": id.to_string(),
            "data": data,
        });
        let event = NewOutgoing { id: Uuid::now_v7(), event: event.to_string(), sink: None };
        outgoing::insert(&mut transaction, &[&event]).await?;
        let settled = conflicts::find(&mut *transaction, id).await?;
        transaction.commit().await?;
        self.inner.context.signals.outgoing.notify_one();
        info!(conflict = %id, side = found.sides.name(side), by = by.0, reason, "a conflict was settled");
        Ok(settled.map_or(Settled::Unknown, |row| Settled::Done(Box::new(Conflict { row, ..found }))))
    }
}

/// What the event of a decision says: the record that is to be synced, and whose word counts. None where no record is left.
fn told(found: &Conflict, chosen: Side) -> Option<Value> {
    let (of, record) = Side::BOTH.into_iter().find_map(|side| Some((side, found.id_of(side)?)))?;
    Some(json!({
        "conflict": found.row.id.to_string(),
        "entity": found.row.entity,
        "side": found.sides.name(of),
        "id": record,
        "row": found.row.row_name,
        "chosen": found.sides.name(chosen),
    }))
}
