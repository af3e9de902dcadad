//! Reads, sets and deletes parts of a value: `.a`, `.[1]`, `.[1:3]`, `getpath`, `setpath`, `delpaths`. Rules and error
//! messages are those of jq 1.8.

use std::ops::Range;
use std::sync::Arc;

use super::{Array, Error, Fields, Kind, Val, ValR};
use crate::meter::{charge, charge_bytes, check_depth};

/// jq's longest path.
const PATH_LENGTH_MAX: usize = 10_000;

/// jq's largest index for an assignment.
const INDEX_MAX: i64 = 536_870_911;

impl Val {
    /// `.[key]`
    pub(super) fn get(&self, key: &Self) -> ValR {
        charge(1);
        match (self.kind(), key.kind()) {
            (Kind::Object, Kind::String) => Ok(self.field(key.as_str().unwrap_or_default())),
            (Kind::Array, Kind::Number) => Ok(position(key, self.length()).map_or(Self::Null, |at| self.item(at))),
            (Kind::Array, Kind::Array) => Ok(self.indices(key)),
            (Kind::Array | Kind::String, Kind::Object) => {
                let range = self.slice_range(key)?;
                Ok(self.slice(range))
            }
            (Kind::Null, Kind::String | Kind::Number | Kind::Object) => Ok(Self::Null),
            (of, with) => {
                Err(Error::str(format_args!("Cannot index {} with {} ({})", of.name(), with.name(), key.shown())))
            }
        }
    }

    fn field(&self, name: &str) -> Self {
        match self {
            Self::Obj(object) => object.map.get(name).cloned(),
            Self::Shared(shared) => shared.field(name),
            _ => None,
        }
        .unwrap_or_default()
    }

    pub(crate) fn item(&self, index: usize) -> Self {
        match self {
            Self::Arr(array) => array.items.get(index).cloned(),
            Self::Shared(shared) => shared.item(index),
            _ => None,
        }
        .unwrap_or_default()
    }

    /// Returns the number of items, fields or characters; 0 for other values.
    pub(crate) fn length(&self) -> usize {
        match self.view() {
            super::View::Arr(items) => items.len(),
            super::View::Obj(fields) => fields.len(),
            super::View::Str(text) => {
                charge(1 + text.len() as u64 / 64);
                text.chars().count()
            }
            _ => 0,
        }
    }

    /// Returns the positions at which an array contains another one.
    fn indices(&self, part: &Self) -> Self {
        let (super::View::Arr(items), super::View::Arr(part)) = (self.view(), part.view()) else { return Self::Null };
        let found = |start: &usize| {
            part.iter().enumerate().all(|(i, wanted)| items.get(start + i).is_some_and(|item| item.equals(wanted)))
        };
        if part.len() == 0 {
            return Self::array(Vec::new());
        }
        Self::array((0..(items.len() + 1).saturating_sub(part.len())).filter(found).map(Self::count).collect())
    }

    /// Resolves `{start, end}` on this array or text. Starts are rounded down, ends up.
    fn slice_range(&self, key: &Self) -> Result<Range<usize>, Error> {
        let bound = |name: &str| match key.field(name) {
            Self::Null => Ok(None),
            Self::Num(number) => Ok(Some(number.value())),
            _ => Err(Error::str("Array/string slice indices must be integers")),
        };
        let length = self.length() as f64;
        let absolute = |bound: f64| if bound < 0.0 { bound + length } else { bound };
        let start = bound("start")?.filter(|start| !start.is_nan()).map_or(0.0, absolute).clamp(0.0, length);
        let end = bound("end")?.filter(|end| !end.is_nan()).map_or(length, absolute);
        let start = start.floor() as usize;
        let end = end.ceil().clamp(0.0, length) as usize;
        Ok(start..end.max(start))
    }

    fn slice(&self, range: Range<usize>) -> Self {
        match self {
            Self::Str(text) => {
                let text = text.as_str();
                charge_bytes(text.len());
                Self::text(text.chars().skip(range.start).take(range.len()).collect::<String>())
            }
            _ => Self::array(range.map(|index| self.item(index)).collect()),
        }
    }

