//! The operations over what is known of a pair, wherever that is kept: in Postgres, or in the memory of a rehearsal.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::judge::judge;
use super::plan::plan;
use super::save::{release, save};
use super::{Conflict, Link, Operation, Pair, Refusal, Side, Sides, join};

/// A link with the conflicts about it that are open.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Linked {
    /// It.
    pub link: Link,
    /// In the order of the rows.
    pub conflicts: Vec<Conflict>,
}

/// What an operation comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// What is known from then on in place of what was found; none is nothing.
    pub kept: Option<Linked>,
    /// For the workflow.
    pub answer: Value,
}

/// Does what is asked for. `found` is what is known under the id of each side that the operation names, both the same where
/// they lead to one pair.
///
/// # Errors
/// It cannot be done as things stand.
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

/// All links, where there is no database.
#[derive(Debug, Clone, Default)]
pub struct Links(Vec<Known>);

/// A link of an entity, and what its sides are called.
#[derive(Debug, Clone)]
struct Known {
    entity: String,
    sides: Sides,
    linked: Linked,
}

impl Links {
    /// Does what is asked for.
    ///
    /// # Errors
    /// It cannot be done as things stand.
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

    /// Pairs and conflicts, for predicates.
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
