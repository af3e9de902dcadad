//! Reading JSON exactly: what comes out is what went in, or a clear refusal.
//!
//! One reader serves both directions: bodies that reach us and answers of targets. Numbers keep every digit, nesting
//! is bounded before it is descended into, and what later stages could not store or would silently change is refused:
//! NUL in strings, lone surrogates, numbers of absurd length. The rule for duplicate keys is the caller's choice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// No number may be written with more characters.
const NUMBER_CHARS_MAX: usize = 1_000;

/// `serde_json` gives keys with this prefix a meaning of its own when a value is read again.
const RESERVED_KEY_PREFIX: &str = "$serde_json::private::";

/// Why a text is not JSON that we take. Safe to show to the sender: it quotes at most a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadJson(pub String);

/// What a repeated key in one object means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// The text is refused.
    Refuse,
    /// The last value counts.
    LastWins,
}

/// How to read.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Arrays and objects inside each other, the outermost counted. More than 127 is never read.
    pub depth_max: usize,
    /// The rule for repeated keys.
    pub duplicates: Duplicates,
}

/// Reads one JSON value that fills the whole text. A leading byte order mark is passed over.
///
/// # Errors
/// What is wrong, with line and column.
pub fn read(body: &[u8], rules: Rules) -> Result<Value, BadJson> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body)
        .map_err(|e| BadJson(format!("the body is not UTF-8: invalid byte at offset {}", e.valid_up_to())))?;
    if text.trim().is_empty() {
        return Err(BadJson("the body is empty where JSON is expected".to_owned()));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Reader { rules, depth: 0 }.deserialize(&mut deserializer).map_err(|e| BadJson(e.to_string()))?;
    deserializer.end().map_err(|e| BadJson(e.to_string()))?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Reader {
    rules: Rules,
    depth: usize,
}

impl Reader {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > self.rules.depth_max {
            return Err(E::custom(format!("more than {} levels of nesting", self.rules.depth_max)));
        }
        Ok(Self { depth, ..self })
    }
}

fn without_nul<E: serde::de::Error>(text: &str) -> Result<(), E> {
    if text.as_bytes().contains(&0) {
        return Err(E::custom("a string holds the character U+0000, which the database cannot store"));
    }
    Ok(())
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        without_nul(text)?;
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut key = match entries.next_key_seed(KeySeed)? {
            None => {
                self.deeper::<A::Error>()?;
                return Ok(Value::Object(Map::new()));
            }
            Some(Key::Number) => return number(&entries.next_value::<String>()?),
            Some(Key::Name(name)) => name,
        };
        let inner = self.deeper()?;
        let mut object = Map::new();
        loop {
            check_key(&key, &object, self.rules.duplicates)?;
            object.insert(key, entries.next_value_seed(inner)?);
            key = match entries.next_key::<String>()? {
                None => return Ok(Value::Object(object)),
                Some(name) => name,
            };
        }
    }
}

fn number<E: serde::de::Error>(text: &str) -> Result<Value, E> {
    if text.len() > NUMBER_CHARS_MAX {
        return Err(E::custom(format!("a number has more than {NUMBER_CHARS_MAX} characters")));
    }
    text.parse::<Number>().map(Value::Number).map_err(E::custom)
}

fn check_key<E: serde::de::Error>(key: &str, object: &Map<String, Value>, duplicates: Duplicates) -> Result<(), E> {
    without_nul(key)?;
    if key.starts_with(RESERVED_KEY_PREFIX) {
        return Err(E::custom(format!("keys that begin with {RESERVED_KEY_PREFIX} are reserved")));
    }
    if duplicates == Duplicates::Refuse && object.contains_key(key) {
        let shown: String = key.chars().take(80).collect();
        return Err(E::custom(format!("the key {shown:?} appears twice in one object")));
    }
    Ok(())
}

/// A key, or the sign that serde_json hands over a number with its digits.
enum Key {
    Number,
    Name(String),
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    /// Numbers arrive as a map whose key is not read from the text. Asking for an option tells the two apart
    /// (a key of the text is always `Some`), so no text can pass for a number.
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        <String as serde::Deserialize>::deserialize(deserializer).map(Key::Name)
    }

    fn visit_str<E: serde::de::Error>(self, _token: &str) -> Result<Key, E> {
        Ok(Key::Number)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Key, E> {
        Err(E::custom("an object key is null"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Rules = Rules { depth_max: 64, duplicates: Duplicates::Refuse };

    fn refusal(text: &str) -> String {
        read(text.as_bytes(), STRICT).expect_err("refused").0
    }

    #[test]
    fn what_comes_out_is_what_went_in() {
        let text = r#"{"b":[1e400,9007199254740993,-7,-0,18446744073709551616,0.1000000000000000055511151231257827,-0.0,1.50],"a":{},"n":null,"t":true,"s":"ü\n"}"#;
        let value = read(text.as_bytes(), STRICT).expect("valid");
        assert_eq!(serde_json::to_string(&value).expect("serialises"), text.replace("1e400", "1e+400"));
    }

    #[test]
    fn a_text_cannot_pass_for_a_number_or_raw_json() {
        for key in
            ["$serde_json::private::Number", "$serde_json::private::RawValue", r"\u0024serde_json::private::Number"]
        {
            assert!(refusal(&format!(r#"{{"{key}":"1"}}"#)).contains("reserved"));
            assert!(refusal(&format!(r#"{{"a":1,"{key}":"1"}}"#)).contains("reserved"));
        }
    }

    #[test]
    fn nesting_is_bounded_to_the_level() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(read(nested(64).as_bytes(), STRICT).is_ok());
        assert!(refusal(&nested(65)).contains("more than 64 levels"));
        assert!(refusal(&nested(100_000)).contains("more than 64 levels"));
        assert!(refusal(&format!("{}{{}}{}", "[".repeat(64), "]".repeat(64))).contains("more than 64 levels"));
    }

    #[test]
    fn repeated_keys_follow_the_callers_rule() {
        assert_eq!(refusal(r#"{"a":1,"a":2}"#), r#"the key "a" appears twice in one object at line 1 column 10"#);
        let last = Rules { duplicates: Duplicates::LastWins, ..STRICT };
        assert_eq!(read(br#"{"a":1,"a":2}"#, last).expect("read"), serde_json::json!({"a": 2}));
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        assert!(refusal(r#"["a\u0000b"]"#).contains("U+0000"));
        assert!(refusal(r#"{"a\u0000":1}"#).contains("U+0000"));
        for lone in [r#"["\ud800"]"#, r#"["\udc00"]"#, r#"["\ud800\u0041"]"#] {
            assert!(refusal(lone).contains("hex escape"), "{}", refusal(lone));
        }
        assert!(refusal(&format!("[{}]", "1".repeat(1_001))).contains("characters"));
        for bad in ["", "  ", "NaN", "[1,]", "{} {}", "{\"a\":1", "01", "'a'", "[1 2]"] {
            assert!(read(bad.as_bytes(), STRICT).is_err(), "{bad:?}");
        }
    }
}
