//! Reads archives: their contents, single runs, and verification.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::format::{Digest, End, FORMAT, Header, Line, SUFFIX};
use crate::machine::{Record, RunId, Time};
use crate::store::StoreError;
use crate::store::runs::journal::{self, Chain, JournalRow, StoredRow, Tampered};

/// Longest line.
const LINE_BYTES_MAX: u64 = 1 << 30;

/// Why a file cannot be read as an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file or folder cannot be read.
    #[error("{path} cannot be read: {error}")]
    File {
        /// Path of the file.
        path: String,
        /// Cause.
        error: io::Error,
    },
    /// The contents are not what was written.
    #[error("{path}: {unsound}")]
    Unsound {
        /// Path of the file.
        path: String,
        /// What is wrong.
        unsound: Unsound,
    },
}

/// What is wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// Not a Stepwell archive, or one from a later version.
    #[error("this is not an archive that this version of Stepwell can read: {0}")]
    Foreign(String),
    /// The last line is missing.
    #[error("the file ends before its last line: it was cut off")]
    CutOff,
    /// A line is damaged.
    #[error("line {line}: {why}")]
    Line {
        /// Line number, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// A journal was changed.
    #[error("{0}")]
    Journal(#[from] Tampered),
    /// The counts or the digest do not match the lines.
    #[error("its last line says {said}, but it contains {held}")]
    Contents {
        /// According to the last line.
        said: String,
        /// According to the other lines.
        held: String,
    },
}

/// A row of an archive.
#[derive(Debug)]
pub struct Item {
    /// Name of its table.
    pub table: String,
    /// Columns as JSON.
    pub row: Box<RawValue>,
}

/// An archive being read.
pub struct Archive {
    path: PathBuf,
    lines: BufReader<MultiGzDecoder<BufReader<File>>>,
    line: u64,
    /// Digest of the lines read so far.
    digest: Digest,
    /// The first line.
    pub header: Header,
    /// The last line, once it has been read.
    pub end: Option<End>,
}

impl Archive {
    /// Opens a file and reads its first line.
    ///
    /// # Errors
    /// It does not exist, or is not an archive.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let file = File::open(path).map_err(|error| ArchiveError::File { path: path.display().to_string(), error })?;
        let mut lines = BufReader::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 18, file)));
        let foreign =
            |why: String| ArchiveError::Unsound { path: path.display().to_string(), unsound: Unsound::Foreign(why) };
        let mut first = String::new();
        (&mut lines).take(1 << 20).read_line(&mut first).map_err(|e| foreign(e.to_string()))?;
        let header: Header = serde_json::from_str(&first).map_err(|e| foreign(format!("its first line: {e}")))?;
        if header.format != FORMAT {
            return Err(foreign(format!("it has format {}", header.format)));
        }
        let mut digest = Digest::default();
        digest.update(first.as_bytes());
        Ok(Self { path: path.to_owned(), lines, line: 1, digest, header, end: None })
    }

    /// Returns the next row, or `None` after the last.
    ///
    /// # Errors
    /// The contents are not what was written.
    pub fn next_row(&mut self) -> Result<Option<Item>, ArchiveError> {
        if self.end.is_some() {
            return Ok(None);
        }
        let mut text = String::new();
        self.line += 1;
        let read = (&mut self.lines).take(LINE_BYTES_MAX).read_line(&mut text);
        let read = read.map_err(|error| {
            self.unsound(match error.kind() {
                io::ErrorKind::UnexpectedEof => Unsound::CutOff,
                _ => Unsound::Line { line: self.line, why: error.to_string() },
            })
        })?;
        if read == 0 || !text.ends_with('\n') {
            return Err(self.unsound(Unsound::CutOff));
        }
        let parsed: Line<'_> = serde_json::from_str(&text).map_err(|e| self.bad_line(e.to_string()))?;
        match (parsed.table, parsed.row, parsed.end) {
            (Some(table), Some(row), None) => {
                self.digest.update(text.as_bytes());
                Ok(Some(Item { table: table.into_owned(), row: row.to_owned() }))
            }
            (None, None, Some(end)) => {
                self.end = Some(end);
                let mut rest = [0_u8; 1];
                match self.lines.read(&mut rest) {
                    Ok(0) => Ok(None),
                    _ => Err(self.bad_line("there is data after the last line".to_owned())),
                }
            }
            _ => Err(self.bad_line("this is neither a row nor the last line".to_owned())),
        }
    }

    fn unsound(&self, unsound: Unsound) -> ArchiveError {
        ArchiveError::Unsound { path: self.path.display().to_string(), unsound }
    }

    fn bad_line(&self, why: String) -> ArchiveError {
        self.unsound(Unsound::Line { line: self.line, why })
    }

    fn parse<T: for<'d> Deserialize<'d>>(&self, row: &RawValue) -> Result<T, ArchiveError> {
        serde_json::from_str(row.get()).map_err(|e| self.bad_line(e.to_string()))
    }
}

