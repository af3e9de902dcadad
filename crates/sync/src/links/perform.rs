//! Performs operations on links, independent of where links are stored: in Postgres, or in a simulation's memory.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::judge::judge;
use super::plan::plan;
use super::save::{release, save};
use super::{Conflict, Link, Operation, Pair, Refusal, Side, Sides, join};

/// A link with its open conflicts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linked {
    /// The link.
    pub link: Link,
    /// The conflicts, in the order of the mapping's rows.
    pub conflicts: Vec<Conflict>,
}

/// The result of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The new link that replaces the found ones; `None`: they are deleted.
    pub kept: Option<Linked>,
    /// The answer to the workflow.
    pub answer: Value,
}

/// Performs an operation. `found` are the links found by the id of each side, the same one twice if both ids lead to
/// one pair.
///
/// # Errors
/// The operation is not possible in the current state.
pub fn perform(operation: &Operation, found: Pair<Option<Linked>>, now: DateTime<Utc>) -> Result<Done, Refusal> {
    let mut conflicts: Vec<Conflict> = Vec::new();
    for conflict in [&found.first, &found.second].into_iter().flatten().flat_map(|linked| &linked.conflicts) {
        if !conflicts.iter().any(|known| known.row == conflict.row) {
            conflicts.push(conflict.clone());
        }
    }
    let [first, second] = [found.first, found.second].map(|linked| linked.map(|linked| linked.link));
    let link = join(operation, Pair { first, second })?;
    let (link, answer) = match operation {
        Operation::Judge(ask) => judge(link, ask)?,
        Operation::Plan(ask) => {
            let planned = plan(&link.unwrap_or_default(), &conflicts, ask, now)?;
            conflicts = planned.conflicts;
            (Some(planned.link), planned.answer)
        }
        Operation::Save(ask) => {
            let pending = link.as_ref().and_then(|link| link.pending.as_ref());
            let settled = pending.filter(|pending| pending.run == ask.run).map(|pending| pending.settles.clone());
            conflicts.retain(|conflict| !settled.iter().flatten().any(|row| *row == conflict.row));
            save(link, ask)?
        }
        Operation::Release(ask) => (release(link, ask), json!({})),
    };
    Ok(Done { kept: link.map(|link| Linked { link, conflicts }), answer })
}

/// All links of a simulation.
#[derive(Debug, Clone, Default)]
pub struct Links(Vec<Known>);

/// A link with its entity and the names of its sides.
#[derive(Debug, Clone)]
struct Known {
    entity: String,
    sides: Sides,
    linked: Linked,
}

impl Links {
    /// Performs an operation.
    ///
    /// # Errors
    /// The operation is not possible in the current state.
    pub fn perform(&mut self, operation: &Operation, now: DateTime<Utc>) -> Result<Value, Refusal> {
        let (entity, ids) = (operation.entity(), operation.ids());
        let place = |side: Side| {
            let id = ids[side].as_ref()?;
            self.0.iter().position(|known| known.entity == entity && known.linked.link.ids[side].as_ref() == Some(id))
        };
        let places = Side::BOTH.map(place);
        let found = |at: Option<usize>| at.and_then(|at| self.0.get(at)).map(|known| known.linked.clone());
        let done = perform(operation, Pair { first: found(places[0]), second: found(places[1]) }, now)?;
        let mut gone: Vec<usize> = places.into_iter().flatten().collect();
        gone.sort_unstable();
        gone.dedup();
        for at in gone.into_iter().rev() {
            self.0.remove(at);
        }
        let known = |linked| Known { entity: entity.to_owned(), sides: operation.sides().clone(), linked };
        self.0.extend(done.kept.map(known));
        Ok(done.answer)
    }

    /// Returns pairs and conflicts, for predicates of scenarios.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let told = |Known { entity, sides, linked }: &Known| {
            let conflicts: Vec<Value> = linked.conflicts.iter().map(|conflict| conflict.to_value(sides)).collect();
            let mut told = json!({ "entity": entity, "held": linked.link.holder.is_some(), "conflicts": conflicts });
            for side in Side::BOTH {
                told[sides.name(side)] = linked.link.ids[side].clone().into();
            }
            told
        };
        self.0.iter().map(told).collect()
    }
}
