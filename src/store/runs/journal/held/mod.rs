//! Values that a journal row references instead of repeating: large values, stored once per run in `payloads`, and the
//! body of the event that started the run. The row has `null` in their place. Hashes, archives and readers only see the
//! full text, which the database reassembles (`journal_text` of migration 28).

use std::borrow::Cow;
use std::ops::Range;

use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Hash, NewRow};
use crate::machine::RunId;
use crate::store::{StoreError, shard};

/// Minimum size in bytes of a value that becomes a payload.
pub const LARGE: usize = 64 * 1024;

/// Minimum size in bytes of an event's text that is referenced; a reference takes thirty.
const WORTH_NAMING: usize = 128;

/// Nesting levels around the fields of a record: the row's array, the record, its data.
const AROUND_FIELDS: usize = 3;

/// Placeholder of a value that is stored elsewhere.
const NULL: &str = "null";

/// The event that starts a run, if its stored text is exactly the run's input.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    event: Uuid,
    text: &'a str,
    is_compacted: bool,
}

impl<'a> Source<'a> {
    /// Compares the stored `body`, or `data` if that is stored separately, with `input` as the journal writes it.
    /// Returns `None` if they differ.
    #[must_use]
    pub fn of(event: Uuid, body: &[u8], data: Option<&str>, input: &'a str) -> Option<Self> {
        if input.len() < WORTH_NAMING {
            return None;
        }
        let stored = data.map_or_else(|| std::str::from_utf8(body).ok(), Some)?;
        let is_compacted = stored != input;
        // Large texts are not compacted, because the regular expressions in the database would take too long on each
        // read.
        if is_compacted && (stored.len() >= LARGE || compact(stored) != input) {
            return None;
        }
        Some(Self { event, text: input, is_compacted })
    }

    /// Finds the text in a row: it is the whole input of the run, or the only item in it.
    fn place(&self, row: &str) -> Option<Range<usize>> {
        // Quotes inside strings are escaped, so this text only occurs where a record begins.
        const INPUT: &str = r#""kind":"run.started","data":{"input":"#;
        let input = row.find(INPUT)? + INPUT.len();
        [input, input + 1].into_iter().map(|start| start..start + self.text.len()).find(|place| {
            let is_whole = matches!(row.as_bytes().get(place.end), Some(b']' | b',' | b'}'));
            is_whole && row.get(place.clone()) == Some(self.text)
        })
    }
}

/// Removes white space between the tokens of a JSON text, like `compact_json` of migration 28.
fn compact(json: &str) -> String {
    let (mut compacted, mut quoted, mut escaped) = (String::with_capacity(json.len()), false, false);
    for c in json.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            ' ' | '\t' | '\r' | '\n' if !quoted => continue,
            _ => {}
        }
        compacted.push(c);
    }
    compacted
}

/// A part of a row's text that is stored elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    range: Range<usize>,
    holder: Holder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// The payload with this hash.
    Payload(Hash),
    /// The event with this id; its text must be compacted first if `is_compacted` is set.
    Event { id: Uuid, is_compacted: bool },
}

/// Returns the parts of a row's text to store elsewhere, in order.
pub(super) fn holes(row: &str, source: Option<&Source<'_>>) -> Vec<Hole> {
    let of_event = source.and_then(|source| {
        let holder = Holder::Event { id: source.event, is_compacted: source.is_compacted };
        Some(Hole { range: source.place(row)?, holder })
    });
    if row.len() < LARGE {
        return of_event.into_iter().collect();
    }
    let mut scan = Scan { row, of_event, found: Vec::new(), open: Vec::new() };
    scan.run();
    scan.found
}

/// Scans a row once for large values. Takes the innermost ones, so that a value passed on inside another object gets
/// the same hash again; takes an outer one only if it is large without them.
struct Scan<'r> {
    row: &'r str,
    of_event: Option<Hole>,
    found: Vec<Hole>,
    open: Vec<usize>,
}

