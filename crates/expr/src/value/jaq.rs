//! Implements the traits that the interpreter requires of a value.

use std::sync::Arc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Exn, ValX};

use super::{Error, Num, Val, ValR};
use crate::meter::charge;

impl From<bool> for Val {
    fn from(value: bool) -> Self {
        charge(1);
        Self::Bool(value)
    }
}

impl From<isize> for Val {
    fn from(value: isize) -> Self {
        charge(1);
        Self::number(value as f64)
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// A slice, as a key of a path.
impl From<Range<Self>> for Val {
    fn from(range: Range<Self>) -> Self {
        let bound = |value: Option<Self>| value.unwrap_or_default();
        Self::record([("start", bound(range.start)), ("end", bound(range.end))])
    }
}

impl FromIterator<Self> for Val {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::array(items.into_iter().inspect(|_| charge(1)).collect())
    }
}

impl Val {
    fn cannot_iterate(&self) -> Error {
        Error::str(format_args!("Cannot iterate over {} ({})", self.kind().name(), self.shown()))
    }

    fn slice_key(range: Range<&Self>) -> Self {
        Self::from(range.start.cloned()..range.end.cloned())
    }

    /// Replaces the value at `key` with the first output of `update`.
    fn update_at<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        key: Self,
        opt: Opt,
        update: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self.get(&key) {
            Ok(old) => match update(old).next().transpose()? {
                Some(new) => Ok(super::set_path(self, Self::array(vec![key]), new)?),
                None => Ok(super::delete_paths(self, Self::array(vec![Self::array(vec![key])]))?),
            },
            Err(why) => opt.fail(self, |_| Exn::from(why)),
        }
    }
}

impl jaq_core::ValT for Val {
    fn from_num(text: &str) -> ValR {
        let number = Num::parse(text).ok_or_else(|| Error::str(format_args!("{text} is not a number")))?;
        charge(1);
        Ok(Self::Num(number))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(fields: I) -> ValR {
        let named = fields.into_iter().map(|(name, value)| match name {
            Self::Str(name) => Ok((name.into_arc(), value)),
            other => {
                Err(Error::str(format_args!("Cannot use {} ({}) as object key", other.kind().name(), other.shown())))
            }
        });
        Ok(Self::object(named.collect::<Result<Vec<_>, _>>()?))
    }

    fn key_values(self) -> BoxIter<'static, Result<(Self, Self), Error>> {
        match self.into_items() {
            Ok(items) => Box::new(items.into_iter().enumerate().map(|(index, item)| {
                charge(1);
                Ok((Self::count(index), item))
            })),
            Err(other) => match other.into_fields() {
                Ok(fields) => {
                    Box::new(fields.map.into_iter().map(|(name, value)| Ok((Self::Str(super::Str::Own(name)), value))))
                }
                Err(other) => box_once(Err(other.cannot_iterate())),
            },
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR>> {
        match self {
            // Lazily, so that reading only the first item costs only one item.
            Self::Arr(array) => Box::new((0..array.items.len()).map(move |index| Ok(array.items[index].clone()))),
            Self::Shared(shared) if shared.value().is_array() => {
                Box::new((0..).map_while(move |index| shared.item(index)).map(Ok))
            }
            other => match other.into_fields() {
                Ok(fields) => Box::new(fields.map.into_values().map(Ok)),
                Err(other) => box_once(Err(other.cannot_iterate())),
            },
        }
    }

    fn index(self, key: &Self) -> ValR {
        self.get(key)
    }

    fn range(self, range: Range<&Self>) -> ValR {
        self.get(&Self::slice_key(range))
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match self.into_items() {
            Ok(items) => Ok(Self::array(items.into_iter().flat_map(f).collect::<Result<_, _>>()?)),
            Err(other) => match other.into_fields() {
                Ok(fields) => {
                    let mapped = fields.map.into_iter().filter_map(|(name, value)| Some((name, f(value).next()?)));
                    let mapped: Vec<(Arc<str>, Self)> =
                        mapped.map(|(name, value)| Ok((name, value?))).collect::<Result<_, Exn<_>>>()?;
                    Ok(Self::object(mapped))
                }
                Err(other) => {
                    let why = other.cannot_iterate();
                    opt.fail(other, |_| Exn::from(why))
                }
            },
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        key: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        self.update_at(key.clone(), opt, f)
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        self.update_at(Self::slice_key(range), opt, f)
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        self.into_text()
    }
}
