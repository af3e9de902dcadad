//! jq's functions on Stepwell's values. Functions that are neither listed here nor defined in `prelude.jq` do not
//! exist. Nothing here accesses the environment: no variables, no input, no clock, no way to end the process.

mod array;
mod flow;
mod format;
mod json;
mod math;
mod paths;
mod regex;
mod text;
mod time;

use jaq_core::native::Fun;
use jaq_core::{Bind, Exn, RunPtr, ValX};

use crate::Data;
use crate::value::{Error, Val, ValR};

/// Name, parameters and implementation of a function.
pub(super) type Row = (&'static str, Box<[Bind]>, RunPtr<Data>);

/// Returns all native functions.
pub(crate) fn all() -> Vec<Fun<Data>> {
    let rows = [array::rows(), format::rows(), json::rows(), math::rows(), regex::rows(), text::rows(), time::rows()];
    rows.into_iter()
        .flatten()
        .map(jaq_core::native::run::<Data>)
        .chain(flow::functions())
        .chain(paths::functions())
        .collect()
}

fn values(count: usize) -> Box<[Bind]> {
    vec![Bind::Var(()); count].into()
}

fn filters(count: usize) -> Box<[Bind]> {
    vec![Bind::Fun(()); count].into()
}

/// Defines a function of its input alone.
macro_rules! of_input {
    ($name:literal, $f:expr) => {
        ($name, $crate::natives::values(0), |cv| {
            let f: fn($crate::value::Val) -> $crate::value::ValR = $f;
            jaq_core::native::bome(f(cv.1))
        })
    };
}

/// Defines a function of its input and one value.
macro_rules! of_one {
    ($name:literal, $f:expr) => {
        ($name, $crate::natives::values(1), |mut cv| {
            let f: fn($crate::value::Val, $crate::value::Val) -> $crate::value::ValR = $f;
            let argument = cv.0.pop_var();
            jaq_core::native::bome(f(cv.1, argument))
        })
    };
}

/// Defines a function of its input and two values.
macro_rules! of_two {
    ($name:literal, $f:expr) => {
        ($name, $crate::natives::values(2), |mut cv| {
            let f: fn($crate::value::Val, $crate::value::Val, $crate::value::Val) -> $crate::value::ValR = $f;
            let second = cv.0.pop_var();
            let first = cv.0.pop_var();
            jaq_core::native::bome(f(cv.1, first, second))
        })
    };
}

pub(super) use {of_input, of_one, of_two};

fn text_of<'v>(value: &'v Val, otherwise: &str) -> Result<&'v str, Error> {
    value.as_str().ok_or_else(|| Error::str(otherwise))
}

fn fail(message: impl ToString) -> ValR {
    Err(Error::str(message))
}

fn once<'a>(result: ValR) -> Option<ValX<'a, Val>> {
    Some(result.map_err(Exn::from))
}
