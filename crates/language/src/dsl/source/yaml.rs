//! Reads YAML 1.2, and therefore JSON, into a [`Source`]. The text is untrusted: all limits are checked here.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::super::mistake::{self, shortened};
use super::super::{Mistake, Position};
use super::{DEPTH_MAX, Data, NODES_MAX, Record, Source, Step, Style, TEXT_BYTES_MAX, scalar};

/// Reads a document.
///
/// # Errors
/// The text has a syntax error, duplicate keys or numbers that JSON cannot represent, or exceeds a limit.
pub fn read(file: &str, text: &str) -> Result<Source, Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_text(text).map_err(|(position, message)| vec![mistake::at(file, position, message)])?;
    let text = with_joined_surrogates(text);
    let mut reader = Reader {
        file,
        source: Source { line_starts: line_starts(&text), text: String::new(), records: Vec::new() },
        open: Vec::new(),
        anchors: HashMap::new(),
        documents: 0,
        mistakes: Vec::new(),
    };
    if let Err((position, message)) = reader.read(&text) {
        reader.mistakes.push(mistake::at(file, position, message));
    }
    if !reader.mistakes.is_empty() {
        return Err(reader.mistakes);
    }
    reader.source.text = text;
    Ok(reader.source)
}

type Refusal = (Position, String);

fn check_text(text: &str) -> Result<(), Refusal> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the text is {} bytes long, more than {TEXT_BYTES_MAX}", text.len());
        return Err((Position { line: 1, column: 1 }, message));
    }
    let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    let Some(at) = text.find(forbidden) else { return Ok(()) };
    let line_start = text[..at].rfind(['\n', '\r']).map_or(0, |i| i + 1);
    let position = Position {
        line: count(text[..at].replace("\r\n", "\n").matches(['\n', '\r']).count()) + 1,
        column: count(text[line_start..at].chars().count()) + 1,
    };
    let code = text[at..].chars().next().map_or(0, u32::from);
    Err((position, format!("the control character U+{code:04X} is not allowed")))
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Returns the byte offsets of line starts. Line breaks are those of YAML.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let breaks = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
}

/// JSON writes characters beyond the Basic Multilingual Plane as two escapes (`\ud83d\ude00`), which YAML does not
/// support. They are replaced only if the whole text is JSON, where a backslash has no other meaning.
fn with_joined_surrogates(text: &str) -> String {
    let has_surrogates = text.contains("\\ud") || text.contains("\\uD");
    if !has_surrogates || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return text.to_owned();
    }
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut joined = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        match (unit(at), unit(at + 6)) {
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                joined.push_str(&format!("\\U{code:08x}"));
                at += 12;
            }
            _ if character == '\\' => {
                joined.push_str(text.get(at..at + 2).unwrap_or("\\"));
                at += 2;
            }
            _ => {
                joined.push(character);
                at += character.len_utf8();
            }
        }
    }
    joined
}

struct Reader<'f> {
    file: &'f str,
    source: Source,
    open: Vec<Open>,
    anchors: HashMap<usize, u32>,
    documents: usize,
    mistakes: Vec<Mistake>,
}

/// A list or object that has not ended yet.
struct Open {
    id: u32,
    is_object: bool,
    key: Option<(String, Position)>,
    keys: HashSet<String>,
}

