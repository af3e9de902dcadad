//! The format of archives: JSON Lines in gzip. The first line describes the file and the last one has the expected
//! counts and digest, so a truncated file is detected. Each line between them is a table row with its original columns:
//!
//! ```text
//! {"archive":"0192…","format":1,"stepwell":"0.1.0","environment":"production","written_at":"…","first_run":"…","last_run":"…"}
//! {"table":"definitions","row":{…}}    before the first run that uses it
//! {"table":"runs","row":{…}}           then all rows that belong to the run, its journal first
//! {"table":"journal","row":{…}}        `data` byte for byte as it was hashed
//! {"table":"events","row":{…}}
//! {"end":{"runs":1,"events":1,"rows":4,"digest":"…"}}
//! ```

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::Digest as _;
use uuid::Uuid;

use crate::machine::Time;

/// Version of the format.
pub const FORMAT: u32 = 1;

/// Suffix of archive names.
pub const SUFFIX: &str = ".jsonl.gz";

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// UUIDv7, as in the table `archives`.
    pub archive: Uuid,
    /// Version of the format.
    pub format: u32,
    /// Stepwell version that wrote it.
    pub stepwell: String,
    /// Environment of the database.
    pub environment: Option<String>,
    /// Time by the database's clock.
    pub written_at: Time,
    /// Smallest id of a run in the archive.
    pub first_run: Option<Uuid>,
    /// Largest id of a run in the archive.
    pub last_run: Option<Uuid>,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Number of runs.
    pub runs: u64,
    /// Number of events.
    pub events: u64,
    /// Number of rows.
    pub rows: u64,
    /// Hexadecimal; see [`Digest`].
    pub digest: String,
}

/// Any line but the first.
#[derive(Deserialize)]
pub struct Line<'a> {
    /// Table of the row.
    #[serde(borrow)]
    pub table: Option<Cow<'a, str>>,
    /// Columns of the row by name.
    #[serde(borrow)]
    pub row: Option<&'a RawValue>,
    /// Set only on the last line.
    pub end: Option<End>,
}

/// A hash over all lines but the last, with their line ends and in order. It does not depend on the compression.
#[derive(Debug, Clone, Default)]
pub struct Digest(sha2::Sha256);

impl Digest {
    /// Adds a line, or part of one.
    pub fn update(&mut self, text: &[u8]) {
        self.0.update(text);
    }

    /// Returns the hash so far.
    #[must_use]
    pub fn value(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}
