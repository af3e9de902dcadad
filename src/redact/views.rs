//! A text with one encoding removed, and where each part of it is in the original text.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// Shorter runs of base64 or hex cannot hold a doubly encoded secret.
const RUN_MIN: usize = 6;

/// Runs at least this long are decoded at every alignment, since they may begin with something else, such as part of a
/// path.
const ALIGNED_RUN_MIN: usize = 16;

const DECODER: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

/// A text with one encoding removed.
pub(super) struct View {
    pub(super) text: Vec<u8>,
    /// Where the decoded text differs from the original, in order.
    steps: Vec<Step>,
}

/// A part of a view that is written differently in the original.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Start and length in the view.
    at: usize,
    bytes: usize,
    /// Start and length in the original.
    from: usize,
    written: usize,
}

/// Reads an escape at the start of a text: its length and its meaning.
type Escape = fn(&[u8]) -> Option<(usize, Decoded)>;

/// The bytes that an escape stands for.
struct Decoded {
    bytes: [u8; 4],
    len: usize,
}

impl Decoded {
    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], len: 1 }
    }

    fn character(character: char) -> Self {
        let mut bytes = [0; 4];
        let len = character.encode_utf8(&mut bytes).len();
        Self { bytes, len }
    }

    fn nothing() -> Self {
        Self { bytes: [0; 4], len: 0 }
    }
}

impl View {
    /// Removes each encoding that the text shows signs of; decodes runs of base64 and hex only on request.
    pub(super) fn all(text: &[u8], has_space: bool, runs: bool) -> impl Iterator<Item = Self> {
        let escapes: [(bool, Escape); 5] = [
            (text.contains(&b'\\'), backslash),
            (text.contains(&b'%'), percent),
            (has_space && text.contains(&b'+'), form),
            (text.contains(&b'&'), entity),
            (text.contains(&b'\n') || text.contains(&b'\r'), line_break),
        ];
        let escaped = escapes.into_iter().filter(|(is_there, _)| *is_there).map(|(_, escape)| Self::of(text, escape));
        escaped.flatten().chain(decoded_runs(if runs { text } else { &[] }))
    }

    fn of(text: &[u8], escape: Escape) -> Option<Self> {
        let mut view = Self { text: Vec::with_capacity(text.len()), steps: Vec::new() };
        let mut at = 0;
        while at < text.len() {
            match escape(&text[at..]) {
                Some((written, decoded)) => {
                    view.steps.push(Step { at: view.text.len(), bytes: decoded.len, from: at, written });
                    view.text.extend_from_slice(&decoded.bytes[..decoded.len]);
                    at += written;
                }
                None => {
                    view.text.push(text[at]);
                    at += 1;
                }
            }
        }
        (!view.steps.is_empty()).then_some(view)
    }

    /// A decoded run where groups of `bytes` bytes are written as `characters` characters; part of a group maps to the
    /// whole group.
    fn of_groups(text: Vec<u8>, bytes: usize, run: Range<usize>, characters: usize) -> Self {
        let groups = 0..text.len().div_ceil(bytes);
        let steps = groups.map(|group| Step {
            at: group * bytes,
            bytes: bytes.min(text.len() - group * bytes),
            from: run.start + group * characters,
            written: characters.min(run.len() - group * characters),
        });
        Self { steps: steps.collect(), text }
    }

    /// Maps a range of the view to the original, in whole escapes.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        let end = range.end.saturating_sub(1).max(range.start);
        self.place(range.start).start..self.place(end).end
    }

    /// Maps one byte of the view to the original.
    fn place(&self, at: usize) -> Range<usize> {
        let next = self.steps.partition_point(|step| step.at <= at);
        let Some(step) = next.checked_sub(1).map(|index| self.steps[index]) else { return at..at + 1 };
        if at < step.at + step.bytes {
            return step.from..step.from + step.written;
        }
        let from = step.from + step.written + (at - step.at - step.bytes);
        from..from + 1
    }
}

/// `\"`, `\/`, `\n`, `\u0041` with surrogates, and JavaScript's `\x41`.
fn backslash(text: &[u8]) -> Option<(usize, Decoded)> {
    if text[0] != b'\\' {
        return None;
    }
    let plain = |byte| Some((2, Decoded::byte(byte)));
    match *text.get(1)? {
        byte @ (b'"' | b'\\' | b'/' | b'\'') => plain(byte),
        b'b' => plain(8),
        b'f' => plain(12),
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        b'x' => Some((4, Decoded::byte(u8::try_from(number(text.get(2..4)?, 16)?).ok()?))),
        b'u' => {
            let unit = number(text.get(2..6)?, 16)?;
            if let Some(character) = char::from_u32(unit) {
                return Some((6, Decoded::character(character)));
            }
            let low =
                text.get(6..12).filter(|next| next.starts_with(b"\\u")).and_then(|next| number(&next[2..], 16))?;
            let units = [u16::try_from(unit).ok()?, u16::try_from(low).ok()?];
            let character = char::decode_utf16(units).next()?.ok()?;
            Some((12, Decoded::character(character)))
        }
        _ => None,
    }
}

