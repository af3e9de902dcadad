//! `+ - * / %` and negation. Numbers are doubles; the errors have jq's wording.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::sync::Arc;

use super::{Array, Error, Fields, Kind, VALUE_BYTES, Val, ValR};
use crate::meter::{charge, charge_bytes, check_depth};

/// jq merges objects only to this depth.
const MERGE_DEPTH_MAX: u32 = 10_000;

/// jq's longest text, in bytes.
const TEXT_BYTES_MAX: f64 = 2_147_483_647.0;

impl Add for Val {
    type Output = ValR;

    fn add(self, other: Self) -> ValR {
        charge(1);
        match (self, other) {
            (Self::Null, other) | (other, Self::Null) => Ok(other),
            (Self::Num(a), Self::Num(b)) => Ok(Self::number(a.value() + b.value())),
            (Self::Str(a), Self::Str(b)) => {
                let (a, b) = (a.as_str(), b.as_str());
                charge_bytes(a.len() + b.len());
                Ok(Self::text([a, b].concat()))
            }
            (a, b) => match (a.kind(), b.kind()) {
                (Kind::Array, Kind::Array) => a.concat(b),
                (Kind::Object, Kind::Object) => a.merge(b),
                _ => Err(a.error_with(&b, "cannot be added")),
            },
        }
    }
}

impl Val {
    /// Appends to the array in place if it is not shared, so that building an array item by item costs each item once.
    fn concat(self, other: Self) -> ValR {
        let more = other.into_items().unwrap_or_default();
        charge_bytes(more.len() * VALUE_BYTES);
        let depth = 1 + more.iter().map(Self::depth).max().unwrap_or(0);
        let (mut items, own) = match self {
            Self::Arr(array) => {
                let depth = array.depth;
                (Self::Arr(array).into_items().unwrap_or_default(), depth)
            }
            other => {
                let depth = other.depth();
                (other.into_items().unwrap_or_default(), depth)
            }
        };
        items.extend(more);
        let depth = own.max(depth);
        check_depth(depth);
        Ok(Self::Arr(Arc::new(Array { items, depth })))
    }

    fn merge(self, other: Self) -> ValR {
        let mut fields = self.into_fields().unwrap_or_default();
        for (name, value) in other.into_fields().unwrap_or_default().map {
            fields.insert(name, value);
        }
        Ok(fields.into())
    }
}

impl Sub for Val {
    type Output = ValR;

    fn sub(self, other: Self) -> ValR {
        charge(1);
        match (self, other) {
            (Self::Num(a), Self::Num(b)) => Ok(Self::number(a.value() - b.value())),
            (a, b) if (a.kind(), b.kind()) == (Kind::Array, Kind::Array) => {
                let gone = b.into_items().unwrap_or_default();
                let mut items = a.into_items().unwrap_or_default();
                items.retain(|item| !gone.contains(item));
                Ok(Self::array(items))
            }
            (a, b) => Err(a.error_with(&b, "cannot be subtracted")),
        }
    }
}

impl Mul for Val {
    type Output = ValR;

    fn mul(self, other: Self) -> ValR {
        charge(1);
        match (self, other) {
            (Self::Num(a), Self::Num(b)) => Ok(Self::number(a.value() * b.value())),
            (Self::Str(text), Self::Num(n)) | (Self::Num(n), Self::Str(text)) => repeat(text.as_str(), n.value()),
            (a, b) if (a.kind(), b.kind()) == (Kind::Object, Kind::Object) => {
                if a.depth().min(b.depth()) > MERGE_DEPTH_MAX {
                    return Err(Error::str("Object merge too deep"));
                }
                let (a, b) = (a.into_fields().unwrap_or_default(), b.into_fields().unwrap_or_default());
                Ok(merge_deep(a, b).into())
            }
            (a, b) => Err(a.error_with(&b, "cannot be multiplied")),
        }
    }
}

/// Repeats a text. Null for a negative number; a fraction is truncated.
fn repeat(text: &str, times: f64) -> ValR {
    if times < 0.0 || times.is_nan() {
        return Ok(Val::Null);
    }
    if times.trunc() * text.len() as f64 >= TEXT_BYTES_MAX {
        return Err(Error::str("Repeat string result too long"));
    }
    let times = times as usize;
    charge_bytes(text.len() * times);
    Ok(Val::text(text.repeat(times)))
}

fn merge_deep(mut into: Fields, from: Fields) -> Fields {
    for (name, value) in from.map {
        charge(1);
        let merged = match (into.map.get_mut(&*name).map(std::mem::take), value) {
            (Some(old), new) if (old.kind(), new.kind()) == (Kind::Object, Kind::Object) => {
                merge_deep(old.into_fields().unwrap_or_default(), new.into_fields().unwrap_or_default()).into()
            }
            (_, new) => new,
        };
        into.insert(name, merged);
    }
    into
}

impl Div for Val {
    type Output = ValR;

    fn div(self, other: Self) -> ValR {
        charge(1);
        match (self, other) {
            (Self::Num(a), Self::Num(b)) if b.value() == 0.0 => {
                Err(Self::Num(a).error_with(&Self::Num(b), "cannot be divided because the divisor is zero"))
            }
            (Self::Num(a), Self::Num(b)) => Ok(Self::number(a.value() / b.value())),
            (Self::Str(text), Self::Str(separator)) => Ok(split(text.as_str(), separator.as_str())),
            (a, b) => Err(a.error_with(&b, "cannot be divided")),
        }
    }
}

/// Splits a text. An empty separator gives the single characters, an empty text gives no parts.
pub(super) fn split(text: &str, separator: &str) -> Val {
    charge_bytes(text.len());
    if text.is_empty() {
        return Val::array(Vec::new());
    }
    if separator.is_empty() {
        return Val::array(text.chars().map(|c| Val::text(c.encode_utf8(&mut [0; 4]))).collect());
    }
    Val::array(text.split(separator).map(Val::text).collect())
}

impl Rem for Val {
    type Output = ValR;

    /// The remainder of whole numbers. Fractions are truncated first, and numbers that are too large become the largest
    /// integer.
    fn rem(self, other: Self) -> ValR {
        charge(1);
        let (Self::Num(a), Self::Num(b)) = (&self, &other) else {
            return Err(self.error_with(&other, "cannot be divided (remainder)"));
        };
        if a.value().is_nan() || b.value().is_nan() {
            return Ok(Self::number(f64::NAN));
        }
        match b.value() as i64 {
            0 => Err(self.error_with(&other, "cannot be divided (remainder) because the divisor is zero")),
            divisor => Ok(Self::number((a.value() as i64).wrapping_rem(divisor) as f64)),
        }
    }
}

impl Neg for Val {
    type Output = ValR;

    fn neg(self) -> ValR {
        match self {
            Self::Num(number) => Ok(Self::Num(number.negated())),
            other => Err(other.error("cannot be negated")),
        }
    }
}