    /// `.[key] = value`
    fn set(self, key: &Self, value: Self) -> ValR {
        charge(1);
        match (self.kind(), key.kind()) {
            (Kind::Object | Kind::Null, Kind::String) => {
                let mut object = match self {
                    Self::Obj(object) => object,
                    other => Arc::new(other.into_fields().unwrap_or_default()),
                };
                if Arc::get_mut(&mut object).is_none() {
                    charge_bytes(object.map.len() * super::VALUE_BYTES);
                }
                let Self::Str(name) = key else { return Ok(Self::Obj(object)) };
                Arc::make_mut(&mut object).insert(name.clone().into_arc(), value);
                Ok(Self::Obj(object))
            }
            (Kind::Array | Kind::Null, Kind::Number) => self.set_item(key, value),
            (Kind::Array | Kind::Null, Kind::Object) => {
                let target = if self.kind() == Kind::Null { Self::array(Vec::new()) } else { self };
                let range = target.slice_range(key)?;
                let new = value
                    .into_items()
                    .map_err(|_| Error::str("A slice of an array can only be assigned another array"))?;
                let mut items = target.into_items().unwrap_or_default();
                items.splice(range, new);
                Ok(Self::array(items))
            }
            (Kind::String, Kind::Object) => Err(Error::str("Cannot update string slices")),
            (of, with) => {
                Err(Error::str(format_args!("Cannot update field at {} index of {}", with.name(), of.name())))
            }
        }
    }

    fn set_item(self, key: &Self, value: Self) -> ValR {
        let index = key.as_f64().unwrap_or_default();
        if index.is_nan() {
            return Err(Error::str("Cannot set array element at NaN index"));
        }
        let length = i64::try_from(self.length()).unwrap_or(i64::MAX);
        // Truncates toward zero, like a conversion to an integer.
        let index = index as i64;
        let index = if index < 0 { index + length } else { index };
        if index > INDEX_MAX {
            return Err(Error::str("Array index too large"));
        }
        let index = usize::try_from(index).map_err(|_| Error::str("Out of bounds negative array index"))?;
        let mut array = match self {
            Self::Arr(array) => array,
            other => {
                let depth = other.depth().max(1);
                Arc::new(Array { items: other.into_items().unwrap_or_default(), depth })
            }
        };
        if Arc::get_mut(&mut array).is_none() {
            charge_bytes(array.items.len() * super::VALUE_BYTES);
        }
        let own = Arc::make_mut(&mut array);
        if index >= own.items.len() {
            charge_bytes((index + 1 - own.items.len()) * super::VALUE_BYTES);
            own.items.resize(index + 1, Self::Null);
        }
        own.depth = own.depth.max(1 + value.depth());
        check_depth(own.depth);
        own.items[index] = value;
        Ok(Self::Arr(array))
    }

    /// Deletes several keys at once. Positions refer to the state before the deletion.
    fn delete(self, keys: &[Self]) -> ValR {
        match self.kind() {
            _ if keys.is_empty() => Ok(self),
            Kind::Null => Ok(self),
            Kind::Array => {
                let length = self.length();
                let mut gone = vec![false; length];
                charge_bytes(length);
                for key in keys {
                    match key.kind() {
                        Kind::Number => {
                            if let Some(at) = position(key, length) {
                                gone[at] = true;
                            }
                        }
                        Kind::Object => gone[self.slice_range(key)?].fill(true),
                        other => {
                            return Err(Error::str(format_args!("Cannot delete {} element of array", other.name())));
                        }
                    }
                }
                let kept = self.into_items().unwrap_or_default().into_iter().zip(gone);
                Ok(Self::array(kept.filter_map(|(item, gone)| (!gone).then_some(item)).collect()))
            }
            Kind::Object => {
                let mut fields = self.into_fields().unwrap_or_default();
                for key in keys {
                    let name = key.as_str().ok_or_else(|| {
                        Error::str(format_args!("Cannot delete {} field of object", key.kind().name()))
                    })?;
                    fields.remove(name);
                }
                Ok(Fields::into(fields))
            }
            other => Err(Error::str(format_args!("Cannot delete fields from {}", other.name()))),
        }
    }

