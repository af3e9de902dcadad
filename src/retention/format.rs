//! What an archive looks like: JSON Lines in gzip. The first line says what the file is, the last one what it must hold, so that a file
//! that was cut off is no archive. Between them each line is one row of one table, with the columns as they were:
//!
//! ```text
//! {"archive":"0192…","format":1,"stepwell":"0.1.0","environment":"production","written_at":"…","first_run":"…","last_run":"…"}
//! {"table":"definitions","row":{…}}    before the first run of it
//! {"table":"runs","row":{…}}           then everything that hangs on the run, its journal first
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

/// How names of archives end.
pub const SUFFIX: &str = ".jsonl.gz";

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// UUIDv7, as in the table `archives`.
    pub archive: Uuid,
    /// Version of the format.
    pub format: u32,
    /// Version of Stepwell that wrote it.
    pub stepwell: String,
    /// Which environment the database belongs to.
    pub environment: Option<String>,
    /// By the clock of the database.
    pub written_at: Time,
    /// No run in it has a smaller id.
    pub first_run: Option<Uuid>,
    /// No run in it has a larger id.
    pub last_run: Option<Uuid>,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Number of runs.
    pub runs: u64,
    /// Number of events.
    pub events: u64,
    /// Number of lines between the first and the last.
    pub rows: u64,
    /// In hexadecimal: see [`Digest`].
    pub digest: String,
}

/// Any line but the first.
#[derive(Deserialize)]
pub struct Line<'a> {
    /// Which table.
    #[serde(borrow)]
    pub table: Option<Cow<'a, str>>,
    /// The row's columns by name.
    #[serde(borrow)]
    pub row: Option<&'a RawValue>,
    /// Of the last line.
    pub end: Option<End>,
}

/// A hash over every line but the last, the first one included: each with its line end, in the order of the file. It does not depend on how
/// the file is compressed.
#[derive(Debug, Clone, Default)]
pub struct Digest(sha2::Sha256);

impl Digest {
    /// Takes a line in, or a part of one.
    pub fn update(&mut self, text: &[u8]) {
        self.0.update(text);
    }

    /// The hash so far.
    #[must_use]
    pub fn value(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}
