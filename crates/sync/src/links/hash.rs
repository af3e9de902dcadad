//! Remembers a field's value as a hash: enough to recognize the value, without storing it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use stepwell_text::canonical;

/// The first 128 bits of the SHA-256 of a normalized value, in hexadecimal; empty for no value.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

impl Hash {
    /// Hashes a value. Null and the empty text are no value; `1`, `1.0` and `"1"` are equal.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let text = meaning(value);
        if text.is_empty() {
            return Self::default();
        }
        let digest = Sha256::digest(text.as_bytes());
        Self(digest[..16].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether this is the hash of no value.
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

fn meaning(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => canonical::number(number),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| format!("{:?}", meaning(item))).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name:?}:{:?}", meaning(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
    }
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
