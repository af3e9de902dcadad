//! Secrets of four or more bytes are masked in every encoding, also nested; the text around them stays.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Encodings of a text.
#[derive(Debug, Clone, Copy)]
enum Encoding {
    Plain,
    /// JSON escapes, with `\/`.
    Json,
    /// Every character as `\u00xx`.
    JsonUnits,
    /// Only characters that require it.
    Percent,
    /// Every byte, in lower case.
    PercentAll,
    Form,
    Html,
    HtmlDecimal,
    HtmlHex,
    Base64,
    Base64Url,
    Base64UrlNoPad,
    /// Line breaks after every 20 characters.
    Base64Folded,
    Hex,
    HexUpper,
}

const ENCODINGS: [Encoding; 15] = [
    Encoding::Plain,
    Encoding::Json,
    Encoding::JsonUnits,
    Encoding::Percent,
    Encoding::PercentAll,
    Encoding::Form,
    Encoding::Html,
    Encoding::HtmlDecimal,
    Encoding::HtmlHex,
    Encoding::Base64,
    Encoding::Base64Url,
    Encoding::Base64UrlNoPad,
    Encoding::Base64Folded,
    Encoding::Hex,
    Encoding::HexUpper,
];

impl Encoding {
    fn of(self, text: &str) -> String {
        let each = |write: &dyn Fn(char) -> String| text.chars().map(write).collect::<String>();
        match self {
            Self::Plain => text.to_owned(),
            Self::Json => {
                let quoted = Value::String(text.to_owned()).to_string();
                quoted[1..quoted.len() - 1].replace('/', "\\/")
            }
            Self::JsonUnits => text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
            Self::Percent => {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
            }
            Self::PercentAll => text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
            Self::Form => url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
            Self::Html => {
                let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                text.replace('"', "&quot;").replace('\'', "&#39;").replace('/', "&#x2F;")
            }
            Self::HtmlDecimal => each(&|c| format!("&#{};", u32::from(c))),
            Self::HtmlHex => each(&|c| format!("&#x{:X};", u32::from(c))),
            Self::Base64 => BASE64_STANDARD.encode(text),
            Self::Base64Url => BASE64_URL_SAFE.encode(text),
            Self::Base64UrlNoPad => BASE64_URL_SAFE_NO_PAD.encode(text),
            Self::Base64Folded => {
                let encoded = BASE64_STANDARD.encode(text);
                encoded.as_bytes().chunks(20).map(|line| format!("{}\r\n", String::from_utf8_lossy(line))).collect()
            }
            Self::Hex => hex::encode(text),
            Self::HexUpper => hex::encode_upper(text),
        }
    }
}

/// Secrets that resemble no other text and contain no repetition.
fn secret() -> impl Strategy<Value = String> {
    let plain = proptest::string::string_regex("[A-Za-z0-9!#$%&'*+/=?^_`{|}~. \"<>:;@-]{4,40}").expect("a pattern");
    let wide = proptest::string::string_regex("[a-zA-Z0-9äöüßéñ漢字😀/\\\\\"]{4,20}").expect("a pattern");
    prop_oneof![3 => plain, 1 => wide].prop_map(|text| text.trim().to_owned()).prop_filter(
        "long and mixed enough",
        |text| {
            let mut characters: Vec<char> = text.chars().collect();
            characters.sort_unstable();
            characters.dedup();
            text.len() >= SECRET_BYTES_MIN && characters.len() >= 4
        },
    )
}

fn around() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[ -~äö]{0,24}").expect("a pattern")
}