impl Scan<'_> {
    fn run(&mut self) {
        let bytes = self.row.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if let Some(hole) = self.of_event.take_if(|hole| hole.range.start == at) {
                at = hole.range.end;
                self.found.push(hole);
                continue;
            }
            match bytes[at] {
                b'[' | b'{' => self.open.push(at),
                b']' | b'}' => {
                    if let Some(start) = self.open.pop() {
                        self.value(start..at + 1);
                    }
                }
                b'"' => {
                    let end = end_of_string(bytes, at);
                    // A string followed by a colon is a name, not a value.
                    if bytes.get(end) != Some(&b':') {
                        self.value(at..end);
                    }
                    at = end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Considers a value that has just ended.
    fn value(&mut self, range: Range<usize>) {
        if range.len() < LARGE || self.open.len() < AROUND_FIELDS {
            return;
        }
        let within = self.found.iter().rposition(|hole| hole.range.start < range.start).map_or(0, |before| before + 1);
        let held: usize = self.found[within..].iter().map(|hole| hole.range.len()).sum();
        let has_event = self.found[within..].iter().any(|hole| matches!(hole.holder, Holder::Event { .. }));
        if held > 0 && (range.len() - held < LARGE || has_event) {
            return;
        }
        self.found.truncate(within);
        let hash = Sha256::digest(self.row[range.clone()].as_bytes()).into();
        self.found.push(Hole { range, holder: Holder::Payload(hash) });
    }
}

/// Returns the position after the closing quote of the string that begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

impl NewRow {
    /// Returns the text for the column `data`, with placeholders.
    #[must_use]
    pub fn kept(&self) -> Cow<'_, str> {
        if self.holes.is_empty() {
            return Cow::Borrowed(&self.data);
        }
        let mut kept = String::new();
        let mut after = 0;
        for hole in &self.holes {
            kept.push_str(&self.data[after..hole.range.start]);
            kept.push_str(NULL);
            after = hole.range.end;
        }
        kept.push_str(&self.data[after..]);
        Cow::Owned(kept)
    }

    /// Returns the references for the column `held`: for each its offset in the kept text, its kind and its id or hash.
    #[must_use]
    pub fn held(&self) -> Option<Vec<u8>> {
        if self.holes.is_empty() {
            return None;
        }
        let (mut held, mut saved) = (Vec::new(), 0);
        for hole in &self.holes {
            let offset = u32::try_from(hole.range.start - saved).unwrap_or(u32::MAX);
            held.extend(offset.to_be_bytes());
            match &hole.holder {
                Holder::Payload(hash) => {
                    held.push(b'p');
                    held.extend(hash);
                }
                Holder::Event { id, is_compacted } => {
                    held.push(if *is_compacted { b'm' } else { b'e' });
                    held.extend(id.as_bytes());
                }
            }
            saved += hole.range.len() - NULL.len();
        }
        Some(held)
    }

    /// Returns the large values with their hashes.
    fn payloads(&self) -> impl Iterator<Item = (&Hash, &str)> {
        self.holes.iter().filter_map(|hole| match &hole.holder {
            Holder::Payload(hash) => Some((hash, &self.data[hole.range.clone()])),
            Holder::Event { .. } => None,
        })
    }

    /// Whether it has large values, which [`keep`] must write.
    #[must_use]
    pub fn has_payloads(&self) -> bool {
        self.payloads().next().is_some()
    }
}

/// Writes the large values of rows; their runs must exist. Values that the run already has are skipped.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn keep(conn: &mut PgConnection, rows: &[(RunId, &NewRow)]) -> Result<(), StoreError> {
    let payloads: Vec<(RunId, &Hash, &str)> =
        rows.iter().flat_map(|(run, row)| row.payloads().map(|(hash, body)| (*run, hash, body))).collect();
    sqlx::query!(
        "insert into payloads (shard, run_id, hash, body)
         select u.shard, u.run_id, u.hash, u.body
         from unnest($1::smallint[], $2::uuid[], $3::bytea[], $4::text[]) as u (shard, run_id, hash, body)
         on conflict do nothing",
        &payloads.iter().map(|(run, ..)| shard(*run)).collect::<Vec<_>>(),
        &payloads.iter().map(|(run, ..)| *run).collect::<Vec<_>>(),
        &payloads.iter().map(|(_, hash, _)| hash.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &payloads.iter().map(|(.., body)| *body).collect::<Vec<_>>() as &[&str],
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
