//! Merges one row of a pair of records, from what each side had and what it has now.

use chrono::{DateTime, Utc};

use super::conflict::Kind;
use super::{Direction, Foreign, Hash, Master, Pair, Row, Side};

/// The result of merging a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Merged {
    /// Both sides are equal.
    Equal,
    /// The value is written to this side.
    To(Side),
    /// A person must decide.
    Conflict(Kind),
}

/// The stored state of a row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known<'k> {
    /// What each side had when they were last made equal; `None` if they never were.
    pub had: [Option<&'k Hash>; 2],
    /// When each side's value changed, if that is known.
    pub at: [Option<DateTime<Utc>>; 2],
    /// The side that a person chose for the current values.
    pub chosen: Option<Side>,
}

pub(super) fn merge(row: &Row, known: &Known<'_>) -> Merged {
    let has = Pair::each(|side| Hash::of(&row.cells[side].value));
    if is_equal(row, &has) {
        return Merged::Equal;
    }
    if let Some(chosen) = known.chosen.filter(|from| goes(row, from.other())) {
        return Merged::To(chosen.other());
    }
    // When two records meet for the first time, an existing value wins over an empty one.
    let is_first = known.had.iter().all(Option::is_none);
    if is_first && row.direction == Direction::Both && has.first.is_nothing() != has.second.is_nothing() {
        return Merged::To(if has.first.is_nothing() { Side::First } else { Side::Second });
    }
    let changed = |side: Side| known.had[side as usize] != Some(&has[side]);
    match (changed(Side::First), changed(Side::Second)) {
        (true, false) => one_changed(row, Side::First),
        (false, true) => one_changed(row, Side::Second),
        // If neither changed, the mapping did, or a write was not saved: treat it as if both sides had changed.
        (true, true) | (false, false) => both_changed(row, known),
    }
}

fn is_equal(row: &Row, has: &Pair<Hash>) -> bool {
    Side::BOTH.into_iter().any(|to| goes(row, to) && Hash::of(&row.cells[to.other()].other) == has[to])
}

/// Whether values of the row are written to a side.
pub(super) fn goes(row: &Row, to: Side) -> bool {
    row.direction == Direction::Both || row.direction == Direction::To(to)
}

/// Returns the side that always wins; `None` if there is none.
fn master(row: &Row) -> Option<Side> {
    match (row.direction, row.master) {
        (Direction::To(to), _) => Some(to.other()),
        (Direction::Both, Master::Side(side)) => Some(side),
        (Direction::Both, Master::Newest | Master::Manual) => None,
    }
}

fn one_changed(row: &Row, side: Side) -> Merged {
    match master(row) {
        Some(master) if master != side => match row.foreign {
            Foreign::PutBack => Merged::To(side),
            Foreign::Report => Merged::Conflict(Kind::Foreign),
        },
        _ => Merged::To(side.other()),
    }
}

fn both_changed(row: &Row, known: &Known<'_>) -> Merged {
    if let Some(master) = master(row) {
        return Merged::To(master.other());
    }
    match (row.master, known.at) {
        (Master::Newest, [Some(first), Some(second)]) if first > second => Merged::To(Side::Second),
        (Master::Newest, [Some(first), Some(second)]) if second > first => Merged::To(Side::First),
        _ => Merged::Conflict(Kind::Both),
    }
}
