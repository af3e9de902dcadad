//! Functions on numbers, implemented with libm.

use super::{Row, of_input, values};
use crate::value::{Error, Kind, Val, ValR};

pub(super) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = vec![
        of_input!("fabs", |v| number(&v).map(|x| Val::number(x.abs()))),
        of_input!("abs", |v| match v {
            Val::Num(number) => Ok(Val::Num(if number.value() > 0.0 { number } else { number.absolute() })),
            // Values after numbers in jq's order are not negative.
            other if other.kind() > Kind::Number => Ok(other),
            other => Err(other.error("cannot be negated")),
        }),
        of_input!("infinite", |_| Ok(Val::number(f64::INFINITY))),
        of_input!("nan", |_| Ok(Val::number(f64::NAN))),
        of_input!("isinfinite", |v| number_or_error(&v, f64::is_infinite)),
        of_input!("isnan", |v| number_or_error(&v, f64::is_nan)),
        of_input!("isnormal", |v| number_or_error(&v, f64::is_normal)),
        of_input!("frexp", |v| number(&v).map(|x| {
            let (fraction, exponent) = libm::frexp(x);
            pair(fraction, f64::from(exponent))
        })),
        of_input!("modf", |v| number(&v).map(|x| {
            let (fraction, whole) = libm::modf(x);
            pair(if x.is_infinite() { 0.0_f64.copysign(x) } else { fraction }, whole)
        })),
        of_input!("lgamma_r", |v| number(&v).map(|x| {
            let (value, sign) = libm::lgamma_r(x);
            pair(value, f64::from(sign))
        })),
    ];
    rows.extend(of_a_number());
    rows.extend(of_two_numbers());
    rows.push(("_fma", values(3), |mut cv| {
        let (z, y, x) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
        let result = || Ok(Val::number(libm::fma(number(&x)?, number(&y)?, number(&z)?)));
        jaq_core::native::bome(result())
    }));
    rows
}

fn pair(a: f64, b: f64) -> Val {
    Val::array(vec![Val::number(a), Val::number(b)])
}

fn number(value: &Val) -> Result<f64, Error> {
    value.as_f64().ok_or_else(|| value.error("number required"))
}

fn number_or_error(value: &Val, f: fn(f64) -> bool) -> ValR {
    Ok(Val::Bool(value.as_f64().is_some_and(f)))
}

macro_rules! functions {
    ($($name:literal => $f:expr,)*) => {
        vec![$(of_input!($name, |v| { let f: fn(f64) -> f64 = $f; number(&v).map(|x| Val::number(f(x))) }),)*]
    };
}

fn of_a_number() -> Vec<Row> {
    functions! {
        "acos" => libm::acos, "acosh" => libm::acosh, "asin" => libm::asin, "asinh" => libm::asinh, "atan" => libm::atan,
        "atanh" => libm::atanh, "cbrt" => libm::cbrt, "ceil" => libm::ceil, "cos" => libm::cos, "cosh" => libm::cosh,
        "erf" => libm::erf, "erfc" => libm::erfc, "exp" => libm::exp, "exp10" => |x| libm::pow(10.0, x),
        "exp2" => libm::exp2, "expm1" => libm::expm1, "floor" => libm::floor, "gamma" => libm::lgamma, "j0" => libm::j0,
        "j1" => libm::j1, "lgamma" => libm::lgamma, "log" => libm::log, "log10" => libm::log10, "log1p" => libm::log1p,
        "log2" => libm::log2, "logb" => logb, "nearbyint" => libm::rint, "pow10" => |x| libm::pow(10.0, x),
        "rint" => libm::rint, "round" => libm::round, "significand" => significand, "sin" => libm::sin, "sinh" => libm::sinh,
        "sqrt" => libm::sqrt, "tan" => libm::tan, "tanh" => libm::tanh, "tgamma" => libm::tgamma, "trunc" => libm::trunc,
        "y0" => libm::y0, "y1" => libm::y1,
    }
}

fn logb(x: f64) -> f64 {
    if x == 0.0 {
        f64::NEG_INFINITY
    } else if x.is_finite() {
        f64::from(libm::ilogb(x))
    } else {
        x * x
    }
}

fn significand(x: f64) -> f64 {
    if x == 0.0 || !x.is_finite() { x } else { libm::scalbn(x, -libm::ilogb(x)) }
}

macro_rules! functions_of_two {
    ($($name:literal => $f:expr,)*) => {
        vec![$(super::of_two!($name, |_, x, y| {
            let f: fn(f64, f64) -> f64 = $f;
            Ok(Val::number(f(number(&x)?, number(&y)?)))
        }),)*]
    };
}

/// Functions of two numbers, under the names by which `prelude.jq` calls them. The definitions there yield several
/// outputs in jq's order.
fn of_two_numbers() -> Vec<Row> {
    functions_of_two! {
        "_atan2" => libm::atan2, "_copysign" => libm::copysign, "_drem" => libm::remainder, "_fdim" => libm::fdim,
        "_fmax" => libm::fmax, "_fmin" => libm::fmin, "_fmod" => libm::fmod, "_hypot" => libm::hypot,
        "_jn" => |n, x| libm::jn(n as i32, x), "_ldexp" => |x, e| libm::ldexp(x, e as i32),
        "_nextafter" => libm::nextafter, "_pow" => libm::pow, "_remainder" => libm::remainder,
        "_scalb" => |x, e| x * libm::pow(2.0, e), "_scalbln" => |x, e| libm::scalbn(x, e as i32),
        "_yn" => |n, x| libm::yn(n as i32, x),
    }
}
