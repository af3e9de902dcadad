//! The values of expressions: shared JSON.
//!
//! Inputs are not converted: [`Shared`] is a place inside a `serde_json` value that others hold as well. Values that an
//! expression builds are reference-counted and copied on write. Every operation charges the [`meter`](crate::meter).
//! All reading goes through [`View`], so the origin of a value does not matter.

mod arithmetic;
mod jaq;
mod number;
mod order;
mod path;
mod text;
mod view;

use std::sync::Arc;

use serde_json::Value;
use yoke::Yoke;

pub(crate) use number::Num;
pub(crate) use path::{delete_paths, get_path, set_path};
pub(crate) use view::{Kind, Object, View};

use crate::meter::{charge, charge_bytes, check_depth};

/// jq's error with a value of this type.
pub(crate) type Error = jaq_core::Error<Val>;

/// A value or an error.
pub(crate) type ValR = Result<Val, Error>;

/// Cost of one value in an array or object, in bytes.
const VALUE_BYTES: usize = 32;

/// Deepest nesting of an input, which the JSON reader enforces.
const OUTSIDE_DEPTH: u32 = 128;

#[derive(Debug, Default)]
pub(crate) enum Val {
    #[default]
    Null,
    Bool(bool),
    Num(Num),
    Str(Str),
    Arr(Arc<Array>),
    Obj(Arc<Fields>),
    Shared(Shared),
}

/// An array that an expression built.
#[derive(Debug, Clone)]
pub(crate) struct Array {
    items: Vec<Val>,
    depth: u32,
}

/// An object that an expression built, in insertion order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    map: indexmap::IndexMap<Arc<str>, Val>,
    depth: u32,
}

#[derive(Debug, Clone)]
pub(crate) enum Str {
    Own(Arc<str>),
    Shared(Yoke<&'static str, Arc<Value>>),
}

/// An array or object inside a JSON value, with an upper bound of its nesting.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    place: Yoke<&'static Value, Arc<Value>>,
    depth: u32,
}

impl Clone for Val {
    /// The interpreter clones the input of each term, so charging here also stops loops that do nothing else.
    fn clone(&self) -> Self {
        charge(1);
        match self {
            Self::Null => Self::Null,
            Self::Bool(b) => Self::Bool(*b),
            Self::Num(number) => Self::Num(number.clone()),
            Self::Str(text) => Self::Str(text.clone()),
            Self::Arr(array) => Self::Arr(Arc::clone(array)),
            Self::Obj(object) => Self::Obj(Arc::clone(object)),
            Self::Shared(shared) => Self::Shared(shared.clone()),
        }
    }
}

impl Str {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Own(text) => text,
            Self::Shared(text) => text.get(),
        }
    }

    fn into_arc(self) -> Arc<str> {
        match self {
            Self::Own(text) => text,
            Self::Shared(text) => {
                charge_bytes(text.get().len());
                Arc::from(*text.get())
            }
        }
    }
}

impl Shared {
    fn value(&self) -> &Value {
        self.place.get()
    }

    fn child(&self, find: impl for<'v> FnOnce(&'v Value) -> Option<&'v Value>) -> Option<Val> {
        charge(1);
        let place = self.place.try_map_project_cloned(|value, _| find(value).ok_or(())).ok()?;
        Some(Val::place(place, self.depth.saturating_sub(1)))
    }

    fn item(&self, index: usize) -> Option<Val> {
        self.child(|value| value.get(index))
    }

    fn field(&self, name: &str) -> Option<Val> {
        self.child(|value| value.get(name))
    }
}

impl Val {
    /// Returns JSON as a value without copying.
    pub(crate) fn shared(value: &Arc<Value>) -> Self {
        Self::shared_to(value, OUTSIDE_DEPTH)
    }

    /// Returns JSON with at most `depth` levels of nesting as a value.
    pub(crate) fn shared_to(value: &Arc<Value>, depth: u32) -> Self {
        Self::place(Yoke::attach_to_cart(Arc::clone(value), |value| value), depth)
    }

    fn place(place: Yoke<&'static Value, Arc<Value>>, depth: u32) -> Self {
        match place.get() {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(number) => Self::Num(Num::from_json(number)),
            Value::String(_) => {
                Self::Str(Str::Shared(place.map_project(|value, _| value.as_str().unwrap_or_default())))
            }
            Value::Array(_) | Value::Object(_) => Self::Shared(Shared { place, depth }),
        }
    }