/// The columns of a run that are read back.
#[derive(Debug, Clone, Deserialize)]
pub struct ArchivedRun {
    /// The run's id.
    pub id: RunId,
    /// Row of its definition in the same file.
    pub definition_id: i32,
    /// The run that started it.
    pub parent_id: Option<RunId>,
    /// Number of its journal rows.
    pub seq: i32,
    #[serde(with = "bytea")]
    /// Hash of the last journal row.
    pub head: Vec<u8>,
    /// When the run was accepted.
    pub created_at: Time,
}

/// Reads Postgres's text format for bytes, `\x00ff`.
pub(crate) mod bytea {
    use serde::{Deserialize, Deserializer, de::Error};

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        let digits = text.strip_prefix("\\x").ok_or_else(|| D::Error::custom("bytes begin with \\x"))?;
        hex::decode(digits).map_err(D::Error::custom)
    }
}

/// A definition in an archive.
#[derive(Debug, Clone, Deserialize)]
pub struct ArchivedDefinition {
    /// Id that runs refer to.
    pub id: i32,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Source as deployed.
    pub source: String,
    /// Catalog functions that it used, as JSON.
    pub functions: Box<RawValue>,
}

/// The result of verifying an archive.
#[derive(Debug)]
pub struct Summary {
    /// The first line.
    pub header: Header,
    /// The last line.
    pub end: End,
    /// Hash of the compressed file.
    pub sha256: [u8; 32],
    /// Runs in file order.
    pub runs: Vec<RunId>,
    /// Events in file order.
    pub events: Vec<Uuid>,
}

#[derive(Deserialize)]
struct Identified {
    id: Uuid,
}

/// Verifies a whole archive: the hash chain of each journal, the counts and the digest.
///
/// # Errors
/// The first thing that differs from what was written.
pub fn verify(path: &Path) -> Result<Summary, ArchiveError> {
    let mut archive = Archive::open(path)?;
    let mut open: Option<(ArchivedRun, Chain)> = None;
    let (mut runs, mut events, mut rows) = (Vec::new(), Vec::new(), 0);
    while let Some(Item { table, row }) = archive.next_row()? {
        rows += 1;
        match table.as_str() {
            "runs" => {
                close(&archive, open.take())?;
                let run: ArchivedRun = archive.parse(&row)?;
                runs.push(run.id);
                open = Some((run.clone(), Chain::new(run.id)));
            }
            "journal" => {
                let Some((run, chain)) = &mut open else {
                    return Err(archive.bad_line("a journal without its run".to_owned()));
                };
                let row = imported(&archive, run.id, &row)?;
                chain.push(row).map_err(|tampered| archive.unsound(tampered.into()))?;
            }
            "events" => {
                let event: Identified = archive.parse(&row)?;
                events.push(event.id);
            }
            _ => {}
        }
    }
    close(&archive, open.take())?;
    let Some(end) = archive.end.clone() else { return Err(archive.unsound(Unsound::CutOff)) };
    let digest = hex::encode(archive.digest.value());
    let held = End { runs: runs.len() as u64, events: events.len() as u64, rows, digest };
    if held != end {
        let shown = |end: &End| format!("{} runs, {} events, {} rows, {}", end.runs, end.events, end.rows, end.digest);
        return Err(archive.unsound(Unsound::Contents { said: shown(&end), held: shown(&held) }));
    }
    Ok(Summary { header: archive.header.clone(), end, sha256: hash(path)?, runs, events })
}

