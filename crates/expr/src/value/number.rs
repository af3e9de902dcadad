//! Numbers as in jq 1.8: doubles, but a literal keeps its digits until it is used in a computation. So an id from an
//! ERP is returned unchanged.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Number;

/// Up to this value, every whole double has one spelling.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

#[derive(Debug, Clone)]
pub(crate) struct Num {
    value: f64,
    /// The original text, if the double alone would be written differently.
    literal: Option<Arc<str>>,
}

/// A borrowed number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumView<'a> {
    value: f64,
    literal: Option<&'a str>,
}

impl From<f64> for Num {
    fn from(value: f64) -> Self {
        Self { value, literal: None }
    }
}

impl Num {
    /// Creates a number from JSON.
    pub(crate) fn from_json(number: &Number) -> Self {
        let view = NumView::from(number);
        Self { value: view.value, literal: view.literal.map(Arc::from) }
    }

    /// Parses a number in JSON notation.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let view = NumView::parse(text)?;
        Some(Self { value: view.value, literal: view.literal.map(Arc::from) })
    }

    pub(crate) fn value(&self) -> f64 {
        self.value
    }

    /// Whether both numbers are identical, including their spelling.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.value.to_bits() == other.value.to_bits() && self.literal == other.literal
    }

    pub(crate) fn view(&self) -> NumView<'_> {
        NumView { value: self.value, literal: self.literal.as_deref() }
    }

    /// `-x`: a literal keeps its digits, and zero has no sign.
    pub(crate) fn negated(&self) -> Self {
        if self.value == 0.0 {
            return self.absolute();
        }
        let literal = self.literal.as_deref().map(|text| match text.strip_prefix('-') {
            Some(positive) => Arc::from(positive),
            None => Arc::from(format!("-{text}")),
        });
        Self { value: -self.value, literal }
    }

    /// `|x|`: a literal keeps its digits.
    pub(crate) fn absolute(&self) -> Self {
        let literal = self.literal.as_deref().map(|text| Arc::from(text.trim_start_matches('-')));
        Self { value: self.value.abs(), literal }
    }
}

impl<'a> From<&'a Number> for NumView<'a> {
    fn from(number: &'a Number) -> Self {
        Self::parse(number.as_str()).unwrap_or(Self { value: f64::NAN, literal: None })
    }
}

impl<'a> NumView<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let value: f64 = text.parse().ok()?;
        // Rust also parses `inf` and `nan`, which JSON does not have.
        if !text.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
        let whole = digits.iter().all(u8::is_ascii_digit) && value.abs() < EXACT_MAX;
        let plain = whole && (digits == b"0" || digits.first() != Some(&b'0'));
        Some(Self { value, literal: (!plain).then_some(text) })
    }

    pub(crate) fn is_nan(self) -> bool {
        self.value.is_nan()
    }

    /// Compares two literals by their digits, and any other numbers as doubles. NaN is less than everything, including
    /// itself.
    pub(crate) fn compare(self, other: Self) -> Ordering {
        if let (Some(a), Some(b)) = (self.literal, other.literal)
            && self.value == other.value
            && let (Some(a), Some(b)) = (Decimal::parse(a), Decimal::parse(b))
        {
            return a.compare(&b);
        }
        match self.value.partial_cmp(&other.value) {
            Some(ordering) => ordering,
            None if self.is_nan() => Ordering::Less,
            None => Ordering::Greater,
        }
    }

    /// Returns the number of a result: a literal in its own spelling.
    pub(crate) fn to_json(self) -> Option<Number> {
        match self.literal {
            Some(literal) => literal.parse().or_else(|_| self.text().parse()).ok(),
            None if self.is_nan() => None,
            None => self.text().parse().ok(),
        }
    }

    /// Returns the text of `tostring` and `tojson`: NaN is `null`, infinity the largest double, and a literal has the
    /// standard form of decimal arithmetic (`1e3` is `1E+3`).
    pub(crate) fn text(self) -> String {
        match self.literal.and_then(Decimal::parse) {
            Some(decimal) => decimal.text(),
            None if self.is_nan() => "null".to_owned(),
            None => double(self.value.clamp(f64::MIN, f64::MAX)),
        }
    }
}

