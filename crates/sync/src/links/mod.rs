//! Links: which records of two systems stand for the same thing, and what each of them had when they were last made equal. From that follows what an event means (`judge`) and what has to be written (`plan`).
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
mod read;
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
pub use stepwell_language::dsl::mapping::{Direction, Master, Side, Sides};

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

/// One for each side. It is stored under the names that all sides once had, which nodes of the version before read: `crm` is the first
/// side, `erp` the second, whatever the mapping calls them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pair<T> {
    /// The first side's.
    #[serde(rename = "crm")]
    pub first: T,
    /// The second side's.
    #[serde(rename = "erp")]
    pub second: T,
}

impl<T> Pair<T> {
    /// What `of` gives for each side.
    pub fn each(mut of: impl FnMut(Side) -> T) -> Self {
        Self { first: of(Side::First), second: of(Side::Second) }
    }
}

impl<T> std::ops::Index<Side> for Pair<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        match side {
            Side::First => &self.first,
            Side::Second => &self.second,
        }
    }
}

impl<T> std::ops::IndexMut<Side> for Pair<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::First => &mut self.first,
            Side::Second => &mut self.second,
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
    fn take(&mut self, named: Named<'_>, run: Uuid) -> Result<(), Refusal> {
        match self.holder {
            Some(holder) if holder != run => Err(Refusal {
                retry_after: Some(std::time::Duration::from_secs(1)),
                ..Refusal::new(
                    StatusCode::LOCKED,
                    format!("{} are locked by run {holder}, which is working on them", named.pair(&self.ids)),
                )
            }),
            _ => {
                self.holder = Some(run);
                Ok(())
            }
        }
    }

    /// Only the run that judged it may continue with it.
    fn held_by(&self, named: Named<'_>, run: Uuid) -> Result<(), Refusal> {
        if self.holder == Some(run) {
            return Ok(());
        }
        let whose = self.holder.map_or_else(|| "nobody".to_owned(), |holder| format!("run {holder}"));
        let pair = named.pair(&self.ids);
        let detail = format!("{pair} are locked by {whose}, not by run {run}: call links.judge first");
        Err(Refusal::new(StatusCode::CONFLICT, detail))
    }

    fn linked_otherwise(&self, operation: &Operation) -> Refusal {
        let named = Named(operation.entity(), operation.sides());
        if let Err(held) = self.clone().take(named, operation.run()) {
            return held;
        }
        let detail = format!(
            "{} are linked, not {}: correct the id that one of the records holds of the other",
            named.pair(&self.ids),
            named.records(&operation.ids()),
        );
        Refusal::new(StatusCode::CONFLICT, detail)
    }
}

/// An entity and its sides, for messages.
#[derive(Debug, Clone, Copy)]
struct Named<'n>(&'n str, &'n Sides);

impl Named<'_> {
    fn pair(self, ids: &Pair<Option<String>>) -> String {
        format!("{} {}", self.0, self.records(ids))
    }

    fn records(self, ids: &Pair<Option<String>>) -> String {
        let record = |side: Side| format!("{} record {}", self.1.system(side), ids[side].as_deref().unwrap_or("none"));
        Side::BOTH.map(record).join(" and ")
    }
}

/// Makes one link of those that were found by either id.
///
/// # Errors
/// The two records are linked with others. While another run works on one of those, that may yet change.
pub fn join(operation: &Operation, found: Pair<Option<Link>>) -> Result<Option<Link>, Refusal> {
    let joined = match (found.first, found.second) {
        (None, None) => return Ok(None),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(first), Some(second)) if first == second => first,
        (Some(first), Some(second)) => {
            let is_pair = |link: &&Link| link.ids.first.is_some() && link.ids.second.is_some();
            if let Some(paired) = [&first, &second].into_iter().find(is_pair) {
                return Err(paired.linked_otherwise(operation));
            }
            // Each was seen alone before; a run that works on one works on the pair.
            Link {
                ids: Pair { first: first.ids.first, second: second.ids.second },
                had: Pair { first: first.had.first, second: second.had.second },
                pending: None,
                holder: first.holder.or(second.holder),
                saved_by: first.saved_by.or(second.saved_by),
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
