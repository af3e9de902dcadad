//! Exact decimal numbers, so that amounts of money are never floats.
//!
//! A value is `mantissa / 10^scale`. Every operation is checked and returns `None` on overflow.

use std::cmp::Ordering;
use std::str::FromStr;

use serde_json::{Number, Value};

const DIGITS_MAX: usize = 30;
const SCALE_MAX: u32 = 20;

/// An exact decimal number.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// Creates `mantissa / 10^scale`.
    #[must_use]
    pub const fn new(mantissa: i128, scale: u32) -> Self {
        Self { mantissa, scale }
    }

    /// Parses a number in JSON or SQL notation; `None` for any other text, and for a number with too many digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(&digits);
        if unsigned.is_empty() || unsigned.len() > DIGITS_MAX || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mantissa: i128 = digits.parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if scale >= 0 {
            let scale = u32::try_from(scale).ok().filter(|scale| *scale <= SCALE_MAX)?;
            return Some(Self { mantissa, scale });
        }
        let power = 10_i128.checked_pow(scale.unsigned_abs())?;
        Some(Self { mantissa: mantissa.checked_mul(power)?, scale: 0 })
    }

    /// Reads a JSON number, or a string that contains one.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::parse(&number.to_string()),
            Value::String(text) => Self::parse(text),
            _ => None,
        }
    }

    /// Returns a JSON number with at least one decimal, as the CRM and the ERP write numbers: `12.0`, `1849.9`.
    #[must_use]
    pub fn to_json(self) -> Value {
        let number = Number::from_str(&self.to_string()).expect("digits with one point are a JSON number");
        Value::Number(number)
    }

    /// Returns the sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        Some(Self { mantissa: self.scaled(scale)?.checked_add(other.scaled(scale)?)?, scale })
    }

    /// Returns the difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negated())
    }

    /// Formats the number with at least `digits_min` decimals, and all significant ones: `12.00`, `0.125`.
    #[must_use]
    pub fn with_digits(self, digits_min: usize) -> String {
        let text = self.to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let fraction = fraction.trim_end_matches('0');
        let width = fraction.len().max(digits_min);
        if width == 0 { whole.to_owned() } else { format!("{whole}.{fraction:0<width$}") }
    }

    /// Returns the number with the opposite sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, scale: self.scale }
    }

    /// Returns the product.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        Some(Self { mantissa: self.mantissa.checked_mul(other.mantissa)?, scale: self.scale + other.scale })
    }

    /// Returns the quotient, rounded to `scale` decimals; `None` for a division by zero.
    #[must_use]
    pub fn divided_by(self, other: Self, scale: u32) -> Option<Self> {
        let power = 10_i128.checked_pow(scale + 1 + other.scale)?;
        let divisor = other.mantissa.checked_mul(10_i128.checked_pow(self.scale)?)?;
        let mantissa = self.mantissa.checked_mul(power)?.checked_div(divisor)?;
        Some(Self { mantissa, scale: scale + 1 }.rounded(scale))
    }

    /// Rounds to `scale` decimals, half away from zero, as on invoices.
    #[must_use]
    pub fn rounded(self, scale: u32) -> Self {
        if self.scale <= scale {
            return self;
        }
        let Some(divisor) = 10_i128.checked_pow(self.scale - scale) else { return Self::ZERO };
        let half = divisor / 2 * self.mantissa.signum();
        Self { mantissa: self.mantissa.saturating_add(half) / divisor, scale }
    }

    fn scaled(self, scale: u32) -> Option<i128> {
        self.mantissa.checked_mul(10_i128.checked_pow(scale - self.scale)?)
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let fraction = match fraction.trim_end_matches('0') {
            "" => "0",
            significant => significant,
        };
        let sign = if self.mantissa < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.{fraction}")
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.scaled(scale), other.scaled(scale)) {
            (Some(left), Some(right)) => left.cmp(&right),
            // Numbers that cannot be brought to one scale differ so much in size that the whole parts decide.
            _ => self.whole().cmp(&other.whole()),
        }
    }
}

impl Decimal {
    fn whole(self) -> i128 {
        10_i128.checked_pow(self.scale).map_or(0, |power| self.mantissa / power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
    }

    #[test]
    fn twelve_modules_at_the_rounded_rate_differ_from_the_amount_by_six_cents() {
        let rounded_rate = decimal("12").times(decimal("1757.41")).expect("small");
        assert_eq!(rounded_rate.to_string(), "21088.92");
        let total = decimal("21088.86").plus(decimal("3600.0")).expect("small");
        assert_eq!(total.to_string(), "24688.86");
    }

    #[test]
    fn halves_round_away_from_nought() {
        assert_eq!(decimal("4690.895").rounded(2).to_string(), "4690.9");
        assert_eq!(decimal("-0.005").rounded(2).to_string(), "-0.01");
        assert_eq!(decimal("1").divided_by(decimal("3"), 2), Some(decimal("0.33")));
        assert_eq!(decimal("2").divided_by(decimal("3"), 2), Some(decimal("0.67")));
        assert_eq!(decimal("2").divided_by(Decimal::ZERO, 2), None);
    }

    #[test]
    fn numbers_keep_one_digit_after_the_point_and_no_idle_noughts() {
        for (text, written) in
            [("12", "12.0"), ("1849.90", "1849.9"), ("1e2", "100.0"), ("-0.50", "-0.5"), ("5E-1", "0.5")]
        {
            assert_eq!(decimal(text).to_string(), written);
        }
    }

    #[test]
    fn amounts_have_the_digits_of_their_currency_and_lose_none() {
        for (text, digits, written) in [
            ("12", 2, "12.00"),
            ("1849.9", 2, "1849.90"),
            ("1849.905", 2, "1849.905"),
            ("1200.0", 0, "1200"),
            ("-0.5", 3, "-0.500"),
            ("0", 2, "0.00"),
        ] {
            assert_eq!(decimal(text).with_digits(digits), written);
        }
        assert_eq!(decimal("0.3").minus(decimal("0.1")), Some(decimal("0.2")));
    }

    #[test]
    fn what_is_no_sane_number_is_none() {
        for text in ["", "-", "1e400", "1,5", "NaN", "0x10", "1.2.3", "1234567890123456789012345678901"] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn order_does_not_depend_on_the_scale() {
        assert_eq!(decimal("2.50"), decimal("2.5"));
        assert!(decimal("10") > decimal("9.999999"));
    }
}
