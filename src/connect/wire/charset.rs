//! Decodes bytes to text following the Encoding Standard: byte order mark, then the content type's charset (RFC 9110,
//! section 8.3.2), then an XML declaration, then UTF-8. Decoding never fails: invalid bytes become U+FFFD and are
//! counted.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use crate::text::{REPLACEMENT, Replaced};

/// How many bytes are searched for an XML declaration.
const DECLARATION_BYTES_MAX: usize = 256;

/// Decoded text, and how many characters were replaced.
#[derive(Debug)]
pub(crate) struct Decoded<'b> {
    pub(crate) text: Cow<'b, str>,
    pub(crate) replaced: Replaced,
}

/// Decodes a body in the encoding that it declares. Keeps U+0000.
pub(crate) fn decode<'b>(body: &'b [u8], content_type: &str) -> Decoded<'b> {
    let (encoding, body) = match Encoding::for_bom(body) {
        Some((encoding, length)) => (encoding, &body[length..]),
        None => (declared(body, content_type).unwrap_or(UTF_8), body),
    };
    let (text, had_errors) = encoding.decode_without_bom_handling(body);
    let malformed = if had_errors { text.chars().filter(|c| *c == REPLACEMENT).count() } else { 0 };
    let encoding = (encoding != UTF_8).then(|| encoding.name());
    Decoded { text, replaced: Replaced { malformed, encoding, ..Replaced::default() } }
}

/// Returns the supported encoding that the content type or an XML declaration names.
pub(crate) fn declared(body: &[u8], content_type: &str) -> Option<&'static Encoding> {
    labeled(content_type).or_else(|| {
        let label = xml_declaration(body)?;
        Encoding::for_label_no_replacement(label)
    })
}

/// Returns the encoding that the parameter `charset` names.
pub(crate) fn labeled(content_type: &str) -> Option<&'static Encoding> {
    let named = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    };
    let label = content_type.split(';').skip(1).find_map(named)?;
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// Returns the label in `<?xml version="1.0" encoding="..."?>`, which is ASCII and comes first.
fn xml_declaration(body: &[u8]) -> Option<&[u8]> {
    let head = body.strip_prefix(b"<?xml".as_slice())?;
    let head = &head[..head.len().min(DECLARATION_BYTES_MAX)];
    let head = &head[..find(head, b"?>")?];
    let after = &head[find(head, b"encoding")? + b"encoding".len()..];
    let quoted = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, label) = quoted.split_first()?;
    let end = label.iter().position(|byte| byte == quote).filter(|_| matches!(quote, b'"' | b'\''))?;
    Some(&label[..end])
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(body: &[u8], content_type: &str) -> (String, Replaced) {
        let Decoded { text, replaced } = decode(body, content_type);
        (text.into_owned(), replaced)
    }

    #[test]
    fn a_body_is_decoded_by_what_it_says_about_itself() {
        let from = |name| Replaced { encoding: Some(name), ..Replaced::default() };
        let cases: [(&[u8], &str, &str, Replaced); 10] = [
            (b"Br\xfcckner \x80", "text/plain; charset=windows-1252", "Brückner €", from("windows-1252")),
            (b"Br\xfcckner \x80", "text/plain;charset=\"ISO-8859-1\"", "Brückner €", from("windows-1252")),
            (b"Br\xfcckner", "text/csv; header=present; CHARSET=latin1", "Brückner", from("windows-1252")),
            (b"\x83e\x83X\x83g", "text/plain; charset=Shift_JIS", "テスト", from("Shift_JIS")),
            ("Brückner".as_bytes(), "text/plain; charset=utf-8", "Brückner", Replaced::default()),
            ("Brückner".as_bytes(), "text/plain", "Brückner", Replaced::default()),
            (b"\xef\xbb\xbfa", "text/plain; charset=windows-1252", "a", Replaced::default()),
            (b"\xff\xfea\0\xfc\0", "application/json", "aü", from("UTF-16LE")),
            (
                b"<?xml version='1.0' encoding='ISO-8859-15'?><a>\xa4</a>",
                "application/xml",
                "<?xml version='1.0' encoding='ISO-8859-15'?><a>€</a>",
                from("ISO-8859-15"),
            ),
            (b"Br\xfcckner", "text/plain", "Br\u{fffd}ckner", Replaced { malformed: 1, ..Replaced::default() }),
        ];
        for (body, content_type, text, replaced) in cases {
            assert_eq!(decoded(body, content_type), (text.to_owned(), replaced), "{content_type}");
        }
    }

    #[test]
    fn a_label_that_means_nothing_is_passed_over() {
        for label in ["x-unknown", "hz-gb-2312", "", "\""] {
            assert_eq!(decoded("ü".as_bytes(), &format!("text/plain; charset={label}")).0, "ü", "{label}");
        }
        for head in ["<?xml", "<?xml encoding", "<?xml encoding=", "<?xml encoding='x?>", "<?xml encoding=x ?>"] {
            assert_eq!(decoded(head.as_bytes(), "application/xml").0, head);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_and_no_content_type_fail(
            body in proptest::collection::vec(any::<u8>(), 0..300),
            content_type in "[ -~]{0,40}",
            label in "(utf-16|gbk|big5|iso-2022-jp|windows-1252|utf-8|euc-kr)",
        ) {
            let _ = decode(&body, &content_type);
            let _ = decode(&body, &format!("text/xml; charset={label}"));
        }
    }
}
