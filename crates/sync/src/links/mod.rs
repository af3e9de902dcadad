//! Links: pairs of records in two systems that represent the same thing, with what each had when they were last made
//! equal. They determine what an event means (`judge`) and what must be written (`plan`).
//!
//! A sync calls `judge`, reads both records, calls `plan`, writes, and calls `save`. `judge` gives its run a hold on
//! the link until `save`, `release` or the end of the run, so two runs never write the same pair at once. Of each side
//! only hashes of fields are stored, never values.

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
    /// Ids of the records that exist.
    pub ids: Pair<Option<String>>,
    /// What each side had when they were last made equal.
    pub had: Pair<Had>,
    /// The planned writes that have not been saved.
    pub pending: Option<Pending>,
    /// The run that holds the link.
    pub holder: Option<Uuid>,
    /// The run that last saved it.
    pub saved_by: Option<Uuid>,
}

/// One value per side. Stored under the historic names of the sides, which older nodes read: `crm` is the first side,
/// `erp` the second, whatever the mapping calls them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pair<T> {
    /// The first side's value.
    #[serde(rename = "crm")]
    pub first: T,
    /// The second side's value.
    #[serde(rename = "erp")]
    pub second: T,
}

impl<T> Pair<T> {
    /// Computes the value of each side.
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

/// The stored state of one side.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Had {
    /// When the record was last changed, as of the last read.
    pub at: Option<DateTime<Utc>>,
    /// Hashes of its mapped fields, by path.
    pub fields: BTreeMap<String, Hash>,
    /// When others changed fields since then, as far as events reported it.
    pub touched: BTreeMap<String, DateTime<Utc>>,
    /// Recent writes of this hub by field, oldest first.
    pub wrote: BTreeMap<String, Vec<Wrote>>,
}

/// A write of this hub to a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wrote {
    /// Hash of the written value.
    pub hash: Hash,
    /// When it was planned.
    pub at: DateTime<Utc>,
    /// The run that planned it, so that a repeated plan does not count twice.
    pub run: Uuid,
}

/// The planned state and writes of a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The run that made the plan.
    pub run: Uuid,
    /// The state of each side after the writes. Fields in conflict keep their old state.
    pub will: Pair<Had>,
    /// Hashes of the written fields, to recognize events about them that arrive before the save.
    pub writes: Pair<BTreeMap<String, Hash>>,
    /// Whether each side's record remains in the link.
    pub exists: Pair<bool>,
    /// Rows whose conflict a person decided and this plan resolves; `None` is the conflict about the record.
    pub settles: Vec<Option<String>>,
}

impl Link {
    /// Gives the run a hold on the link. The caller has already removed holders whose run has ended.
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

    /// Refuses a run that does not hold the link.
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

/// Combines the links found by the two ids into one.
///
/// # Errors
/// The two records are linked to different records. If another run holds one of those links, a retry may succeed.
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
            // Each record was linked alone before. A run that holds one of the links holds the pair.
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
    // A counterpart that was deleted and recreated has a new id, which the run that created it saves.
    let replaces = matches!(operation, Operation::Save(_)) && joined.holder == Some(operation.run());
    if Side::BOTH.iter().any(differs) && !replaces {
        return Err(joined.linked_otherwise(operation));
    }
    Ok(Some(joined))
}