/// Returns the shortest digits of a double, with an exponent in the same cases as jq.
fn double(value: f64) -> String {
    if value == value.trunc() && value.abs() < EXACT_MAX {
        return if value == 0.0 && value.is_sign_negative() { "-0".to_owned() } else { format!("{value:.0}") };
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = exponent + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if point <= -4 || point > count + 15 {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{dot}{rest}e{direction}{:02}", exponent.abs());
    }
    match usize::try_from(point) {
        Err(_) | Ok(0) => format!("{sign}0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or(0))),
        Ok(point) if point < digits.len() => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
        Ok(point) => format!("{sign}{digits}{}", "0".repeat(point - digits.len())),
    }
}

/// A parsed literal: `digits` times ten to the power of `exponent`.
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let digits = match digits.trim_start_matches('0') {
            "" => "0",
            significant => significant,
        };
        let exponent: i64 = exponent.parse().ok()?;
        // Far beyond the range of a double, so the double is enough.
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        (exponent.abs() < 1_000_000_000).then(|| Self { negative, digits: digits.to_owned(), exponent })
    }

    fn is_zero(&self) -> bool {
        self.digits == "0"
    }

    /// The exponent of the first digit.
    fn adjusted(&self) -> i64 {
        self.exponent + i64::try_from(self.digits.len()).unwrap_or(i64::MAX) - 1
    }

    fn compare(&self, other: &Self) -> Ordering {
        if self.is_zero() && other.is_zero() {
            return Ordering::Equal;
        }
        let magnitudes = || {
            let digits = |d: &Self| d.digits.trim_end_matches('0').to_owned();
            self.adjusted().cmp(&other.adjusted()).then_with(|| digits(self).cmp(&digits(other)))
        };
        match (self.negative, other.negative) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => magnitudes(),
            (true, true) => magnitudes().reverse(),
        }
    }

    /// Formats it by to-scientific-string of the General Decimal Arithmetic specification.
    fn text(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let adjusted = self.adjusted();
        if self.exponent > 0 || adjusted < -6 {
            let (first, rest) = self.digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            return format!("{sign}{first}{dot}{rest}E{}{}", if adjusted < 0 { '-' } else { '+' }, adjusted.abs());
        }
        let fraction = usize::try_from(-self.exponent).unwrap_or(0);
        if fraction == 0 {
            return format!("{sign}{}", self.digits);
        }
        let padded = format!("{:0>width$}", self.digits, width = fraction + 1);
        let (whole, fraction) = padded.split_at(padded.len() - fraction);
        format!("{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_numbers_are_written_as_jq_writes_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (-3.0, "-3"),
            (1e17, "1e+17"),
            (1e15, "1000000000000000"),
            (1e-5, "1e-05"),
            (0.001, "0.001"),
            (3e100, "3e+100"),
            (f64::INFINITY, "1.7976931348623157e+308"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (13_911_860_366_432_392.0, "13911860366432392"),
        ] {
            assert_eq!(Num::from(value).view().text(), text, "{value}");
        }
    }

    #[test]
    fn literals_keep_their_digits_in_the_standard_form() {
        for (literal, text) in [
            ("1.000", "1.000"),
            ("100e-2", "1.00"),
            ("1e3", "1E+3"),
            ("0.0001e4", "1"),
            ("1e400", "1E+400"),
            ("007", "7"),
        ] {
            assert_eq!(Num::parse(literal).expect("a number").view().text(), text, "{literal}");
        }
        for nothing in ["", "nan", "inf", "1,234.50", " 4", "0x10"] {
            assert!(Num::parse(nothing).is_none(), "{nothing:?}");
        }
    }

    #[test]
    fn literals_compare_by_their_digits_and_computed_numbers_as_doubles() {
        let number = |text| Num::parse(text).expect("a number");
        let compare = |a, b| number(a).view().compare(number(b).view());
        assert_eq!(compare("13911860366432393", "13911860366432392"), Ordering::Greater);
        assert_eq!(compare("1.0", "1.000"), Ordering::Equal);
        assert_eq!(compare("1", "1.0"), Ordering::Equal);
        assert_eq!(compare("-1e400", "-2e400"), Ordering::Greater);
        assert_eq!(Num::from(f64::NAN).view().compare(Num::from(f64::NAN).view()), Ordering::Less);
    }
}