    /// Creates a text.
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        charge_bytes(text.len());
        Self::Str(Str::Own(Arc::from(text)))
    }

    /// Creates a text from the name of a field.
    pub(crate) fn from_name(name: Arc<str>) -> Self {
        Self::Str(Str::Own(name))
    }

    /// Creates a computed number.
    pub(crate) fn number(value: f64) -> Self {
        Self::Num(Num::from(value))
    }

    /// Creates a number from a position or a count.
    pub(crate) fn count(value: usize) -> Self {
        Self::number(value as f64)
    }

    /// Creates an array.
    pub(crate) fn array(items: Vec<Self>) -> Self {
        charge_bytes(items.len() * VALUE_BYTES);
        let depth = 1 + items.iter().map(Self::depth).max().unwrap_or(0);
        check_depth(depth);
        Self::Arr(Arc::new(Array { items, depth }))
    }

    /// Creates an object. Of two fields with the same name the later one counts.
    pub(crate) fn object(fields: impl IntoIterator<Item = (Arc<str>, Self)>) -> Self {
        let mut object = Fields::default();
        for (name, value) in fields {
            object.insert(name, value);
        }
        Self::Obj(Arc::new(object))
    }

    /// Creates an object with fixed field names.
    pub(crate) fn record<const N: usize>(fields: [(&str, Self); N]) -> Self {
        Self::object(fields.map(|(name, value)| (Arc::from(name), value)))
    }

    pub(crate) fn view(&self) -> View<'_> {
        match self {
            Self::Null => View::Null,
            Self::Bool(b) => View::Bool(*b),
            Self::Num(number) => View::Num(number.view()),
            Self::Str(text) => View::Str(text.as_str()),
            Self::Arr(array) => View::Arr(view::Array::Own(&array.items)),
            Self::Obj(object) => View::Obj(Object::Own(&object.map)),
            Self::Shared(shared) => View::from(shared.value()),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.view().kind()
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text.as_str()),
            _ => None,
        }
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Num(number) => Some(number.value()),
            _ => None,
        }
    }

    /// Returns an upper bound of its nesting.
    pub(crate) fn depth(&self) -> u32 {
        match self {
            Self::Arr(array) => array.depth,
            Self::Obj(object) => object.depth,
            Self::Shared(shared) => shared.depth,
            _ => 0,
        }
    }

    /// Returns the items of an array by value.
    ///
    /// # Errors
    /// The value itself, if it is not an array.
    pub(crate) fn into_items(self) -> Result<Vec<Self>, Self> {
        match self {
            Self::Arr(array) => {
                Ok(Arc::try_unwrap(array).unwrap_or_else(|shared| copied(&shared, shared.items.len())).items)
            }
            Self::Shared(shared) => match shared.value() {
                Value::Array(items) => {
                    charge_bytes(items.len() * VALUE_BYTES);
                    Ok((0..items.len()).filter_map(|index| shared.item(index)).collect())
                }
                _ => Err(Self::Shared(shared)),
            },
            other => Err(other),
        }
    }

    /// Returns the fields of an object by value.
    ///
    /// # Errors
    /// The value itself, if it is not an object.
    pub(crate) fn into_fields(self) -> Result<Fields, Self> {
        match self {
            Self::Obj(object) => Ok(Arc::try_unwrap(object).unwrap_or_else(|shared| copied(&shared, shared.map.len()))),
            Self::Shared(shared) => match shared.value() {
                Value::Object(fields) => {
                    let mut own = Fields::default();
                    for name in fields.keys() {
                        if let Some(value) = shared.field(name) {
                            own.insert(Arc::from(name.as_str()), value);
                        }
                    }
                    Ok(own)
                }
                _ => Err(Self::Shared(shared)),
            },
            other => Err(other),
        }
    }

    /// Whether both are the identical value, and not merely equal.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            // Numbers have no address, so they are compared by content.
            (Self::Num(a), Self::Num(b)) => a.is(b),
            (Self::Str(a), Self::Str(b)) => std::ptr::eq(a.as_str(), b.as_str()),
            (Self::Arr(a), Self::Arr(b)) => Arc::ptr_eq(a, b),
            (Self::Obj(a), Self::Obj(b)) => Arc::ptr_eq(a, b),
            (Self::Shared(a), Self::Shared(b)) => std::ptr::eq(a.value(), b.value()),
            _ => false,
        }
    }

    /// Converts a result to JSON.
    ///
    /// # Errors
    /// The value is nested too deeply or too large for a result.
    pub(crate) fn to_json(&self) -> Result<Value, String> {
        self.view().to_json()
    }
}

/// Copies a shared value before it is changed.
fn copied<T: Clone>(shared: &Arc<T>, items: usize) -> T {
    charge_bytes(items * VALUE_BYTES);
    (**shared).clone()
}

impl Fields {
    pub(crate) fn insert(&mut self, name: Arc<str>, value: Val) {
        charge_bytes(VALUE_BYTES + name.len());
        self.depth = self.depth.max(1 + value.depth());
        check_depth(self.depth);
        self.map.insert(name, value);
    }

    /// Removes a field and keeps the order of the others.
    fn remove(&mut self, name: &str) {
        charge(1 + self.map.len() as u64 / 16);
        self.map.shift_remove(name);
    }
}

impl IntoIterator for Fields {
    type Item = (Arc<str>, Val);
    type IntoIter = indexmap::map::IntoIter<Arc<str>, Val>;

    fn into_iter(self) -> Self::IntoIter {
        self.map.into_iter()
    }
}

impl From<Fields> for Val {
    fn from(fields: Fields) -> Self {
        Self::Obj(Arc::new(fields))
    }
}
