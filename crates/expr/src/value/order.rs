//! jq's equality, order and containment. The order of types is null, false, true, numbers, strings, arrays, objects.

use std::cmp::Ordering;

use super::view::{Object, View};
use super::{Error, Val};
use crate::meter::{Exhausted, charge_scan, stop};

/// jq compares only to this depth.
const DEPTH_MAX: u32 = 10_000;

impl View<'_> {
    fn bytes(&self) -> usize {
        match self {
            Self::Str(text) => text.len(),
            _ => 0,
        }
    }

    pub(crate) fn compare(self, other: View<'_>) -> Ordering {
        charge_scan(self.bytes().min(other.bytes()));
        match (self, other) {
            (Self::Num(a), View::Num(b)) => a.compare(b),
            (Self::Str(a), View::Str(b)) => a.cmp(b),
            (Self::Arr(a), View::Arr(b)) => {
                let pairs = a.iter().zip(b.iter()).map(|(a, b)| a.compare(b));
                first_difference(pairs).unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (Self::Obj(a), View::Obj(b)) => compare_objects(a, b),
            (a, b) => a.kind().cmp(&b.kind()),
        }
    }

    pub(crate) fn equals(self, other: View<'_>) -> bool {
        charge_scan(self.bytes().min(other.bytes()));
        match (self, other) {
            (Self::Num(a), View::Num(b)) => a.compare(b) == Ordering::Equal,
            (Self::Str(a), View::Str(b)) => a == b,
            (Self::Arr(a), View::Arr(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals(b)),
            (Self::Obj(a), View::Obj(b)) => {
                a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| value.equals(other)))
            }
            (a, b) => a.kind() == b.kind(),
        }
    }

    /// jq's `contains`: substrings of texts, items of arrays in any order, fields of objects by name.
    fn contains(self, part: View<'_>) -> bool {
        match (self, part) {
            (Self::Str(a), View::Str(b)) => {
                charge_scan(a.len() + b.len());
                a.contains(b)
            }
            (Self::Arr(a), View::Arr(b)) => b.iter().all(|part| a.iter().any(|item| item.contains(part))),
            (Self::Obj(a), View::Obj(b)) => {
                b.iter().all(|(name, part)| a.get(name).is_some_and(|value| value.contains(part)))
            }
            (a, b) => a.equals(b),
        }
    }
}

fn first_difference(mut comparisons: impl Iterator<Item = Ordering>) -> Option<Ordering> {
    comparisons.find(|ordering| ordering.is_ne())
}

/// Compares objects by their sorted names first, then by the values in that order.
fn compare_objects(a: Object<'_>, b: Object<'_>) -> Ordering {
    let (a_names, b_names) = (a.names(), b.names());
    charge_scan(a_names.iter().chain(&b_names).map(|name| name.len() + 1).sum());
    let values = || {
        let pairs = a_names.iter().filter_map(|name| Some(a.get(name)?.compare(b.get(name)?)));
        first_difference(pairs).unwrap_or(Ordering::Equal)
    };
    a_names.cmp(&b_names).then_with(values)
}

fn too_deep(what: &str) -> Error {
    Error::str(format_args!("{what} too deep"))
}

impl Val {
    /// Checks that values can be compared, for sorting and grouping.
    ///
    /// # Errors
    /// The values are nested too deeply, as in jq.
    pub(crate) fn check_comparable<'v>(values: impl IntoIterator<Item = &'v Self>) -> Result<(), Error> {
        let deep = values.into_iter().any(|value| value.depth() > DEPTH_MAX);
        if deep { Err(too_deep("Comparison")) } else { Ok(()) }
    }

    /// jq's `contains`.
    ///
    /// # Errors
    /// The values have different types or are nested too deeply.
    pub(crate) fn contains(&self, part: &Self) -> Result<bool, Error> {
        if self.kind().name() != part.kind().name() {
            return Err(self.error_with(part, "cannot have their containment checked"));
        }
        if self.depth().min(part.depth()) > DEPTH_MAX {
            return Err(too_deep("Containment check"));
        }
        Ok(self.view().contains(part.view()))
    }
}

/// Operators cannot return errors, so this ends the evaluation.
fn check_operands(a: &Val, b: &Val) {
    if a.depth().min(b.depth()) > DEPTH_MAX {
        stop(Exhausted::Depth(DEPTH_MAX));
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        check_operands(self, other);
        self.view().equals(other.view())
    }
}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        check_operands(self, other);
        Some(self.view().compare(other.view()))
    }
}