    /// `has(key)`
    pub(crate) fn has(&self, key: &Self) -> Result<bool, Error> {
        match (self.view(), key.kind()) {
            (super::View::Obj(fields), Kind::String) => Ok(fields.get(key.as_str().unwrap_or_default()).is_some()),
            (super::View::Arr(items), Kind::Number) => {
                // Negative positions do not count from the end here.
                Ok(key.as_f64().is_some_and(|at| at.trunc() >= 0.0 && at.trunc() < items.len() as f64))
            }
            (super::View::Null, _) => Ok(false),
            (_, with) => {
                Err(Error::str(format_args!("Cannot check whether {} has a {} key", self.kind().name(), with.name())))
            }
        }
    }
}

/// Returns the position for a number in an array of this length. Negative numbers count from the end.
fn position(key: &Val, length: usize) -> Option<usize> {
    let at = key.as_f64().filter(|at| !at.is_nan())?;
    // jq truncates toward zero first, so -0.5 is position 0.
    let at = at as i64;
    let at = if at < 0 { at + i64::try_from(length).ok()? } else { at };
    usize::try_from(at).ok().filter(|at| *at < length)
}

fn path_items(path: Val, what: &str) -> Result<Vec<Val>, Error> {
    let path = path.into_items().map_err(|_| Error::str(what))?;
    if path.len() > PATH_LENGTH_MAX {
        return Err(Error::str("Path too deep"));
    }
    Ok(path)
}

const NOT_AN_ARRAY: &str = "Path must be specified as an array";

/// `getpath(path)`, with the keys that were taken.
pub(crate) fn get_path(root: Val, path: Val) -> Result<(Val, Vec<Val>), Error> {
    let keys = path_items(path, NOT_AN_ARRAY)?;
    let mut value = root;
    for key in &keys {
        value = value.get(key)?;
    }
    Ok((value, keys))
}

/// `setpath(path; value)`
pub(crate) fn set_path(root: Val, path: Val, value: Val) -> ValR {
    let keys = path_items(path, NOT_AN_ARRAY)?;
    check_depth(u32::try_from(keys.len()).unwrap_or(u32::MAX));
    set_below(root, &keys, value)
}

fn set_below(root: Val, keys: &[Val], value: Val) -> ValR {
    let Some((key, rest)) = keys.split_first() else { return Ok(value) };
    let below = root.get(key)?;
    if rest.is_empty() {
        drop(below);
        return root.set(key, value);
    }
    // Release the parent's reference first, so that the child is changed in place instead of copied.
    let root = if key.kind() == Kind::Object { root } else { root.set(key, Val::Null)? };
    let below = set_below(below, rest, value)?;
    root.set(key, below)
}

/// `delpaths(paths)`
pub(crate) fn delete_paths(root: Val, paths: Val) -> ValR {
    let mut paths = paths.into_items().map_err(|_| Error::str("Paths must be specified as an array"))?;
    Val::check_comparable(&paths)?;
    paths.sort_by(|a, b| a.view().compare(b.view()));
    let paths = paths
        .into_iter()
        .map(|path| {
            let kind = path.kind().name();
            path_items(path, &format!("Path must be specified as array, not {kind}"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    match paths.first() {
        None => Ok(root),
        Some(first) if first.is_empty() => Ok(Val::Null),
        Some(_) => delete_sorted(root, &paths, 0),
    }
}

fn delete_sorted(mut root: Val, paths: &[Vec<Val>], start: usize) -> ValR {
    check_depth(u32::try_from(start).unwrap_or(u32::MAX));
    let mut gone = Vec::new();
    let mut rest = paths;
    while let Some(first) = rest.first() {
        let key = &first[start];
        let together = rest.iter().take_while(|path| path[start] == *key).count().max(1);
        let (group, later) = rest.split_at(together);
        rest = later;
        if first.len() == start + 1 {
            // The whole value is deleted, whatever else is deleted in it.
            gone.push(key.clone());
            continue;
        }
        let below = root.get(key)?;
        if below.kind() != Kind::Null {
            root = root.set(key, delete_sorted(below, group, start + 1)?)?;
        }
    }
    root.delete(&gone)
}