fn percent(text: &[u8]) -> Option<(usize, Decoded)> {
    if text[0] != b'%' {
        return None;
    }
    Some((3, Decoded::byte(u8::try_from(number(text.get(1..3)?, 16)?).ok()?)))
}

/// Percent encoding in which `+` means a space.
fn form(text: &[u8]) -> Option<(usize, Decoded)> {
    if text[0] == b'+' { Some((1, Decoded::byte(b' '))) } else { percent(text) }
}

/// A folded line: the break and the indentation of the next line.
fn line_break(text: &[u8]) -> Option<(usize, Decoded)> {
    if !matches!(text[0], b'\n' | b'\r') {
        return None;
    }
    let blank = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    Some((blank, Decoded::nothing()))
}

/// Longest entity considered.
const ENTITY_BYTES_MAX: usize = 12;

const ENTITIES: [(&str, char); 39] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("sol", '/'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("semi", ';'),
    ("commat", '@'),
    ("equals", '='),
    ("plus", '+'),
    ("num", '#'),
    ("percnt", '%'),
    ("dollar", '$'),
    ("excl", '!'),
    ("quest", '?'),
    ("lpar", '('),
    ("rpar", ')'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("lcub", '{'),
    ("lbrace", '{'),
    ("rcub", '}'),
    ("rbrace", '}'),
    ("ast", '*'),
    ("comma", ','),
    ("period", '.'),
    ("lowbar", '_'),
    ("grave", '`'),
    ("Hat", '^'),
    ("verbar", '|'),
    ("vert", '|'),
    ("nbsp", '\u{a0}'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("AMP", '&'),
];

/// `&amp;`, `&#38;`, `&#x26;`.
fn entity(text: &[u8]) -> Option<(usize, Decoded)> {
    if text[0] != b'&' {
        return None;
    }
    let end = text.iter().take(ENTITY_BYTES_MAX).position(|byte| *byte == b';')?;
    let name = &text[1..end];
    let character = match name {
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        name => ENTITIES.iter().find(|(known, _)| known.as_bytes() == name)?.1,
    };
    Some((end + 1, Decoded::character(character)))
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok()?;
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(text, base).ok().filter(|_| plain)
}

/// A character of either base64 alphabet.
pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Decodes runs of base64 and hex that contain text. Others are left to the patterns of the secrets themselves.
fn decoded_runs(text: &[u8]) -> impl Iterator<Item = View> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].iter().take_while(|byte| is_base64(**byte)).count();
        let run = at..at + length;
        if length >= RUN_MIN {
            let alignments = if length >= ALIGNED_RUN_MIN { 4 } else { 1 };
            found.extend((0..alignments).filter_map(|skip| base64(text, run.start + skip..run.end)));
        }
        at += length + 1;
    }
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if length >= RUN_MIN {
            found.extend((0..2).filter_map(|skip| hexadecimal(text, at + skip..at + length)));
        }
        at += length + 1;
    }
    found.into_iter()
}

fn base64(text: &[u8], run: Range<usize>) -> Option<View> {
    if !begins_text(first_bytes(text.get(run.start..run.start + 4)?)) {
        return None;
    }
    let whole = run.len() - usize::from(run.len() % 4 == 1);
    let standard = text[run.start..run.start + whole].iter().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    });
    let decoded = DECODER.decode(standard.collect::<Vec<u8>>()).ok().filter(|decoded| is_text(decoded))?;
    Some(View::of_groups(decoded, 3, run.start..run.start + whole, 4))
}

fn hexadecimal(text: &[u8], run: Range<usize>) -> Option<View> {
    let first = hex::decode(text.get(run.start..run.start + run.len().min(6) / 2 * 2)?).ok()?;
    if let [a, b, c] = first[..]
        && !begins_text([a, b, c])
    {
        return None;
    }
    let end = run.end - run.len() % 2;
    let decoded = hex::decode(&text[run.start..end]).ok().filter(|decoded| is_text(decoded))?;
    Some(View::of_groups(decoded, 1, run.start..end, 2))
}

/// Whether these could be the first bytes of text. A cheap check, since most words are not base64.
fn begins_text(first: [u8; 3]) -> bool {
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t');
    let wide = |byte: u8| byte >= 0x80;
    match first {
        [a, b, c] if plain(a) => (plain(b) && (plain(c) || c >= 0xc2)) || (b >= 0xc2 && wide(c)),
        [a, b, _] => a >= 0xc2 && wide(b) && b < 0xc0,
    }
}

/// Decodes four characters of base64.
fn first_bytes(characters: &[u8]) -> [u8; 3] {
    let bits = characters.iter().fold(0_u32, |bits, character| (bits << 6) | u32::from(sextet(*character)));
    let [_, a, b, c] = bits.to_be_bytes();
    [a, b, c]
}

fn sextet(character: u8) -> u8 {
    match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    }
}

fn is_text(decoded: &[u8]) -> bool {
    let plain = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\n' | b'\r' | b'\t');
    decoded.iter().all(plain) && std::str::from_utf8(decoded).is_ok()
}
