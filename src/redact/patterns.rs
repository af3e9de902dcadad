//! The forms of a secret in common encodings, and the search for all of them at once.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use super::views::{View, is_base64};

/// How thoroughly a text is searched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Depth {
    /// Number of nested encodings.
    pub(super) layers: usize,
    /// Whether runs of base64 and hex are decoded, to find secrets encoded once more inside.
    pub(super) runs: bool,
}

/// Neighboring characters that belong to a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// None.
    None,
    /// In base64, adjacent characters may hold some of the secret's bits.
    Base64 { before: bool, after: bool },
}

/// All patterns of a set of secrets.
pub(super) struct Patterns {
    search: AhoCorasick,
    edges: Vec<Edge>,
    /// Whether a secret contains a space, which forms encode as `+`.
    has_space: bool,
}

impl Patterns {
    /// Returns `None` without values.
    pub(super) fn of<'v>(values: impl Iterator<Item = &'v str>) -> Option<Self> {
        let mut all: Vec<(Vec<u8>, Edge)> = Vec::new();
        let mut has_space = false;
        for value in values {
            has_space |= value.contains(' ');
            add(value, &mut all);
        }
        if all.is_empty() {
            return None;
        }
        let (patterns, edges): (Vec<Vec<u8>>, Vec<Edge>) = all.into_iter().unzip();
        let search = AhoCorasick::builder().match_kind(MatchKind::Standard).build(patterns);
        // Fails only beyond two billion bytes of patterns.
        Some(Self { search: search.ok()?, edges, has_space })
    }

    /// Returns all matches in a text, to the given depth.
    pub(super) fn found(&self, text: &[u8], depth: Depth) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = self
            .search
            .find_overlapping_iter(text)
            .map(|hit| widened(text, hit.range(), self.edges[hit.pattern().as_usize()]))
            .collect();
        let Some(layers) = depth.layers.checked_sub(1) else { return found };
        for view in View::all(text, self.has_space, depth.runs) {
            let inner = self.found(&view.text, Depth { layers, ..depth });
            found.extend(inner.into_iter().map(|range| view.original(range)));
        }
        found
    }
}

fn widened(text: &[u8], range: Range<usize>, edge: Edge) -> Range<usize> {
    let Edge::Base64 { before, after } = edge else { return range };
    let is_there = |at: usize| text.get(at).is_some_and(|byte| is_base64(*byte));
    let start = if before && range.start > 0 && is_there(range.start - 1) { range.start - 1 } else { range.start };
    let end = if after && is_there(range.end) { range.end + 1 } else { range.end };
    start..end
}

fn add(value: &str, all: &mut Vec<(Vec<u8>, Edge)>) {
    let bytes = value.as_bytes();
    all.push((bytes.to_vec(), Edge::None));
    all.push((hex::encode(bytes).into_bytes(), Edge::None));
    all.push((hex::encode_upper(bytes).into_bytes(), Edge::None));
    let wide: Vec<u16> = value.encode_utf16().collect();
    all.push((wide.iter().flat_map(|unit| unit.to_le_bytes()).collect(), Edge::None));
    all.push((wide.iter().flat_map(|unit| unit.to_be_bytes()).collect(), Edge::None));
    let narrow: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    all.extend(narrow.filter(|narrow| narrow != bytes).map(|narrow| (narrow, Edge::None)));
    for alignment in 0..3 {
        let (standard, before, after) = inner_base64(bytes, alignment);
        let edge = Edge::Base64 { before, after };
        let safe: Vec<u8> = standard
            .iter()
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            })
            .collect();
        if safe != standard {
            all.push((safe, edge));
        }
        all.push((standard, edge));
    }
}

/// Returns the base64 characters that hold only bits of `bytes` when `alignment` bytes of the first group come before
/// them; and whether a character on either side holds more of their bits.
fn inner_base64(bytes: &[u8], alignment: usize) -> (Vec<u8>, bool, bool) {
    let padded: Vec<u8> = std::iter::repeat_n(0, alignment).chain(bytes.iter().copied()).collect();
    let encoded = BASE64_STANDARD_NO_PAD.encode(&padded);
    let first = (alignment * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    (
        encoded.as_bytes()[first..last].to_vec(),
        !(alignment * 8).is_multiple_of(6),
        !(padded.len() * 8).is_multiple_of(6),
    )
}
