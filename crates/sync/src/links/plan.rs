//! Plans the writes that make a pair of records agree.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::conflict::{Conflict, Kind, Seen};
use super::merge::{Known, Merged, goes, merge};
use super::{Cell, Deleted, Direction, Had, Hash, Link, Named, Pair, Pending, Plan, Refusal, Row, Side, Wrote};
use crate::time;
use stepwell_language::dsl::mapping::Field;

/// A field is unstable after this many writes of the same value within [`UNSTABLE_WITHIN`]: something keeps changing it
/// back.
const UNSTABLE_WRITES: usize = 3;
const UNSTABLE_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// A row is unstable after this many alternating writes within that time: each side modifies what the other one writes.
const UNSTABLE_TURNS: usize = 6;

/// Most writes remembered per field.
const WRITES_KEPT: usize = 6;

/// The result of planning.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The link with its pending writes.
    pub link: Link,
    /// Conflicts for a person, including decided ones that this plan resolves.
    pub conflicts: Vec<Conflict>,
    /// The answer to the workflow.
    pub answer: Value,
}

/// What happens to the record of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    None,
    Create,
    Update,
    Delete,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A plan under construction.
struct Draft<'p> {
    ask: &'p Plan,
    now: DateTime<Utc>,
    had: &'p Pair<Had>,
    will: Pair<Had>,
    actions: Pair<Option<Action>>,
    fields: Pair<Value>,
    writes: Pair<BTreeMap<String, Hash>>,
    conflicts: Vec<Conflict>,
}

/// Plans the writes for a pair of records. `open` are its known conflicts.
///
/// # Errors
/// The run does not hold the link.
pub fn plan(link: &Link, open: &[Conflict], ask: &Plan, now: DateTime<Utc>) -> Result<Planned, Refusal> {
    link.held_by(Named(&ask.entity, &ask.sides), ask.run)?;
    let mut draft = Draft {
        ask,
        now,
        had: &link.had,
        will: link.had.clone(),
        actions: Pair::default(),
        fields: Pair::each(|_| json!({})),
        writes: Pair::default(),
        conflicts: Vec::new(),
    };
    for side in Side::BOTH {
        draft.will[side].at = ask.found[side].at.as_deref().and_then(time).or(draft.will[side].at);
    }
    match Side::BOTH.map(|side| ask.found[side].exists) {
        [true, true] => draft.compare(open),
        [true, false] => draft.one_sided(Side::First, link, open),
        [false, true] => draft.one_sided(Side::Second, link, open),
        [false, false] => {}
    }
    Ok(draft.finish(link))
}

