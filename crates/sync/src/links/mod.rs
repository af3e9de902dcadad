//! Links: which record of the CRM and which of the ERP stand for the same thing, and what each of them had when they were last made
//! equal. From that follows what an event means (`judge`) and what has to be written (`plan`).
//!
//! A sync goes `judge` → read both records → `plan` → write → `save`. `judge` takes a hold on the link for its run, which ends
//! with `save`, with `release` or with the run itself: two runs never write the same pair of records at once. What is known
//! of a side is a hash of each field, never the value.

mod ask;
mod conflict;
mod hash;
mod judge;
mod merge;
mod perform;
mod plan;
mod save;
#[cfg(test)]
mod tests;

pub use ask::*;
pub use conflict::{Conflict, Kind, Seen};
pub use hash::Hash;
pub use perform::{Done, Linked, Links, perform};

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Refusal;
pub use stepwell_language::dsl::mapping::Side;

/// A pair of records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Their ids, as far as both exist.
    pub ids: Pair<Option<String>>,
    /// What each had when they were last made equal.
    pub had: Pair<Had>,
    /// What is about to be written, as long as nobody said that it was.
    pub pending: Option<Pending>,
    /// The run that works on it.
    pub holder: Option<Uuid>,
    /// The run that saved it last.
    pub saved_by: Option<Uuid>,
}

/// One for each side.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pair<T> {
    /// The CRM's.
    pub crm: T,
    /// The ERP's.
    pub erp: T,
}

impl<T> std::ops::Index<Side> for Pair<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        match side {
            Side::Crm => &self.crm,
            Side::Erp => &self.erp,
        }
    }
}

impl<T> std::ops::IndexMut<Side> for Pair<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Crm => &mut self.crm,
            Side::Erp => &mut self.erp,
        }
    }
}

/// What is known of one side.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Had {
    /// When the record was last changed, as it said when it was last read.
    pub at: Option<DateTime<Utc>>,
    /// Its mapped fields.
    pub fields: BTreeMap<String, Hash>,
    /// When fields were changed by someone else since, as far as events told.
    pub touched: BTreeMap<String, DateTime<Utc>>,
    /// What this hub lately wrote into fields, oldest first.
    pub wrote: BTreeMap<String, Vec<Wrote>>,
}

/// A write of this hub.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wrote {
    /// What.
    pub hash: Hash,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// By which run: a plan that is made again is no second write.
    pub run: Uuid,
}

/// What a plan found and means to write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// Whose plan it is.
    pub run: Uuid,
    /// Each side as it will be; fields that are in conflict keep what they had.
    pub will: Pair<Had>,
    /// What is written, for events that report it before it is saved.
    pub writes: Pair<BTreeMap<String, Hash>>,
    /// Whether each side's record stays a part of the pair.
    pub exists: Pair<bool>,
    /// Rows whose conflict a person settled and this carries out; none is that about the record.
    pub settles: Vec<Option<String>>,
}

impl Link {
    /// Whether a run may work on it. Whoever else holds it was looked up by the caller: a run that has ended holds nothing.
    fn take(&mut self, entity: &str, run: Uuid) -> Result<(), Refusal> {
        match self.holder {
            Some(holder) if holder != run => Err(Refusal {
                retry_after: Some(std::time::Duration::from_secs(1)),
                ..Refusal::new(
                    StatusCode::LOCKED,
                    format!("{} are locked by run {holder}, which is working on them", self.named(entity)),
                )
            }),
            _ => {
                self.holder = Some(run);
                Ok(())
            }
        }
    }

    /// Only the run that judged it may continue with it.
    fn held_by(&self, entity: &str, run: Uuid) -> Result<(), Refusal> {
        if self.holder == Some(run) {
            return Ok(());
        }
        let whose = self.holder.map_or_else(|| "nobody".to_owned(), |holder| format!("run {holder}"));
        let detail = format!("{} are locked by {whose}, not by run {run}: call links.judge first", self.named(entity));
        Err(Refusal::new(StatusCode::CONFLICT, detail))
    }

    fn named(&self, entity: &str) -> String {
        format!("{entity} {}", told(&self.ids))
    }

    fn linked_otherwise(&self, operation: &Operation) -> Refusal {
        if let Err(held) = self.clone().take(operation.entity(), operation.run()) {
            return held;
        }
        let detail = format!(
            "{} are linked, not {}: correct the id that one of the records holds of the other",
            self.named(operation.entity()),
            told(&operation.ids()),
        );
        Refusal::new(StatusCode::CONFLICT, detail)
    }
}

fn told(ids: &Pair<Option<String>>) -> String {
    let id = |side: Side| ids[side].as_deref().unwrap_or("none");
    format!("CRM record {} and ERP record {}", id(Side::Crm), id(Side::Erp))
}

/// Makes one link of those that were found by either id.
///
/// # Errors
/// The two records are linked with others. While another run works on one of those, that may yet change.
pub fn join(operation: &Operation, found: Pair<Option<Link>>) -> Result<Option<Link>, Refusal> {
    let joined = match (found.crm, found.erp) {
        (None, None) => return Ok(None),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(crm), Some(erp)) if crm == erp => crm,
        (Some(crm), Some(erp)) => {
            if let Some(paired) = [&crm, &erp].into_iter().find(|link| link.ids.crm.is_some() && link.ids.erp.is_some())
            {
                return Err(paired.linked_otherwise(operation));
            }
            // Each was seen alone before; a run that works on one works on the pair.
            Link {
                ids: Pair { crm: crm.ids.crm, erp: erp.ids.erp },
                had: Pair { crm: crm.had.crm, erp: erp.had.erp },
                pending: None,
                holder: crm.holder.or(erp.holder),
                saved_by: crm.saved_by.or(erp.saved_by),
            }
        }
    };
    let ids = operation.ids();
    let differs =
        |side: &Side| matches!((&ids[*side], &joined.ids[*side]), (Some(asked), Some(known)) if asked != known);
    // A partner that was deleted and made again has another id: the run that created it says so when it saves.
    let replaces = matches!(operation, Operation::Save(_)) && joined.holder == Some(operation.run());
    if Side::BOTH.iter().any(differs) && !replaces {
        return Err(joined.linked_otherwise(operation));
    }
    Ok(Some(joined))
}
