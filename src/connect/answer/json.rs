//! Reads JSON exactly: every value is preserved, or the text is refused with a clear reason.
//!
//! The same reader serves request bodies that reach us and answers from targets. Numbers keep every digit. Depth is
//! checked before descending, and absurdly long numbers are refused. The caller's rules decide about repeated keys and
//! about text that cannot be stored (`crate::text`).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::text::{self, Replaced};

/// Longest number accepted, in characters.
const NUMBER_CHARS_MAX: usize = 1_000;

/// `serde_json` treats keys with this prefix specially when it reads a value back.
const RESERVED_KEY_PREFIX: &str = "$serde_json::private::";

/// Why a text is not acceptable JSON. Safe to show to the sender: it quotes keys at most, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadJson {
    /// Human-readable reason.
    pub message: String,
    /// JSON pointer to the offending value; empty if the text is not JSON at all.
    pub pointer: String,
}

impl BadJson {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), pointer: String::new() }
    }
}

/// What to do about a repeated key in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// Refuse the text.
    Refuse,
    /// Keep the last value.
    LastWins,
}

/// What to do about characters that JSON can express but Stepwell cannot store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unkept {
    /// Refuse the text.
    Refuse,
    /// Replace the character with U+FFFD.
    Replace,
}

/// What [`read`] accepts.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Deepest nesting of arrays and objects, counting the outermost. Values above 127 have no further effect.
    pub depth_max: usize,
    /// Repeated keys.
    pub duplicates: Duplicates,
    /// U+0000, which Postgres cannot store.
    pub nul: Unkept,
    /// Unpaired surrogates, which are not characters.
    pub surrogates: Unkept,
}

/// Reads a text that consists of exactly one JSON value. Skips a leading byte order mark.
///
/// # Errors
/// The reason, with line and column or a JSON pointer.
pub fn read(body: &[u8], rules: Rules) -> Result<Value, BadJson> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body)
        .map_err(|e| BadJson::new(format!("the body is not UTF-8: invalid byte at offset {}", e.valid_up_to())))?;
    read_text(text, rules).map(|(value, _)| value)
}

/// Like [`read`], for a `str`; also returns what was replaced.
pub(crate) fn read_text(text: &str, rules: Rules) -> Result<(Value, Replaced), BadJson> {
    if text.trim().is_empty() {
        return Err(BadJson::new("the body is empty where JSON is expected"));
    }
    let (text, surrogates) = match rules.surrogates {
        Unkept::Refuse => (text.into(), 0),
        Unkept::Replace => text::replace_surrogates(text),
    };
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let about = |e: serde_json::Error| BadJson::new(explained(&e.to_string()));
    let mut value = Reader { rules, depth: 0 }.deserialize(&mut deserializer).map_err(about)?;
    deserializer.end().map_err(about)?;
    let nul = match rules.nul {
        Unkept::Replace => text::replace_nul(&mut value),
        Unkept::Refuse => match text::pointer_to_nul(&value) {
            None => 0,
            Some(pointer) => {
                let place = if pointer.is_empty() { String::new() } else { format!(" at {}", pointer.escape_debug()) };
                let message = format!("the text{place} contains the character U+0000, which the database cannot store");
                return Err(BadJson { message, pointer });
            }
        },
    };
    Ok((value, Replaced { nul, surrogates, ..Replaced::default() }))
}

/// Rewrites `serde_json` messages that speak of escapes in terms of characters.
fn explained(message: &str) -> String {
    let is_surrogate = ["lone leading surrogate in hex escape", "unexpected end of hex escape"]
        .iter()
        .find_map(|known| message.strip_prefix(known));
    is_surrogate.map_or_else(
        || message.to_owned(),
        |place| format!("a string contains half of a surrogate pair, which is not a character{place}"),
    )
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
    if key.starts_with(RESERVED_KEY_PREFIX) {
        return Err(E::custom(format!("keys that begin with {RESERVED_KEY_PREFIX} are reserved")));
    }
    if duplicates == Duplicates::Refuse && object.contains_key(key) {
        let shown: String = key.chars().take(80).collect();
        return Err(E::custom(format!("the key {shown:?} appears twice in one object")));
    }
    Ok(())
}

/// A key, or the marker under which `serde_json` passes a number with its digits.
enum Key {
    Number,
    Name(String),
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key;

    /// `serde_json` passes numbers as a map whose key does not come from the text. Asking for an option tells the two
    /// apart, because a key from the text is always `Some`; so no text can pose as a number.
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

    const STRICT: Rules =
        Rules { depth_max: 64, duplicates: Duplicates::Refuse, nul: Unkept::Refuse, surrogates: Unkept::Refuse };

    fn refusal(text: &str) -> String {
        read(text.as_bytes(), STRICT).expect_err("refused").message
    }

    #[test]
    fn what_comes_out_is_what_went_in() {
        let text = r#"{"b":[1e400,9007199254740993,-7,-0,18446744073709551616,0.1000000000000000055511151231257827,-0.0,1.50],"a":{},"n":null,"t":true,"s":"ü\n"}"#;
        let value = read(text.as_bytes(), STRICT).expect("valid");
        assert_eq!(serde_json::to_string(&value).expect("serializes"), text.replace("1e400", "1e+400"));
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
    fn what_cannot_be_kept_is_replaced_where_the_caller_says_so() {
        let rules = Rules { nul: Unkept::Replace, surrogates: Unkept::Replace, ..STRICT };
        let (value, replaced) = read_text(r#"{"a\u0000":["\ud83d x", "\u0000\ud83d\ude00"]}"#, rules).expect("read");
        assert_eq!(value, serde_json::json!({ "a\u{fffd}": ["\u{fffd} x", "\u{fffd}😀"] }));
        assert_eq!(replaced, Replaced { nul: 2, surrogates: 1, ..Replaced::default() });
        let nul_refused = Rules { nul: Unkept::Refuse, ..rules };
        assert!(read_text(r#""\u0000""#, nul_refused).is_err());
        assert!(read_text(r#"["\ud83d""#, rules).is_err(), "replacing mends no broken JSON");
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for (text, pointer) in
            [(r#"["a\u0000b"]"#, "/0"), (r#"{"a\u0000":1}"#, "/a\0"), (r#"{"a/b":[1,{"c":"\u0000"}]}"#, "/a~1b/1/c")]
        {
            let bad = read(text.as_bytes(), STRICT).expect_err(text);
            assert!(bad.message.contains("U+0000"), "{bad}");
            assert_eq!(bad.pointer, pointer);
        }
        for lone in [r#"["\ud800"]"#, r#"["\udc00"]"#, r#"["\ud800\u0041"]"#] {
            assert!(refusal(lone).contains("surrogate"), "{}", refusal(lone));
        }
        assert!(refusal(&format!("[{}]", "1".repeat(1_001))).contains("characters"));
        for bad in ["", "  ", "NaN", "[1,]", "{} {}", "{\"a\":1", "01", "'a'", "[1 2]"] {
            assert!(read(bad.as_bytes(), STRICT).is_err(), "{bad:?}");
        }
    }
}