/// Whether a text still contains the secret in any encoding.
fn holds(text: &str, secret: &str) -> bool {
    let visible = |form: &str| !form.is_empty() && text.contains(form);
    ENCODINGS.iter().any(|encoding| visible(&encoding.of(secret)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_secret_is_hidden_in_every_encoding_and_in_layers_of_two(
        secret in secret(),
        (before, after) in (around(), around()),
        inner in proptest::sample::select(&ENCODINGS[..]),
        outer in proptest::sample::select(&ENCODINGS[..]),
    ) {
        let redactor = Redactor::of([secret.as_str()]);
        let written = outer.of(&inner.of(&format!("{before}{secret}{after}")));
        let clean = redactor.text(written.clone());
        prop_assert!(clean.contains(MASK), "{written} -> {clean}");
        prop_assert!(!holds(&clean, &secret), "{written} -> {clean}");
        // Masking again changes nothing.
        prop_assert!(!redactor.finds(clean.as_bytes()) || secret.contains('*'), "{written} -> {clean}");
    }

    #[test]
    fn a_secret_is_hidden_anywhere_in_json(
        secret in secret(),
        (before, after) in (around(), around()),
        encoding in proptest::sample::select(&ENCODINGS[..]),
    ) {
        let redactor = Redactor::of([secret.as_str()]);
        let text = encoding.of(&format!("{before}{secret}{after}"));
        let mut value = json!({ "a": [{ "b": text }], text.clone(): { "c": text }, "kept": [1, true, null] });
        prop_assert!(redactor.value(&mut value));
        prop_assert!(!holds(&value.to_string(), &secret), "{value}");
        prop_assert_eq!(&value["kept"], &json!([1, true, null]));
        let raw = redactor.bytes(json!({ "a": text }).to_string().into_bytes());
        prop_assert!(!holds(&String::from_utf8_lossy(&raw), &secret));
    }

    #[test]
    fn a_text_without_the_secret_stays_as_it_is(
        text in proptest::string::string_regex("[a-m ,.:%&\\\\n/-]{0,200}").expect("a pattern"),
        secret in proptest::string::string_regex("[N-Z0-9]{8,30}").expect("a pattern"),
    ) {
        let redactor = Redactor::of([secret.as_str()]);
        prop_assert_eq!(redactor.text(text.clone()), text);
    }
}

#[test]
fn only_the_secret_is_taken_out() {
    let redactor = Redactor::of(["can/ary\"7", "abc"]);
    let clean = |text: &str| redactor.text(text.to_owned());
    assert_eq!(clean("a can/ary\"7 b"), "a *** b");
    assert_eq!(clean(r#"{"a":"can\/ary\"7","b":"x\/y"}"#), r#"{"a":"***","b":"x\/y"}"#);
    assert_eq!(clean("?t=can%2Fary%227&u=a%20b"), "?t=***&u=a%20b");
    assert_eq!(clean("<b>can&#x2F;ary&quot;7</b> &amp; c"), "<b>***</b> &amp; c");
    // Shorter ones would mask half of every text.
    assert_eq!(clean("abc"), "abc");
    assert_eq!(redactor.bytes(b"\xffcan/ary\"7\xff".to_vec()), b"\xff***\xff");
    let pair = BASE64_STANDARD.encode("ann:can/ary\"7");
    assert_eq!(clean(&format!("Basic {pair}")), "Basic YW5u***==");
}

#[test]
fn numbers_are_hidden_where_they_are_the_secret_and_not_by_chance() {
    let redactor = Redactor::of(["4711", "1234567890"]);
    let mut value = json!({ "pin": 4711, "year": 147_110, "id": 912_345_678_901_u64, "n": 7 });
    redactor.value(&mut value);
    assert_eq!(value, json!({ "pin": "***", "year": 147_110, "id": "***", "n": 7 }));
}

#[test]
fn two_hidden_keys_are_two_entries() {
    let redactor = Redactor::of(["canary", "tweety"]);
    let mut value = json!({ "canary": 1, "tweety": 2 });
    redactor.value(&mut value);
    assert_eq!(value, json!({ "***": 1, "****": 2 }));
}

#[test]
fn short_secrets_are_hidden_where_they_were_used_and_long_ones_everywhere() {
    let known = Known::default();
    known.note("pass");
    known.note("long-enough");
    known.note_token("granted-token");
    let text = || "pass long-enough granted-token used".to_owned();
    assert_eq!(known.with(&[]).text(text()), "pass *** *** used");
    assert_eq!(known.with(&["pass", "used"]).text(text()), "*** *** *** ***");
    assert_eq!(known.all().text(text()), "*** *** *** used");
    known.note("later-one");
    assert_eq!(known.with(&[]).text("later-one".to_owned()), "***");
}

#[test]
fn passwords_of_urls_and_parts_of_keys_are_known() {
    let known = Known::default();
    known.note_url("postgres://stepwell:p%40ss%2Fword@db/x?sslpassword=s3cret-of-ssl");
    known.note_url("http://proxy-token-1@proxy:3128");
    known.note_url("postgres://postgres:postgres@db/x");
    known.note("whsec_c3RlcHdlbGw0NzEx");
    known.note(
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n",
    );
    let clean = |text: &str| known.all().text(text.to_owned());
    for secret in
        ["p@ss/word", "s3cret-of-ssl", "proxy-token-1", "c3RlcHdlbGw0NzEx", "AQEFAASCBKcwggSjAgEAAoIB", "p%40ss%2fword"]
    {
        assert_eq!(clean(&format!("a {secret} b")), "a *** b", "{secret}");
    }
    assert_eq!(clean("postgres stepwell"), "postgres stepwell");
}
