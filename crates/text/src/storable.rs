//! The text that Stepwell stores: any Unicode text without U+0000, which Postgres cannot store.
//!
//! One rule decides what happens to other text; docs/language.md, "Text", describes it. If the sender can correct the
//! value (a person, an API client, a webhook with U+0000), it is refused. If the value must not be lost because the
//! work behind it is done, the invalid parts are replaced with U+FFFD: in answers, in results of expressions, and for
//! unpaired surrogates in webhooks.

use serde_json::{Map, Value};

/// U+FFFD, which replaces a character that cannot be stored.
pub const REPLACEMENT: char = '\u{fffd}';

/// Counts of the replacements in one value, and the encoding of its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Number of U+0000 characters.
    pub nul: usize,
    /// Number of unpaired surrogates.
    pub surrogates: usize,
    /// Number of byte sequences that are invalid in the encoding.
    pub malformed: usize,
    /// The encoding of the bytes; `None` for UTF-8.
    pub encoding: Option<&'static str>,
}

impl Replaced {
    /// Describes the replacements for journal and event; `None` if nothing was replaced.
    pub fn note(&self) -> Option<String> {
        let count = |number: usize, what: &str| (number > 0).then(|| format!("{number} {what}"));
        let parts: Vec<String> = [
            count(self.nul, "U+0000"),
            count(self.surrogates, "unpaired surrogates"),
            count(self.malformed, "malformed byte sequences"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let replaced = (!parts.is_empty()).then(|| format!("{} replaced by U+FFFD", parts.join(", ")));
        let decoded = self.encoding.map(|name| format!("decoded from {name}"));
        let notes: Vec<String> = decoded.into_iter().chain(replaced).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

/// Replaces each U+0000 in a text. Returns how many there were.
pub fn without_nul(text: String) -> (String, usize) {
    match text.bytes().filter(|byte| *byte == 0).count() {
        0 => (text, 0),
        count => (text.replace('\0', REPLACEMENT.encode_utf8(&mut [0; 4])), count),
    }
}

/// Replaces each U+0000 in texts and keys. Returns how many there were.
pub fn replace_nul(value: &mut Value) -> usize {
    match value {
        Value::String(text) => {
            let (kept, count) = without_nul(std::mem::take(text));
            *text = kept;
            count
        }
        Value::Array(items) => items.iter_mut().map(replace_nul).sum(),
        Value::Object(object) => {
            let inside: usize = object.values_mut().map(replace_nul).sum();
            inside + if object.keys().any(|key| key.contains('\0')) { replace_in_keys(object) } else { 0 }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn replace_in_keys(object: &mut Map<String, Value>) -> usize {
    let mut replaced = 0;
    *object = std::mem::take(object)
        .into_iter()
        .map(|(key, value)| {
            let (key, count) = without_nul(key);
            replaced += count;
            (key, value)
        })
        .collect();
    replaced
}

/// Returns a JSON pointer to the first U+0000 in a text or key.
pub fn pointer_to_nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            let found = |(index, item)| Some(format!("/{index}{}", pointer_to_nul(item)?));
            items.iter().enumerate().find_map(found)
        }
        Value::Object(object) => object.iter().find_map(|(key, value)| {
            let inside = if key.contains('\0') { String::new() } else { pointer_to_nul(value)? };
            Some(format!("/{}{inside}", key.replace('~', "~0").replace('/', "~1")))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Replaces each escape of an unpaired surrogate in JSON text with U+FFFD. Returns how many there were. Nothing else
/// changes: valid JSON has backslashes only in strings.
pub fn replace_surrogates(json: &str) -> (std::borrow::Cow<'_, str>, usize) {
    let bytes = json.as_bytes();
    let unit = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let (mut kept, mut copied, mut replaced) = (String::new(), 0, 0);
    let mut at = 0;
    while let Some(next) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += next;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                kept.push_str(&json[copied..at]);
                kept.push_str("\\ufffd");
                copied = at + 6;
                replaced += 1;
                6
            }
            (Some(_), _) => 6,
            // Any other escape, such as an escaped backslash.
            (None, _) => 2,
        };
    }
    if replaced == 0 {
        return (json.into(), 0);
    }
    kept.push_str(&json[copied..]);
    (kept.into(), replaced)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn nul_is_replaced_in_texts_and_keys_at_every_level() {
        let mut value = json!({ "a\0": ["\0x\0", { "b": "y" }], "c": 1 });
        assert_eq!(replace_nul(&mut value), 3);
        assert_eq!(value, json!({ "a\u{fffd}": ["\u{fffd}x\u{fffd}", { "b": "y" }], "c": 1 }));
        assert_eq!(replace_nul(&mut value), 0);
    }

    #[test]
    fn only_unpaired_surrogates_are_replaced() {
        let cases = [
            (r#""Deal \ud83d""#, r#""Deal \ufffd""#, 1),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#, 0),
            (r#""\ud83d\ud83d\ude00\ude00""#, r#""\ufffd\ud83d\ude00\ufffd""#, 2),
            (r#""\uDC00 \uD800\u0041""#, r#""\ufffd \ufffd\u0041""#, 2),
            (r#""a\\ud800""#, r#""a\\ud800""#, 0),
            (r#""\\\ud800""#, r#""\\\ufffd""#, 1),
            (r#""\ud8""#, r#""\ud8""#, 0),
            (r#""ü\ud800ü""#, r#""ü\ufffdü""#, 1),
        ];
        for (json, kept, count) in cases {
            let (text, replaced) = replace_surrogates(json);
            assert_eq!((text.as_ref(), replaced), (kept, count), "{json}");
        }
    }

    #[test]
    fn a_note_says_what_was_done_and_nothing_else() {
        assert_eq!(Replaced::default().note(), None);
        let all = Replaced { nul: 1, surrogates: 2, malformed: 3, encoding: Some("windows-1252") };
        let note =
            "decoded from windows-1252; 1 U+0000, 2 unpaired surrogates, 3 malformed byte sequences replaced by U+FFFD";
        assert_eq!(all.note().as_deref(), Some(note));
    }

    proptest! {
        #[test]
        fn json_that_can_be_read_is_left_as_it_is(value in "\\PC{0,20}") {
            let text = json!(value).to_string();
            prop_assert_eq!(replace_surrogates(&text), (text.as_str().into(), 0));
        }

        #[test]
        fn whatever_is_replaced_can_be_read(units in proptest::collection::vec(0xd7f0_u16..=0xe00f, 0..12)) {
            let text: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let json = format!("\"{text}\"");
            let (kept, _) = replace_surrogates(&json);
            prop_assert!(serde_json::from_str::<Value>(&kept).is_ok(), "{}", kept);
        }
    }
}