/// Checks the journal of a run after its last row.
fn close(archive: &Archive, open: Option<(ArchivedRun, Chain)>) -> Result<(), ArchiveError> {
    let Some((run, chain)) = open else { return Ok(()) };
    chain.end(run.seq, &run.head).map_or(Ok(()), |tampered| Err(archive.unsound(tampered.into())))
}

fn imported(archive: &Archive, run: RunId, row: &RawValue) -> Result<StoredRow, ArchiveError> {
    journal::imported(run, row).map_err(|e| archive.bad_line(e.to_string()))
}

/// Returns the SHA-256 of a file on disk.
///
/// # Errors
/// The file cannot be read.
pub fn hash(path: &Path) -> Result<[u8; 32], ArchiveError> {
    let failed = |error| ArchiveError::File { path: path.display().to_string(), error };
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path).map_err(failed)?, &mut hash).map_err(failed)?;
    Ok(hash.finalize().into())
}

/// Returns the path itself, or all archives in a folder, sorted by name.
///
/// # Errors
/// The path cannot be read.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let failed = |error| ArchiveError::File { path: path.display().to_string(), error };
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?.path();
        if entry.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(SUFFIX)) {
            found.push(entry);
        }
    }
    found.sort();
    Ok(found)
}

/// A run found in an archive.
#[derive(Debug)]
pub struct Found {
    /// Row of the run.
    pub run: ArchivedRun,
    /// Definition of the run.
    pub definition: ArchivedDefinition,
    /// Journal of the run.
    pub journal: Vec<StoredRow>,
    /// File that contains it.
    pub path: PathBuf,
}

impl Found {
    /// Returns the journal records in order.
    ///
    /// # Errors
    /// A record is damaged or was written by a later version.
    pub fn records(&self) -> Result<Vec<Record>, StoreError> {
        let rows = self.journal.iter().cloned().map(StoredRow::records);
        rows.flat_map(|row| row.map_or_else(|why| vec![Err(why)], |rows| rows.iter().map(JournalRow::record).collect()))
            .collect()
    }

    /// Checks the journal's hash chain. Returns what is wrong, if anything.
    #[must_use]
    pub fn verify(&self) -> Option<Tampered> {
        let mut chain = Chain::new(self.run.id);
        let broken = self.journal.iter().find_map(|row| chain.push(row.clone()).err());
        broken.or_else(|| chain.end(self.run.seq, &self.run.head))
    }
}

/// Finds a run in a file or in the files of a folder. A run that continued after it was archived is archived again: the
/// longest journal wins.
///
/// # Errors
/// A file cannot be read.
pub fn find_run(path: &Path, id: RunId) -> Result<Option<Found>, ArchiveError> {
    let mut best: Option<Found> = None;
    for file in files(path)? {
        let archive = Archive::open(&file)?;
        let may_have = archive.header.first_run.is_some_and(|first| first <= id)
            && archive.header.last_run.is_some_and(|last| id <= last);
        let Some(found) = (if may_have { find_in(archive, id)? } else { None }) else { continue };
        if best.as_ref().is_none_or(|best| best.run.seq <= found.run.seq) {
            best = Some(found);
        }
    }
    Ok(best)
}

fn find_in(mut archive: Archive, id: RunId) -> Result<Option<Found>, ArchiveError> {
    let mut definitions: HashMap<i32, ArchivedDefinition> = HashMap::new();
    let mut found: Option<ArchivedRun> = None;
    let mut rows = Vec::new();
    while let Some(Item { table, row }) = archive.next_row()? {
        match table.as_str() {
            "definitions" => {
                let definition: ArchivedDefinition = archive.parse(&row)?;
                definitions.insert(definition.id, definition);
            }
            "runs" if found.is_some() => break,
            "runs" => found = Some(archive.parse::<ArchivedRun>(&row)?).filter(|run| run.id == id),
            "journal" if found.is_some() => rows.push(imported(&archive, id, &row)?),
            _ => {}
        }
    }
    let Some(run) = found else { return Ok(None) };
    let Some(definition) = definitions.remove(&run.definition_id) else {
        return Err(archive.bad_line(format!("the definition of run {id} is missing")));
    };
    Ok(Some(Found { run, definition, journal: rows, path: archive.path }))
}
