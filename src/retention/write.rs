//! Writes an archive. A file appears under its final name only when it is complete and on disk.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::format::{Digest, End, Header};

/// Suffix of an incomplete file.
const PART: &str = ".part";

/// The counts of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Number of runs.
    pub runs: u64,
    /// Number of events.
    pub events: u64,
    /// Number of rows.
    pub rows: u64,
}

/// A completed file on disk.
#[derive(Debug, Clone)]
pub struct Written {
    /// Path of the file.
    pub path: PathBuf,
    /// Counts of the contents.
    pub contents: Contents,
    /// Hash of the compressed file.
    pub sha256: [u8; 32],
    /// Digest of the lines.
    pub digest: [u8; 32],
    /// Size in bytes.
    pub bytes: u64,
}

/// An archive being written.
pub struct Writer {
    encoder: GzEncoder<Counted>,
    part: PathBuf,
    path: PathBuf,
    contents: Contents,
    digest: Digest,
}

/// Counts and hashes the bytes written to disk.
struct Counted {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Writer {
    /// Creates a file with this name, readable only by its owner.
    ///
    /// # Errors
    /// The folder is not writable.
    pub fn create(folder: &Path, name: &str, header: &Header) -> io::Result<Self> {
        let (path, part) = (folder.join(name), folder.join(format!("{name}{PART}")));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
        let counted = Counted { file: BufWriter::with_capacity(1 << 18, file), hash: Sha256::new(), bytes: 0 };
        let encoder = GzEncoder::new(counted, Compression::default());
        let mut writer = Self { encoder, part, path, contents: Contents::default(), digest: Digest::default() };
        writer.line(&serde_json::to_string(header)?)?;
        Ok(writer)
    }

    /// Adds a run; its journal must follow.
    ///
    /// # Errors
    /// The disk is full, or another I/O error.
    pub fn run(&mut self, row: &str) -> io::Result<()> {
        self.contents.runs += 1;
        self.row("runs", row)
    }

    /// Adds an event.
    ///
    /// # Errors
    /// The disk is full, or another I/O error.
    pub fn event(&mut self, row: &str) -> io::Result<()> {
        self.contents.events += 1;
        self.row("events", row)
    }

    /// Adds a row of another table, as JSON text.
    ///
    /// # Errors
    /// The disk is full, or another I/O error.
    pub fn row(&mut self, table: &str, row: &str) -> io::Result<()> {
        self.contents.rows += 1;
        self.line(&format!(r#"{{"table":"{table}","row":{}}}"#, one_line(row)))
    }

    /// Compressed bytes written so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.encoder.get_ref().bytes
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        for part in [text.as_bytes(), b"\n"] {
            self.digest.update(part);
            self.encoder.write_all(part)?;
        }
        Ok(())
    }

    /// Completes the file, flushes it to disk, then gives it its final name.
    ///
    /// # Errors
    /// The disk is full, or another I/O error.
    pub fn finish(mut self) -> io::Result<Written> {
        let digest = self.digest.value();
        let Contents { runs, events, rows } = self.contents.clone();
        let end = End { runs, events, rows, digest: hex::encode(digest) };
        self.line(&format!(r#"{{"end":{}}}"#, serde_json::to_string(&end)?))?;
        let mut counted = self.encoder.finish()?;
        counted.flush()?;
        let file = counted.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        std::fs::rename(&self.part, &self.path)?;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))?;
        let sha256 = counted.hash.finalize().into();
        Ok(Written { path: self.path, contents: self.contents, sha256, digest, bytes: counted.bytes })
    }

    /// Deletes the files of a writer with this name, complete or not.
    ///
    /// # Errors
    /// The folder is not writable.
    pub fn discard(folder: &Path, name: &str) -> io::Result<()> {
        for path in [folder.join(format!("{name}{PART}")), folder.join(name)] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Puts JSON on one line. Line breaks occur only between tokens, never inside a string.
fn one_line(json: &str) -> std::borrow::Cow<'_, str> {
    if json.contains(['\n', '\r']) { json.replace(['\n', '\r'], " ").into() } else { json.into() }
}

/// Flushes a folder's entries to disk.
///
/// # Errors
/// The folder cannot be opened or flushed.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Tests whether files can be created in a folder by creating one.
///
/// # Errors
/// Why not.
pub fn folder_is_writable(folder: &Path) -> io::Result<()> {
    tempfile::Builder::new().prefix(".stepwell-").suffix(PART).tempfile_in(folder).map(drop)
}
