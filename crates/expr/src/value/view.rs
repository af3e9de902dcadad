//! A borrowed view of a value, with one reader for inputs and for values that the expression built.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::Val;
use super::number::NumView;
use crate::meter::charge_scan;

/// Deepest nesting of a result; the same as for inputs.
const RESULT_DEPTH_MAX: usize = 128;

/// Largest result: number of values plus bytes of text.
const RESULT_SIZE_MAX: usize = 4 << 20;

/// The types of values, in jq's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum View<'a> {
    Null,
    Bool(bool),
    Num(NumView<'a>),
    Str(&'a str),
    Arr(Array<'a>),
    Obj(Object<'a>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Array<'a> {
    Own(&'a [Val]),
    Shared(&'a [Value]),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Object<'a> {
    Own(&'a IndexMap<Arc<str>, Val>),
    Shared(&'a Map<String, Value>),
}

impl Kind {
    /// Returns jq's name of the type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::False | Self::True => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

impl<'a> From<&'a Value> for View<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(number) => Self::Num(NumView::from(number)),
            Value::String(text) => Self::Str(text),
            Value::Array(items) => Self::Arr(Array::Shared(items)),
            Value::Object(fields) => Self::Obj(Object::Shared(fields)),
        }
    }
}

impl<'a> Array<'a> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Own(items) => items.len(),
            Self::Shared(items) => items.len(),
        }
    }

    pub(crate) fn get(self, index: usize) -> Option<View<'a>> {
        match self {
            Self::Own(items) => items.get(index).map(Val::view),
            Self::Shared(items) => items.get(index).map(View::from),
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = View<'a>> {
        (0..self.len()).filter_map(move |index| self.get(index))
    }
}

impl<'a> Object<'a> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Own(fields) => fields.len(),
            Self::Shared(fields) => fields.len(),
        }
    }

    pub(crate) fn get(self, name: &str) -> Option<View<'a>> {
        match self {
            Self::Own(fields) => fields.get(name).map(Val::view),
            Self::Shared(fields) => fields.get(name).map(View::from),
        }
    }

    /// Iterates over the fields in their stored order.
    pub(crate) fn iter(self) -> Box<dyn Iterator<Item = (&'a str, View<'a>)> + 'a> {
        match self {
            Self::Own(fields) => Box::new(fields.iter().map(|(name, value)| (&**name, value.view()))),
            Self::Shared(fields) => Box::new(fields.iter().map(|(name, value)| (name.as_str(), View::from(value)))),
        }
    }

    /// Returns the names, sorted.
    pub(crate) fn names(self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }
}

impl View<'_> {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(false) => Kind::False,
            Self::Bool(true) => Kind::True,
            Self::Num(_) => Kind::Number,
            Self::Str(_) => Kind::String,
            Self::Arr(_) => Kind::Array,
            Self::Obj(_) => Kind::Object,
        }
    }

    /// Converts a result to JSON. NaN becomes null, as jq prints it.
    ///
    /// # Errors
    /// The value is nested too deeply or too large for a result.
    pub(crate) fn to_json(self) -> Result<Value, String> {
        let mut left = RESULT_SIZE_MAX;
        convert(self, RESULT_DEPTH_MAX, &mut left)
    }
}

fn convert(value: View<'_>, depth: usize, left: &mut usize) -> Result<Value, String> {
    let too_deep = || format!("the result is nested deeper than {RESULT_DEPTH_MAX} levels");
    let mut take = |size: usize| {
        charge_scan(size);
        *left = left.checked_sub(size).ok_or_else(|| format!("the result is larger than {RESULT_SIZE_MAX} bytes"))?;
        Ok::<(), String>(())
    };
    take(1)?;
    Ok(match value {
        View::Null => Value::Null,
        View::Bool(b) => Value::Bool(b),
        View::Num(number) => number.to_json().map_or(Value::Null, Value::Number),
        View::Str(text) => {
            take(text.len())?;
            Value::String(text.to_owned())
        }
        View::Arr(items) => {
            let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
            Value::Array(items.iter().map(|item| convert(item, depth, left)).collect::<Result<_, _>>()?)
        }
        View::Obj(fields) => {
            let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
            let mut object = Map::with_capacity(fields.len());
            for (name, value) in fields.iter() {
                *left = left.saturating_sub(name.len());
                object.insert(name.to_owned(), convert(value, depth, left)?);
            }
            Value::Object(object)
        }
    })
}
