//! Functions of arrays and objects.

use std::sync::Arc;

use super::{Row, fail, of_input, of_one, of_two};
use crate::meter::{charge, charge_scan};
use crate::value::{Error, Kind, Val, ValR, View, delete_paths, set_path};

pub(super) fn rows() -> Vec<Row> {
    vec![
        of_input!("type", |v| Ok(Val::text(v.kind().name()))),
        of_input!("length", length),
        of_input!("keys", |v| keys(&v, true)),
        of_input!("keys_unsorted", |v| keys(&v, false)),
        of_input!("not", |v| Ok(Val::Bool(matches!(v, Val::Null | Val::Bool(false))))),
        of_input!("reverse", reverse),
        of_input!("sort", |v| sort_by(v.clone(), v, "cannot be sorted, as it is not an array")),
        of_input!("unique", |v| unique_by(v.clone(), v)),
        of_input!("min", |v| extreme(v.clone(), v, true)),
        of_input!("max", |v| extreme(v.clone(), v, false)),
        of_input!("to_entries", to_entries),
        of_input!("transpose", transpose),
        of_one!("has", |v, key| v.has(&key).map(Val::Bool)),
        of_one!("contains", |v, part| v.contains(&part).map(Val::Bool)),
        of_one!("bsearch", bsearch),
        of_one!("delpaths", delete_paths),
        of_one!("_flatten", flatten),
        of_one!("_sort_by", |v, keys| sort_by(v, keys, "")),
        of_one!("_group_by", group_by),
        of_one!("_unique_by", unique_by),
        of_one!("_min_by", |v, keys| extreme(v, keys, true)),
        of_one!("_max_by", |v, keys| extreme(v, keys, false)),
        of_two!("_setpath", set_path),
    ]
}

fn length(value: Val) -> ValR {
    match value.kind() {
        Kind::Null => Ok(Val::count(0)),
        Kind::False | Kind::True => Err(value.error("has no length")),
        Kind::Number => match value {
            Val::Num(number) => Ok(Val::Num(number.absolute())),
            other => Ok(other),
        },
        Kind::String | Kind::Array | Kind::Object => Ok(Val::count(value.length())),
    }
}

fn keys(value: &Val, sorted: bool) -> ValR {
    match value.view() {
        View::Arr(items) => Ok(Val::array((0..items.len()).map(Val::count).collect())),
        View::Obj(fields) => {
            let mut names: Vec<&str> = fields.iter().map(|(name, _)| name).collect();
            if sorted {
                charge_scan(names.iter().map(|name| 64 + name.len()).sum());
                names.sort_unstable();
            }
            Ok(Val::array(names.into_iter().map(Val::text).collect()))
        }
        _ => Err(value.error("has no keys")),
    }
}

/// Reverses an array. As in jq, an empty value of another type gives an empty array, and any other value is an error.
fn reverse(value: Val) -> ValR {
    match value.into_items() {
        Ok(mut items) => {
            items.reverse();
            Ok(Val::array(items))
        }
        Err(other) => {
            let kind = other.kind().name();
            let last = length(other)?.as_f64().unwrap_or_default() - 1.0;
            if last <= -1.0 {
                return Ok(Val::array(Vec::new()));
            }
            fail(format_args!("Cannot index {kind} with number ({})", Val::number(last).shown()))
        }
    }
}

/// Returns items with their keys, stably sorted by key.
fn sorted_pairs(value: Val, keys: Val) -> Result<Vec<(Val, Val)>, Error> {
    let (items, keys) = (value.into_items().unwrap_or_default(), keys.into_items().unwrap_or_default());
    Val::check_comparable(&keys)?;
    let mut pairs: Vec<(Val, Val)> = keys.into_iter().zip(items).collect();
    pairs.sort_by(|(a, _), (b, _)| a.view().compare(b.view()));
    Ok(pairs)
}

fn both_arrays(value: &Val, keys: &Val, alone: &str) -> Result<(), Error> {
    match (value.kind(), keys.kind()) {
        (Kind::Array, Kind::Array) => Ok(()),
        _ if alone.is_empty() => Err(value.error_with(keys, "cannot be sorted, as they are not both arrays")),
        _ => Err(value.error(alone)),
    }
}

fn sort_by(value: Val, keys: Val, alone: &str) -> ValR {
    both_arrays(&value, &keys, alone)?;
    Ok(Val::array(sorted_pairs(value, keys)?.into_iter().map(|(_, item)| item).collect()))
}