impl Reader<'_> {
    fn read(&mut self, text: &str) -> Result<(), Refusal> {
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|e| {
                let position = Position { line: count(e.marker().line()), column: count(e.marker().col()) + 1 };
                // The scanner looks ahead, so it may reach its own limit before we see an event beyond ours.
                let deep = e.info().contains("recursion limit");
                (position, if deep { too_deep() } else { shortened(e.info()) })
            })?;
            self.take(event, span)?;
        }
        if self.source.records.is_empty() {
            return Err((Position { line: 1, column: 1 }, "the document is empty".to_owned()));
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Refusal> {
        let place = Position { line: count(span.start.line()), column: count(span.start.col()) + 1 };
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err((place, "the text contains several documents, but a file must contain one".to_owned()));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                self.scalar(&text, style, anchor, tag.as_deref(), place)?;
            }
            Event::SequenceStart(anchor, tag) => self.begin(Data::List(Vec::new()), anchor, tag.as_deref(), place)?,
            Event::MappingStart(anchor, tag) => self.begin(Data::Object(Vec::new()), anchor, tag.as_deref(), place)?,
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
            }
            Event::Alias(anchor) => self.alias(anchor, place)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: Style,
        anchor: usize,
        tag: Option<&Tag>,
        place: Position,
    ) -> Result<(), Refusal> {
        if text.contains('\0') {
            return Err((place, "a text cannot contain the character U+0000, which databases reject".to_owned()));
        }
        if self.awaits_key() {
            return self.key(text, place);
        }
        let data = match tag {
            None => scalar::resolve(text, style),
            Some(tag) if tag.is_yaml_core_schema() => scalar::resolve_tagged(text, style, &tag.suffix),
            Some(tag) => Err(format!("the tag `{tag}` is not supported")),
        };
        let data = data.unwrap_or_else(|message| {
            self.mistakes.push(mistake::at(self.file, place, shortened(&message)));
            Data::Null
        });
        self.add(data, anchor, place).map(drop)
    }

    fn awaits_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_object && open.key.is_none())
    }

    fn key(&mut self, text: &str, place: Position) -> Result<(), Refusal> {
        const KEY_BYTES_MAX: usize = 1024;
        if text.len() > KEY_BYTES_MAX {
            return Err((place, format!("a key has at most {KEY_BYTES_MAX} bytes")));
        }
        let open = self.open.last_mut().expect("a key belongs to an open object");
        if text == "<<" {
            return Err((place, "merge keys (`<<`) are not part of YAML 1.2; repeat the entries".to_owned()));
        }
        if !open.keys.insert(text.to_owned()) {
            let message = format!("the key `{}` occurs twice in the same object", shortened(text));
            self.mistakes.push(mistake::at(self.file, place, message));
        }
        open.key = Some((text.to_owned(), place));
        Ok(())
    }

    fn begin(&mut self, data: Data, anchor: usize, tag: Option<&Tag>, place: Position) -> Result<(), Refusal> {
        if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
            return Err((place, format!("the tag `{}` is not supported", shortened(&tag.to_string()))));
        }
        if self.awaits_key() {
            return Err((place, "a key must be a text, not a list or an object".to_owned()));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err((place, too_deep()));
        }
        let is_object = matches!(data, Data::Object(_));
        let id = self.add(data, anchor, place)?;
        self.open.push(Open { id, is_object, key: None, keys: HashSet::new() });
        Ok(())
    }

    /// Attaches a value to the innermost open list or object.
    fn add(&mut self, data: Data, anchor: usize, place: Position) -> Result<u32, Refusal> {
        let (parent, step, key_place) = self.slot();
        let record = Record { data, place: Some(place), key_place, parent, step };
        let id = self.insert(record, place)?;
        self.attach(id);
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        Ok(id)
    }

    fn insert(&mut self, record: Record, place: Position) -> Result<u32, Refusal> {
        if self.source.records.len() >= NODES_MAX {
            let message =
                format!("the document contains more than {NODES_MAX} values, with aliases counted at each use");
            return Err((place, message));
        }
        Ok(self.source.push(record))
    }

    fn slot(&mut self) -> (u32, Step, Option<Position>) {
        let Some(open) = self.open.last_mut() else { return (0, Step::Root, None) };
        if let Some((key, place)) = open.key.take() {
            return (open.id, Step::Key(key), Some(place));
        }
        let length = match &self.source.records[open.id as usize].data {
            Data::List(ids) | Data::Object(ids) => ids.len(),
            _ => 0,
        };
        (open.id, Step::Index(length), None)
    }

    fn attach(&mut self, id: u32) {
        let Some(open) = self.open.last() else { return };
        if let Data::List(ids) | Data::Object(ids) = &mut self.source.records[open.id as usize].data {
            ids.push(id);
        }
    }

    /// Copies the value of an alias's anchor. Mistakes in the copy point at the original.
    fn alias(&mut self, anchor: usize, place: Position) -> Result<(), Refusal> {
        if self.awaits_key() {
            return Err((place, "an alias cannot be a key".to_owned()));
        }
        let original = self.anchors.get(&anchor).copied();
        let Some(original) = original.filter(|id| !self.open.iter().any(|open| open.id == *id)) else {
            return Err((place, "the alias does not refer to a complete earlier value".to_owned()));
        };
        let (parent, step, key_place) = self.slot();
        let id = self.copy(original, parent, step, self.open.len(), place)?;
        self.source.records[id as usize].key_place = key_place;
        self.attach(id);
        Ok(())
    }

    fn copy(&mut self, original: u32, parent: u32, step: Step, depth: usize, place: Position) -> Result<u32, Refusal> {
        let from = &self.source.records[original as usize];
        let (data, from_place, key_place) = (from.data.clone(), from.place, from.key_place);
        let (Data::List(children) | Data::Object(children)) = &data else {
            return self.insert(Record { data, place: from_place, key_place, parent, step }, place);
        };
        if depth >= DEPTH_MAX {
            return Err((place, too_deep()));
        }
        let children = children.clone();
        let id = self.insert(Record { data, place: from_place, key_place, parent, step }, place)?;
        let mut copies = Vec::with_capacity(children.len());
        for child in children {
            let step = self.source.records[child as usize].step.clone();
            copies.push(self.copy(child, id, step, depth + 1, place)?);
        }
        if let Data::List(ids) | Data::Object(ids) = &mut self.source.records[id as usize].data {
            *ids = copies;
        }
        Ok(id)
    }
}

fn too_deep() -> String {
    format!("lists and objects are nested deeper than {DEPTH_MAX} levels")
}