impl Draft<'_> {
    /// Compares two existing records row by row.
    fn compare(&mut self, open: &[Conflict]) {
        for row in &self.ask.compare.rows {
            let before = open.iter().find(|conflict| conflict.row.as_deref() == Some(row.name.as_str()));
            // A decision only applies to the values that the person saw.
            let chosen = before.filter(|before| same(before, row)).and_then(|before| before.chosen);
            let known = Known {
                had: Side::BOTH.map(|side| self.had[side].fields.get(&row.cells[side].field)),
                at: Side::BOTH.map(|side| self.changed_at(row, side)),
                chosen,
            };
            let decided = match merge(row, &known) {
                Merged::To(side) => self.check(row, side, chosen.is_some()),
                other => other,
            };
            match decided {
                Merged::Equal => self.equal(row),
                Merged::To(side) => {
                    self.write(row, side);
                    self.conflicts.extend(chosen.and(before.cloned()));
                }
                Merged::Conflict(kind) => {
                    let seen =
                        |Cell { field, value, .. }: &Cell| Seen { field: Some(field.clone()), value: value.clone() };
                    let seen = Pair::each(|side| seen(&row.cells[side]));
                    self.conflicts.push(Conflict { row: Some(row.name.clone()), kind, seen, chosen: None });
                }
            }
        }
    }

    /// Returns when a value changed: the field's own time if an event reported it, otherwise the record's.
    fn changed_at(&self, row: &Row, side: Side) -> Option<DateTime<Utc>> {
        let touched = self.had[side].touched.get(&row.cells[side].field).copied();
        touched.or_else(|| self.ask.found[side].at.as_deref().and_then(time))
    }

    /// Checks that a value can be written to a side.
    fn check(&self, row: &Row, to: Side, is_chosen: bool) -> Merged {
        let hash = Hash::of(&row.cells[to.other()].other);
        if hash.is_nothing() && row.required.contains(&to) {
            return Merged::Conflict(Kind::Required);
        }
        if !is_chosen && self.is_unstable(row, to, &hash) { Merged::Conflict(Kind::Unstable) } else { Merged::To(to) }
    }

    /// Whether a field would be written again and again.
    fn is_unstable(&self, row: &Row, to: Side, hash: &Hash) -> bool {
        let lately = |side: Side| {
            let wrote = self.had[side].wrote.get(&row.cells[side].field).into_iter().flatten();
            wrote.filter(|wrote| wrote.run != self.ask.run && self.now - wrote.at < UNSTABLE_WITHIN)
        };
        let mut turns: Vec<(DateTime<Utc>, Side)> =
            Side::BOTH.into_iter().flat_map(|side| lately(side).map(move |wrote| (wrote.at, side))).collect();
        turns.sort_unstable();
        turns.push((self.now, to));
        let to_and_fro = turns.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
        lately(to).filter(|wrote| wrote.hash == *hash).count() >= UNSTABLE_WRITES || to_and_fro >= UNSTABLE_TURNS
    }

    /// Both sides are equal: stores their values as the new common state.
    fn equal(&mut self, row: &Row) {
        for side in Side::BOTH {
            let cell = &row.cells[side];
            self.will[side].fields.insert(cell.field.clone(), Hash::of(&cell.value));
            self.will[side].touched.remove(&cell.field);
        }
    }

    fn write(&mut self, row: &Row, to: Side) {
        let (from, target) = (&row.cells[to.other()], &row.cells[to]);
        let hash = Hash::of(&from.other);
        self.actions[to] = Some(Action::Update);
        Field::of(&target.field).put(&mut self.fields[to], &from.other);
        self.writes[to].insert(target.field.clone(), hash.clone());
        self.will[to.other()].fields.insert(from.field.clone(), Hash::of(&from.value));
        self.will[to].fields.insert(target.field.clone(), hash.clone());
        for side in Side::BOTH {
            self.will[side].touched.remove(&row.cells[side].field);
        }
        let wrote = self.will[to].wrote.entry(target.field.clone()).or_default();
        wrote.retain(|wrote| wrote.run != self.ask.run && self.now - wrote.at < UNSTABLE_WITHIN);
        wrote.push(Wrote { hash, at: self.now, run: self.ask.run });
        let surplus = wrote.len().saturating_sub(WRITES_KEPT);
        wrote.drain(..surplus);
    }

    /// Handles a pair of which only one record exists, not yet or no longer.
    fn one_sided(&mut self, there: Side, link: &Link, open: &[Conflict]) {
        let missing = there.other();
        let was_there = !link.had[missing].fields.is_empty();
        if !was_there {
            let created = self.ask.compare.records.created;
            if created.is_some_and(|to| to == Direction::Both || to == Direction::To(missing)) {
                self.create(there);
            }
            return;
        }
        let before = open.iter().find(|conflict| conflict.row.is_none());
        match (self.ask.compare.records.deleted, before.and_then(|before| before.chosen)) {
            (Deleted::Ignore, _) => {}
            (_, Some(chosen)) if chosen == there => {
                self.create(there);
                self.conflicts.extend(before.cloned());
            }
            (Deleted::Apply, _) | (_, Some(_)) => {
                self.actions[there] = Some(Action::Delete);
                self.conflicts.extend(before.cloned());
            }
            (Deleted::Report, None) => {
                let seen = Pair::each(|side| Seen { field: None, value: (side == there).into() });
                self.conflicts.push(Conflict { row: None, kind: Kind::Deleted, seen, chosen: None });
            }
        }
    }

    /// Creates the counterpart of a record, with all fields that the mapping's conversion writes.
    fn create(&mut self, from: Side) {
        let to = from.other();
        self.actions[to] = Some(Action::Create);
        for row in &self.ask.compare.rows {
            let source = &row.cells[from];
            self.will[from].fields.insert(source.field.clone(), Hash::of(&source.value));
            if goes(row, to) {
                let (field, hash) = (row.cells[to].field.clone(), Hash::of(&source.other));
                self.writes[to].insert(field.clone(), hash.clone());
                self.will[to].fields.insert(field, hash);
            } else {
                self.will[to].fields.insert(row.cells[to].field.clone(), Hash::default());
            }
        }
        self.will[from].touched.clear();
        self.will[to].touched.clear();
    }

    /// Fields in an open conflict keep their old state, even if another row that reads them is written.
    fn keep_what_waits(&mut self) {
        let waiting = self.conflicts.iter().filter(|conflict| conflict.chosen.is_none());
        for (side, seen) in waiting.flat_map(|conflict| Side::BOTH.map(|side| (side, &conflict.seen[side]))) {
            let Some(field) = &seen.field else { continue };
            let will = &mut self.will[side];
            match self.had[side].fields.get(field) {
                Some(had) => will.fields.insert(field.clone(), had.clone()),
                None => will.fields.remove(field),
            };
            if let Some(at) = self.had[side].touched.get(field) {
                will.touched.insert(field.clone(), *at);
            }
        }
    }

    fn finish(mut self, link: &Link) -> Planned {
        self.keep_what_waits();
        let action = |side: Side| self.actions[side].unwrap_or(Action::None);
        let told = |side: Side| {
            json!({
                "action": action(side).as_str(),
                "id": self.ask.found[side].id.as_ref().or(link.ids[side].as_ref()),
                "fields": self.fields[side],
            })
        };
        let waiting = self.conflicts.iter().filter(|conflict| conflict.chosen.is_none()).count();
        let mut answer = json!({ "conflicts": waiting });
        for side in Side::BOTH {
            answer[self.ask.sides.name(side)] = told(side);
        }
        let settled = self.conflicts.iter().filter(|conflict| conflict.chosen.is_some());
        let settles = settled.map(|conflict| conflict.row.clone()).collect();
        // A deleted counterpart stays in the link until a person decides, or forever if the mapping ignores deletions,
        // so that it is not recreated.
        let is_over = Side::BOTH.iter().any(|side| action(*side) == Action::Delete)
            || !Side::BOTH.iter().any(|side| self.ask.found[*side].exists);
        let stays = |side: Side| {
            let is_there = self.ask.found[side].exists || action(side) == Action::Create;
            !is_over && (is_there || !self.had[side].fields.is_empty())
        };
        let exists = Pair::each(stays);
        let pending = Pending { run: self.ask.run, will: self.will, writes: self.writes, exists, settles };
        Planned { link: Link { pending: Some(pending), ..link.clone() }, conflicts: self.conflicts, answer }
    }
}

/// Whether a row still has the values of a conflict.
fn same(conflict: &Conflict, row: &Row) -> bool {
    Side::BOTH.iter().all(|side| Hash::of(&conflict.seen[*side].value) == Hash::of(&row.cells[*side].value))
}
