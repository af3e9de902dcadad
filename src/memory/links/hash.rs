//! A field's value as it is remembered: enough to tell whether it is the same, and not what it is.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// 128 bits of SHA-256 over the value as both systems mean it, in hex; empty for nothing.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

impl Hash {
    /// Of a value. Null and the empty text are nothing; `1`, `1.0` and `"1"` are the same.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let text = canonical(value);
        if text.is_empty() {
            return Self::default();
        }
        let digest = Sha256::digest(text.as_bytes());
        Self(digest[..16].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether it is that of nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(..8).unwrap_or("nothing"))
    }
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number_text(&number.to_string()),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| format!("{:?}", canonical(item))).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name:?}:{:?}", canonical(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
    }
}

/// A number in the one way in which it is written without an exponent and without idle zeros.
fn number_text(text: &str) -> String {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i64>().unwrap_or_default()),
        None => (text, 0),
    };
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut all = format!("{whole}{fraction}");
    let mut point = i64::try_from(whole.len()).unwrap_or_default() + exponent;
    while all.len() > 1 && all.starts_with('0') {
        all.remove(0);
        point -= 1;
    }
    let kept = all.trim_end_matches('0').len();
    all.truncate(kept);
    if all.is_empty() {
        return "0".to_owned();
    }
    // Absurd exponents stay as they are: no text of a million zeros is made of them.
    if point.abs() > 400 {
        return format!("{sign}{all}e{point}");
    }
    let length = i64::try_from(all.len()).unwrap_or_default();
    if point <= 0 {
        return format!("{sign}0.{}{all}", "0".repeat(usize::try_from(-point).unwrap_or_default()));
    }
    if point >= length {
        return format!("{sign}{all}{}", "0".repeat(usize::try_from(point - length).unwrap_or_default()));
    }
    let (whole, fraction) = all.split_at(usize::try_from(point).unwrap_or_default());
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_systems_mean_alike_is_the_same() {
        let of = |text: &str| Hash::of(&serde_json::from_str(text).unwrap());
        for same in [
            &["null", r#""""#][..],
            &["1", "1.0", r#""1""#, "1e0", "10e-1", "0.1e1"],
            &["250000.5", "250000.50", "2.500005e5"],
            &["0", "0.0", "-0", "0e9"],
            &["-0.05", "-5e-2"],
            &["90071992547409931234", "90071992547409931234.0"],
            &[r#"{"a":1,"b":[2]}"#, r#"{"b":[2.0],"a":1.0}"#],
        ] {
            assert!(same.iter().all(|text| of(text) == of(same[0])), "{same:?}");
        }
        for other in
            [["007", "7"], ["\"007\"", "7"], ["90071992547409931234", "90071992547409931235"], ["[1,2]", "[12]"]]
        {
            if let (Ok(a), Ok(b)) = (serde_json::from_str::<Value>(other[0]), serde_json::from_str::<Value>(other[1])) {
                assert_ne!(Hash::of(&a), Hash::of(&b), "{other:?}");
            }
        }
        assert!(of("null").is_nothing() && !of("0").is_nothing() && !of("false").is_nothing());
        assert_ne!(of("1e400"), of("1e401"));
    }
}