fn groups(value: Val, keys: Val) -> Result<Vec<Vec<Val>>, Error> {
    both_arrays(&value, &keys, "cannot be sorted, as it is not an array")?;
    let mut groups: Vec<Vec<Val>> = Vec::new();
    let mut current: Option<Val> = None;
    for (key, item) in sorted_pairs(value, keys)? {
        match groups.last_mut().filter(|_| current.as_ref() == Some(&key)) {
            Some(group) => group.push(item),
            None => {
                groups.push(vec![item]);
                current = Some(key);
            }
        }
    }
    Ok(groups)
}

fn group_by(value: Val, keys: Val) -> ValR {
    Ok(Val::array(groups(value, keys)?.into_iter().map(Val::array).collect()))
}

fn unique_by(value: Val, keys: Val) -> ValR {
    Ok(Val::array(groups(value, keys)?.into_iter().filter_map(|group| group.into_iter().next()).collect()))
}

/// Returns the first of the smallest items, or the last of the largest.
fn extreme(value: Val, keys: Val, smallest: bool) -> ValR {
    if (value.kind(), keys.kind()) != (Kind::Array, Kind::Array) {
        return Err(value.error_with(&keys, "cannot be iterated over"));
    }
    let (items, keys) = (value.into_items().unwrap_or_default(), keys.into_items().unwrap_or_default());
    Val::check_comparable(&keys)?;
    let best = keys.into_iter().zip(items).reduce(|best, next| {
        let less = next.0.view().compare(best.0.view()).is_lt();
        if less == smallest { next } else { best }
    });
    Ok(best.map(|(_, item)| item).unwrap_or_default())
}

fn to_entries(value: Val) -> ValR {
    let why = value.error("has no keys");
    if value.kind() == Kind::Array {
        let entry = |(index, item)| Val::record([("key", Val::count(index)), ("value", item)]);
        return Ok(Val::array(value.into_items().unwrap_or_default().into_iter().enumerate().map(entry).collect()));
    }
    let fields = value.into_fields().map_err(|_| why)?;
    let (key, content): (Arc<str>, Arc<str>) = (Arc::from("key"), Arc::from("value"));
    let entry = |(name, value)| Val::object([(Arc::clone(&key), Val::from_name(name)), (Arc::clone(&content), value)]);
    Ok(Val::array(fields.into_iter().map(entry).collect()))
}

/// Turns rows into columns. Short rows are filled with null.
fn transpose(value: Val) -> ValR {
    let rows = match value.into_items() {
        Ok(rows) => rows,
        Err(other) => {
            return fail(format_args!("Cannot iterate over {} ({})", other.kind().name(), other.shown()));
        }
    };
    if let Some(other) = rows.iter().find(|row| !matches!(row.kind(), Kind::Array | Kind::Null)) {
        return fail(format_args!("Cannot index {} with number (0)", other.kind().name()));
    }
    let width = rows.iter().map(Val::length).max().unwrap_or(0);
    Ok(Val::array((0..width).map(|column| Val::array(rows.iter().map(|row| row.item(column)).collect())).collect()))
}

/// Returns the index of an item in a sorted array, or -1 minus the index where it would be inserted.
fn bsearch(value: Val, wanted: Val) -> ValR {
    let View::Arr(items) = value.view() else { return Err(value.error("cannot be searched from")) };
    Val::check_comparable([&value, &wanted])?;
    let (mut start, mut end) = (0, items.len());
    while start < end {
        charge(1);
        let middle = start + (end - start) / 2;
        let Some(item) = items.get(middle) else { break };
        match wanted.view().compare(item) {
            std::cmp::Ordering::Equal => return Ok(Val::count(middle)),
            std::cmp::Ordering::Less => end = middle,
            std::cmp::Ordering::Greater => start = middle + 1,
        }
    }
    Ok(Val::number(-1.0 - start as f64))
}

/// Flattens nested arrays by `depth` levels; completely if it is negative.
fn flatten(value: Val, depth: Val) -> ValR {
    fn lay_open(value: Val, depth: f64, out: &mut Vec<Val>) {
        charge(1);
        match value.into_items() {
            Ok(items) => items.into_iter().for_each(|item| match item.kind() {
                Kind::Array if depth != 0.0 => lay_open(item, depth - 1.0, out),
                _ => out.push(item),
            }),
            Err(other) => out.push(other),
        }
    }
    let depth = depth.as_f64().unwrap_or(-1.0);
    let mut out = Vec::new();
    match value.kind() {
        Kind::Array => lay_open(value, depth, &mut out),
        Kind::Object => {
            let fields = value.into_fields().unwrap_or_default();
            lay_open(Val::array(fields.into_iter().map(|(_, value)| value).collect()), depth, &mut out);
        }
        other => return fail(format_args!("Cannot iterate over {} ({})", other.name(), value.shown())),
    }
    Ok(Val::array(out))
}
